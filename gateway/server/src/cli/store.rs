//! Commands on what is on record.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use jiff::civil::Date;
use portico_store::{IntentId, IntentState};

use super::Config;
use crate::store;

/// `portico intents`
#[derive(Debug, Subcommand)]
pub enum IntentsCommand {
    /// List writes that are not settled, or those in one state
    List(IntentsList),
    /// Show everything that is on record of a write
    Show(IntentsShow),
    /// Settle a write of which only a person can tell whether it happened
    Settle(IntentsSettle),
}

/// `portico intents list`
#[derive(Debug, Args)]
pub struct IntentsList {
    #[command(flatten)]
    pub config: Config,
    /// Only those in this state: accepted, sent, unknown, confirmed or refused
    #[arg(long, value_parser = store::state)]
    pub state: Option<IntentState>,
    /// Only those to this system
    #[arg(long)]
    pub system: Option<String>,
    /// At most this many of each state, the latest first
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub limit: u32,
}

/// `portico intents show`
#[derive(Debug, Args)]
pub struct IntentsShow {
    #[command(flatten)]
    pub config: Config,
    /// Its id: that of the operation, or the marker in the system behind
    pub id: IntentId,
}

/// `portico intents settle`
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("finding").required(true))]
pub struct IntentsSettle {
    #[command(flatten)]
    pub config: Config,
    /// Its id: that of the operation, or the marker in the system behind
    pub id: IntentId,
    /// It happened: you saw it in the system behind
    #[arg(long, group = "finding")]
    pub confirmed: bool,
    /// The native id of what it made, so that whoever asked is shown it
    #[arg(long, value_name = "NATIVE_ID", requires = "confirmed")]
    pub result: Option<String>,
    /// It did not happen, and will not
    #[arg(long, group = "finding")]
    pub refused: bool,
    /// How you know; goes on record
    #[arg(long, value_name = "WORDS")]
    pub because: String,
    /// Who you are; goes on record
    #[arg(long, value_name = "NAME", env = "USER")]
    pub by: String,
    /// The operations port of the gateway that runs, where it is not the configured one
    #[arg(long, value_name = "ADDRESS")]
    pub ops: Option<std::net::SocketAddr>,
}

/// `portico backup`
#[derive(Debug, Args)]
pub struct Backup {
    #[command(flatten)]
    pub config: Config,
    /// The file to make; it must not exist
    pub file: PathBuf,
}

/// `portico restore`
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").required(true).multiple(true))]
pub struct Restore {
    #[command(flatten)]
    pub config: Config,
    /// The backup to put where the configuration has the store; no store may be there
    #[arg(group = "what")]
    pub file: Option<PathBuf>,
    /// Take writes again: the systems behind were compared with what is on record
    #[arg(long, group = "what")]
    pub accept_gap: bool,
    /// Who you are; goes on record
    #[arg(long, value_name = "NAME", env = "USER")]
    pub by: String,
}

/// `portico audit`
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Follow the whole trail: was anything changed, moved, taken out or cut off?
    Verify(AuditVerify),
    /// Print the trail
    Export(AuditExport),
}

/// `portico audit verify`
#[derive(Debug, Args)]
pub struct AuditVerify {
    #[command(flatten)]
    pub config: Config,
    /// Compare with this note of the trail's end, in place of the configured one
    #[arg(long, value_name = "FILE")]
    pub anchor: Option<PathBuf>,
}

/// `portico audit export`
#[derive(Debug, Args)]
pub struct AuditExport {
    #[command(flatten)]
    pub config: Config,
    #[command(flatten)]
    pub export: Export,
    /// Only this kind of act, for example write.refused
    #[arg(long)]
    pub kind: Option<String>,
}

/// `portico decisions`
#[derive(Debug, Subcommand)]
pub enum DecisionsCommand {
    /// Print who decided what, when, on which version, and what became of it
    Export(DecisionsExport),
}

/// `portico decisions export`
#[derive(Debug, Args)]
pub struct DecisionsExport {
    #[command(flatten)]
    pub config: Config,
    #[command(flatten)]
    pub export: Export,
}

/// What to print, and how.
#[derive(Debug, Args)]
pub struct Export {
    /// A line of JSON each, or a table for a spreadsheet
    #[arg(long, value_enum, default_value_t = Format::Jsonl)]
    pub format: Format,
    /// From this instant or day (UTC) on
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub from: Option<Timestamp>,
    /// Before this instant or day (UTC)
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub until: Option<Timestamp>,
    /// Only what concerns this system
    #[arg(long)]
    pub system: Option<String>,
    /// Only what this subject did
    #[arg(long)]
    pub subject: Option<String>,
}

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A JSON object a line
    Jsonl,
    /// Comma-separated values (RFC 4180); what a spreadsheet would take for a formula is prefixed with an apostrophe
    Csv,
}

fn instant(text: &str) -> Result<Timestamp, String> {
    let day = |day: Date| day.at(0, 0, 0, 0).in_tz("UTC").map(|day| day.timestamp());
    let parsed = text.parse::<Timestamp>().or_else(|_| text.parse::<Date>().and_then(day));
    parsed.map_err(|_| "write 2026-11-22 or 2026-11-22T14:00:00Z".to_owned())
}
