//! Clients that we did not write: Python's own `xmlrpc.client`, and OdooRPC.

use std::path::Path;
use std::process::Stdio;

use portico_servers::{Product, tool_for_test};

use crate::client::council;

async fn run(python: &Path, script: &str) {
    let (sim, _) = council(60).await;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/behaviour").join(script);
    let mut command = tokio::process::Command::new(python);
    command.arg(script).args([sim.url().as_str(), &sim.database, &sim.login, &sim.password]);
    let output = command.kill_on_drop(true).stdin(Stdio::null()).output().await.unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(said.ends_with("done\n"), "{said}");
}

// The virtual environment that has OdooRPC has Python's own client as well.

#[tokio::test]
async fn pythons_own_client_gets_along() {
    if let Some(python) = tool_for_test(Product::OdooRpc) {
        run(&python, "xmlrpc_client.py").await;
    }
}

#[tokio::test]
async fn odoorpc_gets_along() {
    if let Some(python) = tool_for_test(Product::OdooRpc) {
        run(&python, "odoorpc_client.py").await;
    }
}
