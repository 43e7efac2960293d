//! What goes into the engine and what comes out of it.

use crate::{
    Action, Attachment, BlobHash, Bytes, DepositResponse, DeviceId, Disposition, DocumentId, FormVersion,
    Millis, OpId, RegisterKey, SyncRequest, SyncResponse,
};

use super::conditions::{Conditions, Hold};
use super::{StoredBlob, WriteBatch};

/// Names an effect until its outcome is known.
pub type EffectId = u64;

/// Something that happened.
#[derive(Debug)]
pub enum Event {
    /// The person did something.
    Edit(Edit),
    /// A commit is durable.
    Committed(EffectId),
    /// A commit failed and left nothing behind; the disk may be full.
    CommitFailed(EffectId),
    /// The device is now enrolled, or could not be.
    Enrolled(EffectId, Result<(), Failure>),
    /// The answer to a sync request.
    Synced(EffectId, Result<Box<SyncResponse>, Failure>),
    /// The answer to a deposit.
    Deposited(EffectId, Result<Box<DepositResponse>, Failure>),
    /// A part of a file arrived; the server now has this many bytes of it.
    Uploaded(EffectId, Result<u64, UploadFailure>),
    /// New tokens were obtained, or could not be.
    AuthRefreshed(EffectId, Result<(), Failure>),
    /// The server's signed word that it has a file of a submission; it comes with the file's last part.
    Receipt(BlobHash, DocumentId, Bytes),
    /// The bytes of a complete file were removed from this device, to make room.
    Freed(BlobHash),
    /// Network, power or what hurries have changed.
    Conditions(Conditions),
    /// Work that another installation of the same person exported; its files are durable here already.
    Import(Import),
    /// Everything here is a copy of another installation, as its platform found out: this one takes a new name.
    Copied,
    /// The person cannot sign in any more and wants their work to reach the agency all the same: it is sent
    /// under the device's own key.
    Deposit,
    /// The person signed in again.
    SignedIn,
    /// There is a reason to sync: the person asked, the network came back, the app came to the front.
    SyncNow,
    /// The time that [`poll_timeout`](super::Engine::poll_timeout) named has come.
    Timeout,
}

/// Something to be written to a submission.
#[derive(Clone, Debug)]
pub struct Edit {
    /// Which submission.
    pub document: DocumentId,
    /// Which place in it.
    pub key: RegisterKey,
    /// What is done there.
    pub action: Action,
    /// The checklist version that the person has before them.
    pub form_version: Option<FormVersion>,
    /// A small picture of the file that the edit attaches; its bytes are durable already.
    pub preview: Option<(BlobHash, u64)>,
}

/// A part of the log of another installation, with the files that belong to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The installation that wrote it.
    pub device: DeviceId,
    /// The number of its first operation there.
    pub first_seq: u64,
    /// Its operations, without gaps.
    pub ops: Vec<Bytes>,
    /// Its files.
    pub files: Vec<StoredBlob>,
}

/// Why a request had no answer that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No connection, or it broke.
    Network,
    /// An answer that does not come from a sync server, such as a captive portal's page.
    NotOurServer,
    /// The access token is not valid any more.
    Unauthorised,
    /// This person or device may not do this.
    Forbidden,
    /// The session is not bound to this device, as after signing in again.
    NotEnrolled,
    /// The request was too large.
    TooLarge,
    /// The envelope could not be read.
    FrameRefused,
    /// This build is too old for the server.
    UpgradeRequired,
    /// Come again later, not before so many milliseconds.
    Busy(Millis),
    /// The server failed.
    Server,
    /// The server answered, and this device could not write that down; its storage may be full.
    Storage,
}

/// Why a part of a file did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UploadFailure {
    /// The server has another number of bytes.
    WrongOffset(u64),
    /// What arrived does not have the file's hash; the server dropped it.
    DigestMismatch,
    /// The local file is gone, no longer has its hash, or cannot be read any more.
    LocalDamage,
    /// The local file cannot be read now, as while the phone is locked; later it may.
    Unreadable,
    /// The server does not want this file.
    Refused,
    /// As for any other request.
    Request(Failure),
}

