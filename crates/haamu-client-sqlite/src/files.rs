//! Files in a folder, named by their hash.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use haamu_client::{FileStore, PortError};
use haamu_sync::BlobHash;
use tempfile::NamedTempFile;

use crate::seal::{DeviceKey, Seal};

/// Files in a folder. A file is complete under its name or not there at all.
#[derive(Debug)]
pub struct FolderFiles {
    folder: PathBuf,
    seal: Seal,
}

impl FolderFiles {
    /// Opens the folder, and makes it if it is not there.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn open(folder: &Path) -> Result<Self, PortError> {
        Self::open_with(folder, None)
    }

    /// Opens a folder whose files are sealed with a key; their names are still the hashes of what they hold.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn open_sealed(folder: &Path, key: &DeviceKey) -> Result<Self, PortError> {
        Self::open_with(folder, Some(key))
    }

    fn open_with(folder: &Path, key: Option<&DeviceKey>) -> Result<Self, PortError> {
        fs::create_dir_all(folder).map_err(|error| PortError::new("make the folder for files", error))?;
        Ok(Self {
            folder: folder.to_owned(),
            seal: Seal::new(key.cloned()),
        })
    }

    fn path(&self, sha256: BlobHash) -> PathBuf {
        self.folder.join(sha256.to_string())
    }

    fn write(&self, sha256: BlobHash, bytes: &[u8]) -> io::Result<()> {
        let path = self.path(sha256);
        // What is there may be damaged: only the same bytes need not be written again.
        let known = fs::read(&path)
            .ok()
            .and_then(|stored| self.seal.read_file(stored).ok());
        if known.is_some_and(|known| known == bytes) {
            return Ok(());
        }
        let sealed = self.seal.write_file(bytes).map_err(io::Error::other)?;
        let mut temporary = NamedTempFile::new_in(&self.folder)?;
        temporary.write_all(&sealed)?;
        temporary.as_file().sync_all()?;
        temporary.persist(&path)?;
        // The name is durable only when its folder is.
        File::open(&self.folder)?.sync_all()
    }
}

impl FileStore for FolderFiles {
    async fn put(&mut self, sha256: BlobHash, bytes: &[u8]) -> Result<(), PortError> {
        self.write(sha256, bytes)
            .map_err(|error| PortError::new("keep a file", error))
    }

    async fn read(&mut self, sha256: BlobHash) -> Result<Option<Vec<u8>>, PortError> {
        match fs::read(self.path(sha256)) {
            // What cannot be opened is damaged; it does not have its hash either.
            Ok(stored) => Ok(Some(self.seal.read_file(stored).unwrap_or_default())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(PortError::new("read a file", error)),
        }
    }

    async fn delete(&mut self, sha256: BlobHash) -> Result<(), PortError> {
        match fs::remove_file(self.path(sha256)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(PortError::new("remove a file", error))
            }
            _ => Ok(()),
        }
    }
}
