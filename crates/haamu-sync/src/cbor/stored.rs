//! What devices store.

use crate::cbor::{fields, words};
use crate::engine::{BlobKind, BlobState, DeviceState, StoredBlob, StoredEntity, StoredOp};
use crate::{ChainHead, Hlc, Policy};

fields!(DeviceState {
    device;
    author;
    enrolled;
    cloned_from = None;
    start = ChainHead::default();
    acknowledged = 0;
    included = 0;
    hlc = Hlc::default();
    anchor = None;
    cursor = None;
    generation = 0;
    next_effect = 0;
    policy = Policy::default();
    held_since = Vec::new();
});

fields!(StoredOp {
    seq;
    raw;
    set_aside = None;
});

fields!(StoredEntity {
    entity;
    generation;
    body;
    revoked = None;
    revoked_at = 0;
});

fields!(StoredBlob {
    sha256;
    length;
    document;
    state;
    kind = BlobKind::default();
    completed_at = None;
    receipt = None;
});

words!(BlobState {
    Stored = "stored",
    Complete = "complete",
    Damaged = "damaged",
    Refused = "refused",
    Freed = "freed",
});

words!(BlobKind {
    Preview = "preview",
    Original = "original",
});
