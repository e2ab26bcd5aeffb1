//! The client against servers of another codec, and against servers that misbehave on purpose.

mod connections;
mod failover;
mod hostile;
mod searches;
mod security;
mod server;
mod spans;

use std::time::Duration;

use portico_contract::{CallContext, Error};

use super::{
    AttributeName, Bind, Client, Dn, Filter, Host, LdapConfig, Scope, Search, SearchResult, Security,
};

const SOON: Duration = Duration::from_secs(5);
const UID: AttributeName = AttributeName::known("uid");

fn context() -> CallContext {
    CallContext::internal("test", Duration::from_secs(10))
}

fn host(addr: std::net::SocketAddr) -> Host {
    Host::new(&addr.ip().to_string(), addr.port())
}

fn config(hosts: &[std::net::SocketAddr]) -> LdapConfig {
    LdapConfig::new(hosts.iter().map(|addr| host(*addr)).collect(), Security::Plain)
}

fn signed_in(mut config: LdapConfig, password: &str) -> LdapConfig {
    config.bind =
        Bind::Simple { name: "cn=gateway,dc=example".to_owned(), password: password.to_owned().into() };
    config
}

fn client(config: LdapConfig) -> Client {
    Client::new(config).expect("a client")
}

fn people() -> Search {
    let base = Dn::parse("ou=people,dc=example").expect("a name");
    Search::new("people", base, Scope::Subtree, Filter::equal(&UID, "jane"))
}

async fn ask(client: &Client) -> Result<SearchResult, Error> {
    client.search(&context(), &people()).await
}
