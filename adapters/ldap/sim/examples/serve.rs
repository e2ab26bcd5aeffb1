//! Serves a directory until it is interrupted: `cargo run -p portico-ldap-sim --example serve -- [ad] [people]`.

use portico_ldap_sim::{Dialect, Options, Sim};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1).peekable();
    let active_directory = arguments.next_if(|first| first == "ad").is_some();
    let dialect = if active_directory { Dialect::ActiveDirectory } else { Dialect::OpenLdap };
    let mut options = Options::new(dialect);
    if let Some(people) = arguments.next().and_then(|number| number.parse().ok()) {
        options.people = people;
    }
    let started = std::time::Instant::now();
    let sim = Sim::start(options).await?;
    println!("{} {} after {:?}", sim.url(), sim.tls_url(), started.elapsed());
    println!("{} or {}, password {}", sim.bind_dn, sim.admin_dn, sim.bind_password);
    print!("{}", sim.certificate_pem);
    tokio::signal::ctrl_c().await
}
