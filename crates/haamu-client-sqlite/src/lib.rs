//! The local store of a device on SQLite, with its files in a folder beside it.
//!
//! Write-ahead log with `synchronous=FULL`: what [`LocalStore::commit`]
//! returned `Ok` for survives a power loss. One process at a time: a second
//! one is refused, because two would number their operations alike.
//!
//! [`SqliteStore::open_sealed`] and [`FolderFiles::open_sealed`] keep everything
//! encrypted under a [`DeviceKey`].

mod files;
mod reserve;
mod rows;
mod seal;

use std::path::{Path, PathBuf};
use std::time::Duration;

use haamu_client::{LocalStore, PortError};
use haamu_sync::engine::{Snapshot, WriteBatch};
use rusqlite::{Connection, OptionalExtension, params};

pub use files::FolderFiles;
use reserve::Reserve;
pub use seal::DeviceKey;
use seal::Seal;

/// Another process may be about to end.
const BUSY_TIMEOUT: Duration = Duration::from_millis(300);
/// The version of the tables below. A newer file is refused.
const SCHEMA_VERSION: i64 = 1;

const SCHEMA: &str = "
CREATE TABLE value  (name TEXT PRIMARY KEY, content BLOB NOT NULL) STRICT;
CREATE TABLE device (id INTEGER PRIMARY KEY CHECK (id = 1), state BLOB NOT NULL) STRICT;
CREATE TABLE op     (seq INTEGER PRIMARY KEY, raw BLOB NOT NULL, set_aside BLOB) STRICT;
CREATE TABLE entity (kind TEXT NOT NULL, id TEXT NOT NULL, state BLOB NOT NULL, PRIMARY KEY (kind, id)) STRICT;
CREATE TABLE blob   (sha256 BLOB NOT NULL, document BLOB NOT NULL, state BLOB NOT NULL, PRIMARY KEY (sha256, document)) STRICT;
";

/// A local store in one SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    connection: Connection,
    seal: Seal,
    reserve: Reserve,
}

/// The value by which a key is known to be the right one.
const SEALED: &str = "sealed";

impl SqliteStore {
    /// Opens the file, and makes it if it is not there.
    ///
    /// # Errors
    /// The file cannot be opened, another process uses it, or a newer version of the program wrote it.
    pub fn open(path: &Path) -> Result<Self, PortError> {
        Self::open_with(path, None)
    }

    /// Opens a file whose content is sealed with a key, and makes it if it is not there.
    ///
    /// # Errors
    /// As for [`SqliteStore::open`]; or the file was sealed with another key, or made without one.
    pub fn open_sealed(path: &Path, key: &DeviceKey) -> Result<Self, PortError> {
        Self::open_with(path, Some(key))
    }

    fn open_with(path: &Path, key: Option<&DeviceKey>) -> Result<Self, PortError> {
        let failed = |error| PortError::new("open the device's database", error);
        let connection = Connection::open(path).map_err(failed)?;
        restrict(path).map_err(|error| PortError::new("protect the device's database", error))?;
        connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
        // Taken with the first write below and held until the process ends.
        connection
            .pragma_update(None, "locking_mode", "EXCLUSIVE")
            .map_err(failed)?;
        let in_use = |error: rusqlite::Error| match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
                PortError::new("open the device's database", "another process uses it")
            }
            _ => failed(error),
        };
        connection
            .pragma_update(None, "journal_mode", "WAL")
            .map_err(in_use)?;
        connection
            .pragma_update(None, "synchronous", "FULL")
            .map_err(in_use)?;
        // What is removed is testimony or a token: it is overwritten.
        connection
            .pragma_update(None, "secure_delete", true)
            .map_err(in_use)?;
        // Where the system distinguishes a flush to the drive from one to the medium.
        connection
            .pragma_update(None, "fullfsync", true)
            .map_err(in_use)?;
        let mut store = Self {
            connection,
            seal: Seal::new(key.cloned()),
            reserve: Reserve::beside(path),
        };
        store.migrate().map_err(in_use)?;
        store.check_key()?;
        Ok(store)
    }

    /// A file that is sealed is opened with its key, and one that is not without.
    fn check_key(&self) -> Result<(), PortError> {
        let refused = |why: &str| PortError::new("open the device's database", why);
        match (self.get_value(SEALED)?, self.seal.is_sealing()) {
            (None, false) => Ok(()),
            (Some(_), false) => Err(refused("it is sealed; its key is needed")),
            (None, true) => Err(refused("it was made without a key")),
            (Some(mark), true) => {
                let is_right = self
                    .seal
                    .read(SEALED, mark)
                    .is_ok_and(|mark| mark == SEALED.as_bytes());
                is_right
                    .then_some(())
                    .ok_or_else(|| refused("it is sealed with another key"))
            }
        }
    }

    fn get_value(&self, name: &str) -> Result<Option<Vec<u8>>, PortError> {
        let query = "SELECT content FROM value WHERE name = ?1";
        let found = self
            .connection
            .query_row(query, [name], |row| row.get(0))
            .optional();
        found.map_err(|error| PortError::new("read the device's database", error))
    }

    fn put_value(&self, name: &str, value: Option<&[u8]>) -> Result<(), PortError> {
        // A refresh token that is used up and has no successor here would sign its person out.
        let written = self.reserve.lend(|| match value {
            Some(value) => self.connection.execute(
                "INSERT INTO value (name, content) VALUES (?1, ?2)
                 ON CONFLICT (name) DO UPDATE SET content = excluded.content",
                params![name, value],
            ),
            None => self
                .connection
                .execute("DELETE FROM value WHERE name = ?1", [name]),
        });
        written.map(drop).map_err(not_written)
    }

    /// Makes the tables where there are none, and marks a sealed file as such in the same transaction.
    fn migrate(&mut self) -> Result<(), rusqlite::Error> {
        let transaction = self
            .connection
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
        match version {
            0 => {
                transaction.execute_batch(SCHEMA)?;
                if self.seal.is_sealing() {
                    let mark = self.seal.write(SEALED, SEALED.as_bytes().to_vec());
                    transaction.execute(
                        "INSERT INTO value (name, content) VALUES (?1, ?2)",
                        params![SEALED, mark],
                    )?;
                }
                transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
            }
            SCHEMA_VERSION => {}
            newer => {
                let message = format!("it was written by a newer version of the program (schema {newer})");
                return Err(rusqlite::Error::ToSqlConversionFailure(message.into()));
            }
        }
        transaction.commit()
    }

    /// Applies a batch in one transaction. On a full disk, answers and what the server
    /// said of them still find room.
    fn apply(&mut self, batch: &WriteBatch) -> Result<(), rusqlite::Error> {
        let (connection, seal) = (&mut self.connection, &self.seal);
        self.reserve.lend(|| {
            let transaction =
                connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            rows::apply(&transaction, batch, seal)?;
            transaction.commit()
        })
    }
}

