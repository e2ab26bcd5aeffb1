//! Filling stores.
