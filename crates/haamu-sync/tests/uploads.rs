//! How the engine sends files: over connections that break, and more of them than one request offers.

use std::collections::BTreeMap;

use haamu_sync::engine::{
    BlobKind, BlobState, Config, DeviceState, Edit, Effect, Event, Failure, Notice, Snapshot, StoredBlob,
    Upload, UploadFailure,
};
use haamu_sync::frame::MAX_OFFERS;
use haamu_sync::{
    Action, AuthorId, BlobHash, Bytes, ChainHead, ClockReading, Cursor, DeviceId, DocumentId, Engine, Have,
    Incarnation, Need, PROTO, Policy, RegisterKey, SyncRequest, SyncResponse, Value, codec,
};

const VISIT: DocumentId = DocumentId::from_bytes([7; 16]);
const PHOTO: u64 = 300_000;
const FIRST_PART: u64 = 256 * 1024;

/// What a device asks for next.
#[derive(Debug)]
enum Wanted {
    Sync(u64, Box<SyncRequest>),
    Upload(u64, Upload),
    /// Nothing before the next timeout.
    Rest,
}

struct Device {
    engine: Engine,
    now: u64,
    notices: Vec<Notice>,
    /// The files that the server has, complete.
    received: BTreeMap<BlobHash, u64>,
    head: ChainHead,
}

fn name(number: usize) -> BlobHash {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&(number as u64).to_be_bytes());
    BlobHash::from_bytes(bytes)
}

impl Device {
    /// A device with so many photos that were not sent.
    fn with_photos(count: usize) -> Self {
        let device = DeviceId::from_bytes([1; 16]);
        let row = DeviceState {
            enrolled: true,
            ..DeviceState::new(device, AuthorId::from_bytes([8; 16]))
        };
        let blobs = (0..count).map(|number| StoredBlob::new(name(number), PHOTO, VISIT, BlobKind::Original));
        let snapshot = Snapshot {
            blobs: blobs.collect(),
            ..Snapshot::default()
        };
        Self {
            engine: Engine::new(Config::new("test", [1; 32]), snapshot, row),
            now: 1_000,
            notices: Vec::new(),
            received: BTreeMap::new(),
            head: ChainHead::default(),
        }
    }

    fn handle(&mut self, event: Event) {
        self.now += 10;
        let reading = ClockReading {
            wall: self.now,
            monotonic: self.now,
            boot: 1,
        };
        self.engine.handle(reading, event);
    }

    /// Writes what is to be written, and hands out the next request.
    fn next(&mut self) -> Wanted {
        while let Some(effect) = self.engine.poll_effect() {
            match effect {
                Effect::Commit(id, _) => self.handle(Event::Committed(id)),
                Effect::Sync(id, request) => return Wanted::Sync(id, request),
                Effect::Upload(id, upload) => return Wanted::Upload(id, upload),
                Effect::Notify(notice) => self.notices.push(notice),
                other => panic!("{other:?}"),
            }
        }
        Wanted::Rest
    }

    /// Answers a request: all operations are taken, and the files wanted that have not arrived.
    fn answer(&mut self, id: u64, request: &SyncRequest) {
        for (raw, seq) in request.ops.iter().zip(request.from_seq..) {
            self.head = self.head.then(codec::op_id(&raw.0, request.device, seq));
        }
        let missing = request.offers.iter();
        let missing = missing.filter(|offer| self.received.get(&offer.sha256) != Some(&offer.length));
        let needs = missing.map(|offer| Need {
            sha256: offer.sha256,
            document: offer.document,
            offset: 0,
            url: "/v1/blobs".to_owned(),
            expires: 0,
        });
        let response = SyncResponse {
            proto: PROTO,
            server_time: self.now,
            have: Have {
                seq: self.head.seq,
                chain: self.head.chain,
                common: self.head.seq,
            },
            exceptions: Vec::new(),
            reset: false,
            page: Vec::new(),
            fetched: Vec::new(),
            cursor: Cursor {
                pos: 0,
                seen_head: 0,
                incarnation: Incarnation::from_bytes([1; 16]),
            },
            more: false,
            needs: needs.collect(),
            custody_upto: 0,
            policy: Policy::default(),
        };
        self.handle(Event::Synced(id, Ok(Box::new(response))));
    }

    /// The first part of the only photo.
    fn first_part(&mut self) -> (u64, Upload) {
        self.handle(Event::SyncNow);
        let Wanted::Sync(id, request) = self.next() else {
            panic!("a request comes first");
        };
        assert_eq!(request.offers.len(), 1);
        self.answer(id, &request);
        self.upload()
    }

    fn upload(&mut self) -> (u64, Upload) {
        match self.next() {
            Wanted::Upload(id, upload) => (id, upload),
            other => panic!("{other:?} instead of a part"),
        }
    }

    /// The connection breaks, and after a pause the device goes on.
    fn break_off(&mut self, id: u64) {
        let failure = UploadFailure::Request(Failure::Network);
        self.handle(Event::Uploaded(id, Err(failure)));
        assert!(matches!(self.next(), Wanted::Rest));
        self.now = self.engine.poll_timeout().expect("it tries again");
        self.handle(Event::Timeout);
    }
}

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
            Wanted::Rest => break,
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
