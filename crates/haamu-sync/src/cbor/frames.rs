//! What travels.

use std::ops::Not as _;

use crate::cbor::{choices, fields, words};
use crate::policy::LOW_BATTERY_PERCENT;
use crate::{
    Body, CellEntry, ChainHead, Change, ClockReading, Confirmation, Cursor, DepositResponse, Disposition,
    Entity, Exception, FeedEntry, Have, Need, Network, Networks, Offer, Policy, Revocation, SubmissionBody,
    SyncRequest, SyncResponse,
};

fields!(SyncRequest {
    proto;
    build;
    device;
    from_seq;
    prev_chain;
    ops = Vec::new();
    cursor = None;
    refetch = Vec::new();
    offers = Vec::new();
    clock = ClockReading::default();
    folds = false, unless not;
});

fields!(SyncResponse {
    proto;
    server_time;
    have;
    exceptions = Vec::new();
    reset = false;
    page = Vec::new();
    fetched = Vec::new();
    cursor;
    more = false;
    needs = Vec::new();
    custody_upto = 0;
    policy = Policy::default();
});

fields!(DepositResponse {
    proto;
    server_time;
    have;
    exceptions = Vec::new();
    needs = Vec::new();
});

fields!(Have {
    seq;
    chain;
    common;
});

fields!(ChainHead {
    seq;
    chain;
});

fields!(Exception {
    seq;
    disposition;
    code;
});

words!(Disposition {
    Applied = "applied",
    Duplicate = "duplicate",
    Late = "late",
    Orphaned = "orphaned",
    UnknownForm = "unknown_form",
    Unparseable = "unparseable",
});

fields!(Cursor {
    pos;
    seen_head;
    incarnation;
});

fields!(Entity {
    kind;
    id;
});

fields!(FeedEntry {
    entity;
    change;
});

choices!(Change {
    Upsert = "upsert",
    Revoke = "revoke",
    Confirm = "confirm",
});

fields!(Confirmation {
    state;
    cycle;
});

choices!(Body {
    Submission = "submission",
    Record = "record",
});

fields!(SubmissionBody {
    document;
    state;
    cycle;
    cells;
});

fields!(CellEntry {
    key;
    cell;
});

fields!(Revocation {
    reason;
    keep_until_uploaded;
});

fields!(Offer {
    sha256;
    length;
    document;
});

fields!(Need {
    sha256;
    document;
    offset;
    url;
    expires;
});

fields!(Policy {
    min_build = String::new();
    retry_after_ms = 0;
    networks = Networks::default();
    thumbnails = Network::default();
    originals = Network::default();
    originals_any_hours = 0;
    low_battery_percent = LOW_BATTERY_PERCENT;
});

words!(Network {
    Any = "any",
    Unmetered = "unmetered",
});

words!(Networks {
    Any = "any",
    PhotosUnmetered = "photos_unmetered",
});
