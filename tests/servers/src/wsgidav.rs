//! WsgiDAV on cheroot, out of the virtual environment.

use std::fs;
use std::path::Path;

use crate::process::{Spec, free_addr};
use crate::{PASSWORD, USERNAME, install};

pub(crate) fn spec(home: &Path) -> anyhow::Result<Spec> {
    let addr = free_addr()?;
    let data = home.join("data");
    fs::create_dir(&data)?;
    let file = home.join("wsgidav.json");
    // Locks are kept in memory, which `true` means; they end with the server, as the data does.
    let config = serde_json::json!({
        "server": "cheroot",
        "host": "127.0.0.1",
        "port": addr.port(),
        "provider_mapping": { "/": { "root": data, "readonly": false } },
        "http_authenticator": { "accept_basic": true, "accept_digest": false, "default_to_digest": false },
        "simple_dc": { "user_mapping": { "*": { USERNAME: { "password": PASSWORD } } } },
        "lock_storage": true,
        "property_manager": true,
        "dir_browser": { "enable": true },
        "verbose": 1,
        "logging": { "enable": true },
    });
    fs::write(&file, serde_json::to_vec_pretty(&config)?)?;
    let program = install::python()?.join("bin/wsgidav");
    let command = [&*program.to_string_lossy(), "--config", &file.to_string_lossy()].map(str::to_owned);
    Ok(Spec { data: Some(data), ..Spec::new(command.to_vec(), addr) })
}
