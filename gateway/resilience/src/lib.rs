//! portico-resilience
