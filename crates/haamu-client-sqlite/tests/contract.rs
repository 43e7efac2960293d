//! The stores keep the contract of `haamu-client`, over a real file.

use std::path::PathBuf;

use haamu_client::testing::{check_file_store, check_local_store};
use haamu_client::{MemoryFiles, MemoryStore};
use haamu_client_sqlite::{FolderFiles, SqliteStore, files_folder};

#[tokio::test]
async fn sqlite_keeps_the_contract() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("device.sqlite");
    let store = SqliteStore::open(&path).expect("opens");
    check_local_store(store, |store| {
        drop(store);
        SqliteStore::open(&path).expect("opens again")
    })
    .await;
}

#[tokio::test]
async fn folders_keep_the_contract() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("files");
    let files = FolderFiles::open(&path).expect("opens");
    check_file_store(files, |_| FolderFiles::open(&path).expect("opens again")).await;
}

#[tokio::test]
async fn memory_keeps_the_contract() {
    check_local_store(MemoryStore::default(), |store| store).await;
    check_file_store(MemoryFiles::default(), |files| files).await;
}

#[test]
fn a_second_process_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("device.sqlite");
    let first = SqliteStore::open(&path).expect("opens");
    let refused = SqliteStore::open(&path).expect_err("in use");
    assert_eq!(
        refused.to_string(),
        "open the device's database: another process uses it"
    );
    drop(first);
    SqliteStore::open(&path).expect("opens once the first is gone");
}

#[test]
fn a_file_of_a_newer_version_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("device.sqlite");
    drop(SqliteStore::open(&path).expect("opens"));
    let connection = rusqlite::Connection::open(&path).expect("opens");
    connection
        .pragma_update(None, "user_version", 99)
        .expect("writes");
    drop(connection);
    let refused = SqliteStore::open(&path).expect_err("newer");
    assert!(refused.to_string().contains("newer version"), "{refused}");
}

#[test]
fn files_lie_beside_the_database() {
    assert_eq!(
        files_folder(&PathBuf::from("/a/phone.sqlite")),
        PathBuf::from("/a/phone-files")
    );
}
