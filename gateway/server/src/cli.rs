//! The command line.

mod store;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub use store::{
    AuditCommand, AuditExport, AuditVerify, Backup, DecisionsCommand, DecisionsExport, Format,
    IntentsCommand, IntentsList, IntentsSettle, IntentsShow, Restore,
};

/// One API over the back-office systems that a public body already owns.
#[derive(Debug, Parser)]
#[command(name = "portico", version, about, max_term_width = 100, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Try it: a gateway over a simulated directory, Odoo and two document stores, on this machine alone
    Demo(Demo),
    /// Run the gateway
    Serve(Serve),
    /// Read the configuration and report every fault in it
    Validate(Validate),
    /// Try address, certificate, credentials and rights of every configured system, changing nothing
    Check(Check),
    /// Look after people: links from other systems to the directory of record
    #[command(subcommand)]
    People(PeopleCommand),
    /// Look at writes on record, and settle those that only a person can
    #[command(subcommand)]
    Intents(IntentsCommand),
    /// Who decided what
    #[command(subcommand)]
    Decisions(DecisionsCommand),
    /// The audit trail: verify it, print it
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Copy the store into a new file, whether the gateway runs or not
    Backup(Backup),
    /// Put a backup in the place of a lost store, or take writes again after that
    Restore(Restore),
    /// Make a token for a person, or a key pair to sign tokens with
    Token(Token),
    /// Show what was kept of failed and slow requests, in plain words
    Trace(Trace),
    /// Print the OpenAPI contract
    Openapi,
    /// Print the JSON Schema of the configuration
    ConfigSchema,
}

/// Where to listen, and whom to tell.
#[derive(Debug, Args)]
pub struct Listen {
    /// Address of the API; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// Address of the operations port; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS")]
    pub ops_listen: Option<SocketAddr>,
    /// Write the addresses, as JSON, to this file once the gateway is ready
    #[arg(long, value_name = "FILE")]
    pub ready_file: Option<PathBuf>,
}

/// `portico demo`
#[derive(Debug, Args)]
pub struct Demo {
    #[command(flatten)]
    pub listen: Listen,
    /// Another council: every seed gives another one, and always the same
    #[arg(long, default_value_t = portico_simkit::council::DEMO_SEED)]
    pub seed: u64,
}

/// Where the configuration is.
#[derive(Debug, Args)]
pub struct Config {
    /// Configuration file (TOML); given several times, later files win
    #[arg(long = "config", short, value_name = "FILE", env = "PORTICO_CONFIG", required = true)]
    pub files: Vec<PathBuf>,
}

/// `portico serve`
#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    pub config: Config,
    #[command(flatten)]
    pub listen: Listen,
}

/// `portico validate`
#[derive(Debug, Args)]
pub struct Validate {
    #[command(flatten)]
    pub config: Config,
    /// Print the configuration that would run, with its defaults and without its secrets
    #[arg(long)]
    pub show: bool,
}

/// `portico check`
#[derive(Debug, Args)]
pub struct Check {
    #[command(flatten)]
    pub config: Config,
    /// Only the system with this key
    #[arg(value_name = "SYSTEM")]
    pub system: Option<String>,
}

/// `portico people`
#[derive(Debug, Subcommand)]
pub enum PeopleCommand {
    /// Read every directory, link their people to the directory of record, and say who is ambiguous
    Links(PeopleLinks),
}

/// `portico people links`
#[derive(Debug, Args)]
pub struct PeopleLinks {
    #[command(flatten)]
    pub config: Config,
    /// Name those who are linked to nobody, too
    #[arg(long)]
    pub unlinked: bool,
}

/// `portico token`
#[derive(Debug, Args)]
pub struct Token {
    /// Make an ES256 key pair in this folder: private.pem and public.pem
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["key", "subject"])]
    pub new_key: Option<PathBuf>,
    /// Configuration file (TOML) that says issuer, audience and keys
    #[arg(
        long = "config",
        short,
        value_name = "FILE",
        env = "PORTICO_CONFIG",
        required_unless_present = "new_key"
    )]
    pub files: Vec<PathBuf>,
    /// The private key, PEM
    #[arg(long, value_name = "FILE", required_unless_present = "new_key")]
    pub key: Option<PathBuf>,
    /// The `id` of the key in the configuration; the first one when left out
    #[arg(long, value_name = "ID")]
    pub key_id: Option<String>,
    /// The person's stable key at the identity provider
    #[arg(long, required_unless_present = "new_key")]
    pub subject: Option<String>,
    /// The name to show; the subject when left out
    #[arg(long)]
    pub name: Option<String>,
    /// A role; may be given several times
    #[arg(long = "role", value_name = "ROLE")]
    pub roles: Vec<String>,
    /// An organisational unit; may be given several times
    #[arg(long = "unit", value_name = "UNIT")]
    pub units: Vec<String>,
    /// How long it is good
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=1440))]
    pub minutes: u64,
}

/// `portico trace`
#[derive(Debug, Args)]
pub struct Trace {
    /// A trace id; the most recent ones are listed when left out
    pub id: Option<String>,
    /// Configuration file (TOML) that says where traces are kept
    #[arg(
        long = "config",
        short,
        value_name = "FILE",
        env = "PORTICO_CONFIG",
        required_unless_present = "dir"
    )]
    pub files: Vec<PathBuf>,
    /// The folder in which they are kept, whatever the configuration says
    #[arg(long, value_name = "FOLDER")]
    pub dir: Option<PathBuf>,
}
