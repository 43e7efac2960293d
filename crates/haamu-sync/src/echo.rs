//! What a device has just sent need not come back to it.
//!
//! A server that takes a push in knows whether the device can make the new state of a submission
//! itself: it had the state before, all that has changed is its own, and took effect as it was
//! written. Then the feed says [`Change::Confirm`](crate::Change::Confirm) in place of the content.

use crate::safeguards::{Safeguard, holds};
use crate::server::{Incoming, Resume};
use crate::{ChainHead, Disposition, Hlc, Op, SyncRequest};

/// What a push has done to one submission. The pull behind it need not send back what
/// the device has just sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Echo {
    /// Where the submission stood in the feed before the push; none if it was not there.
    pub before: Option<u64>,
    /// Where the push put it.
    pub after: u64,
    /// Whether all operations of the request about it [are plain](is_plain).
    pub is_plain: bool,
}

impl Echo {
    /// Whether the device has the submission, which stands at a position now, by folding its own
    /// operations into its copy: it knew it as it was before the push, and nothing else has
    /// changed it.
    #[must_use]
    pub fn is_known(self, from: Resume, position: u64) -> bool {
        let is_own = self.before.is_some_and(|before| before <= from.after) && self.after == position;
        !from.reset
            && (is_own || !holds(Safeguard::ConfirmOnlyOwn))
            && (self.is_plain || !holds(Safeguard::ConfirmPlain))
    }
}

/// Whether an operation changed its submission just as its device did: it took effect, and kept
/// the stamp that it was written with.
#[must_use]
pub fn is_plain(op: &Op, disposition: Disposition, effective: Hlc) -> bool {
    disposition == Disposition::Applied && op.hlc == effective
}

/// Whether a push is all new to the server, and all of it can be read: only then can what it did be
/// told from what an earlier request did, whose answer was lost.
#[must_use]
pub fn is_fresh(head: ChainHead, request: &SyncRequest, new: &[Incoming<'_>]) -> bool {
    request.folds
        && request.from_seq == head.seq + 1
        && new.len() == request.ops.len()
        && new.iter().all(|incoming| incoming.op.is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROM: Resume = Resume {
        after: 40,
        reset: false,
    };

    fn echo(before: Option<u64>) -> Echo {
        Echo {
            before,
            after: 50,
            is_plain: true,
        }
    }

    #[test]
    fn a_device_knows_what_only_it_has_changed_since_it_looked() {
        assert!(echo(Some(40)).is_known(FROM, 50));
        assert!(!echo(Some(41)).is_known(FROM, 50), "changed before, unseen");
        assert!(!echo(None).is_known(FROM, 50), "never seen");
        assert!(!echo(Some(40)).is_known(FROM, 51), "changed since");
    }

    #[test]
    fn a_feed_that_starts_over_tells_everything() {
        let from = Resume { reset: true, ..FROM };
        assert!(!echo(Some(40)).is_known(from, 50));
    }

    #[test]
    fn what_took_effect_otherwise_than_it_was_written_is_told() {
        let other = Echo {
            is_plain: false,
            ..echo(Some(40))
        };
        assert!(!other.is_known(FROM, 50));
    }
}
