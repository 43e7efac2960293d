//! What a device has around it: network, power, and visits that are due.

use std::collections::BTreeSet;

use haamu_domain::{AssignmentBrief, Zone};
use haamu_sync::engine::{Battery, Conditions, Connection, Event, Notice};
use haamu_sync::{DocumentId, Millis, Network, clock};

use crate::driver::{ClientError, Device, Rest};
use crate::ports::{FileStore, LocalStore, Platform, Transport};

/// Network and power, as the platform tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// What the device is connected by.
    pub connection: Connection,
    /// Its power; none where it is not known or does not matter.
    pub battery: Option<Battery>,
    /// Whether the person wants everything to be sent now, whatever that costs.
    pub send_everything: bool,
}

impl<S: LocalStore, F: FileStore, T: Transport, P: Platform> Device<S, F, T, P> {
    /// Takes in other surroundings. What they allow and was kept back before is sent at once.
    ///
    /// # Errors
    /// Storage of the device failed, or nobody is signed in.
    pub async fn set_surroundings(
        &mut self,
        surroundings: Surroundings,
        mut observe: impl FnMut(&Notice),
    ) -> Result<Rest, ClientError> {
        if self.session.is_none() {
            return Err(ClientError::SignedOut);
        }
        self.surroundings = surroundings;
        self.note_surroundings();
        self.run(&mut observe).await
    }

    /// Tells the engine of the surroundings, and of the visits that are due by now.
    pub(crate) fn note_surroundings(&mut self) {
        let conditions = Conditions {
            connection: self.surroundings.connection,
            battery: self.surroundings.battery,
            urgent: self.urgent(),
            send_everything: self.surroundings.send_everything,
        };
        self.handle(Event::Conditions(conditions));
    }

    /// Submissions whose files the operator wants over any network by now.
    fn urgent(&self) -> BTreeSet<DocumentId> {
        let (now, _) = clock::estimate(self.engine.device().anchor, self.platform.now());
        let policy = &self.engine.device().policy;
        let visits = self.visits().into_iter();
        let is_urgent = |brief: &AssignmentBrief| policy.originals_over(now, deadline(brief)) == Network::Any;
        visits
            .filter(|visit| is_urgent(&visit.brief))
            .map(|visit| visit.brief.submission.document())
            .collect()
    }
}

/// The end of the day by which the report is due, at the place of the visit.
fn deadline(brief: &AssignmentBrief) -> Option<Millis> {
    let zone = Zone::named(&brief.location.time_zone)?;
    Some(zone.start_of(brief.report_by.plus_days(1)).sync_millis())
}
