//! Something always happens while there is something to send and a way to send it.

use crate::Millis;
use crate::safeguards::{Safeguard, holds};

use super::{BlobState, Connection, Engine, Notice, StoredBlob};

/// After so long without any sign of life something is wrong.
const WATCHDOG_MS: Millis = 10 * 60 * 1_000;

/// When something was attempted or answered last.
#[derive(Debug, Default)]
pub(super) struct Watchdog {
    alive_at: Option<Millis>,
}

impl Watchdog {
    /// Begins to count with the first event.
    pub(super) fn start(&mut self, now: Millis) {
        self.alive_at.get_or_insert(now);
    }

    /// Something is being done.
    pub(super) const fn pet(&mut self, now: Millis) {
        self.alive_at = Some(now);
    }
}

impl Engine {
    /// When to look again, if something is under way or waits to be sent.
    pub(super) fn watchdog_wakes_at(&self) -> Option<Millis> {
        if !holds(Safeguard::Watchdog) || self.session.needs_person() {
            return None;
        }
        let is_under_way = self.session.is_asking() || !self.uploader.is_idle();
        let is_pending = self.conditions.connection != Connection::Offline && self.may_send();
        (is_under_way || is_pending).then_some(self.watchdog.alive_at? + WATCHDOG_MS)
    }

    /// Whether there is anything that may be sent under the present conditions.
    fn may_send(&self) -> bool {
        let policy = &self.state.device.policy;
        let is_free = |blob: &StoredBlob| {
            blob.state == BlobState::Stored && self.conditions.hold(policy, blob).is_none()
        };
        self.state.unsent().next().is_some() || self.state.blobs.values().any(is_free)
    }

    /// Gives up whatever has had no outcome, and begins anew.
    pub(super) fn stalled(&mut self) {
        self.watchdog.pet(self.now.monotonic);
        self.notify(Notice::Stalled);
        self.uploader.stop();
        if self.session.is_asking() || self.session.may_retry() {
            self.ask();
        }
    }
}
