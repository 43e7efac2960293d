//! The server's side of the rules, as pure functions that it calls inside its transaction.
//!
//! The order of a push: [`admit`] checks the chain and numbers what is new;
//! for each new operation [`dispose`] decides where it goes; applied ones are
//! folded with [`crate::Document::fold`] under the stamp that
//! [`crate::clock::effective`] gives. The order of a pull: [`resume`] says
//! whether the device's cursor still means anything, and an [`Echo`](crate::echo::Echo)
//! what of its own work need not come back to it.

use std::borrow::Cow;

use crate::codec::{DecodeError, blank, op_id, read_into};
use crate::safeguards::{Safeguard, holds};
use crate::{
    ChainHead, ChainValue, Cursor, Disposition, FormVersion, Have, Incarnation, Lane, Op, OpId, SyncRequest,
};

/// A new operation of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming<'a> {
    /// The end of the device's log with this operation.
    pub head: ChainHead,
    /// Its name.
    pub id: OpId,
    /// Its bytes, kept whatever they are.
    pub raw: Cow<'a, [u8]>,
    /// What it says, where it can be read.
    pub op: Result<Op, DecodeError>,
}

/// What a push amounts to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Admission<'a> {
    /// The operations that the server did not have, in order.
    pub new: Vec<Incoming<'a>>,
    /// What to answer about the device's log.
    pub have: Have,
}

/// The chain value that the server has stored for one of a device's operations.
pub type ChainLookup<'a> = &'a dyn Fn(u64) -> Option<ChainValue>;

/// Checks a push against the device's log as the server has it.
///
/// `stored` gives the chain value at a number from `from_seq - 1` to the head;
/// at 0 it is not asked. If the push does not continue the server's log, nothing
/// of it is new, and `have` tells the device where it stands: it finds its own
/// chain there and sends from there on, or does not and knows that it is a clone.
#[must_use]
pub fn admit<'a>(head: ChainHead, stored: ChainLookup<'_>, request: &'a SyncRequest) -> Admission<'a> {
    let chain_at = |seq: u64| match seq {
        0 => Some(ChainValue::default()),
        seq if seq == head.seq => Some(head.chain),
        seq if seq < head.seq => stored(seq),
        _ => None,
    };
    let refuse = |common| Admission {
        new: Vec::new(),
        have: Have {
            seq: head.seq,
            chain: head.chain,
            common,
        },
    };
    let Some(before) = request.from_seq.checked_sub(1) else {
        return refuse(0);
    };
    if before > head.seq {
        // The device is ahead: this server was restored from an older state.
        return refuse(head.seq);
    }
    if chain_at(before) != Some(request.prev_chain) && holds(Safeguard::Chain) {
        return refuse(0);
    }
    let mut position = ChainHead {
        seq: before,
        chain: request.prev_chain,
    };
    let mut new: Vec<Incoming<'a>> = Vec::with_capacity(request.ops.len());
    for raw in &request.ops {
        let seq = position.seq + 1;
        let next = if seq <= head.seq {
            let next = position.then(op_id(&raw.0, request.device, seq));
            if chain_at(seq) != Some(next.chain) && holds(Safeguard::Chain) {
                return refuse(position.seq);
            }
            next
        } else {
            new.push(Incoming {
                head: position,
                id: OpId::default(),
                raw: Cow::Borrowed(&raw.0),
                op: Ok(blank()),
            });
            let incoming = new.last_mut().expect("it was put there just now");
            incoming.id = read_into(&mut incoming.op, &raw.0, request.device, seq);
            incoming.head = position.then(incoming.id);
            incoming.head
        };
        position = next;
    }
    // A push that ends before the server's head agrees with it as far as it goes.
    let end = if position.seq > head.seq { position } else { head };
    Admission {
        new,
        have: Have {
            seq: end.seq,
            chain: end.chain,
            common: position.seq,
        },
    }
}

/// What the server knows of the submission that an operation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// There is no such submission, or it is another person's.
    Foreign,
    /// It is open, or handed in and not yet approved.
    Open,
    /// It is approved or further: its content is settled.
    Settled,
    /// The visit was cancelled or given to another shopper.
    Revoked,
}