/// Something that the engine wants done.
#[derive(Debug)]
pub enum Effect {
    /// Write the batch in one transaction and report [`Event::Committed`] once it is durable.
    Commit(EffectId, Box<WriteBatch>),
    /// Enrol this device, which may replace another of the same person.
    Enrol(EffectId, Enrolment),
    /// Send the request.
    Sync(EffectId, Box<SyncRequest>),
    /// Send the request as a deposit, signed with the device's key.
    Deposit(EffectId, Box<SyncRequest>),
    /// Send a part of a file.
    Upload(EffectId, Upload),
    /// Obtain new tokens.
    RefreshAuth(EffectId),
    /// Tell the person or the app.
    Notify(Notice),
}

/// A device to be enrolled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enrolment {
    /// The device.
    pub device: DeviceId,
    /// The device that it was a clone of.
    pub cloned_from: Option<DeviceId>,
}

/// A part of a file to be sent, or the question how much of it the server has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// The file.
    pub sha256: BlobHash,
    /// The submission that it is sent for.
    pub document: DocumentId,
    /// Where to, below the server's root.
    pub url: String,
    /// Where the part starts.
    pub offset: u64,
    /// How long the part is; 0 before the end of the file asks how much of it the server has.
    pub length: u64,
    /// The length of the whole file.
    pub total: u64,
}

impl Upload {
    /// Whether nothing is sent, and the server only says how much it has.
    #[must_use]
    pub const fn is_question(&self) -> bool {
        self.length == 0 && self.offset < self.total
    }
}

/// Something worth knowing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// An edit is durable on this device.
    Saved(OpId),
    /// An edit could not be saved; it is lost unless it is made again.
    NotSaved(DocumentId, RegisterKey),
    /// The server has everything up to this number.
    Acknowledged(u64),
    /// The server has less than it had: what it lost is sent again.
    AcknowledgementWithdrawn(u64),
    /// The server put an operation aside.
    SetAside(u64, Disposition, String),
    /// Another phone writes under this device's name; this one took a new name.
    NewIdentity(DeviceId),
    /// A part of a file was sent: bytes sent and bytes in all.
    UploadProgress(BlobHash, u64, u64),
    /// A file is complete on the server.
    FileComplete(BlobHash),
    /// A local file no longer has its hash.
    FileDamaged(BlobHash),
    /// The server does not take a file, for instance because it is too large.
    FileRefused(BlobHash),
    /// A visit is no longer this person's.
    Revoked(DocumentId, String),
    /// The person must sign in again; recording goes on.
    AuthRequired,
    /// The app must be updated before anything can be sent.
    UpgradeRequired,
    /// Work of another installation was taken over: so many operations and files that were not here.
    Imported {
        /// Operations that were not here.
        ops: usize,
        /// Files that were not here.
        files: usize,
        /// Operations that are somebody else's, or that this version cannot read; they were left out.
        left_out: usize,
    },
    /// Work of another installation could not be written down here; nothing was changed.
    NotImported,
    /// Everything is with the agency, as far as conditions allow; somebody there decides about it.
    Deposited,
    /// The deposit was broken off; it can be asked for again.
    NotDeposited(Failure),
    /// Files wait for better conditions: so many, their bytes, and for what.
    HeldBack(usize, u64, Hold),
    /// Something had to be sent and nothing happened for too long; it is tried anew.
    Stalled,
    /// An attempt failed; the next one comes by itself.
    Retrying(Failure),
    /// Everything is sent and received.
    UpToDate,
}

impl Edit {
    /// Whether the edit gives a register a value or takes it away.
    pub(super) const fn is_value(&self) -> bool {
        matches!(self.action, Action::Set(_) | Action::Clear)
    }

    /// The file that the edit attaches, if any.
    pub(super) const fn attachment(&self) -> Option<&Attachment> {
        match &self.action {
            Action::Attach(attachment) => Some(attachment),
            _ => None,
        }
    }
}
