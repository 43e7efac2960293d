//! What travels: one request and one response, as CBOR or as JSON.
//!
//! The same types serve both encodings. Unknown keys are ignored, so that an
//! older side understands the envelope of a newer one; what an operation holds
//! is not the envelope's business.

use serde::{Deserialize, Serialize};

use crate::cbor::{self, Cbor, CborError};
use crate::policy::Policy;
use crate::{
    BlobHash, Bytes, Cell, ChainHead, ChainValue, ClockReading, DeviceId, DocumentId, Incarnation, Millis,
    RegisterKey,
};

/// The version of the protocol.
pub const PROTO: u32 = 1;
/// The header that every answer of a sync server carries; an answer without it
/// comes from somebody else, such as a captive portal.
pub const PROTO_HEADER: &str = "haamu-sync";
/// A batch of operations holds at most this many bytes.
pub const MAX_BATCH_BYTES: usize = 512 * 1024;
/// A batch holds at most this many operations; the shortest that say anything reach [`MAX_BATCH_BYTES`] before.
pub const MAX_BATCH_OPS: usize = 8_192;
/// A page of the feed holds about this many bytes at most.
pub const MAX_PAGE_BYTES: usize = 256 * 1024;
/// A request offers at most this many files.
pub const MAX_OFFERS: usize = 500;

/// What a device asks of the server, all in one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncRequest {
    /// The protocol version, [`PROTO`].
    pub proto: u32,
    /// The build of the app, for support and for the minimum build.
    pub build: String,
    /// Who sends.
    pub device: DeviceId,
    /// The number of the first operation in `ops`; of the next one, if there is none.
    pub from_seq: u64,
    /// The device's chain value before that operation.
    pub prev_chain: ChainValue,
    /// Encoded operations, numbered from `from_seq` without gaps.
    #[serde(default)]
    pub ops: Vec<Bytes>,
    /// Where the device's copy of the feed ends; absent at first.
    #[serde(default)]
    pub cursor: Option<Cursor>,
    /// Entities that the device wants once more.
    #[serde(default)]
    pub refetch: Vec<Entity>,
    /// Files that the device holds and the server may lack.
    #[serde(default)]
    pub offers: Vec<Offer>,
    /// The device's clocks when it sent this.
    #[serde(default)]
    pub clock: ClockReading,
    /// Whether the device understands [`Change::Confirm`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub folds: bool,
}

/// What the server answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncResponse {
    /// The protocol version, [`PROTO`].
    pub proto: u32,
    /// The server's clock.
    pub server_time: Millis,
    /// How far the server has the device's log.
    pub have: Have,
    /// What was not simply applied; silence means applied.
    #[serde(default)]
    pub exceptions: Vec<Exception>,
    /// Whether the feed starts over: what the pages from here on do not mention is no longer there.
    #[serde(default)]
    pub reset: bool,
    /// A page of the feed.
    #[serde(default)]
    pub page: Vec<FeedEntry>,
    /// The entities that were asked for once more.
    #[serde(default)]
    pub fetched: Vec<FeedEntry>,
    /// Where the feed continues.
    pub cursor: Cursor,
    /// Whether more pages follow at once.
    #[serde(default)]
    pub more: bool,
    /// The offered files that the server wants.
    #[serde(default)]
    pub needs: Vec<Need>,
    /// Operations up to this number are in a verified backup and may be forgotten.
    #[serde(default)]
    pub custody_upto: u64,
    /// What the operator asks of all devices.
    #[serde(default)]
    pub policy: Policy,
}

/// What the server answers to a deposit: work that a device sends under its own key, when nobody
/// can sign in on it any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DepositResponse {
    /// The protocol version, [`PROTO`].
    pub proto: u32,
    /// The server's clock.
    pub server_time: Millis,
    /// How far the server has the device's log.
    pub have: Have,
    /// Where it was put: nothing of a deposit takes effect by itself.
    #[serde(default)]
    pub exceptions: Vec<Exception>,
    /// The offered files that the server wants.
    #[serde(default)]
    pub needs: Vec<Need>,
}

/// How far the server has a device's log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Have {
    /// The number of operations.
    pub seq: u64,
    /// The chain value after the last of them.
    pub chain: ChainValue,
    /// The last number up to which the server's log and the request agree.
    pub common: u64,
}

impl Have {
    /// The end of the server's log.
    #[must_use]
    pub const fn head(self) -> ChainHead {
        ChainHead {
            seq: self.seq,
            chain: self.chain,
        }
    }
}

/// What the server did with an operation that it did not simply apply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// The operation's number.
    pub seq: u64,
    /// Where it was put.
    pub disposition: Disposition,
    /// Why, a stable word.
    pub code: String,
}

