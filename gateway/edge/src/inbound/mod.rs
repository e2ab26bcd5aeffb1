//! The layers between the socket and the routes.

use std::time::Duration;

/// The deadline of a route that names none of its own.
pub const DEFAULT_DEADLINE: Duration = Duration::from_secs(10);
