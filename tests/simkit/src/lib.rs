//! portico-simkit
