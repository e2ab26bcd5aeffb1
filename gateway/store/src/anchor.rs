//! The audit trail's end, kept in a file of its own after each commit, so that a cut end is noticed.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::audit::{anchor_line, parse_anchor};
use crate::{Anchor, StoreError};

/// Where the anchor is written, if anywhere.
pub(crate) struct AnchorFile {
    place: Option<(PathBuf, File)>,
    failing: bool,
}

impl AnchorFile {
    /// The file is created where it is missing, and its last anchor kept until the first commit.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, StoreError> {
        let open = |path: &Path| OpenOptions::new().create(true).truncate(false).write(true).open(path);
        let opened = path.map(|path| open(path).map(|file| (path.to_owned(), file)));
        let place = opened
            .transpose()
            .map_err(|error| StoreError::NotWritable(format!("the audit trail's anchor: {error}").into()))?;
        Ok(Self { place, failing: false })
    }

    /// The commit stands whether or not this can be written; a verification finds an anchor that is behind in the chain.
    pub(crate) fn write(&mut self, anchor: Anchor) {
        let Some((path, file)) = &self.place else { return };
        // One line of fixed length over the last one: no room is needed and no half line is left.
        let written = file.write_all_at(anchor_line(anchor).as_bytes(), 0);
        if let (Err(error), false) = (&written, self.failing) {
            tracing::error!(error = %error, path = %path.display(), "the audit trail's anchor cannot be written");
        }
        self.failing = written.is_err();
    }
}

/// Reads an anchor file; `None` where there is none, or nothing in it yet.
///
/// # Errors
/// [`StoreError::Corrupt`] when it holds something else, [`StoreError::Unavailable`] when it cannot be read.
pub fn read_anchor(path: &Path) -> Result<Option<Anchor>, StoreError> {
    match fs::read_to_string(path) {
        Ok(text) if text.is_empty() => Ok(None),
        Ok(text) => parse_anchor(&text).map(Some),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::unavailable(format_args!("{}: {error}", path.display()))),
    }
}
