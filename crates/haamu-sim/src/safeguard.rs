//! What keeps work safe, and can be removed to see whether the simulation notices.

use std::fmt;

use haamu_sync::safeguards::Safeguard;

/// A safeguard that is the duty of whoever hosts the engine, or of the server's storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Duty {
    /// The screen says "saved" only after the commit.
    SavedAfterCommit,
    /// A batch is one transaction: page and cursor, operation and stamp.
    OneTransaction,
    /// The bytes of a photo are durable before the operation that names it.
    FileBeforeRow,
    /// A commit is durable when it is reported.
    DurableCommit,
    /// One process at a time works on a device's storage.
    OneProcess,
    /// The server keeps what it cannot read.
    CustodyOfUnreadable,
    /// The server knows an operation again by its name.
    OncePerName,
    /// Positions of the feed are given out in the order of commits.
    FeedInCommitOrder,
    /// The first hand-in of a stage and cycle counts.
    FirstSubmitCounts,
    /// The server verifies the digest of what arrives.
    DigestVerified,
    /// The server reads the feed after the push was committed.
    PullAfterPush,
    /// The arrival of a file moves its submission in the feed, so that a restored server is recognised.
    FileInFeed,
    /// Of an operation that comes once more the server tells where it put it first.
    FirstPlaceTold,
    /// The server tells again where it put operations whose answer may have been lost.
    ExceptionsRepeated,
}

impl Duty {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::SavedAfterCommit,
        Self::OneTransaction,
        Self::FileBeforeRow,
        Self::DurableCommit,
        Self::OneProcess,
        Self::CustodyOfUnreadable,
        Self::OncePerName,
        Self::FeedInCommitOrder,
        Self::FirstSubmitCounts,
        Self::DigestVerified,
        Self::PullAfterPush,
        Self::FileInFeed,
        Self::FirstPlaceTold,
        Self::ExceptionsRepeated,
    ];
}

/// One thing to be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Removal {
    /// A safeguard of the engine, the merge or the server's rules.
    Engine(Safeguard),
    /// A duty of the host or the storage.
    Host(Duty),
}

impl Removal {
    /// Everything that can be removed.
    pub fn all() -> impl Iterator<Item = Self> {
        let engine = Safeguard::ALL.into_iter().map(Self::Engine);
        engine.chain(Duty::ALL.into_iter().map(Self::Host))
    }

    /// The duty, if it is one.
    #[must_use]
    pub const fn duty(self) -> Option<Duty> {
        match self {
            Self::Host(duty) => Some(duty),
            Self::Engine(_) => None,
        }
    }
}

impl fmt::Display for Removal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Engine(safeguard) => format!("{safeguard:?}"),
            Self::Host(duty) => format!("{duty:?}"),
        };
        let mut words = String::new();
        for letter in name.chars() {
            if letter.is_uppercase() && !words.is_empty() {
                words.push(' ');
            }
            words.extend(letter.to_lowercase());
        }
        f.write_str(&words)
    }
}
