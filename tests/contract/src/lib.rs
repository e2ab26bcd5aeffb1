//! portico-contract-suite
