//! Files that cannot be read, and storage that is full.

use std::io::{Cursor, ErrorKind};

use haamu_client::{BlobState, ClientError, Failure, PortErrorKind, Rest};

use super::support::{answer, device, nobody, photo};

fn states(device: &super::support::TestDevice) -> Vec<BlobState> {
    let mut states: Vec<_> = device
        .engine()
        .blobs()
        .map(|blob| (blob.length, blob.state))
        .collect();
    states.sort_by_key(|(length, _)| *length);
    states.into_iter().map(|(_, state)| state).collect()
}

#[tokio::test]
async fn a_photo_that_cannot_be_read_keeps_no_other_back() {
    let (mut device, faults) = device().await;
    let broken = photo(&mut device, b"1").await;
    let sound = photo(&mut device, b"22").await;
    faults.unreadable.borrow_mut().insert(broken, ErrorKind::Other);
    assert_eq!(device.sync(nobody).await.expect("syncs"), Rest::UpToDate);
    assert_eq!(states(&device), [BlobState::Damaged, BlobState::Complete]);
    assert!(faults.received.borrow().contains(&sound));
}

#[tokio::test]
async fn a_photo_that_cannot_be_read_now_is_sent_later() {
    let (mut device, faults) = device().await;
    let locked = photo(&mut device, b"1").await;
    photo(&mut device, b"22").await;
    faults
        .unreadable
        .borrow_mut()
        .insert(locked, ErrorKind::PermissionDenied);
    let rest = device.sync(nobody).await.expect("syncs");
    assert_eq!(rest, Rest::Waiting(Failure::Storage));
    assert_eq!(states(&device), [BlobState::Stored, BlobState::Complete]);
    faults.unreadable.borrow_mut().clear();
    assert_eq!(device.retry(nobody).await.expect("syncs"), Rest::UpToDate);
    assert_eq!(states(&device), [BlobState::Complete; 2]);
}

#[tokio::test]
async fn an_export_leaves_out_what_cannot_be_read_and_says_so() {
    let (mut device, faults) = device().await;
    let broken = photo(&mut device, b"1").await;
    photo(&mut device, b"22").await;
    faults.unreadable.borrow_mut().insert(broken, ErrorKind::Other);
    let exported = device.export(Cursor::new(Vec::new())).await.expect("exported");
    assert_eq!(
        (exported.operations, exported.files, exported.missing_files),
        (2, 1, 1)
    );
    let refused = device.erase(Some(&exported)).await;
    assert!(matches!(refused, Err(ClientError::UnsentWork(_))));
}

#[tokio::test]
async fn what_the_server_refuses_is_not_erased_unless_it_was_exported() {
    let (mut device, faults) = device().await;
    let refused = photo(&mut device, b"1").await;
    faults.refuses_files.set(true);
    assert_eq!(device.sync(nobody).await.expect("syncs"), Rest::UpToDate);
    assert_eq!(states(&device), [BlobState::Refused]);
    let outcome = device.erase(None).await;
    assert!(matches!(outcome, Err(ClientError::UnsentWork(backlog)) if backlog.refused_files == 1));
    faults.unreadable.borrow_mut().insert(refused, ErrorKind::Other);
    let lacks_it = device.export(Cursor::new(Vec::new())).await.expect("exported");
    assert_eq!(lacks_it.missing_files, 1);
    device.erase(Some(&lacks_it)).await.expect_err("it would be lost");
    faults.unreadable.borrow_mut().clear();
    let exported = device.export(Cursor::new(Vec::new())).await.expect("exported");
    device.erase(Some(&exported)).await.expect("erased");
}

#[tokio::test]
async fn a_full_disk_is_told_as_such() {
    let (mut device, faults) = device().await;
    device.sync(nobody).await.expect("syncs");
    faults.is_full.set(true);
    let rest = device.sync(nobody).await.expect("syncs");
    assert_eq!(rest, Rest::Waiting(Failure::Storage), "not the server's fault");
    let photo = device.keep_file(b"picture").await;
    assert!(matches!(photo, Err(ClientError::Port(error)) if error.kind == PortErrorKind::Full));
    assert!(matches!(device.edit(answer(1)).await, Err(ClientError::NotSaved)));
    faults.is_full.set(false);
    assert_eq!(device.retry(nobody).await.expect("syncs"), Rest::UpToDate);
}

#[tokio::test]
async fn tokens_that_there_is_no_room_for_are_used_and_written_later() {
    let (mut device, faults) = device().await;
    device.sync(nobody).await.expect("syncs");
    *faults.lets_in.borrow_mut() = Some("another".to_owned());
    faults.is_full.set(true);
    let rest = device.sync(nobody).await.expect("syncs");
    assert_eq!(rest, Rest::Waiting(Failure::Storage));
    let session = device.session().expect("still signed in");
    assert_eq!(session.refresh_token, "refresh 1", "the one before is used up");
    // Once more, before there is room: what was used up is not shown again.
    *faults.lets_in.borrow_mut() = Some("another".to_owned());
    while faults.used.borrow().len() < 2 {
        device.retry(nobody).await.expect("syncs");
    }
    assert_eq!(*faults.used.borrow(), ["refresh 0", "refresh 1"]);
    faults.is_full.set(false);
    assert_eq!(device.retry(nobody).await.expect("syncs"), Rest::UpToDate);
    let stored = faults.stored_session.borrow();
    assert!(stored.contains("refresh 2"), "{stored}");
}
