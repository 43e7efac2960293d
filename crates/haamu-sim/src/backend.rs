//! The server side of a world, which can be exchanged: the one that this package plays, or a real one.
//!
//! A world hands over whatever reaches the server as bytes and sessions, and takes back what an HTTP client
//! would make of the answer. What happens on the way is the world's business.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use haamu_sync::engine::{Enrolment, Failure, Upload, UploadFailure};
use haamu_sync::{
    Attachment, AuthorId, BlobHash, Body, Bytes, ChainHead, Cursor, DeviceId, Disposition, Document,
    DocumentId, Entity, FormVersion, Hlc, Millis, Op, OpId, Value,
};

use crate::ledger::Invariant;
use crate::plan::Act;

/// The server side of a world. Times are milliseconds since 1970, as the world has them.
pub trait Backend: Requests + Operation + Inspection + fmt::Debug {}

impl<T: Requests + Operation + Inspection + fmt::Debug> Backend for T {}

/// What devices ask for. People are numbered from 0.
pub trait Requests {
    /// A person signs in.
    fn sign_in(&mut self, user: usize, now: Millis) -> Session;

    /// A session is renewed.
    ///
    /// # Errors
    /// What the device hears instead.
    fn refresh(&mut self, session: &Session, now: Millis) -> Result<Session, Failure>;

    /// A session ends: its person must sign in again.
    fn end_session(&mut self, session: &Session, now: Millis);

    /// A device is enrolled; the session is bound to it.
    ///
    /// # Errors
    /// What the device hears instead.
    fn enrol(&mut self, session: &Session, enrolment: &Enrolment, now: Millis) -> Result<Session, Failure>;

    /// A sync request.
    fn sync(&mut self, session: &Session, body: &[u8], encoding: Encoding, now: Millis) -> Reply;

    /// A part of a file.
    ///
    /// # Errors
    /// What the device hears instead.
    fn part(&mut self, session: &Session, part: &Part<'_>, now: Millis) -> Result<Taken, UploadFailure>;
}

/// What happens at the agency and at the operator's.
pub trait Operation {
    /// The staff do something with a submission; `place` counts its questions.
    fn staff(&mut self, document: DocumentId, place: u8, act: Act, now: Millis) -> Acted;

    /// A further visit for the shopper of a submission.
    fn assign(&mut self, like: DocumentId, now: Millis) -> Option<DocumentId>;

    /// The server's process ends and starts again.
    fn restart(&mut self, now: Millis);

    /// Everything is backed up.
    fn back_up(&mut self, now: Millis);

    /// The server starts with what the last backup holds.
    fn restore(&mut self, now: Millis);

    /// Lets the next writes of the server's storage fail; 0 ends that.
    fn trouble(&mut self, writes: u32, now: Millis);

    /// Shuts a device out.
    fn shut_out(&mut self, device: DeviceId, now: Millis);

    /// Does whatever the server does by itself, until it has nothing left to do.
    fn settle(&mut self, now: Millis);
}

/// What a world may know of a server, though no device does.
pub trait Inspection {
    /// What people fill in.
    fn terms(&self) -> &Terms;

    /// The submissions of the start.
    fn documents(&self) -> Vec<DocumentId>;

    /// The last position of a person's feed.
    fn head(&mut self, user: usize) -> u64;

    /// Whether a cursor belongs to the timeline of a person's feed.
    fn continues(&mut self, user: usize, cursor: Option<Cursor>) -> bool;

    /// Whether a device is shut out.
    fn is_shut_out(&mut self, device: DeviceId) -> bool;

    /// Whether the log has an operation.
    fn has(&mut self, id: OpId) -> bool;

    /// Whether the last backup has an operation.
    fn backup_has(&mut self, id: OpId) -> bool;

    /// What is wrong with a receipt that a device holds of a file, if anything is.
    fn fault_of_receipt(
        &mut self,
        receipt: &Bytes,
        file: (BlobHash, DocumentId),
        length: u64,
    ) -> Option<String>;

    /// Everything, for the checks of the end.
    fn read_out(&mut self, now: Millis) -> ReadOut;
}

/// How a frame is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// As devices do.
    Cbor,
    /// For people.
    Json,
}

/// What a device shows to the server of its person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Whose it is.
    pub user: usize,
    /// The device that it is bound to.
    pub device: Option<DeviceId>,
    /// Whether its access token is still good.
    pub is_valid: bool,
    /// Whether it can be renewed.
    pub is_renewable: bool,
    /// Names the sign-in that it began with; a played server needs none.
    pub family: u64,
    /// The access token of a real server.
    pub access: String,
    /// The refresh token of a real server.
    pub refresh: String,
}

