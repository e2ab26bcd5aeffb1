//! portico-webdav-sim