/// Where the server put an operation. All of them are kept and acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    /// It took effect.
    Applied,
    /// It was there already.
    Duplicate,
    /// It came after the evaluation was approved; a reviewer may accept it.
    Late,
    /// The visit is no longer its author's; a coordinator decides.
    Orphaned,
    /// Its checklist version is not here yet.
    UnknownForm,
    /// This server cannot read it.
    Unparseable,
}

impl Disposition {
    const ALL: [Self; 6] = [
        Self::Applied,
        Self::Duplicate,
        Self::Late,
        Self::Orphaned,
        Self::UnknownForm,
        Self::Unparseable,
    ];

    /// The disposition of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|place| place.as_str() == name)
    }

    /// The name in storage and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Duplicate => "duplicate",
            Self::Late => "late",
            Self::Orphaned => "orphaned",
            Self::UnknownForm => "unknown_form",
            Self::Unparseable => "unparseable",
        }
    }
}

/// Where a device's copy of the feed ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The position up to which it has the feed.
    pub pos: u64,
    /// The head of the feed when that was read. Entities move forward, so in a
    /// rewound feed they would move back past a position that looks valid.
    pub seen_head: u64,
    /// The timeline that `seen_head` belongs to.
    pub incarnation: Incarnation,
}

/// The name of something that the feed carries.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Entity {
    /// What kind of thing: `submission`, `assignment`, `form`.
    pub kind: String,
    /// Which one.
    pub id: String,
}

/// One thing of the feed, in its present state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedEntry {
    /// Which thing.
    pub entity: Entity,
    /// Its state, or that it is gone.
    pub change: Change,
}

/// What the feed says of an entity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It is like this.
    Upsert(Body),
    /// It is no longer for this device.
    Revoke(Revocation),
    /// It is as the device knows it, with the operations of the request on top of that.
    Confirm(Confirmation),
}

/// The state of an entity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// A submission, which the engine merges with what it has not sent yet.
    Submission(SubmissionBody),
    /// Anything else: bytes that the engine only hands on.
    Record(Bytes),
}

/// The state of a submission on the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubmissionBody {
    /// Which submission.
    pub document: DocumentId,
    /// Where it is in its life: the glossary's visit state.
    pub state: String,
    /// How often it was returned.
    pub cycle: u32,
    /// Its content.
    pub cells: Vec<CellEntry>,
}

/// One place of a submission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellEntry {
    /// Where.
    pub key: RegisterKey,
    /// What.
    pub cell: Cell,
}

/// What a device cannot work out by itself of a submission that only it has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// Where it is in its life: the glossary's visit state.
    pub state: String,
    /// How often it was returned.
    pub cycle: u32,
}

/// Why an entity is no longer for this device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// A stable word.
    pub reason: String,
    /// Whether unsent work on it is still to be sent before it is dropped.
    pub keep_until_uploaded: bool,
}

/// A file that the device holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Its name.
    pub sha256: BlobHash,
    /// Its length in bytes.
    pub length: u64,
    /// The submission that it belongs to.
    pub document: DocumentId,
}

/// A file that the server wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    /// Its name.
    pub sha256: BlobHash,
    /// The submission that it is wanted for.
    pub document: DocumentId,
    /// How many bytes the server has.
    pub offset: u64,
    /// Where to send the rest, below the server's root.
    pub url: String,
    /// When the server may forget what it has.
    pub expires: Millis,
}

/// The bytes are not the frame that they should be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// Not CBOR, or CBOR of another shape.
    #[error("not a sync frame in CBOR: {0}")]
    Cbor(#[from] CborError),
    /// Not JSON, or JSON of another shape.
    #[cfg(feature = "json")]
    #[error("not a sync frame in JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// A frame: a request or a response.
pub trait Frame: Serialize + for<'de> Deserialize<'de> + Cbor {
    /// The frame as CBOR.
    #[must_use]
    fn to_cbor(&self) -> Vec<u8> {
        cbor::to_vec(self)
    }

    /// Reads a frame from CBOR.
    ///
    /// # Errors
    /// [`FrameError::Cbor`].
    fn from_cbor(bytes: &[u8]) -> Result<Self, FrameError> {
        Ok(cbor::from_slice(bytes)?)
    }

    /// The frame as JSON.
    #[cfg(feature = "json")]
    #[must_use]
    fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("frames hold nothing that JSON cannot")
    }

    /// Reads a frame from JSON.
    ///
    /// # Errors
    /// [`FrameError::Json`].
    #[cfg(feature = "json")]
    fn from_json(bytes: &[u8]) -> Result<Self, FrameError> {
        Ok(serde_json::from_slice(bytes)?)
    }
}

impl Frame for SyncRequest {}
impl Frame for SyncResponse {}
impl Frame for DepositResponse {}
