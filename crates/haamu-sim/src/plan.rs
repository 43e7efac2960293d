//! What happens in a world: a list of steps that can be written down, replayed and shortened.
//!
//! Every step carries its own parameters, taken modulo what is there. So any
//! part of a plan is a plan again, and means the same wherever it stands.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use crate::fault::Fault;

/// What a world consists of at its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// People; each has a feed of their own.
    pub users: u8,
    /// Devices, dealt out to the people in turn.
    pub devices: u8,
    /// Submissions, dealt out to the people in turn.
    pub documents: u8,
    /// Entities on a page of the feed.
    pub page: u8,
    /// Whether frames travel as JSON.
    pub json: bool,
}

/// A world to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// What the plan was drawn from.
    pub seed: u64,
    /// What is there at the start.
    pub setting: Setting,
    /// What may go wrong.
    pub faults: BTreeSet<Fault>,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

/// One thing that happens. Numbers are taken modulo what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Step {
    /// A person does something on a device; then it carries out so many effects.
    Edit {
        /// Which device.
        device: u8,
        /// Which submission.
        document: u8,
        /// Which question.
        place: u8,
        /// What.
        what: What,
        /// How many effects are carried out at once; the others wait.
        work: u8,
    },
    /// A device is told to sync.
    Sync {
        /// Which device.
        device: u8,
        /// How many effects are carried out at once.
        work: u8,
    },
    /// A device carries out effects that wait.
    Work {
        /// Which device.
        device: u8,
        /// How many.
        count: u8,
    },
    /// Something happens to a message on its way.
    Network {
        /// Which message, counted from the oldest.
        pick: u8,
        /// What happens to it.
        fate: Fate,
        /// How many effects the device that it concerns carries out at once.
        work: u8,
    },
    /// Time passes; devices whose time has come try again.
    Wait {
        /// Milliseconds.
        ms: u32,
    },
    /// The process of a device dies and starts again.
    Kill {
        /// Which device.
        device: u8,
    },
    /// A device has no space for its next commits.
    DiskFull {
        /// Which device.
        device: u8,
        /// How many commits fail.
        commits: u8,
    },
    /// A device's clock is set.
    SetClock {
        /// Which device.
        device: u8,
        /// By how much it is off from then on, in milliseconds.
        off_by: i64,
    },
    /// A device starts anew; its monotonic clock begins at nothing.
    Reboot {
        /// Which device.
        device: u8,
    },
    /// A device's storage is copied to a new device.
    Clone {
        /// Which device.
        device: u8,
    },
    /// A device's storage is cleared; it begins as a new one.
    Evict {
        /// Which device.
        device: u8,
    },
    /// The work of a device is exported, and imported on the next device of the same person.
    Rescue {
        /// Which device.
        device: u8,
    },
    /// A second process is started on a device's storage, or the person goes from one to the other.
    SecondTab {
        /// Which device.
        device: u8,
    },
    /// The operator shuts a device out.
    ShutOut {
        /// Which device.
        device: u8,
    },
    /// The next writes of the server's storage fail.
    StorageTrouble {
        /// How many.
        count: u8,
    },
    /// A device is woken in the background, and after two minutes its process ends.
    Window {
        /// Which device.
        device: u8,
        /// How its requests fare.
        weather: Weather,
    },
    /// A local file changes.
    Rot {
        /// Which device.
        device: u8,
        /// Which of its files.
        pick: u8,
    },
    /// A device's access token is no longer valid.
    ExpireToken {
        /// Which device.
        device: u8,
    },
    /// A device's session is over: its person must sign in again.
    EndSession {
        /// Which device.
        device: u8,
    },
    /// The person signs in.
    SignIn {
        /// Which device.
        device: u8,
    },
    /// The server starts anew.
    ServerRestart,
    /// The server is backed up.
    ServerBackup,
    /// The server is restored from its backup.
    ServerRestore,
    /// The staff do something with a submission.
    Staff {
        /// Which submission.
        document: u8,
        /// Which question.
        place: u8,
        /// What.
        act: Act,
    },
}

/// What a person does on a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Answers a question.
    Set,
    /// Takes the answer away.
    Clear,
    /// Takes one of these photos.
    Attach(u8),
    /// Removes the photos of the question.
    Detach,
    /// Adds an instance of a repeated group.
    AddInstance,
    /// Removes all instances of the group that they see.
    RemoveInstances,
    /// Removes one of the instances that they see, counted from the first.
    RemoveInstance(u8),
    /// Answers a question inside an instance, counted from the first.
    SetInside(u8),
    /// Takes an answer inside an instance away.
    ClearInside(u8),
    /// Hands in.
    Submit,
    /// Leaves a note.
    Note,
    /// Writes to a register whose name the server does not understand.
    Unreadable,
    /// Writes to the reviewers' lane.
    ForeignLane,
    /// Names a checklist version that the server does not have.
    UnknownForm,
}

/// What happens to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It arrives.
    Deliver,
    /// It is lost, and the device learns that the connection broke.
    Drop,
    /// It arrives, and arrives once more later.
    Twice,
    /// It is lost, and the device is never told.
    Vanish,
    /// The device gives up on it; it may still arrive.
    GiveUp,
    /// Half of it arrives.
    Truncate,
    /// The server answers 503.
    Busy,
    /// The server takes it in and answers 500.
    FailAfterCommit,
    /// A portal answers in the server's place.
    Portal,
    /// Some of its bytes change.
    Corrupt,
    /// An answer comes that is larger than the device takes in.
    Flood,
    /// Half of it trickles in, until the server has waited long enough.
    Trickle,
    /// A newer server wants a newer app.
    TooOld,
}

/// How the requests of a device fare while it has a window in the background.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weather {
    /// All of them are answered.
    Fair,
    /// The first so many are lost.
    Lost(u8),
    /// Tokens are refused, fresh ones too.
    Unauthorised,
    /// The device is refused.
    NotEnrolled,
    /// The server is busy.
    Busy,
    /// The server takes in requests, and no parts of files.
    PartsFail,
    /// All is well but for one file, which the server does not take in.
    OneFileFails,
    /// Local files cannot be read, as while the phone is locked.
    Locked,
}

/// What the staff do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// A reviewer corrects an answer, or decides about work that was set aside.
    Review,
    /// The evaluation is approved: its content is settled.
    Approve,
    /// The evaluation is returned to its shopper.
    Return,
    /// The visit is taken from its shopper.
    Revoke,
    /// The brief of the visit changes.
    Brief,
    /// A further visit is given to the same shopper.
    Assign,
    /// The checklist version that people name before the server has it is published.
    AddForm,
}