impl Session {
    /// A session that was begun just now.
    #[must_use]
    pub const fn new(user: usize, family: u64) -> Self {
        Self {
            user,
            device: None,
            is_valid: true,
            is_renewable: true,
            family,
            access: String::new(),
            refresh: String::new(),
        }
    }

    /// Takes in the answer to an enrolment. One of a session before this one says nothing.
    pub(crate) fn enrolled(&mut self, answer: Self) {
        if self.family == answer.family {
            let refresh = std::mem::take(&mut self.refresh);
            *self = Self { refresh, ..answer };
        }
    }

    /// Takes in a renewal. A session that a person has begun since is not replaced by an older one.
    pub(crate) fn renewed(&mut self, answer: Self) {
        if self.is_renewable && self.family == answer.family {
            let device = self.device;
            *self = Self { device, ..answer };
        }
    }
}

/// An HTTP answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The body of a success, or what a refusal means for the device.
    pub outcome: Result<Vec<u8>, Failure>,
    /// Whether it says that it speaks the protocol.
    pub is_ours: bool,
}

impl Reply {
    /// An answer in the server's name that is no success.
    #[must_use]
    pub const fn refusal(failure: Failure) -> Self {
        Self {
            outcome: Err(failure),
            is_ours: true,
        }
    }
}

/// A part of a file as it reaches the server.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// What the device sends.
    pub upload: &'a Upload,
    /// So many of its bytes arrive before the connection breaks; all of them if it does not.
    pub arrived: u64,
    /// Whether they arrive as they were sent.
    pub is_sound: bool,
}

/// What a server answers to a part of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// So many bytes of the file are there.
    pub held: u64,
    /// With the last part, the server's word that it has the file, and the submission that it was sent for.
    pub receipt: Option<(DocumentId, Bytes)>,
}

/// What became of something that the staff meant to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acted {
    /// It was done.
    Done,
    /// The state of things does not allow it.
    Refused,
    /// This server has nothing of the kind.
    Meaningless,
}

/// What people fill in: names and values that the server understands.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The people of the world.
    pub authors: Vec<AuthorId>,
    /// Registers of answers.
    pub answers: Vec<String>,
    /// Registers of answers in an instance of the repeated section.
    pub inside: Vec<String>,
    /// Sets of photos.
    pub photos: Vec<String>,
    /// The set of the instances.
    pub group: String,
    /// The checklist version that counts.
    pub form: FormVersion,
    /// One that the server does not have.
    pub unknown_form: FormVersion,
    /// The photos that there are.
    pub files: Vec<Attachment>,
    /// The answer with a number; no two are equal.
    pub answer: fn(u32) -> Value,
    /// What is noted of an instance with a number.
    pub instance: fn(u32) -> Value,
    /// The entity of a submission in the feed.
    pub entity: fn(DocumentId) -> Entity,
}

/// Everything that a server holds.
#[derive(Clone, Debug, Default)]
pub struct ReadOut {
    /// The log of all devices, in the order of arrival.
    pub log: Vec<Logged>,
    /// How far it has each device's log.
    pub devices: BTreeMap<DeviceId, ChainHead>,
    /// Its submissions.
    pub submissions: BTreeMap<DocumentId, SubmissionState>,
    /// Its files.
    pub files: BTreeMap<(BlobHash, DocumentId), FileState>,
    /// For each person, what their feed says to somebody who reads it from its start.
    pub feeds: Vec<BTreeMap<Entity, Body>>,
    /// The logs that the staff write.
    pub staff: BTreeSet<DeviceId>,
    /// Who writes corrections.
    pub reviewers: BTreeSet<AuthorId>,
    /// What did not hold in the server, as only that one can tell.
    pub violations: Vec<(Invariant, String)>,
}

/// An operation in the server's log.
#[derive(Clone, Debug)]
pub struct Logged {
    /// Whose log it is in.
    pub device: DeviceId,
    /// Its number there.
    pub seq: u64,
    /// Its name.
    pub id: OpId,
    /// Its bytes.
    pub raw: Bytes,
    /// What it says, where it can be read.
    pub op: Option<Op>,
    /// Where it was put.
    pub disposition: Disposition,
    /// Why, a stable word.
    pub code: String,
    /// Its effective stamp.
    pub effective: Hlc,
    /// When it arrived.
    pub received_at: Millis,
}

/// What a server knows of a submission.
#[derive(Clone, Debug, Default)]
pub struct SubmissionState {
    /// Its content.
    pub document: Document,
    /// The hand-ins that took effect, by cycle.
    pub submits: Vec<u32>,
    /// Its content as it was approved, as long as it is.
    pub settled: Option<Document>,
}

/// How much of a file a server has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileState {
    /// So many bytes from the start.
    pub held: u64,
    /// Whether that is all of it.
    pub is_complete: bool,
    /// Whether they are the file's.
    pub is_sound: bool,
}
