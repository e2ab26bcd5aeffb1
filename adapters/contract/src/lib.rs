//! portico-contract
