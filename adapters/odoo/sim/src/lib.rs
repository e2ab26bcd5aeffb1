//! Odoo 18's external API with the people, expenses and time off of a council in memory, for demonstrations and tests.
//!
//! It answers `/xmlrpc/2/common`, `/xmlrpc/2/object`, `/jsonrpc`, `/web/session/authenticate`, `/web/dataset/call_kw` and
//! `/web/content` on a real socket. A test replays recorded exchanges of an Odoo 18.0 against it, so that it cannot drift
//! from them; what was not recorded follows Odoo's source, and a comment names the function.
//!
//! ```no_run
//! # async fn run() -> std::io::Result<()> {
//! use portico_odoo_sim::{Fault, On, Options, Sim};
//!
//! let sim = Sim::start(Options::new()).await?;
//! println!("{} database {} as {} with {}", sim.url(), sim.database, sim.login, sim.password);
//! sim.inject(On::method("hr.expense.sheet", "create"), Fault::DropAfter).times(1);
//! // … and after the client did its part:
//! assert_eq!(sim.created("hr.expense.sheet"), 1);
//! # Ok(())
//! # }
//! ```
//!
//! What surprises a client, all of it on purpose:
//!
//! - Every answer is HTTP 200, faults included; a bad login is `False`, and bad credentials in a call are fault 3.
//! - A method that returns nothing is fault 1 "cannot marshal None" over XML-RPC *after* the commit; over JSON-RPC the answer
//!   has neither `result` nor `error` (`JsonRPCDispatcher._response`).
//! - Times are read with seconds, but kept and *compared* with microseconds, as PostgreSQL does: `write_date = <what was read>`
//!   matches nothing, and `write_date > <what was read>` matches the very record it was read from. All records of one
//!   transaction have the same time.
//! - A change of a report changes its lines (`state` is stored), and with it their `write_date`; and the other way round.
//! - A file that is attached to an expense of a report is copied to the report.
//! - `load` with an external id that is known changes the record instead of making a second one, or leaves it as it is where
//!   it was loaded with `noupdate` and `mode` is `update`.
//!
//! Where it is simpler than the product: one company, English only, no mail, no journal entries (a report remembers whether
//! it has one), no public holidays, 40 hours from Monday to Friday for everybody, allocations without accrual.

#![warn(missing_docs)]

mod action;
mod clock;
mod database;
mod error;
mod fault;
mod inspect;
mod model;
mod orm;
mod seed;
mod service;
mod sha1;
mod sim;
mod trace;
mod value;
mod web;
mod wire;

pub use clock::{Clock, Hand};
pub use fault::{Fault, Injected, On};
pub use inspect::EditFault;
pub use seed::{Account, Content, categories};
pub use sim::{Options, Sim};

/// The release that the simulator stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Version {
    /// Odoo 17.0. What differs here: requests for time off have the state `draft` ("To Submit") besides, with
    /// `action_confirm` and `action_draft`, are archived (`active`) instead of having a state `cancel`, have a `holiday_type`,
    /// and may be approved in the state `confirm` only with another message; a project has `analytic_account_id`, not
    /// `account_id`.
    V17,
    /// Odoo 18.0.
    #[default]
    V18,
}
