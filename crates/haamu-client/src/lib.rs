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

mod driver;
mod fieldwork;
mod memory;
#[cfg(feature = "native")]
pub mod native;
mod ports;
mod session;
#[cfg(feature = "testing")]
pub mod testing;

pub use driver::{ClientError, Device, Rest, stored_session};
pub use fieldwork::{FieldVisit, FieldworkError, OpenVisit, Photo};
pub use haamu_sync::engine::{Backlog, Enrolment, Failure, Notice, Upload, UploadFailure};
pub use memory::{MemoryFiles, MemoryStore};
pub use ports::{FileStore, LocalStore, Platform, PortError, Transport};
pub use session::{Credentials, Session};
