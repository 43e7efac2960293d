//! What is sent under which conditions, and what happens when nothing happens.

use std::collections::BTreeSet;

use haamu_sync::engine::{Battery, BlobState, Conditions, Connection, Effect, Event, Failure, Hold, Notice};
use haamu_sync::policy::Network;
use haamu_sync::{BlobHash, Policy};

use crate::support::{Device, Server, VISIT};

const PREVIEW: BlobHash = BlobHash::from_bytes([21; 32]);
const ORIGINAL: BlobHash = BlobHash::from_bytes([20; 32]);

fn metered() -> Conditions {
    Conditions {
        connection: Connection::Metered,
        ..Conditions::default()
    }
}

/// A device with an answer and a photo with its preview, which has heard that originals want a free network.
fn scene() -> (Server, Device) {
    let policy = Policy {
        originals: Network::Unmetered,
        ..Policy::default()
    };
    let mut server = Server {
        policy,
        ..Server::default()
    };
    let mut device = Device::new(1);
    device.sync(&mut server);
    device.set("answer/a", 1);
    device.attach(20, 900_000, Some((21, 30_000)));
    device.drain(&mut server);
    (server, device)
}

fn held(device: &Device) -> Vec<&Notice> {
    let notices = device.notices.iter();
    notices
        .filter(|notice| matches!(notice, Notice::HeldBack(..)))
        .collect()
}

#[test]
fn answers_go_first_then_previews_then_originals() {
    let (mut server, mut device) = scene();
    device.handle(Event::SyncNow);
    let Some(Effect::Sync(_, request)) = device.engine.poll_effect() else {
        panic!("answers are asked about before any file");
    };
    assert_eq!(request.ops.len(), 2);
    assert_eq!(request.offers[0].sha256, PREVIEW);
    device.kill(2);
    device.sync(&mut server);
    assert_eq!(server.uploads.first(), Some(&PREVIEW));
    assert_eq!(server.uploads.last(), Some(&ORIGINAL));
}

#[test]
fn originals_wait_for_a_network_that_costs_nothing() {
    let (mut server, mut device) = scene();
    device.handle(Event::Conditions(metered()));
    device.sync(&mut server);
    assert_eq!(server.value("answer/a"), Some(1));
    assert_eq!(server.uploads, [PREVIEW]);
    assert_eq!(held(&device), [&Notice::HeldBack(1, 900_000, Hold::Metered)]);
    device.handle(Event::Conditions(Conditions::default()));
    device.drain(&mut server);
    assert_eq!(
        server.uploads.last(),
        Some(&ORIGINAL),
        "better conditions are used at once"
    );
    assert_eq!(device.engine.backlog().unsent_files, 0);
}

#[test]
fn what_is_due_or_asked_for_goes_over_any_network() {
    for conditions in [
        Conditions {
            urgent: BTreeSet::from([VISIT]),
            ..metered()
        },
        Conditions {
            send_everything: true,
            ..metered()
        },
    ] {
        let (mut server, mut device) = scene();
        device.handle(Event::Conditions(conditions));
        device.sync(&mut server);
        assert_eq!(server.uploads.last(), Some(&ORIGINAL));
    }
}

#[test]
fn a_low_battery_sends_answers_only() {
    let battery = |percent, is_charging| Conditions {
        battery: Some(Battery { percent, is_charging }),
        ..Conditions::default()
    };
    let (mut server, mut device) = scene();
    device.handle(Event::Conditions(battery(14, false)));
    device.sync(&mut server);
    assert_eq!(server.value("answer/a"), Some(1));
    assert_eq!(server.uploads, []);
    assert_eq!(held(&device), [&Notice::HeldBack(2, 930_000, Hold::Battery)]);
    device.handle(Event::Conditions(battery(14, true)));
    device.drain(&mut server);
    assert_eq!(device.engine.backlog().unsent_files, 0);
}

