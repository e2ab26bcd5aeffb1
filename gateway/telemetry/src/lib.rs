//! portico-telemetry
