//! The device side of Haamu, to be embedded in an app.
//!
//! [`Device`] drives the pure engine of `haamu-sync` over four small ports: a
//! [`LocalStore`], a [`FileStore`], a [`Transport`] and a [`Platform`]. Apps
//! work with visits, questions and answers through [`Device::visits`],
//! [`Device::open_visit`], [`Device::answer`], [`Device::add_photo`] and
//! [`Device::submit`], all of which need no network, and with
//! [`Device::sync`], which does.
//!
//! What a method returned `Ok` for is durable on the device. Nothing is sent
//! before it is durable.

mod account;
mod driver;
mod error;
mod fieldwork;
mod memory;
#[cfg(feature = "native")]
pub mod native;
mod offers;
mod photos;
mod ports;
mod rescue;
mod session;
mod storage;
mod surroundings;
#[cfg(feature = "testing")]
pub mod testing;

pub use account::SignOut;
pub use driver::{ClientError, Device, Rest, stored_server};
pub use fieldwork::{FieldVisit, FieldworkError, MAX_FILE_BYTES, OpenVisit};
pub use haamu_sync::engine::{
    Backlog, Battery, BlobKind, BlobState, Connection, Enrolment, Failure, Hold, Notice, StoredBlob, Upload,
    UploadFailure,
};
pub use memory::{MemoryFiles, MemoryStore};
pub use offers::{BrokenRule, Refusal};
pub use photos::{MAX_PREVIEW_BYTES, Photo};
pub use ports::{
    Accepted, DeviceSigner, FileStore, LocalStore, Pass, Platform, PortError, PortErrorKind, SignedIn,
    Transport, Uploaded,
};
pub use rescue::{Exported, Imported};
pub use session::{Credentials, Session};
pub use storage::Free;
pub use surroundings::Surroundings;
