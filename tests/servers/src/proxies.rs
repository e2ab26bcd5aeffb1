//! nginx and HAProxy with one worker, as the bench compares them.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};

use crate::process::{Spec, free_addr};
use crate::{Setup, install};

pub(crate) fn nginx(home: &Path, setup: &Setup) -> anyhow::Result<Spec> {
    let addr = free_addr()?;
    let program = install::program("nginx").context("there is no nginx")?;
    let (upstream, location) = match (setup.target, &setup.files) {
        (Some(target), _) => (
            // Connections to the target are kept, as every fast proxy keeps them.
            format!("upstream target {{ server {target}; keepalive 256; keepalive_requests 1000000; }}"),
            "proxy_pass http://target; proxy_http_version 1.1; proxy_set_header Connection \"\"; \
             proxy_max_temp_file_size 0;"
                .to_owned(),
        ),
        // A back office that costs as little as it can: the load must not run out before what stands in front of it.
        (None, Some(files)) => (
            "open_file_cache max=16 inactive=1h; open_file_cache_valid 1h;".to_owned(),
            format!("root {};", files.display()),
        ),
        (None, None) => bail!("nginx needs a target or a folder to serve"),
    };
    let home = home.to_string_lossy();
    let user = if install::is_root() { "user root;" } else { "" };
    let config = format!(
        "{user}
daemon off;
worker_processes 1;
pid {home}/nginx.pid;
error_log {home}/server.log warn;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000;
    client_max_body_size 0;
    client_body_temp_path {home}/body;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    {upstream}
    server {{ listen {addr} backlog=4096; location / {{ {location} }} }}
}}
"
    );
    let file = format!("{home}/nginx.conf");
    fs::write(&file, config)?;
    let log = format!("{home}/server.log");
    let command = [program.to_string_lossy().as_ref(), "-e", &log, "-c", &file].map(str::to_owned);
    Ok(Spec { data: setup.files.clone(), ..Spec::new(command.to_vec(), addr) })
}

pub(crate) fn haproxy(home: &Path, setup: &Setup) -> anyhow::Result<Spec> {
    let addr = free_addr()?;
    let program = install::program("haproxy").context("there is no haproxy")?;
    let target = setup.target.context("HAProxy needs a target")?;
    let config = format!(
        "global
    nbthread 1
    maxconn 8192
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    http-reuse always
frontend in
    bind {addr}
    default_backend target
backend target
    server target {target} pool-max-conn 256
"
    );
    let file = home.join("haproxy.cfg");
    fs::write(&file, config)?;
    let command = [&*program.to_string_lossy(), "-db", "-f", &file.to_string_lossy()].map(str::to_owned);
    Ok(Spec::new(command.to_vec(), addr))
}
