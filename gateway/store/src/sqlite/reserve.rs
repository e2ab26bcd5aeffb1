//! Room that is set aside while there is some: what is under way is settled out of it, and readings are recorded.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long to leave a full disk alone before it is tried again.
const AGAIN: Duration = Duration::from_millis(250);

/// A file full of zeros.
pub(super) struct Reserve {
    path: PathBuf,
    size: u64,
    held: bool,
    tried: Option<Instant>,
}

impl Reserve {
    pub(super) fn new(store: &Path, size: u64) -> Self {
        Self { path: super::open::beside(store, ".reserve"), size, held: false, tried: None }
    }

    /// Whether it is there, so that everything may be written. Sets it aside again where it is not and there is room.
    pub(super) fn hold(&mut self) -> bool {
        if self.held {
            return true;
        }
        if self.tried.is_some_and(|tried| tried.elapsed() < AGAIN) {
            return false;
        }
        self.tried = Some(Instant::now());
        self.held = match self.set_aside() {
            Ok(()) => true,
            Err(error) => {
                tracing::debug!(error = %error, "no room to set aside for the store");
                drop(fs::remove_file(&self.path));
                false
            }
        };
        self.held
    }

    pub(super) fn is_held(&self) -> bool {
        self.held
    }

    /// Gives the room away. `false` when there was none to give.
    pub(super) fn release(&mut self) -> bool {
        self.tried = Some(Instant::now());
        std::mem::take(&mut self.held) && self.size > 0 && fs::remove_file(&self.path).is_ok()
    }

    /// Written, not only sized: a sparse file holds no room.
    fn set_aside(&self) -> std::io::Result<()> {
        if fs::metadata(&self.path).is_ok_and(|there| there.len() == self.size) || self.size == 0 {
            return Ok(());
        }
        let mut file = File::create(&self.path)?;
        let zeros = [0; 65_536];
        let mut left = self.size;
        while left > 0 {
            let some = left.min(zeros.len() as u64);
            file.write_all(&zeros[..some as usize])?;
            left -= some;
        }
        file.sync_all()
    }
}
