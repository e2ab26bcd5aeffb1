//! portico-edge
