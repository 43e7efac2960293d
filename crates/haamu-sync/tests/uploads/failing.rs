//! Files that the server, something on the way or the device itself fails to hand on.

use haamu_sync::engine::{BlobState, Effect, Event, Failure, Notice, UploadFailure};

use super::support::{Device, Wanted, name};

fn failed(device: &mut Device, id: u64, failure: Failure) {
    device.handle(Event::Uploaded(id, Err(UploadFailure::Request(failure))));
}

#[test]
fn a_file_that_fails_holds_up_no_other_and_is_tried_ever_more_rarely() {
    let mut device = Device::with_photos(3);
    let (first, failing) = device.first_offer();
    failed(&mut device, first, Failure::Server);
    let mut sent = Vec::new();
    let mut pauses = Vec::new();
    let mut last_failure = device.now;
    while pauses.len() < 12 {
        match device.next() {
            Wanted::Sync(id, request) => device.answer(id, &request),
            Wanted::Upload(id, part) if part.sha256 == failing.sha256 => {
                pauses.push(device.now - last_failure);
                last_failure = device.now;
                failed(&mut device, id, Failure::Server);
            }
            Wanted::Upload(id, part) => {
                let end = part.offset + part.length;
                if end == part.total {
                    device.received.insert(part.sha256, end);
                    sent.push(part.sha256);
                }
                device.handle(Event::Uploaded(id, Ok(end)));
            }
            Wanted::Deposit(..) | Wanted::Rest => {
                device.now = device.engine.poll_timeout().expect("it tries again");
                device.handle(Event::Timeout);
            }
        }
    }
    assert_eq!(sent, [name(1), name(2)], "before the first is tried once more");
    let states: Vec<_> = device.engine.blobs().map(|blob| blob.state).collect();
    assert_eq!(
        states,
        [BlobState::Stored, BlobState::Complete, BlobState::Complete]
    );
    let all: u64 = pauses.iter().sum();
    assert!(
        all > 4 * 60 * 1_000,
        "the pauses grow though requests are answered: {pauses:?}"
    );
    device.handle(Event::SyncNow);
    loop {
        match device.next() {
            Wanted::Sync(id, request) => device.answer(id, &request),
            Wanted::Upload(id, part) => {
                device.received.insert(part.sha256, part.total);
                device.handle(Event::Uploaded(id, Ok(part.total)));
            }
            Wanted::Deposit(..) | Wanted::Rest => break,
        }
    }
    assert_eq!(
        device.notices.last(),
        Some(&Notice::UpToDate),
        "once it is taken, nothing is left"
    );
}

#[test]
fn a_deposit_ends_with_the_file_that_fails_and_not_before_the_others() {
    let mut device = Device::with_photos(3);
    device.handle(Event::Deposit);
    loop {
        match device.next() {
            Wanted::Deposit(id, request) => device.answer_deposit(id, &request),
            Wanted::Upload(id, part) if part.sha256 == name(0) => failed(&mut device, id, Failure::Server),
            Wanted::Upload(id, part) => {
                let end = part.offset + part.length;
                if end == part.total {
                    device.received.insert(part.sha256, end);
                }
                device.handle(Event::Uploaded(id, Ok(end)));
            }
            Wanted::Sync(..) => panic!("nobody is signed in"),
            Wanted::Rest => break,
        }
    }
    assert_eq!(device.received.len(), 2);
    assert_eq!(
        device.notices.last(),
        Some(&Notice::NotDeposited(Failure::Server))
    );
}

#[test]
fn a_file_that_cannot_be_read_now_is_tried_later_and_others_go_on() {
    let mut device = Device::with_photos(2);
    let (id, part) = device.first_offer();
    device.handle(Event::Uploaded(id, Err(UploadFailure::Unreadable)));
    let (_, other) = device.upload();
    assert_ne!(other.sha256, part.sha256);
    let mut blobs = device.engine.blobs();
    assert!(
        blobs.all(|blob| blob.state == BlobState::Stored),
        "it is not damaged"
    );
}

#[test]
fn what_a_proxy_does_not_let_through_is_sent_in_shorter_parts() {
    for failure in [Failure::TooLarge, Failure::NotOurServer] {
        let mut device = Device::with_photos(40);
        let (mut id, mut part) = device.first_offer();
        let mut lengths = Vec::new();
        let mut count = 0;
        while count < 120 {
            count += 1;
            lengths.push(part.length);
            if part.length > 100_000 {
                failed(&mut device, id, failure);
            } else {
                let end = part.offset + part.length;
                if end == part.total {
                    device.received.insert(part.sha256, end);
                }
                device.handle(Event::Uploaded(id, Ok(end)));
            }
            (id, part) = loop {
                match device.next() {
                    Wanted::Sync(id, request) => device.answer(id, &request),
                    Wanted::Upload(id, part) => break (id, part),
                    Wanted::Deposit(..) | Wanted::Rest => {
                        assert_eq!(failure, Failure::NotOurServer, "who says why needs no pause");
                        device.now = device.engine.poll_timeout().expect("it tries again");
                        device.handle(Event::Timeout);
                    }
                }
            };
        }
        let vain: Vec<usize> = (0..count).filter(|at| lengths[*at] > 100_000).collect();
        assert_eq!(&vain[..2], [0, 1], "{failure:?}: {lengths:?}");
        assert!(
            vain.len() <= 5,
            "longer ones are tried ever more rarely: {vain:?}"
        );
        assert!(vain.len() > 2, "longer ones are tried again: {lengths:?}");
        assert!(device.received.len() > 15);
    }
}

#[test]
fn what_a_server_refuses_counts_as_not_sent_and_is_offered_to_a_server_that_was_started_again() {
    let mut device = Device::with_photos(1);
    let (id, _) = device.first_part();
    device.handle(Event::Uploaded(id, Err(UploadFailure::Refused)));
    let Wanted::Sync(next, request) = device.next() else {
        panic!("the next answer says what becomes of that which hung on the file");
    };
    assert_eq!(request.offers, [], "refused");
    device.answer(next, &request);
    assert!(matches!(device.next(), Wanted::Rest));
    let backlog = device.engine.backlog();
    assert_eq!((backlog.unsent_files, backlog.refused_files), (0, 1));
    for start in [1, 2] {
        device.start = start;
        device.handle(Event::SyncNow);
        let Wanted::Sync(id, request) = device.next() else {
            panic!("it asks");
        };
        assert_eq!(request.offers, []);
        device.answer(id, &request);
    }
    let Wanted::Sync(id, request) = device.next() else {
        panic!("it offers the file once more");
    };
    assert_eq!(request.offers.len(), 1);
    device.answer(id, &request);
    let (_, part) = device.upload();
    assert_eq!(part.offset, 0);
}

#[test]
fn an_answer_that_cannot_be_written_down_is_the_devices_failure_and_not_the_servers() {
    let mut device = Device::with_photos(1);
    device.handle(Event::SyncNow);
    let Wanted::Sync(id, request) = device.next() else {
        panic!("it asks");
    };
    device.answer(id, &request);
    let Some(Effect::Commit(id, _)) = device.engine.poll_effect() else {
        panic!("the answer is written");
    };
    device.handle(Event::CommitFailed(id));
    assert!(matches!(device.next(), Wanted::Rest));
    assert_eq!(device.notices, [Notice::Retrying(Failure::Storage)]);
}
