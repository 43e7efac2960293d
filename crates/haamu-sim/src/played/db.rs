//! What the server stores.

use std::collections::{BTreeMap, BTreeSet};

use haamu_sync::server::Standing;
use haamu_sync::{BlobHash, ChainHead, DeviceId, Document, DocumentId, Hlc, OpId};

use crate::backend::{FileState, Logged};

use super::feed::Feed;

/// Where a submission is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Open,
    Submitted,
    Approved,
    Revoked,
}

impl Stage {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Open => "in_progress",
            Self::Submitted => "submitted",
            Self::Approved => "approved",
            Self::Revoked => "revoked",
        }
    }

    pub(crate) const fn standing(self) -> Standing {
        match self {
            Self::Open | Self::Submitted => Standing::Open,
            Self::Approved => Standing::Settled,
            Self::Revoked => Standing::Revoked,
        }
    }
}

/// A submission.
#[derive(Clone, Debug)]
pub(crate) struct Submission {
    pub(crate) user: usize,
    pub(crate) stage: Stage,
    pub(crate) cycle: u32,
    pub(crate) document: Document,
    /// The hand-ins that took effect, by cycle.
    pub(crate) submits: Vec<u32>,
    /// How often the brief changed.
    pub(crate) brief: u64,
    /// The content as it was approved.
    pub(crate) settled: Option<Document>,
}

/// A device as the server knows it.
#[derive(Clone, Debug, Default)]
pub(crate) struct DeviceRow {
    pub(crate) user: usize,
    /// The head after each operation.
    pub(crate) heads: Vec<ChainHead>,
    pub(crate) previous: Option<Hlc>,
    pub(crate) is_shut_out: bool,
    /// Where its operations stand in the log.
    pub(crate) rows: BTreeMap<u64, usize>,
}

impl DeviceRow {
    pub(crate) fn new(user: usize) -> Self {
        Self {
            user,
            heads: vec![ChainHead::default()],
            ..Self::default()
        }
    }

    pub(crate) fn head(&self) -> ChainHead {
        self.heads.last().copied().unwrap_or_default()
    }
}

/// Everything that a backup holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Db {
    pub(crate) devices: BTreeMap<DeviceId, DeviceRow>,
    pub(crate) log: Vec<Logged>,
    pub(crate) effective: BTreeMap<OpId, Hlc>,
    pub(crate) submissions: BTreeMap<DocumentId, Submission>,
    pub(crate) feeds: Vec<Feed>,
    pub(crate) files: BTreeMap<(BlobHash, DocumentId), FileState>,
    pub(crate) sent: BTreeSet<(usize, BlobHash)>,
}

impl Db {
    /// Whether the log has an operation.
    pub(crate) fn has(&self, id: OpId) -> bool {
        self.log.iter().any(|logged| logged.id == id)
    }
}
