//! The stores keep the contract of `haamu-client`, over a real file.

use std::path::PathBuf;

use haamu_client::testing::{check_file_store, check_local_store};
use haamu_client::{FileStore, LocalStore, MemoryFiles, MemoryStore};
use haamu_client_sqlite::{DeviceKey, FolderFiles, SqliteStore, files_folder};
use haamu_sync::engine::{StoredOp, WriteBatch};
use haamu_sync::{BlobHash, Bytes};

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

fn key(number: u8) -> DeviceKey {
    DeviceKey::from_bytes(&[number; 32])
}

#[tokio::test]
async fn sealed_stores_keep_the_contract() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("device.sqlite");
    let open = || SqliteStore::open_sealed(&path, &key(1)).expect("opens");
    check_local_store(open(), |store| {
        drop(store);
        open()
    })
    .await;
    let path = folder.path().join("files");
    let files = FolderFiles::open_sealed(&path, &key(1)).expect("opens");
    check_file_store(files, |_| {
        FolderFiles::open_sealed(&path, &key(1)).expect("opens again")
    })
    .await;
}

#[tokio::test]
async fn nothing_of_what_is_sealed_can_be_read_without_its_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("device.sqlite");
    let secret = "the seller was rude";
    let mut store = SqliteStore::open_sealed(&path, &key(1)).expect("opens");
    store
        .write_value("session", Some(secret.as_bytes()))
        .await
        .expect("written");
    let batch = WriteBatch {
        put_ops: vec![StoredOp {
            seq: 1,
            raw: Bytes::from(secret.as_bytes().to_vec()),
            set_aside: None,
        }],
        ..WriteBatch::default()
    };
    store.commit(&batch).await.expect("written");
    drop(store);
    // Long enough for several segments, and one that is empty.
    let hashes = [BlobHash::from_bytes([7; 32]), BlobHash::from_bytes([8; 32])];
    let photo = secret.repeat(10_000).into_bytes();
    let files_path = folder.path().join("files");
    let mut files = FolderFiles::open_sealed(&files_path, &key(1)).expect("opens");
    files.put(hashes[0], &photo).await.expect("kept");
    files.put(hashes[1], b"").await.expect("kept");
    assert_eq!(files.read(hashes[0]).await.expect("read"), Some(photo));
    assert_eq!(files.read(hashes[1]).await.expect("read"), Some(Vec::new()));
    for entry in walk(folder.path()) {
        let bytes = std::fs::read(&entry).expect("a file");
        let has = bytes
            .windows(secret.len())
            .any(|window| window == secret.as_bytes());
        assert!(!has, "{}", entry.display());
    }
    let why = |opened: Result<SqliteStore, haamu_client::PortError>| opened.expect_err("refused").to_string();
    assert!(why(SqliteStore::open_sealed(&path, &key(2))).contains("another key"));
    assert!(why(SqliteStore::open(&path)).contains("its key is needed"));
    let plain = folder.path().join("plain.sqlite");
    drop(SqliteStore::open(&plain).expect("opens"));
    assert!(why(SqliteStore::open_sealed(&plain, &key(1))).contains("without a key"));
}

#[tokio::test]
async fn rows_that_were_exchanged_and_files_that_were_cut_are_found_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("device.sqlite");
    let mut store = SqliteStore::open_sealed(&path, &key(1)).expect("opens");
    let op = |seq: u64| StoredOp {
        seq,
        raw: Bytes::from(vec![u8::try_from(seq).expect("small")]),
        set_aside: None,
    };
    let batch = WriteBatch {
        put_ops: vec![op(1), op(2)],
        ..WriteBatch::default()
    };
    store.commit(&batch).await.expect("written");
    drop(store);
    let connection = rusqlite::Connection::open(&path).expect("opens");
    connection
        .execute_batch("UPDATE op SET seq = 9 WHERE seq = 1; UPDATE op SET seq = 1 WHERE seq = 2; UPDATE op SET seq = 2 WHERE seq = 9;")
        .expect("exchanged");
    drop(connection);
    let mut store = SqliteStore::open_sealed(&path, &key(1)).expect("opens");
    assert!(
        store.load().await.is_err(),
        "operations cannot be put in another order"
    );
    let files_path = folder.path().join("files");
    let mut files = FolderFiles::open_sealed(&files_path, &key(1)).expect("opens");
    let hash = BlobHash::from_bytes([7; 32]);
    files.put(hash, &[5; 200_000]).await.expect("kept");
    let stored = files_path.join(hash.to_string());
    let bytes = std::fs::read(&stored).expect("a file");
    std::fs::write(&stored, &bytes[..19 + 2 * (64 * 1024 + 16)]).expect("cut");
    assert_eq!(
        files.read(hash).await.expect("read"),
        Some(Vec::new()),
        "damaged, and not a shorter photo"
    );
}

fn walk(folder: &std::path::Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path());
    entries
        .flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] })
        .collect()
}
