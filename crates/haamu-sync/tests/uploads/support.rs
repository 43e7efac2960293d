//! A device whose requests and parts the tests answer.

use std::collections::BTreeMap;

use haamu_sync::engine::{
    BlobKind, Config, DeviceState, Effect, Event, Failure, Notice, Snapshot, StoredBlob, Upload,
    UploadFailure,
};
use haamu_sync::{
    AuthorId, BlobHash, ChainHead, ClockReading, Cursor, DepositResponse, DeviceId, DocumentId, Engine, Have,
    Incarnation, Need, PROTO, Policy, SyncRequest, SyncResponse, codec,
};

pub(crate) const VISIT: DocumentId = DocumentId::from_bytes([7; 16]);
pub(crate) const PHOTO: u64 = 300_000;
pub(crate) const FIRST_PART: u64 = 256 * 1024;

/// What a device asks for next.
#[derive(Debug)]
pub(crate) enum Wanted {
    Sync(u64, Box<SyncRequest>),
    Upload(u64, Upload),
    Deposit(u64, Box<SyncRequest>),
    /// Nothing before the next timeout.
    Rest,
}

pub(crate) struct Device {
    pub(crate) engine: Engine,
    pub(crate) now: u64,
    pub(crate) notices: Vec<Notice>,
    /// The files that the server has, complete.
    pub(crate) received: BTreeMap<BlobHash, u64>,
    pub(crate) head: ChainHead,
    /// Which of the server's starts answers.
    pub(crate) start: u8,
}

pub(crate) fn name(number: usize) -> BlobHash {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&(number as u64).to_be_bytes());
    BlobHash::from_bytes(bytes)
}

impl Device {
    /// A device with so many photos that were not sent.
    pub(crate) fn with_photos(count: usize) -> Self {
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
            start: 1,
        }
    }

    pub(crate) fn handle(&mut self, event: Event) {
        self.now += 10;
        let reading = ClockReading {
            wall: self.now,
            monotonic: self.now,
            boot: 1,
        };
        self.engine.handle(reading, event);
    }

    /// Writes what is to be written, and hands out the next request.
    pub(crate) fn next(&mut self) -> Wanted {
        while let Some(effect) = self.engine.poll_effect() {
            match effect {
                Effect::Commit(id, _) => self.handle(Event::Committed(id)),
                Effect::Sync(id, request) => return Wanted::Sync(id, request),
                Effect::Upload(id, upload) => return Wanted::Upload(id, upload),
                Effect::Deposit(id, request) => return Wanted::Deposit(id, request),
                Effect::Notify(notice) => self.notices.push(notice),
                other => panic!("{other:?}"),
            }
        }
        Wanted::Rest
    }

    /// The offered files that have not arrived.
    fn needs(&self, request: &SyncRequest) -> Vec<Need> {
        let missing = request.offers.iter();
        let missing = missing.filter(|offer| self.received.get(&offer.sha256) != Some(&offer.length));
        let needs = missing.map(|offer| Need {
            sha256: offer.sha256,
            document: offer.document,
            offset: 0,
            url: "/v1/blobs".to_owned(),
            expires: 0,
        });
        needs.collect()
    }

    /// Answers a deposit.
    pub(crate) fn answer_deposit(&mut self, id: u64, request: &SyncRequest) {
        let response = DepositResponse {
            proto: PROTO,
            server_time: self.now,
            have: Have {
                seq: self.head.seq,
                chain: self.head.chain,
                common: self.head.seq,
            },
            exceptions: Vec::new(),
            needs: self.needs(request),
        };
        self.handle(Event::Deposited(id, Ok(Box::new(response))));
    }

    /// Answers a request: all operations are taken, and the files wanted that have not arrived.
    pub(crate) fn answer(&mut self, id: u64, request: &SyncRequest) {
        for (raw, seq) in request.ops.iter().zip(request.from_seq..) {
            self.head = self.head.then(codec::op_id(&raw.0, request.device, seq));
        }
        let needs = self.needs(request);
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
                incarnation: Incarnation::from_bytes([self.start; 16]),
            },
            more: false,
            needs,
            custody_upto: 0,
            policy: Policy::default(),
        };
        self.handle(Event::Synced(id, Ok(Box::new(response))));
    }

    /// The first part of the only photo.
    pub(crate) fn first_part(&mut self) -> (u64, Upload) {
        assert_eq!(self.engine.blobs().count(), 1);
        self.first_offer()
    }

    /// The first part of the first photo.
    pub(crate) fn first_offer(&mut self) -> (u64, Upload) {
        self.handle(Event::SyncNow);
        let Wanted::Sync(id, request) = self.next() else {
            panic!("a request comes first");
        };
        assert_eq!(request.offers.len(), self.engine.blobs().count());
        self.answer(id, &request);
        self.upload()
    }

    pub(crate) fn upload(&mut self) -> (u64, Upload) {
        match self.next() {
            Wanted::Upload(id, upload) => (id, upload),
            other => panic!("{other:?} instead of a part"),
        }
    }

    /// The connection breaks, and after a pause the device goes on.
    pub(crate) fn break_off(&mut self, id: u64) {
        let failure = UploadFailure::Request(Failure::Network);
        self.handle(Event::Uploaded(id, Err(failure)));
        assert!(matches!(self.next(), Wanted::Rest));
        self.now = self.engine.poll_timeout().expect("it tries again");
        self.handle(Event::Timeout);
    }
}
