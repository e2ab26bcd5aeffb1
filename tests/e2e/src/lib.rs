//! portico-e2e
