//! portico-registry
