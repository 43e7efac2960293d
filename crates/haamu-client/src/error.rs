//! Why a device could not do what its person asked.

use haamu_sync::engine::{Backlog, Failure};

use crate::offers::Refusal;
use crate::ports::PortError;

/// Why the device could not do what its person asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// Storage of the device failed.
    #[error(transparent)]
    Port(#[from] PortError),
    /// Nobody is signed in on this device.
    #[error("nobody is signed in on this device")]
    SignedOut,
    /// The server refused or could not be reached.
    #[error("{}", words(.0))]
    Server(Failure),
    /// The person has a second factor, of which a code is needed.
    #[error("a code of the second factor is needed")]
    CodeNeeded,
    /// The code of the second factor is wrong, or was used before.
    #[error("the code is wrong, or was used before")]
    CodeWrong,
    /// Whoever signed in is no shopper.
    #[error("only shoppers work with a device; this person is {0}")]
    NotAShopper(&'static str),
    /// Somebody else's work is on this device.
    #[error("this device holds the work of another person")]
    AnotherPerson,
    /// The edit could not be saved: storage is full or broken. Nothing was changed.
    #[error("the edit could not be saved on this device")]
    NotSaved,
    /// What is stored is not what it should be.
    #[error("the stored {0} cannot be read")]
    Corrupt(&'static str),
    /// Work has not been sent, and would be lost or out of reach.
    #[error("{} entries and {} photos have not been sent", .0.unsent_ops, .0.unsent_files + .0.refused_files)]
    UnsentWork(Backlog),
    /// The session has ended on this device, and the server could not be told.
    #[error("signed out here, but {}", words(.0))]
    SignedOutHereOnly(Failure),
    /// The visit that was to be accepted is not the person's, for the server's reason.
    #[error("the visit cannot be accepted: {}", .0.said)]
    NotAccepted(Refusal),
    /// What was to be taken over is no export of this person's work.
    #[error("this cannot be taken over: {0}")]
    NotImported(&'static str),
}

fn words(failure: &Failure) -> &'static str {
    match failure {
        Failure::Network => "the server cannot be reached",
        Failure::NotOurServer => "what answers there is no Haamu server",
        Failure::Unauthorised => "the e-mail or the password is wrong",
        Failure::Forbidden | Failure::NotEnrolled => "the server does not allow this",
        Failure::UpgradeRequired => "this program is too old for the server",
        Failure::Busy(_) => "the server is busy; try again in a moment",
        Failure::TooLarge | Failure::FrameRefused | Failure::Server => "the server failed",
        Failure::Storage => "this device is full, or its storage is broken",
    }
}
