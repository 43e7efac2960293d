//! Rules of fieldwork that a visit broke as it was made, whatever day was promised.

use haamu_domain::eligibility::{Candidate, MadeVisit, Obstacle, ObstacleCode, breaches};
use haamu_domain::{Actor, Zone};
use haamu_form::Finding;
use haamu_store::Tx;
use haamu_store::repo::submissions::Submission;
use haamu_store::repo::terms;
use haamu_store::repo::visits::Visit;

use crate::filling::RoundFacts;
use crate::{App, Error};

impl App {
    /// Notices that a visit broke rules, by the functions that offers are checked with. `is_told` says that the
    /// shopper told the time of the visit; otherwise it is that of handing in, of which hours say nothing.
    ///
    /// Other visits count once they are made: one that is still to come can be moved, and is judged when it is there.
    pub(super) async fn breaches(
        &self,
        tx: &Tx,
        actor: &Actor,
        (visit, submission): (&Visit, &Submission),
        zone: &Zone,
        is_told: bool,
    ) -> Result<Vec<Finding>, Error> {
        let Some(moment) = visit.visited_at else {
            return Ok(Vec::new());
        };
        let agency = actor.agency;
        let facts = RoundFacts::load_rules(tx, actor, visit.round).await?;
        let mut planned = facts
            .visits(tx, agency, std::slice::from_ref(visit), self.now())
            .await?;
        let planned = planned
            .remove(&visit.id)
            .ok_or_else(|| Error::not_found("visit"))?;
        let shopper = submission.shopper;
        let candidate = Candidate {
            visits: facts.made_visits(tx, agency, shopper, visit.id).await?,
            ..Candidate::default()
        };
        let terms = terms::load(tx, agency, submission.assignment).await?;
        let whom = (shopper, terms.companion);
        let mut companion = facts.companion(tx, agency, whom, visit.id, self.now()).await?;
        if let Some(companion) = &mut companion {
            companion.visits.retain(|past| past.is_done);
            // Whether they are active now says nothing about then.
            companion.account = companion.account.take().map(|account| Candidate {
                is_active: true,
                ..account
            });
        }
        let local = zone.local_minute(moment);
        let made = MadeVisit {
            date: local.business_date(),
            at: is_told.then_some(local),
        };
        let broken = breaches(&facts.rules, &candidate, companion.as_ref(), &planned.open, made);
        Ok(broken.iter().map(notice).collect())
    }
}

fn notice(broken: &Obstacle) -> Finding {
    let message = match broken.code {
        ObstacleCode::Rotation => "the shopper has visited this place within the time of rotation",
        ObstacleCode::RotationAsCompanion => {
            "the shopper came along to a visit here within the time of rotation"
        }
        ObstacleCode::Spacing => "another visit of the shopper in the programme is too near in time",
        ObstacleCode::DayFull => "the shopper made more visits of the programme on that day than one may",
        ObstacleCode::CompanionRotation => "whoever came along was here within the time of rotation",
        ObstacleCode::CompanionSpacing => "another visit of whoever came along is too near in time",
        ObstacleCode::CompanionAge => "whoever came along is not of the age that the programme asks for",
        ObstacleCode::CompanionNotIndependent => "whoever came along has declared a tie to the place",
        ObstacleCode::OutsideRound => "the visit was made outside of the days that it was planned for",
        ObstacleCode::LocationClosed => "the place was closed for good before the visit",
        ObstacleCode::PlaceClosed => "by its opening hours the place was closed at the time of the visit",
        ObstacleCode::OtherDaypart => "the visit was made in another part of the day than it was planned for",
        _ => "the visit broke a rule of the programme",
    };
    Finding::warning(broken.code.as_str(), "answers", message)
}
