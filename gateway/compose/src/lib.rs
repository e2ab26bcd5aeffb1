//! portico-compose
