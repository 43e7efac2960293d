//! Hybrid logical time, and how far a device's clock can be trusted.
//!
//! Clocks decide only between operations that did not know of each other.

use serde::{Deserialize, Serialize};

use crate::safeguards::{Safeguard, holds};
use crate::{DeviceId, Op};

/// Milliseconds since 1970-01-01T00:00:00Z.
pub type Millis = u64;

/// The lead over the server's clock that a stamp may have before it is cut back.
pub const MAX_LEAD_MS: Millis = 5 * 60 * 1000;

/// A hybrid logical stamp: 48 bits of milliseconds, 16 bits of counter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hlc(u64);

impl Hlc {
    /// The stamp of a moment, with counter 0. Moments beyond the year 10889 are cut.
    #[must_use]
    pub const fn at(moment: Millis) -> Self {
        let limit = (1 << 48) - 1;
        Self(if moment > limit { limit << 16 } else { moment << 16 })
    }

    /// From its 64 bits.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// Its 64 bits.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// The moment, without the counter.
    #[must_use]
    pub const fn millis(self) -> Millis {
        self.0 >> 16
    }

    /// The next stamp of a device whose last stamp is `self`, at `moment`: it never goes back.
    #[must_use]
    pub fn next(self, moment: Millis) -> Self {
        if holds(Safeguard::MonotoneStamps) {
            Self::at(moment).max(self.successor())
        } else {
            Self::at(moment)
        }
    }

    /// The least stamp above this one.
    #[must_use]
    pub const fn successor(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// How a stamp was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockConfidence {
    /// Server time plus monotonic time since then, in the same boot.
    Anchored,
    /// The device's clock plus its last known offset from the server.
    Offset,
    /// The device's clock alone.
    #[default]
    Wall,
}

impl ClockConfidence {
    /// The code in an encoded operation.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Anchored => 0,
            Self::Offset => 1,
            Self::Wall => 2,
        }
    }

    /// The confidence of a code.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Anchored),
            1 => Some(Self::Offset),
            2 => Some(Self::Wall),
            _ => None,
        }
    }
}

/// What a device's clocks say at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockReading {
    /// The wall clock, in milliseconds since 1970.
    pub wall: Millis,
    /// Milliseconds since the boot, never set by anybody.
    pub monotonic: Millis,
    /// Which boot `monotonic` counts from; 0 if the platform cannot tell.
    pub boot: u64,
}

/// A server time together with the device's clocks at that moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockAnchor {
    /// What the server said.
    pub server: Millis,
    /// What the device's clocks said.
    pub device: ClockReading,
}

/// The best estimate of the true time.
#[must_use]
pub fn estimate(anchor: Option<ClockAnchor>, now: ClockReading) -> (Millis, ClockConfidence) {
    let Some(ClockAnchor { server, device }) = anchor else {
        return (now.wall, ClockConfidence::Wall);
    };
    if now.boot != 0 && now.boot == device.boot && now.monotonic >= device.monotonic {
        return (
            server + (now.monotonic - device.monotonic),
            ClockConfidence::Anchored,
        );
    }
    let shifted = i128::from(now.wall) + i128::from(server) - i128::from(device.wall);
    (
        Millis::try_from(shifted).unwrap_or(now.wall),
        ClockConfidence::Offset,
    )
}

/// The effective stamp of an operation: not ahead of the server, and above
/// everything that its author had seen or written before.
#[must_use]
pub fn effective(
    stamp: Hlc,
    received_at: Millis,
    previous_of_device: Option<Hlc>,
    bases: impl IntoIterator<Item = Hlc>,
) -> Hlc {
    let limit = Hlc::at(received_at.saturating_add(MAX_LEAD_MS));
    let mut floor = Hlc::default();
    if holds(Safeguard::EffectiveFloor) {
        for before in previous_of_device.into_iter().chain(bases) {
            floor = floor.max(before.successor());
        }
    }
    let stamp = if holds(Safeguard::EffectiveLimit) {
        stamp.min(limit)
    } else {
        stamp
    };
    stamp.max(floor)
}

/// The last stamp of the device that sends an operation as its number `seq`, where the operation was written
/// after it.
///
/// What another installation wrote and this one carries over stands at the end of its log whenever it was
/// written, so its place there says nothing: by that, older work would seem to be the latest.
#[must_use]
pub fn written_before(op: &Op, device: DeviceId, seq: u64, previous_of_device: Option<Hlc>) -> Option<Hlc> {
    let is_own = (op.origin_device, op.origin_seq) == (device, seq);
    previous_of_device.filter(|_| is_own || !holds(Safeguard::OwnTimeOfCarriedOver))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: ClockReading = ClockReading {
        wall: 1_000_000,
        monotonic: 5_000,
        boot: 7,
    };

    #[test]
    fn stamps_never_go_back() {
        let first = Hlc::default().next(1_000);
        let second = first.next(400);
        assert!(second > first);
        assert_eq!(second.millis(), 1_000);
        assert_eq!(second.next(2_000), Hlc::at(2_000));
        assert_eq!(Hlc::at(u64::MAX).next(u64::MAX).millis(), (1 << 48) - 1);
    }

    #[test]
    fn a_clock_that_was_set_does_not_matter_within_one_boot() {
        let anchor = Some(ClockAnchor {
            server: 2_000_000,
            device: NOON,
        });
        let set_back = ClockReading {
            wall: 17,
            monotonic: 6_500,
            boot: 7,
        };
        assert_eq!(estimate(anchor, set_back), (2_001_500, ClockConfidence::Anchored));
        let after_boot = ClockReading {
            wall: 1_003_000,
            monotonic: 100,
            boot: 8,
        };
        assert_eq!(estimate(anchor, after_boot), (2_003_000, ClockConfidence::Offset));
        assert_eq!(estimate(None, NOON), (1_000_000, ClockConfidence::Wall));
    }

    #[test]
    fn work_that_was_carried_over_keeps_its_own_time() {
        let device = DeviceId::from_bytes([1; 16]);
        let op = Op {
            origin_device: device,
            origin_seq: 4,
            hlc: Hlc::at(5),
            confidence: ClockConfidence::Wall,
            document: crate::DocumentId::default(),
            lane: crate::Lane::Shopper,
            register: "answer/greeted".into(),
            instance: crate::OpIds::default(),
            action: crate::Action::Clear,
            form_version: None,
            author: crate::AuthorId::default(),
            base: crate::OpIds::default(),
        };
        let previous = Some(Hlc::at(9));
        assert_eq!(written_before(&op, device, 4, previous), previous);
        // A twin of the same name wrote it, and it was taken over as another number.
        assert_eq!(written_before(&op, device, 7, previous), None);
        assert_eq!(
            written_before(&op, DeviceId::from_bytes([2; 16]), 4, previous),
            None
        );
    }

    #[test]
    fn effective_stamps_follow_causes_and_stay_near_the_server() {
        let received = 10_000_000;
        let far_ahead = Hlc::at(received + 10 * MAX_LEAD_MS);
        assert_eq!(
            effective(far_ahead, received, None, []),
            Hlc::at(received + MAX_LEAD_MS)
        );
        let seen = Hlc::at(received);
        assert_eq!(effective(Hlc::at(5), received, None, [seen]), seen.successor());
        assert_eq!(
            effective(Hlc::at(5), received, Some(Hlc::at(9)), []),
            Hlc::at(9).successor()
        );
    }
}
