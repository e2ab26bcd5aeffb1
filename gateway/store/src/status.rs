//! How the store is doing.

/// Counts since the store was opened, and what holds now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Status {
    /// `sqlite` or `postgresql`.
    pub engine: &'static str,
    /// Restored, and the gap is not accepted yet.
    pub closed: bool,
    /// The reserve is in use: no new writes until there is room again.
    pub on_reserve: bool,
    /// Writes that wait.
    pub waiting: usize,
    /// Writes that were committed.
    pub writes: u64,
    /// Commits that they shared: each waited for the disk once.
    pub commits: u64,
}
