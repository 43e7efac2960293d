//! What whoever has visits at a location learns when something of it is put right.

use haamu_domain::{AgencyId, AuditEvent, LocationId};
use haamu_store::Tx;
use haamu_store::repo::clients::Location;
use haamu_store::repo::holders;
use serde_json::json;

use crate::jobs::Job;
use crate::{App, Error};

/// So many locations are told of in one go. Then others have their turn.
const AT_ONCE: usize = 50;

/// Whether a change of a location shows in the briefs of visits there: where it is, what it is called, and by which
/// clock its days begin.
pub(super) fn is_seen(before: &Location, after: &Location) -> bool {
    let seen = |of: &Location| {
        let place = (of.name.clone(), of.address.clone(), of.postal_code.clone());
        let point = (of.city.clone(), of.latitude.clone(), of.longitude.clone());
        (place, point, of.time_zone.clone())
    };
    seen(before) != seen(after)
}

impl App {
    /// Has whoever has visits at locations told of what has changed there, once that is committed.
    pub(super) async fn have_told_of_places(
        &self,
        tx: &Tx,
        agency: AgencyId,
        changed: &[LocationId],
    ) -> Result<(), Error> {
        for some in changed.chunks(AT_ONCE) {
            let job = Job::TellOfPlaces {
                locations: some.to_vec(),
            };
            self.enqueue(tx, agency, &job, self.now()).await?;
        }
        Ok(())
    }

    /// Lets the devices of whoever has visits at locations fetch their briefs anew.
    pub(crate) async fn tell_of_places(&self, agency: AgencyId, of: &[LocationId]) -> Result<(), Error> {
        self.act_alone(agency, |tx: Tx| async move {
            let tx = &tx;
            let held = holders::list_at(tx, agency, of).await?;
            self.tell_holders(tx, agency, &held).await?;
            let event = AuditEvent::named("location.tell", "agency", agency);
            Ok((
                (),
                event.with(json!({"locations": of, "assignments": held.len()})),
            ))
        })
        .await
    }
}
