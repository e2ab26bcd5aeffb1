//! portico-schemas
