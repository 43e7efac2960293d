//! What a device must bring along: a store, a place for files, a way to the server, clocks.
//!
//! The traits are small on purpose. Their futures need not be `Send`: in a
//! browser they cannot be.

use std::future::Future;
use std::io::{self, ErrorKind};

use ed25519_dalek::SigningKey;
use haamu_domain::AssignmentId;
use haamu_sync::engine::{Enrolment, Failure, Snapshot, Upload, UploadFailure, WriteBatch};
use haamu_sync::{BlobHash, ClockReading, DepositResponse, DeviceId, DocumentId, SyncRequest, SyncResponse};
use haamu_wire::{AcceptIn, SessionOut};

use crate::offers::Refusal;
use crate::session::{Credentials, Session};

/// Something of the device did not work; the text is for its person.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {source}")]
pub struct PortError {
    /// What was attempted.
    pub what: &'static str,
    /// What kind of failure it is, as far as the port can tell.
    pub kind: PortErrorKind,
    /// Why it failed.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// What kind of failure a [`PortError`] is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PortErrorKind {
    /// There is no room.
    Full,
    /// It may work later, as with files that cannot be read while a phone is locked.
    Temporary,
    /// Anything else.
    #[default]
    Other,
}

impl PortError {
    /// An error with its cause. Of an [`io::Error`] the kind is known.
    pub fn new(what: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let source = source.into();
        let kind = source.downcast_ref().map(kind_of).unwrap_or_default();
        Self { what, kind, source }
    }

    /// The same for want of room.
    #[must_use]
    pub fn full(self) -> Self {
        Self {
            kind: PortErrorKind::Full,
            ..self
        }
    }
}

fn kind_of(error: &io::Error) -> PortErrorKind {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => PortErrorKind::Full,
        ErrorKind::PermissionDenied
        | ErrorKind::Interrupted
        | ErrorKind::WouldBlock
        | ErrorKind::TimedOut
        | ErrorKind::ResourceBusy
        | ErrorKind::OutOfMemory => PortErrorKind::Temporary,
        _ => PortErrorKind::Other,
    }
}

/// Durable storage of everything but files.
///
/// A commit is all or nothing, and durable when it returns.
pub trait LocalStore {
    /// Everything that is stored.
    fn load(&mut self) -> impl Future<Output = Result<Snapshot, PortError>>;

    /// Applies a batch in one transaction.
    fn commit(&mut self, batch: &WriteBatch) -> impl Future<Output = Result<(), PortError>>;

    /// A small named value, such as the session.
    fn read_value(&mut self, name: &str) -> impl Future<Output = Result<Option<Vec<u8>>, PortError>>;

    /// Sets or removes a small named value.
    fn write_value(
        &mut self,
        name: &str,
        value: Option<&[u8]>,
    ) -> impl Future<Output = Result<(), PortError>>;

    /// Removes everything, named values too, in one transaction.
    fn erase(&mut self) -> impl Future<Output = Result<(), PortError>>;
}

/// Durable storage of files, by their hash.
pub trait FileStore {
    /// Keeps a file; durable when it returns.
    fn put(&mut self, sha256: BlobHash, bytes: &[u8]) -> impl Future<Output = Result<(), PortError>>;

    /// The whole file, or none if it is not there.
    fn read(&mut self, sha256: BlobHash) -> impl Future<Output = Result<Option<Vec<u8>>, PortError>>;

    /// Removes a file; one that is not there is removed already.
    fn delete(&mut self, sha256: BlobHash) -> impl Future<Output = Result<(), PortError>>;
}

/// By what a request is let in.
#[derive(Clone, Copy, Debug)]
pub enum Pass<'a> {
    /// The session of whoever is signed in.
    Session(&'a Session),
    /// The device's own key.
    Device(&'a DeviceSigner),
}

/// A device's name and key.
#[derive(Clone)]
pub struct DeviceSigner {
    /// The name that the key was enrolled for.
    pub device: DeviceId,
    /// The key.
    pub key: SigningKey,
}

impl std::fmt::Debug for DeviceSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The key itself never shows.
        f.debug_struct("DeviceSigner")
            .field("device", &self.device)
            .finish_non_exhaustive()
    }
}

/// What came of a part of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uploaded {
    /// The server has so many bytes of the file.
    pub offset: u64,
    /// The server's receipt as it was sent, once the file is complete.
    pub receipt: Option<Vec<u8>>,
}

/// What came of signing in.
#[derive(Clone, Debug)]
pub enum SignedIn {
    /// There is a session.
    Session(Box<SessionOut>),
    /// The person has a second factor, of which a code is needed.
    CodeNeeded,
    /// The code is wrong, or was used before.
    CodeWrong,
}

/// What came of accepting a visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// It is the person's.
    Yes,
    /// It is not, for this reason.
    Refused(Refusal),
}

/// The way to the server.
pub trait Transport {
    /// Signs a person in, with a code of their second factor if they have one.
    fn sign_in(
        &mut self,
        credentials: &Credentials,
        code: Option<&str>,
    ) -> impl Future<Output = Result<SignedIn, Failure>>;

    /// Renews a session; the refresh token is used up.
    fn refresh(&mut self, session: &Session) -> impl Future<Output = Result<SessionOut, Failure>>;

    /// Ends a session.
    fn sign_out(&mut self, session: &Session) -> impl Future<Output = Result<(), Failure>>;

    /// Enrols a device, and returns an access token that is bound to it.
    fn enrol(
        &mut self,
        session: &Session,
        enrolment: &Enrolment,
        public_key: &[u8; 32],
    ) -> impl Future<Output = Result<String, Failure>>;

    /// Exchanges frames.
    fn sync(
        &mut self,
        session: &Session,
        request: &SyncRequest,
    ) -> impl Future<Output = Result<SyncResponse, Failure>>;

    /// Sends work under the device's own key.
    fn deposit(
        &mut self,
        signer: &DeviceSigner,
        request: &SyncRequest,
    ) -> impl Future<Output = Result<DepositResponse, Failure>>;

    /// Sends a part of a file, or asks ([`Upload::is_question`]), and returns how much the server has.
    fn upload(
        &mut self,
        pass: Pass<'_>,
        upload: &Upload,
        part: &[u8],
    ) -> impl Future<Output = Result<Uploaded, UploadFailure>>;

    /// Accepts an assignment, with what its shopper says about it.
    fn accept(
        &mut self,
        session: &Session,
        assignment: AssignmentId,
        said: &AcceptIn,
    ) -> impl Future<Output = Result<Accepted, Failure>>;

    /// The server's receipt of a file that it has, as it was sent.
    fn receipt(
        &mut self,
        session: &Session,
        sha256: BlobHash,
        document: DocumentId,
    ) -> impl Future<Output = Result<Vec<u8>, Failure>>;
}

/// The device's clocks and randomness.
pub trait Platform {
    /// What the clocks say.
    fn now(&self) -> ClockReading;

    /// Random bytes, good enough for keys.
    fn random(&self) -> [u8; 32];

    /// What tells this installation from a copy of it on another machine, such as an entry of the
    /// platform's key store that backups leave out; none where the platform has nothing of the kind.
    fn installation(&self) -> Option<[u8; 16]> {
        None
    }

    /// Waits for a time on the monotonic clock. It may end a little early, and is then asked again.
    fn sleep_until(&self, monotonic: haamu_sync::Millis) -> impl Future<Output = ()>;
}
