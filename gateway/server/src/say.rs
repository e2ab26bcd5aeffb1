//! Printing for people. Whoever closes the pipe early (`| head`) has seen enough: that is no error.

use std::fmt::Display;
use std::io::Write;

/// Prints a line.
pub fn say(line: impl Display) {
    let _closed = writeln!(std::io::stdout(), "{line}");
}
