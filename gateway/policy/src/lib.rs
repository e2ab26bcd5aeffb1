//! portico-policy
