//! A device whose store, files and server do what a test wants.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::future::{Future, pending};
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use haamu_client::{
    Accepted, Credentials, Device, DeviceSigner, Enrolment, Failure, FileStore, LocalStore, MemoryFiles,
    MemoryStore, Notice, Pass, Platform, PortError, Session, SignedIn, Transport, Upload, UploadFailure,
    Uploaded,
};
use haamu_domain::{AssignmentId, UserId};
use haamu_sync::engine::{Edit, Snapshot, WriteBatch};
use haamu_sync::{
    Action, Attachment, BlobHash, Bytes, ChainHead, ClockReading, Cursor, DepositResponse, DocumentId, Have,
    Incarnation, Millis, Need, PROTO, Policy, RegisterKey, SyncRequest, SyncResponse, Value, codec,
};
use haamu_wire::{AcceptIn, SessionOut};
use serde_json::json;

pub(crate) const VISIT: DocumentId = DocumentId::from_bytes([7; 16]);

/// What goes wrong.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// Commits begin and do not end.
    pub(crate) commits_hang: Cell<bool>,
    /// Requests go out and are not answered.
    pub(crate) requests_hang: Cell<bool>,
    /// There is no room in the store.
    pub(crate) is_full: Cell<bool>,
    /// So these files cannot be read.
    pub(crate) unreadable: RefCell<BTreeMap<BlobHash, io::ErrorKind>>,
    /// The server does not want files.
    pub(crate) refuses_files: Cell<bool>,
    /// The server lets in this access token only, if it is particular.
    pub(crate) lets_in: RefCell<Option<String>>,
    /// The session as it is stored.
    pub(crate) stored_session: RefCell<String>,
    /// Refresh tokens that were used.
    pub(crate) used: RefCell<Vec<String>>,
    /// The files that the server has.
    pub(crate) received: RefCell<BTreeSet<BlobHash>>,
}

impl Faults {
    fn write(&self) -> Result<(), PortError> {
        match self.is_full.get() {
            true => Err(PortError::new(
                "write",
                io::Error::from(io::ErrorKind::StorageFull),
            )),
            false => Ok(()),
        }
    }
}

pub(crate) struct Store {
    inner: MemoryStore,
    faults: Rc<Faults>,
}

impl LocalStore for Store {
    async fn load(&mut self) -> Result<Snapshot, PortError> {
        self.inner.load().await
    }

    async fn commit(&mut self, batch: &WriteBatch) -> Result<(), PortError> {
        if self.faults.commits_hang.get() {
            pending::<()>().await;
        }
        self.faults.write()?;
        self.inner.commit(batch).await
    }

    async fn read_value(&mut self, name: &str) -> Result<Option<Vec<u8>>, PortError> {
        self.inner.read_value(name).await
    }

    async fn write_value(&mut self, name: &str, value: Option<&[u8]>) -> Result<(), PortError> {
        self.faults.write()?;
        if let Some(value) = value.filter(|_| name == "session") {
            *self.faults.stored_session.borrow_mut() = String::from_utf8_lossy(value).into_owned();
        }
        self.inner.write_value(name, value).await
    }

    async fn erase(&mut self) -> Result<(), PortError> {
        self.inner.erase().await
    }
}

pub(crate) struct Files {
    inner: MemoryFiles,
    faults: Rc<Faults>,
}

impl FileStore for Files {
    async fn put(&mut self, sha256: BlobHash, bytes: &[u8]) -> Result<(), PortError> {
        self.faults.write()?;
        self.inner.put(sha256, bytes).await
    }

    async fn read(&mut self, sha256: BlobHash) -> Result<Option<Vec<u8>>, PortError> {
        if let Some(kind) = self.faults.unreadable.borrow().get(&sha256) {
            return Err(PortError::new("read a file", io::Error::from(*kind)));
        }
        self.inner.read(sha256).await
    }

    async fn delete(&mut self, sha256: BlobHash) -> Result<(), PortError> {
        self.inner.delete(sha256).await
    }
}

/// A server that takes in everything.
pub(crate) struct Server {
    faults: Rc<Faults>,
    head: ChainHead,
}

impl Server {
    async fn let_in(&self, session: &Session) -> Result<(), Failure> {
        if self.faults.requests_hang.get() {
            pending::<()>().await;
        }
        match &*self.faults.lets_in.borrow() {
            Some(token) if *token != session.access_token => Err(Failure::Unauthorised),
            _ => Ok(()),
        }
    }
}

impl Transport for Server {
    async fn sign_in(&mut self, _: &Credentials, _: Option<&str>) -> Result<SignedIn, Failure> {
        Err(Failure::Network)
    }

    async fn refresh(&mut self, session: &Session) -> Result<SessionOut, Failure> {
        let mut used = self.faults.used.borrow_mut();
        if used.contains(&session.refresh_token) {
            return Err(Failure::Unauthorised);
        }
        used.push(session.refresh_token.clone());
        let count = used.len();
        *self.faults.lets_in.borrow_mut() = Some(format!("access {count}"));
        let renewed = json!({
            "access_token": format!("access {count}"), "refresh_token": format!("refresh {count}"),
            "expires_in": 600,
            "me": {"user": session.user.to_string(), "display_name": "Aino", "agency": session.user.to_string(),
                "agency_name": "North", "role": "shopper"},
        });
        serde_json::from_value(renewed).map_err(|error| panic!("{error}"))
    }

