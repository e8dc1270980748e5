//! The files that trails have written, so that a busy lab does not keep all of them.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// The newest files, up to a size.
#[derive(Debug)]
pub(super) struct Files {
    most_bytes: usize,
    written: Mutex<Written>,
}

#[derive(Debug, Default)]
struct Written {
    bytes: usize,
    files: VecDeque<File>,
}

/// A file in a bucket.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct File {
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) bytes: usize,
}

impl Files {
    pub(super) fn keeping(most_bytes: usize) -> Self {
        Self { most_bytes, written: Mutex::default() }
    }

    /// Enters a file that was written. Returns the oldest ones, which have to go for it; the newest stays, whatever its size.
    pub(super) fn enter(&self, file: File) -> Vec<File> {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.bytes += file.bytes;
        written.files.push_back(file);
        let mut surplus = Vec::new();
        while written.bytes > self.most_bytes && written.files.len() > 1 {
            let Some(oldest) = written.files.pop_front() else { break };
            written.bytes -= oldest.bytes;
            surplus.push(oldest);
        }
        surplus
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_go_first_and_the_newest_stays() {
        let files = Files::keeping(10);
        let file = |key: &str, bytes| File { bucket: "trail".to_owned(), key: key.to_owned(), bytes };
        assert_eq!(files.enter(file("one", 4)), []);
        assert_eq!(files.enter(file("two", 4)), []);
        assert_eq!(files.enter(file("three", 4)), [file("one", 4)]);
        assert_eq!(files.enter(file("huge", 40)), [file("two", 4), file("three", 4)]);
        assert_eq!(files.enter(file("small", 1)), [file("huge", 40)]);
    }
}