/// Where an operation goes, and why in one stable word. `knows_form` tells
/// whether the server has the checklist version that the operation names.
#[must_use]
pub fn dispose(
    op: &Result<Op, DecodeError>,
    standing: Standing,
    lane: Lane,
    knows_form: impl Fn(&FormVersion) -> bool,
) -> (Disposition, &'static str) {
    let op = match op {
        Ok(op) => op,
        Err(DecodeError::UnknownKind(_)) => return (Disposition::Unparseable, "unknown_kind"),
        Err(DecodeError::TooLong) => return (Disposition::Unparseable, "too_long"),
        Err(DecodeError::NotCanonical) => return (Disposition::Unparseable, "not_canonical"),
        Err(DecodeError::Malformed) => return (Disposition::Unparseable, "malformed"),
    };
    match standing {
        Standing::Foreign => (Disposition::Orphaned, "unknown_submission"),
        Standing::Revoked => (Disposition::Orphaned, "assignment_revoked"),
        Standing::Open | Standing::Settled if op.lane != lane && holds(Safeguard::OwnLane) => {
            (Disposition::Orphaned, "foreign_lane")
        }
        Standing::Open | Standing::Settled
            if op.form_version.is_some_and(|version| !knows_form(&version)) =>
        {
            (Disposition::UnknownForm, "unknown_form")
        }
        Standing::Settled if holds(Safeguard::SettledStays) => (Disposition::Late, "already_approved"),
        Standing::Open | Standing::Settled => (Disposition::Applied, "applied"),
    }
}

/// The feed of one scope, as the server has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedHead {
    /// The last position that was given out.
    pub pos: u64,
    /// The timeline of that position.
    pub incarnation: Incarnation,
}

/// Where a pull goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resume {
    /// After this position.
    pub after: u64,
    /// Whether the device must forget what the feed does not mention again.
    pub reset: bool,
}

/// Decides where a pull goes on. `incarnation_at` gives the timeline in which a
/// position of this scope was reached.
#[must_use]
pub fn resume(
    cursor: Option<Cursor>,
    head: FeedHead,
    incarnation_at: impl FnOnce(u64) -> Option<Incarnation>,
) -> Resume {
    match cursor {
        Some(cursor) if continues(cursor, head, incarnation_at) => Resume {
            after: cursor.pos,
            reset: false,
        },
        _ => Resume {
            after: 0,
            reset: true,
        },
    }
}

