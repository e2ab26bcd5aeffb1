//! The `portico` program, with the adapters that come with it.

use std::process::ExitCode;

/// Small allocations on every request: measured a quarter faster than the system's allocator on one core.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    portico_server::run(portico_registry::kinds())
}
