//! The offline-first sync engine of Haamu.
//!
//! It takes custody of what a person records on a device without a network,
//! and brings it to a server without losing or doubling anything, whatever
//! fails between. It knows submissions, registers, sets, files, lanes and
//! dispositions; what a value means it does not know.
//!
//! The crate is pure: no clock, no randomness, no input or output, no async.
//! Device and server use the same codec, chain and fold:
//!
//! * [`Op`] — what a person did; [`codec`] — its bytes and its name
//! * [`chain`] — the hash chain by which a log is acknowledged
//! * [`Document`] — the merge
//! * [`frame`] — what travels
//! * [`policy`] and [`build`] — what the operator asks of devices
//! * [`server`] — the server's rules as pure functions
//! * [`engine`] — the device's machine; its documentation gives the calling order

pub mod build;
pub mod cbor;
pub mod chain;
pub mod clock;
pub mod codec;
pub mod echo;
pub mod engine;
pub mod fold;
pub mod frame;
mod ids;
mod instances;
mod op;
mod op_ids;
pub mod policy;
pub mod safeguards;
pub mod server;
mod short;

pub use chain::ChainHead;
pub use clock::{ClockAnchor, ClockConfidence, ClockReading, Hlc, Millis};
pub use engine::Engine;
pub use fold::{Cell, Content, Document, Element, Elements, Head, Register};
pub use frame::{
    Body, CellEntry, Change, Confirmation, Cursor, DepositResponse, Disposition, Entity, Exception,
    FeedEntry, Frame, FrameError, Have, Need, Offer, PROTO, PROTO_HEADER, Revocation, SubmissionBody,
    SyncRequest, SyncResponse,
};
pub use ids::{
    AuthorId, BlobHash, Bytes, ChainValue, DeviceId, DocumentId, FormVersion, Incarnation, OpId, ParseIdError,
};
pub use instances::ShownInstance;
pub use op::{Action, Attachment, Lane, Name, Op, RegisterKey, Submit, Value};
pub use op_ids::{IdSet, OpIds};
pub use policy::{Network, Networks, Policy};
pub use short::ShortBytes;