    async fn sign_out(&mut self, _: &Session) -> Result<(), Failure> {
        Ok(())
    }

    async fn enrol(&mut self, session: &Session, _: &Enrolment, _: &[u8; 32]) -> Result<String, Failure> {
        self.let_in(session).await?;
        Ok(session.access_token.clone())
    }

    async fn sync(&mut self, session: &Session, request: &SyncRequest) -> Result<SyncResponse, Failure> {
        self.let_in(session).await?;
        for (raw, seq) in request.ops.iter().zip(request.from_seq..) {
            if seq > self.head.seq {
                self.head = self.head.then(codec::op_id(&raw.0, request.device, seq));
            }
        }
        let received = self.faults.received.borrow();
        let missing = request.offers.iter();
        let missing = missing.filter(|offer| !received.contains(&offer.sha256));
        let needs = missing.map(|offer| Need {
            sha256: offer.sha256,
            document: offer.document,
            offset: 0,
            url: "/v1/blobs".to_owned(),
            expires: 0,
        });
        Ok(SyncResponse {
            proto: PROTO,
            server_time: 1_000,
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
        })
    }

    async fn deposit(&mut self, _: &DeviceSigner, _: &SyncRequest) -> Result<DepositResponse, Failure> {
        Err(Failure::Network)
    }

    async fn upload(&mut self, _: Pass<'_>, upload: &Upload, part: &[u8]) -> Result<Uploaded, UploadFailure> {
        if self.faults.refuses_files.get() {
            return Err(UploadFailure::Refused);
        }
        self.faults.received.borrow_mut().insert(upload.sha256);
        Ok(Uploaded {
            offset: upload.offset + part.len() as u64,
            receipt: None,
        })
    }

    async fn accept(&mut self, _: &Session, _: AssignmentId, _: &AcceptIn) -> Result<Accepted, Failure> {
        Err(Failure::Network)
    }

    async fn receipt(&mut self, _: &Session, _: BlobHash, _: DocumentId) -> Result<Vec<u8>, Failure> {
        Err(Failure::Network)
    }
}

pub(crate) struct Clock(Cell<u64>);

impl Platform for Clock {
    fn now(&self) -> ClockReading {
        self.0.set(self.0.get() + 1);
        ClockReading {
            wall: self.0.get(),
            monotonic: self.0.get(),
            boot: 1,
        }
    }

    fn random(&self) -> [u8; 32] {
        self.0.set(self.0.get() + 1);
        let mut bytes = [3; 32];
        bytes[..8].copy_from_slice(&self.0.get().to_le_bytes());
        bytes
    }

    async fn sleep_until(&self, monotonic: Millis) {
        self.0.set(monotonic);
    }
}

pub(crate) type TestDevice = Device<Store, Files, Server, Clock>;

/// A device on which somebody is signed in.
pub(crate) async fn device() -> (TestDevice, Rc<Faults>) {
    let faults = Rc::new(Faults::default());
    let mut store = Store {
        inner: MemoryStore::default(),
        faults: Rc::clone(&faults),
    };
    let session = Session {
        server: "https://haamu.example".to_owned(),
        user: UserId::from_uuid(
            serde_json::from_value(json!("01890000-0000-7000-8000-000000000001")).expect("an id"),
        ),
        display_name: "Aino".to_owned(),
        access_token: "access 0".to_owned(),
        refresh_token: "refresh 0".to_owned(),
    };
    let bytes = serde_json::to_vec(&session).expect("JSON");
    store.write_value("session", Some(&bytes)).await.expect("written");
    let files = Files {
        inner: MemoryFiles::default(),
        faults: Rc::clone(&faults),
    };
    let server = Server {
        faults: Rc::clone(&faults),
        head: ChainHead::default(),
    };
    let device = Device::open(store, files, server, Clock(Cell::new(1)), "test").await;
    (device.expect("opens"), faults)
}

pub(crate) fn answer(number: u8) -> Edit {
    Edit {
        document: VISIT,
        key: RegisterKey::shopper("answer/greeted"),
        action: Action::Set(Value {
            tag: 1,
            bytes: Bytes(vec![number].into()),
        }),
        form_version: None,
        preview: None,
    }
}

/// Adds a photo, and says its name.
pub(crate) async fn photo(device: &mut TestDevice, bytes: &[u8]) -> BlobHash {
    let sha256 = device.keep_file(bytes).await.expect("kept");
    let attached = Edit {
        key: RegisterKey::shopper("files/entrance"),
        action: Action::Attach(Attachment {
            sha256,
            length: bytes.len() as u64,
            media_type: "image/jpeg".to_owned(),
            capture: Bytes::default(),
        }),
        ..answer(0)
    };
    device.edit(attached).await.expect("saved");
    sha256
}

/// Begins something, and drops it where it waits.
pub(crate) fn begin<T>(work: impl Future<Output = T>) {
    let mut work = pin!(work);
    let mut context = Context::from_waker(Waker::noop());
    assert!(matches!(work.as_mut().poll(&mut context), Poll::Pending));
}

/// Nobody listens.
pub(crate) fn nobody(_: &Notice) {}
