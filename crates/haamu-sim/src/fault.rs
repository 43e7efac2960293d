//! What can go wrong in a world.

use serde::{Deserialize, Serialize};

/// Something that goes wrong in some worlds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Requests and answers get lost.
    Drop,
    /// Requests and answers arrive twice.
    Duplicate,
    /// Requests and answers overtake each other, and arrive after the device gave up.
    Reorder,
    /// The server turns requests away before it looks at them.
    Refuse,
    /// Bodies end early.
    Truncate,
    /// The server commits and then answers 500.
    FailAfterCommit,
    /// Processes die between any two effects.
    Kill,
    /// Commits fail for want of space.
    DiskFull,
    /// Clocks are set.
    ClockJump,
    /// Devices start anew.
    Reboot,
    /// A device's backup is restored on a second one, and both go on.
    Clone,
    /// The storage of a device is cleared.
    Eviction,
    /// The server starts anew.
    ServerRestart,
    /// The server is restored from an old backup.
    ServerRestore,
    /// Evaluations are approved, returned and taken away while work on them is offline.
    Lifecycle,
    /// Devices write what the server cannot read, or must not take.
    Poison,
    /// Local files rot.
    BitRot,
    /// Bytes of files change on their way.
    Corruption,
    /// Access tokens expire, and sessions end.
    Tokens,
    /// A captive portal answers 200 with a page of its own.
    Portal,
    /// Each side sends fields that the other one does not know, and a server asks for a newer app.
    VersionSkew,
    /// The way to the server is slow.
    SlowLink,
    /// Something on the way takes small bodies only.
    SmallBodies,
    /// Messages vanish, and the device is never told.
    Silence,
    /// People carry their work to another device of theirs in a file.
    Rescue,
    /// A second process is started on the storage of a device.
    SecondTab,
    /// Devices are shut out by the operator, as when they were stolen.
    ShutOut,
    /// The server's database and object store fail, before or after they have done what they were asked.
    StorageTrouble,
    /// Answers are larger than a device takes in.
    Flood,
    /// Bodies trickle in, and are cut off by the server in the end.
    Trickle,
    /// Devices are woken in the background, and have two minutes.
    Background,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 31] = [
        Self::Drop,
        Self::Duplicate,
        Self::Reorder,
        Self::Refuse,
        Self::Truncate,
        Self::FailAfterCommit,
        Self::Kill,
        Self::DiskFull,
        Self::ClockJump,
        Self::Reboot,
        Self::Clone,
        Self::Eviction,
        Self::ServerRestart,
        Self::ServerRestore,
        Self::Lifecycle,
        Self::Poison,
        Self::BitRot,
        Self::Corruption,
        Self::Tokens,
        Self::Portal,
        Self::VersionSkew,
        Self::SlowLink,
        Self::SmallBodies,
        Self::Silence,
        Self::Rescue,
        Self::SecondTab,
        Self::ShutOut,
        Self::StorageTrouble,
        Self::Flood,
        Self::Trickle,
        Self::Background,
    ];
}
