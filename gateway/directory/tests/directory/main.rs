//! The index over a whole council: how much it keeps, and how much an update takes on top.

mod council;
mod memory;
