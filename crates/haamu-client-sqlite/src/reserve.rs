//! Room that is kept for the log of a device whose disk is full.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// So much is kept free for answers, which are small.
const RESERVE_BYTES: usize = 8 << 20;

/// A file of nothing, which gives its room away when there is none left.
#[derive(Debug)]
pub(crate) struct Reserve {
    path: PathBuf,
}

impl Reserve {
    /// The reserve beside a database, made anew where it was given away and there is room again.
    pub(crate) fn beside(database: &Path) -> Self {
        let mut name = database.file_name().unwrap_or_default().to_owned();
        name.push(".reserve");
        let reserve = Self {
            path: database.with_file_name(name),
        };
        reserve.make();
        reserve
    }

    /// Makes the reserve, unless it is there. Where there is no room, there is none to be kept.
    pub(crate) fn make(&self) {
        if self.is_there() {
            return;
        }
        let made = File::create(&self.path).and_then(|mut file| {
            // Written out: a file with holes would keep no room.
            file.write_all(&vec![0; RESERVE_BYTES])?;
            file.sync_all()
        });
        if made.is_err() {
            // What there is of it would take room and never be whole.
            let _ = fs::remove_file(&self.path);
        }
    }

    fn is_there(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|found| found.len() == RESERVE_BYTES as u64)
    }

    /// Gives the room away. Says whether there was any.
    fn give_away(&self) -> io::Result<bool> {
        match fs::remove_file(&self.path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Does something that needs room; if there is none, once more with that of the reserve.
    pub(crate) fn lend<T>(
        &self,
        mut work: impl FnMut() -> Result<T, rusqlite::Error>,
    ) -> Result<T, rusqlite::Error> {
        match work() {
            Err(error) if is_full(&error) && self.give_away().is_ok_and(|given| given) => work(),
            outcome => outcome,
        }
    }
}

/// Whether a write failed for want of room. A full disk shows as a failed write of the log too.
fn is_full(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(rusqlite::ErrorCode::DiskFull | rusqlite::ErrorCode::SystemIoFailure)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> rusqlite::Error {
        rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL), None)
    }

    #[test]
    fn a_full_disk_lends_the_reserve_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let reserve = Reserve::beside(&folder.path().join("device.sqlite"));
        let file = folder.path().join("device.sqlite.reserve");
        // A disk that is full as long as the reserve takes its room.
        let disk = || if file.exists() { Err(full()) } else { Ok(7) };
        assert_eq!(reserve.lend(disk), Ok(7));
        assert!(!file.exists());
        let never = || Err::<u8, _>(full());
        assert!(reserve.lend(never).is_err(), "then it is full indeed");
        reserve.make();
        assert_eq!(
            fs::metadata(&file).expect("made anew").len(),
            RESERVE_BYTES as u64
        );
        let other = || Err::<u8, _>(rusqlite::Error::InvalidQuery);
        assert!(reserve.lend(other).is_err());
        assert!(file.exists(), "other failures do not touch it");
    }

    #[test]
    fn a_reserve_that_is_not_whole_is_made_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        let database = folder.path().join("device.sqlite");
        fs::write(folder.path().join("device.sqlite.reserve"), b"half").expect("written");
        assert!(Reserve::beside(&database).is_there());
    }
}