#[test]
fn conditions_that_worsen_stop_a_file_between_its_parts() {
    let (mut server, mut device) = scene();
    device.handle(Event::SyncNow);
    while device.engine.backlog().unsent_files > 0 && !server.uploads.contains(&ORIGINAL) {
        device.run(&mut server, 1, || false);
    }
    device.handle(Event::Conditions(metered()));
    device.drain(&mut server);
    let sent = server.files[&ORIGINAL];
    assert!(sent > 0 && sent < 900_000, "{sent}");
    device.handle(Event::Conditions(Conditions::default()));
    device.drain(&mut server);
    assert_eq!(server.files[&ORIGINAL], 900_000, "it goes on where it stopped");
}

#[test]
fn without_a_network_nothing_is_attempted_until_it_returns() {
    let (mut server, mut device) = scene();
    let offline = Conditions {
        connection: Connection::Offline,
        ..Conditions::default()
    };
    device.handle(Event::Conditions(offline));
    device.handle(Event::SyncNow);
    assert!(matches!(
        device.engine.poll_effect(),
        Some(Effect::Notify(Notice::Retrying(Failure::Network)))
    ));
    assert!(device.engine.poll_effect().is_none());
    assert_eq!(device.engine.poll_timeout(), None, "it costs no power to wait");
    device.handle(Event::Conditions(metered()));
    device.drain(&mut server);
    assert_eq!(server.value("answer/a"), Some(1));
}

#[test]
fn an_operators_pause_is_kept_unless_there_is_something_to_send() {
    let (mut server, mut device) = scene();
    server.policy = Policy {
        retry_after_ms: 60_000,
        ..Policy::default()
    };
    device.sync(&mut server);
    device.handle(Event::SyncNow);
    let first = device.engine.poll_effect();
    assert!(
        matches!(first, Some(Effect::Notify(Notice::Retrying(Failure::Busy(_))))),
        "{first:?}"
    );
    assert!(device.engine.poll_timeout().is_some());
    device.set("answer/b", 2);
    device.handle(Event::SyncNow);
    device.run(&mut server, 2, || false);
    device.sync(&mut server);
    assert_eq!(server.value("answer/b"), Some(2));
}

#[test]
fn a_request_without_any_outcome_is_given_up_and_made_again() {
    let (mut server, mut device) = scene();
    device.handle(Event::SyncNow);
    let Some(Effect::Sync(lost, _)) = device.engine.poll_effect() else {
        panic!("a request");
    };
    let at = device.engine.poll_timeout().expect("somebody looks after it");
    device.now = at;
    device.handle(Event::Timeout);
    device.drain(&mut server);
    assert!(device.notices.contains(&Notice::Stalled));
    assert_eq!(server.value("answer/a"), Some(1));
    // What comes at last is the answer to nothing any more.
    device.handle(Event::Synced(lost, Err(Failure::Server)));
    assert!(device.engine.is_idle());
}

#[test]
fn a_freed_file_stays_known_and_is_kept_again_when_it_is_added_again() {
    let (mut server, mut device) = scene();
    device.sync(&mut server);
    device.handle(Event::Freed(ORIGINAL));
    device.drain(&mut server);
    let state = |device: &Device, name| {
        device
            .engine
            .blobs()
            .find(|blob| blob.sha256 == name)
            .map(|blob| blob.state)
    };
    assert_eq!(state(&device, ORIGINAL), Some(BlobState::Freed));
    device.attach(20, 900_000, None);
    device.drain(&mut server);
    assert_eq!(state(&device, ORIGINAL), Some(BlobState::Complete));
}

#[test]
fn a_receipt_is_kept_with_its_file() {
    let (mut server, mut device) = scene();
    device.sync(&mut server);
    let receipt = haamu_sync::Bytes::from(b"signed".to_vec());
    device.handle(Event::Receipt(ORIGINAL, VISIT, receipt.clone()));
    device.drain(&mut server);
    device.kill(3);
    let blob = device.engine.blobs().find(|blob| blob.sha256 == ORIGINAL);
    assert_eq!(blob.and_then(|blob| blob.receipt.clone()), Some(receipt));
}
