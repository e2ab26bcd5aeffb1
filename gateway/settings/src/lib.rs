//! portico-settings
