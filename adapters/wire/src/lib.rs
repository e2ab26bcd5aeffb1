//! portico-wire
