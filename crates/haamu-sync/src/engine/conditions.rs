//! What may be sent now: answers always, files as network, power and the operator's policy allow.

use std::collections::BTreeSet;

use crate::DocumentId;
use crate::policy::{Network, Policy};

use super::{BlobKind, BlobState, Engine, StoredBlob};

/// What a device is connected by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Connection {
    /// By nothing: no attempt is made until that changes.
    Offline,
    /// By something that costs, such as a mobile network.
    Metered,
    /// By something that does not, or nobody knows.
    #[default]
    Unmetered,
}

/// How much power a device has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Battery {
    /// 0 to 100.
    pub percent: u8,
    /// Whether it is being charged.
    pub is_charging: bool,
}

/// What a device has around it, as its platform tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// What it is connected by.
    pub connection: Connection,
    /// Its power; none where it is not known or does not matter.
    pub battery: Option<Battery>,
    /// Submissions that are due soon, whose files therefore go over any network.
    pub urgent: BTreeSet<DocumentId>,
    /// Whether the person wants everything to be sent now, whatever that costs.
    pub send_everything: bool,
}

/// Why a file is not sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hold {
    /// There is no network.
    Offline,
    /// The battery is low.
    Battery,
    /// The network costs, and the file can wait for one that does not.
    Metered,
}

impl Conditions {
    /// What keeps a file from being sent now, if anything does. Answers are never kept back.
    #[must_use]
    pub fn hold(&self, policy: &Policy, blob: &StoredBlob) -> Option<Hold> {
        if self.connection == Connection::Offline {
            return Some(Hold::Offline);
        }
        if self.send_everything {
            return None;
        }
        let is_low = |battery: Battery| !battery.is_charging && battery.percent < policy.low_battery_percent;
        if self.battery.is_some_and(is_low) {
            return Some(Hold::Battery);
        }
        let needed = match blob.kind {
            BlobKind::Preview => policy.thumbnails_over(),
            // Which visits are due is told by `urgent`.
            BlobKind::Original => policy.originals_over(0, None),
        };
        let may_wait = needed == Network::Unmetered && !self.urgent.contains(&blob.document);
        (self.connection == Connection::Metered && may_wait).then_some(Hold::Metered)
    }
}

impl Engine {
    /// Takes in other conditions: what they allow is tried at once.
    pub(super) fn conditions_changed(&mut self, conditions: Conditions) {
        let before = std::mem::replace(&mut self.conditions, conditions);
        if before == self.conditions {
            return;
        }
        let is_other_connection = before.connection != self.conditions.connection;
        if is_other_connection {
            self.session.forget_failures();
            self.uploader.forget_failures();
        }
        let was_held = |blob: &&StoredBlob| {
            let policy = &self.state.device.policy;
            before.hold(policy, blob).is_some() && self.conditions.hold(policy, blob).is_none()
        };
        let is_stored = |blob: &&StoredBlob| blob.state == BlobState::Stored;
        let frees_files = self
            .state
            .blobs
            .values()
            .filter(is_stored)
            .any(|blob| was_held(&blob));
        let is_waiting = self.session.wakes_at().is_some() || self.state.unsent().next().is_some();
        let has_reason = frees_files || (is_other_connection && is_waiting);
        if has_reason && self.session.may_retry() && self.conditions.connection != Connection::Offline {
            self.ask();
        }
    }

    /// How many files wait for better conditions, their bytes, and for what most of them wait.
    pub(super) fn held_back(&self) -> Option<(usize, u64, Hold)> {
        let policy = &self.state.device.policy;
        let stored = self.state.blobs.values();
        let stored = stored.filter(|blob| blob.state == BlobState::Stored);
        let held = stored.filter_map(|blob| Some((blob.length, self.conditions.hold(policy, blob)?)));
        held.fold(None, |sum, (length, hold)| {
            let (files, bytes, first) = sum.unwrap_or((0, 0, hold));
            Some((files + 1, bytes + length, first.min(hold)))
        })
    }
}
