//! portico-servers
