//! rotel, an OpenTelemetry collector, out of the virtual environment.

use std::path::PathBuf;

use anyhow::Context as _;

use crate::install;
use crate::process::{Spec, free_addr};

pub(crate) fn spec() -> anyhow::Result<Spec> {
    let (http, grpc) = (free_addr()?, free_addr()?);
    let program = program()?;
    // Everything goes nowhere, and every span into the log, in detail. Batches of 20 ms keep tests short.
    let mut command = vec![program.to_string_lossy().into_owned()];
    let (http_address, grpc_address) = (http.to_string(), grpc.to_string());
    command.extend(
        [
            "start",
            "--otlp-http-endpoint",
            &http_address,
            "--otlp-grpc-endpoint",
            &grpc_address,
            "--exporter",
            "blackhole",
            "--debug-log",
            "traces",
            "--debug-log-verbosity",
            "detailed",
            "--batch-timeout",
            "20ms",
        ]
        .map(str::to_owned),
    );
    Ok(Spec::new(command, http))
}

/// The wheel hides its binary inside the package.
fn program() -> anyhow::Result<PathBuf> {
    let library = install::python()?.join("lib");
    let candidates = std::fs::read_dir(&library).with_context(|| format!("no {}", library.display()))?;
    candidates
        .filter_map(Result::ok)
        .map(|entry| entry.path().join("site-packages/rotel/rotel-agent"))
        .find(|path| path.is_file())
        .context("the rotel package has no rotel-agent in it")
}
