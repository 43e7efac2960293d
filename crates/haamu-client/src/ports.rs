//! What a device must bring along: a store, a place for files, a way to the server, clocks.
//!
//! The traits are small on purpose. Their futures need not be `Send`: in a
//! browser they cannot be.

use std::future::Future;

use haamu_sync::engine::{Enrolment, Failure, Snapshot, Upload, UploadFailure, WriteBatch};
use haamu_sync::{BlobHash, ClockReading, SyncRequest, SyncResponse};
use haamu_wire::SessionOut;

use crate::session::{Credentials, Session};

/// Something of the device did not work; the text is for its person.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {source}")]
pub struct PortError {
    /// What was attempted.
    pub what: &'static str,
    /// Why it failed.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

impl PortError {
    /// An error with its cause.
    pub fn new(what: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self {
            what,
            source: source.into(),
        }
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
}

/// Durable storage of files, by their hash.
pub trait FileStore {
    /// Keeps a file; durable when it returns.
    fn put(&mut self, sha256: BlobHash, bytes: &[u8]) -> impl Future<Output = Result<(), PortError>>;

    /// The whole file, or none if it is not there.
    fn read(&mut self, sha256: BlobHash) -> impl Future<Output = Result<Option<Vec<u8>>, PortError>>;
}

/// The way to the server.
pub trait Transport {
    /// Signs a person in.
    fn sign_in(&mut self, credentials: &Credentials) -> impl Future<Output = Result<SessionOut, Failure>>;

    /// Renews a session; the refresh token is used up.
    fn refresh(&mut self, session: &Session) -> impl Future<Output = Result<SessionOut, Failure>>;

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

    /// Sends a part of a file, or asks ([`Upload::is_question`]), and returns how much the server has.
    fn upload(
        &mut self,
        session: &Session,
        upload: &Upload,
        part: &[u8],
    ) -> impl Future<Output = Result<u64, UploadFailure>>;
}

/// The device's clocks and randomness.
pub trait Platform {
    /// What the clocks say.
    fn now(&self) -> ClockReading;

    /// Random bytes, good enough for keys.
    fn random(&self) -> [u8; 32];

    /// Waits for a time on the monotonic clock.
    fn sleep_until(&self, monotonic: haamu_sync::Millis) -> impl Future<Output = ()>;
}
