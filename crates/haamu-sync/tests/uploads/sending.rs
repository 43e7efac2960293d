//! Files that arrive, over connections that break.

use haamu_sync::engine::{BlobState, Edit, Event, Notice};
use haamu_sync::frame::MAX_OFFERS;
use haamu_sync::{Action, Bytes, RegisterKey, Value};

use super::support::{Device, FIRST_PART, PHOTO, VISIT, Wanted};

#[test]
fn after_a_part_that_broke_off_the_server_says_where_to_go_on() {
    let mut device = Device::with_photos(1);
    let (mut id, mut part) = device.first_part();
    assert_eq!((part.offset, part.length), (0, FIRST_PART));
    for held in [20_000, 40_000, 60_000, 80_000, 100_000, 120_000] {
        let before = device.now;
        device.break_off(id);
        assert!(
            device.now - before < 1_100,
            "the pauses stay short as long as something arrives"
        );
        let (asked, question) = device.upload();
        assert!(
            question.is_question(),
            "nothing is sent before that is known: {question:?}"
        );
        device.handle(Event::Uploaded(asked, Ok(held)));
        (id, part) = device.upload();
        assert_eq!((part.offset, part.length), (held, FIRST_PART.min(PHOTO - held)));
    }
    device.handle(Event::Uploaded(id, Ok(PHOTO)));
    assert!(
        matches!(device.next(), Wanted::Sync(..)),
        "the server confirms it"
    );
}

#[test]
fn where_nothing_of_a_part_is_kept_parts_become_shorter() {
    let mut device = Device::with_photos(1);
    let (mut id, mut part) = device.first_part();
    for length in [128, 64, 64] {
        device.break_off(id);
        let (question, _) = device.upload();
        device.handle(Event::Uploaded(question, Ok(0)));
        (id, part) = device.upload();
        assert_eq!((part.offset, part.length), (0, length * 1024));
    }
    device.handle(Event::Uploaded(id, Ok(part.length)));
    let (_, next) = device.upload();
    assert_eq!(
        (next.offset, next.length),
        (64 * 1024, 128 * 1024),
        "and longer again"
    );
}

#[test]
fn more_photos_than_a_request_offers_are_all_sent() {
    let count = MAX_OFFERS + 7;
    let mut device = Device::with_photos(count);
    device.handle(Event::SyncNow);
    let mut requests = 0;
    loop {
        match device.next() {
            Wanted::Sync(id, request) => {
                requests += 1;
                device.answer(id, &request);
            }
            Wanted::Upload(id, upload) => {
                let end = upload.offset + upload.length;
                if end == upload.total {
                    let before = device.received.insert(upload.sha256, end);
                    assert_eq!(before, None, "sent once");
                }
                device.handle(Event::Uploaded(id, Ok(end)));
            }
            Wanted::Deposit(..) | Wanted::Rest => break,
        }
    }
    assert_eq!(device.received.len(), count);
    let mut blobs = device.engine.blobs();
    assert!(blobs.all(|blob| blob.state == BlobState::Complete));
    assert_eq!(
        device
            .notices
            .iter()
            .filter(|notice| **notice == Notice::UpToDate)
            .count(),
        1
    );
    // Offered, confirmed while the rest is offered, and confirmed.
    assert!(requests <= 4, "{requests} requests");
}

#[test]
fn photos_are_offered_with_the_last_of_the_answers() {
    let mut device = Device::with_photos(3);
    for number in 0..3 {
        let value = Value {
            tag: 1,
            bytes: Bytes(vec![number; 200_000].into()),
        };
        let edit = Edit {
            document: VISIT,
            key: RegisterKey::shopper("answer/story"),
            action: Action::Set(value),
            form_version: None,
            preview: None,
        };
        device.handle(Event::Edit(edit));
        assert!(matches!(device.next(), Wanted::Rest));
    }
    device.handle(Event::SyncNow);
    let mut told = Vec::new();
    while let Wanted::Sync(id, request) = device.next() {
        told.push((request.ops.len(), request.offers.len()));
        device.answer(id, &request);
    }
    assert_eq!(told, [(2, 0), (1, 3)]);
}
