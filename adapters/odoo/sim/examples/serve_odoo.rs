//! Serves Odoo's external API until it is interrupted: `cargo run -p portico-odoo-sim --example serve_odoo -- [17] [people] [port]`.

use portico_odoo_sim::{Options, Sim, Version};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1).peekable();
    let mut options = Options::new();
    if arguments.next_if(|first| first == "17").is_some() {
        options.version = Version::V17;
    }
    let mut number = || arguments.next().and_then(|number| number.parse::<u16>().ok());
    if let Some(people) = number() {
        options.people = people.into();
    }
    if let Some(port) = number() {
        options.listen.set_port(port);
    }
    let started = std::time::Instant::now();
    let person = options.person_password.clone();
    let sim = Sim::start(options).await?;
    println!("{} after {:?}", sim.url(), started.elapsed());
    println!("database {}, {} (or admin) with {}", sim.database, sim.login, sim.password);
    if let Some(account) = sim.accounts.last() {
        println!("people with {person}, {} for one", account.username);
    }
    tokio::signal::ctrl_c().await
}
