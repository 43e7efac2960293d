//! Operations: what a person did to a submission, append-only.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::{
    AuthorId, BlobHash, Bytes, ClockConfidence, DeviceId, DocumentId, FormVersion, Hlc, OpId, OpIds,
};

/// The name of a part of a submission, such as `answer/greeting`; short ones take no allocation.
pub type Name = SmolStr;

/// Who writes to a register: a shopper and a reviewer never overwrite each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Testimony.
    #[default]
    Shopper,
    /// Corrections of it.
    Review,
}

/// An answer as the engine sees it: bytes that it does not look into.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Value {
    /// How `bytes` are to be read; the binding to the form model assigns the tags.
    pub tag: u8,
    /// The value.
    pub bytes: Bytes,
}

/// A file that is attached to an answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Attachment {
    /// The file's name: the hash of its bytes.
    pub sha256: BlobHash,
    /// Its length in bytes.
    pub length: u64,
    /// Its media type, as the device believes.
    pub media_type: String,
    /// When and how it was taken, bytes for the binding to the form model.
    pub capture: Bytes,
}

/// What an operation does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Gives a register a value.
    Set(Value),
    /// Takes a register's value away.
    Clear,
    /// Adds an instance of a repeated group; the operation's id becomes the instance's.
    AddInstance(Value),
    /// Removes the instances that were seen; an unseen addition wins.
    RemoveInstance(Vec<OpId>),
    /// Adds a file; the operation's id becomes the attachment's.
    Attach(Attachment),
    /// Removes the attachments that were seen; an unseen addition wins.
    Detach(Vec<OpId>),
    /// Hands the evaluation in.
    Submit(Submit),
    /// Leaves a note for whoever reads the log.
    Note(Bytes),
}

/// The intent to hand in one stage of an evaluation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submit {
    /// `main`, or the id of a follow-up section.
    pub stage: String,
    /// How often the evaluation was returned before; the first of each stage and cycle counts.
    pub cycle: u32,
    /// For each device known to the author, the last operation that is included.
    pub frontier: Vec<(DeviceId, u64)>,
}

/// One operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Op {
    /// The device that wrote it first.
    pub origin_device: DeviceId,
    /// Its number in that device's log, from 1 without gaps.
    pub origin_seq: u64,
    /// When, by the device's best estimate.
    pub hlc: Hlc,
    /// How good that estimate is.
    pub confidence: ClockConfidence,
    /// The submission it belongs to.
    pub document: DocumentId,
    /// Testimony or review.
    pub lane: Lane,
    /// Which part of the submission, such as `answer/greeting`.
    pub register: Name,
    /// The instances of repeated groups that the register lies in, outermost first.
    pub instance: OpIds,
    /// What is done.
    pub action: Action,
    /// The checklist version that the author had before them.
    pub form_version: Option<FormVersion>,
    /// Who.
    pub author: AuthorId,
    /// The operations on the same register that the author could see and that this one replaces.
    pub base: OpIds,
}

/// Where a value lives inside a submission.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RegisterKey {
    /// Testimony or review.
    pub lane: Lane,
    /// Which part, such as `answer/greeting`.
    pub register: Name,
    /// The instances of repeated groups, outermost first.
    #[serde(default, skip_serializing_if = "<[OpId]>::is_empty")]
    pub instance: OpIds,
}

impl RegisterKey {
    /// A register of testimony outside any repeated group.
    #[must_use]
    pub fn shopper(register: impl Into<Name>) -> Self {
        Self {
            lane: Lane::Shopper,
            register: register.into(),
            instance: OpIds::new(),
        }
    }
}

impl Op {
    /// The register that the operation is about.
    #[must_use]
    pub fn key(&self) -> RegisterKey {
        RegisterKey {
            lane: self.lane,
            register: self.register.clone(),
            instance: self.instance.clone(),
        }
    }
}
