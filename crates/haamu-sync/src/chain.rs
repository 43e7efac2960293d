//! The hash chain over a device's log.
//!
//! `chain[0]` is 16 zero bytes and `chain[n] = BLAKE3-128(chain[n-1] ‖ op_id[n])`.
//! Whoever knows `chain[n]` knows that all of the first `n` operations are
//! there and are the same; a sequence number alone does not tell a phone from
//! its clone.

use serde::{Deserialize, Serialize};

use crate::codec::first_half;
use crate::{ChainValue, OpId};

/// The end of a log: how many operations, and their chain value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ChainHead {
    /// The number of operations.
    pub seq: u64,
    /// The chain value after the last of them.
    pub chain: ChainValue,
}

impl ChainHead {
    /// The head after one more operation.
    #[must_use]
    pub fn then(self, op: OpId) -> Self {
        Self {
            seq: self.seq + 1,
            chain: link(self.chain, op),
        }
    }
}

/// The chain value after `op`, when `previous` was the value before.
#[must_use]
pub fn link(previous: ChainValue, op: OpId) -> ChainValue {
    let mut both = [0; ChainValue::LENGTH + OpId::LENGTH];
    let (front, back) = both.split_at_mut(ChainValue::LENGTH);
    front.copy_from_slice(previous.as_bytes());
    back.copy_from_slice(op.as_bytes());
    ChainValue::from_bytes(first_half(&blake3::hash(&both)))
}
