//! The contract of local stores. Every store runs it in its own tests.

use haamu_sync::engine::{
    BlobKind, BlobState, DeviceState, Snapshot, StoredBlob, StoredEntity, StoredOp, WriteBatch,
};
use haamu_sync::{AuthorId, BlobHash, Body, Bytes, DeviceId, Disposition, DocumentId, Entity};

use crate::ports::{FileStore, LocalStore};

fn op(seq: u64, content: u8) -> StoredOp {
    StoredOp {
        seq,
        raw: Bytes::from(vec![content]),
        set_aside: None,
    }
}

fn entity(id: &str, content: u8) -> StoredEntity {
    StoredEntity {
        entity: Entity {
            kind: "form".to_owned(),
            id: id.to_owned(),
        },
        generation: 1,
        body: Body::Record(Bytes::from(vec![content])),
        revoked: None,
        revoked_at: 0,
    }
}

fn blob(name: u8, state: BlobState) -> StoredBlob {
    StoredBlob {
        state,
        ..StoredBlob::new(
            BlobHash::from_bytes([name; 32]),
            9,
            DocumentId::default(),
            BlobKind::Original,
        )
    }
}

/// Checks a store that holds nothing yet. `reopen` closes it and opens it
/// again on the same storage, as a new process would.
///
/// # Panics
/// If the store breaks its contract.
pub async fn check_local_store<S: LocalStore>(mut store: S, reopen: impl Fn(S) -> S) {
    assert_eq!(
        store.load().await.expect("loads"),
        Snapshot::default(),
        "a new store is empty"
    );
    let device = DeviceState::new(DeviceId::from_bytes([1; 16]), AuthorId::from_bytes([2; 16]));
    let first = WriteBatch {
        device: Some(device.clone()),
        put_ops: vec![op(1, 10), op(2, 20), op(3, 30)],
        put_entities: vec![entity("a", 1), entity("b", 2)],
        put_blobs: vec![blob(7, BlobState::Stored)],
        ..WriteBatch::default()
    };
    store.commit(&first).await.expect("commits");
    let mut store = reopen(store);
    let loaded = store.load().await.expect("loads");
    assert_eq!(loaded.device, Some(device.clone()));
    assert_eq!(loaded.ops, first.put_ops, "by number");
    assert_eq!(loaded.entities, first.put_entities);
    assert_eq!(loaded.blobs, first.put_blobs);

    let aside = StoredOp {
        set_aside: Some(Disposition::Late),
        ..op(3, 30)
    };
    let second = WriteBatch {
        forget_ops_upto: 1,
        put_ops: vec![aside.clone(), op(4, 40)],
        put_entities: vec![entity("b", 9)],
        drop_entities: vec![entity("a", 1).entity],
        put_blobs: vec![blob(7, BlobState::Complete)],
        ..WriteBatch::default()
    };
    store.commit(&second).await.expect("commits");
    let mut store = reopen(store);
    let loaded = store.load().await.expect("loads");
    assert_eq!(loaded.device, Some(device), "what a batch does not name stays");
    assert_eq!(loaded.ops, [op(2, 20), aside, op(4, 40)]);
    assert_eq!(loaded.entities, [entity("b", 9)]);
    assert_eq!(loaded.blobs, [blob(7, BlobState::Complete)]);

    let renamed = WriteBatch {
        replace_log: true,
        put_ops: vec![op(1, 50)],
        ..WriteBatch::default()
    };
    store.commit(&renamed).await.expect("commits");
    assert_eq!(store.load().await.expect("loads").ops, [op(1, 50)]);

    assert_eq!(store.read_value("session").await.expect("reads"), None);
    store.write_value("session", Some(b"one")).await.expect("writes");
    store
        .write_value("session", Some(b"two"))
        .await
        .expect("overwrites");
    let mut store = reopen(store);
    assert_eq!(
        store.read_value("session").await.expect("reads").as_deref(),
        Some(b"two".as_slice())
    );
    store.write_value("kept", Some(b"three")).await.expect("writes");
    store.write_value("session", None).await.expect("removes");
    assert_eq!(store.read_value("session").await.expect("reads"), None);
    check_recurrence(&mut store).await;

    store.erase().await.expect("erases");
    let mut store = reopen(store);
    assert_eq!(store.load().await.expect("loads"), Snapshot::default());
    assert_eq!(store.read_value("kept").await.expect("reads"), None);
    store.commit(&first).await.expect("goes on");
}

/// What is written twice, or removed and written in one batch, ends as the last of it.
async fn check_recurrence<S: LocalStore>(store: &mut S) {
    let receipt = StoredBlob {
        receipt: Some(Bytes::from(b"signed".to_vec())),
        completed_at: Some(5),
        ..blob(7, BlobState::Complete)
    };
    let twice = WriteBatch {
        put_ops: vec![op(5, 1), op(5, 2)],
        put_entities: vec![entity("c", 1), entity("c", 2)],
        drop_entities: vec![entity("b", 9).entity],
        put_blobs: vec![blob(7, BlobState::Stored), receipt.clone()],
        ..WriteBatch::default()
    };
    store.commit(&twice).await.expect("commits");
    let loaded = store.load().await.expect("loads");
    assert_eq!(loaded.ops.last(), Some(&op(5, 2)));
    assert_eq!(loaded.entities, [entity("c", 2)]);
    assert_eq!(loaded.blobs, [receipt]);
    store
        .commit(&WriteBatch::default())
        .await
        .expect("nothing is a batch too");
    assert_eq!(store.load().await.expect("loads"), loaded);
}

/// Checks a place for files that holds nothing yet.
///
/// # Panics
/// If it breaks its contract.
pub async fn check_file_store<F: FileStore>(mut files: F, reopen: impl Fn(F) -> F) {
    let name = BlobHash::from_bytes([3; 32]);
    assert_eq!(files.read(name).await.expect("reads"), None);
    files.put(name, b"picture").await.expect("keeps");
    files.put(name, b"picture").await.expect("keeps once more");
    let mut files = reopen(files);
    assert_eq!(
        files.read(name).await.expect("reads").as_deref(),
        Some(b"picture".as_slice())
    );
    files.delete(name).await.expect("removes");
    files.delete(name).await.expect("removes what is not there");
    let mut files = reopen(files);
    assert_eq!(files.read(name).await.expect("reads"), None);
}
