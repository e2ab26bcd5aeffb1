//! portico-webdav
