//! Calls that are dropped before they end, as an app does that goes on without waiting.

use haamu_client::{Backlog, Rest};

use super::support::{answer, begin, device, nobody, photo};

#[tokio::test]
async fn a_commit_that_was_dropped_is_made_by_the_next_call() {
    let (mut device, faults) = device().await;
    device.edit(answer(1)).await.expect("saved");
    for number in 2..5 {
        faults.commits_hang.set(true);
        begin(device.sync(nobody));
        faults.commits_hang.set(false);
        device
            .edit(answer(number))
            .await
            .expect("saved, for nothing is under way any more");
    }
    faults.commits_hang.set(true);
    begin(device.edit(answer(9)));
    faults.commits_hang.set(false);
    assert_eq!(device.sync(nobody).await.expect("syncs"), Rest::UpToDate);
    assert_eq!(device.engine().backlog(), Backlog::default());
    assert_eq!(device.engine().last_seq(), 5, "and what was being saved is");
}

#[tokio::test]
async fn a_request_that_was_dropped_keeps_nobody_waiting() {
    let (mut device, faults) = device().await;
    device.sync(nobody).await.expect("syncs");
    let name = photo(&mut device, b"picture").await;
    faults.requests_hang.set(true);
    begin(device.sync(nobody));
    // The server still does not answer.
    device.edit(answer(1)).await.expect("saved without it");
    begin(device.sync(nobody));
    faults.requests_hang.set(false);
    assert_eq!(device.sync(nobody).await.expect("syncs"), Rest::UpToDate);
    assert_eq!(device.engine().backlog(), Backlog::default());
    assert!(faults.received.borrow().contains(&name));
}