impl LocalStore for SqliteStore {
    async fn load(&mut self) -> Result<Snapshot, PortError> {
        rows::load(&self.connection, &self.seal)
            .map_err(|error| PortError::new("read the device's database", error))
    }

    async fn commit(&mut self, batch: &WriteBatch) -> Result<(), PortError> {
        self.apply(batch).map_err(not_written)
    }

    async fn read_value(&mut self, name: &str) -> Result<Option<Vec<u8>>, PortError> {
        let stored = self.get_value(name)?;
        let opened = stored
            .map(|stored| self.seal.read(&format!("value/{name}"), stored))
            .transpose();
        opened.map_err(|error| PortError::new("read the device's database", error))
    }

    async fn write_value(&mut self, name: &str, value: Option<&[u8]>) -> Result<(), PortError> {
        let sealed = value.map(|value| self.seal.write(&format!("value/{name}"), value.to_vec()));
        self.put_value(name, sealed.as_deref())
    }

    async fn erase(&mut self) -> Result<(), PortError> {
        let failed = |error| PortError::new("erase the device's database", error);
        let mark = self.get_value(SEALED)?;
        let transaction = self.connection.transaction().map_err(failed)?;
        let tables =
            "DELETE FROM device; DELETE FROM op; DELETE FROM entity; DELETE FROM blob; DELETE FROM value;";
        transaction.execute_batch(tables).map_err(failed)?;
        if let Some(mark) = mark {
            // It says what key the file is sealed with, and nothing else.
            let insert = "INSERT INTO value (name, content) VALUES (?1, ?2)";
            transaction
                .execute(insert, params![SEALED, mark])
                .map_err(failed)?;
        }
        transaction.commit().map_err(failed)?;
        // The log of writes still has what was removed.
        let truncate = "PRAGMA wal_checkpoint(TRUNCATE)";
        self.connection
            .query_row(truncate, [], |_| Ok(()))
            .map_err(failed)?;
        self.reserve.make();
        Ok(())
    }
}

fn not_written(error: rusqlite::Error) -> PortError {
    let is_full = error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull);
    let failed = PortError::new("write the device's database", error);
    if is_full { failed.full() } else { failed }
}

/// The database holds testimony and tokens: it is for its owner only.
#[cfg(unix)]
fn restrict(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn restrict(_: &Path) -> std::io::Result<()> {
    Ok(())
}

/// The folder for the files of a device whose database is at `path`.
#[must_use]
pub fn files_folder(path: &Path) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push("-files");
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use haamu_client::PortErrorKind;

    use super::*;

    #[test]
    fn a_token_finds_the_room_that_is_kept_and_else_it_is_said_that_there_is_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("device.sqlite");
        let store = SqliteStore::open(&path).expect("opens");
        let reserve = folder.path().join("device.sqlite.reserve");
        assert!(reserve.exists());
        let pages: i64 = store
            .connection
            .pragma_query_value(None, "page_count", |row| row.get(0))
            .expect("counted");
        store
            .connection
            .pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
            .expect("no larger");
        let token = vec![7; 100_000];
        let refused = store.put_value("session", Some(&token)).expect_err("it is full");
        assert_eq!(refused.kind, PortErrorKind::Full);
        assert!(!reserve.exists(), "what was kept was given for it");
        store
            .connection
            .pragma_update_and_check(None, "max_page_count", pages + 100, |_| Ok(()))
            .expect("larger");
        store.put_value("session", Some(&token)).expect("written");
    }
}