/// Whether a cursor belongs to the timeline that the feed is in.
fn continues(
    cursor: Cursor,
    head: FeedHead,
    incarnation_at: impl FnOnce(u64) -> Option<Incarnation>,
) -> bool {
    let seen = if holds(Safeguard::SeenHeadInCursor) {
        cursor.seen_head
    } else {
        cursor.pos
    };
    // The cursor of an empty feed holds nothing, so that there is nothing to forget.
    let is_of_empty_feed = cursor.seen_head == 0 && cursor.pos == 0;
    is_of_empty_feed
        || cursor.pos <= seen
            && seen <= head.pos
            && (incarnation_at(seen) == Some(cursor.incarnation) || !holds(Safeguard::IncarnationInCursor))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{
        Action, AuthorId, Bytes, ClockConfidence, ClockReading, DeviceId, DocumentId, Hlc, OpIds, PROTO,
        codec,
    };

    const DEVICE: DeviceId = DeviceId::from_bytes([1; 16]);

    fn raw(seq: u64, note: u8) -> Bytes {
        let op = Op {
            origin_device: DEVICE,
            origin_seq: seq,
            hlc: Hlc::at(seq),
            confidence: ClockConfidence::Wall,
            document: DocumentId::default(),
            lane: Lane::Shopper,
            register: "note".into(),
            instance: OpIds::new(),
            action: Action::Note(Bytes::from(vec![note])),
            form_version: None,
            author: AuthorId::default(),
            base: OpIds::new(),
        };
        Bytes::from(codec::encode(&op, DEVICE, seq))
    }

    /// A log with its chain: `log[n]` is the head after n operations.
    fn log(notes: &[u8]) -> Vec<ChainHead> {
        let mut heads = vec![ChainHead::default()];
        for (index, note) in notes.iter().enumerate() {
            let seq = index as u64 + 1;
            heads.push(heads[index].then(op_id(&raw(seq, *note).0, DEVICE, seq)));
        }
        heads
    }

    fn push(heads: &[ChainHead], from_seq: u64, notes: &[u8]) -> SyncRequest {
        SyncRequest {
            proto: PROTO,
            build: "test".to_owned(),
            device: DEVICE,
            from_seq,
            prev_chain: heads[usize::try_from(from_seq).expect("small") - 1].chain,
            ops: notes
                .iter()
                .zip(from_seq..)
                .map(|(note, seq)| raw(seq, *note))
                .collect(),
            cursor: None,
            refetch: Vec::new(),
            offers: Vec::new(),
            clock: ClockReading::default(),
            folds: false,
        }
    }

    fn admitted<'a>(server: &[ChainHead], request: &'a SyncRequest) -> Admission<'a> {
        let chains: BTreeMap<u64, ChainValue> = server.iter().map(|head| (head.seq, head.chain)).collect();
        admit(
            *server.last().expect("a head"),
            &|seq| chains.get(&seq).copied(),
            request,
        )
    }

    #[test]
    fn a_push_continues_the_log() {
        let device = log(&[1, 2, 3]);
        let request = push(&device, 2, &[2, 3]);
        let admission = admitted(&device[..2], &request);
        assert_eq!(admission.new.len(), 2);
        assert_eq!(admission.have.head(), device[3]);
        assert!(admission.new.iter().all(|incoming| incoming.op.is_ok()));
    }

    #[test]
    fn a_push_sent_twice_is_new_once() {
        let device = log(&[1, 2, 3]);
        let request = push(&device, 2, &[2, 3]);
        let admission = admitted(&device, &request);
        assert_eq!(admission.new, []);
        assert_eq!(admission.have.head(), device[3]);
        let request = push(&device, 2, &[2, 3]);
        let overlapping = admitted(&device[..3], &request);
        assert_eq!(overlapping.new.len(), 1);
    }

    #[test]
    fn a_restored_server_says_how_far_it_is() {
        let device = log(&[1, 2, 3]);
        let request = push(&device, 4, &[]);
        let admission = admitted(&device[..2], &request);
        assert_eq!(admission.new, []);
        assert_eq!(admission.have.head(), device[1]);
    }

    #[test]
    fn a_clone_learns_that_somebody_else_writes_under_its_name() {
        let (mine, other) = (log(&[1, 2, 3]), log(&[1, 2, 9, 9]));
        let request = push(&mine, 3, &[3]);
        let admission = admitted(&other, &request);
        assert_eq!(admission.new, []);
        assert_eq!(admission.have.common, 2);
        assert_eq!(admission.have.head(), other[4]);
        let request = push(&mine, 4, &[7]);
        let admission = admitted(&other, &request);
        assert_eq!((admission.new.len(), admission.have.common), (0, 0));
    }

    #[test]
    fn bytes_that_are_no_operation_are_taken_in_and_chained() {
        let device = log(&[1]);
        let mut request = push(&device, 2, &[2]);
        request.ops.insert(0, Bytes::from(b"poison".to_vec()));
        request.ops[1] = raw(3, 2);
        let admission = admitted(&device, &request);
        assert_eq!(admission.new.len(), 2);
        assert!(admission.new[0].op.is_err() && admission.new[1].op.is_ok());
        assert_eq!(admission.have.seq, 3);
    }

    #[test]
    fn a_request_from_zero_or_from_the_far_end_is_refused_softly() {
        let device = log(&[1]);
        let mut request = push(&device, 1, &[1]);
        request.from_seq = 0;
        assert_eq!(
            admitted(&device, &request).have,
            Have {
                seq: 1,
                chain: device[1].chain,
                common: 0
            }
        );
        request.from_seq = u64::MAX;
        assert_eq!(admitted(&device, &request).have.common, 1);
    }

    #[test]
    fn a_cursor_counts_only_in_its_own_timeline() {
        let (old, new) = (Incarnation::from_bytes([1; 16]), Incarnation::from_bytes([2; 16]));
        let cursor = Cursor {
            pos: 40,
            seen_head: 50,
            incarnation: old,
        };
        let head = FeedHead {
            pos: 60,
            incarnation: old,
        };
        assert_eq!(
            resume(Some(cursor), head, |_| Some(old)),
            Resume {
                after: 40,
                reset: false
            }
        );
        let start_over = Resume {
            after: 0,
            reset: true,
        };
        assert_eq!(resume(None, head, |_| Some(old)), start_over);
        assert_eq!(
            resume(Some(cursor), head, |_| Some(new)),
            start_over,
            "restored and overtaken"
        );
        assert_eq!(
            resume(Some(cursor), FeedHead { pos: 45, ..head }, |_| Some(old)),
            start_over,
            "restored"
        );
    }

    #[test]
    fn every_operation_has_its_place() {
        let op = codec::decode(&raw(1, 1).0, DEVICE, 1).expect("sound");
        let place =
            |op: &Result<Op, DecodeError>, standing| dispose(op, standing, Lane::Shopper, |_| false).0;
        assert_eq!(place(&Ok(op.clone()), Standing::Open), Disposition::Applied);
        assert_eq!(place(&Ok(op.clone()), Standing::Settled), Disposition::Late);
        assert_eq!(place(&Ok(op.clone()), Standing::Revoked), Disposition::Orphaned);
        assert_eq!(place(&Ok(op.clone()), Standing::Foreign), Disposition::Orphaned);
        let review = Op {
            lane: Lane::Review,
            ..op.clone()
        };
        assert_eq!(place(&Ok(review), Standing::Open), Disposition::Orphaned);
        let with_form = Op {
            form_version: Some(FormVersion::default()),
            ..op
        };
        assert_eq!(place(&Ok(with_form), Standing::Settled), Disposition::UnknownForm);
        assert_eq!(
            place(&Err(DecodeError::Malformed), Standing::Open),
            Disposition::Unparseable
        );
    }
}
