//! Shoppers who are none any more, or whom the agency gives no visits at present: what becomes of what they have.
//!
//! Whoever is kept out, or made something else, has what they have begun still: it lies on their devices, and is
//! deposited or handed in from there. The rest is for somebody else. Coordinators hear of both.

use haamu_domain::filling::{EndReason, NoticeKind};
use haamu_domain::{
    AgencyId, AssignmentEvent, AssignmentId, AssignmentState, AuditEvent, Role, UserId, VisitId, VisitState,
};
use haamu_store::Tx;
use haamu_store::repo::assignments::{self, Assignment};
use haamu_store::repo::holders;
use haamu_store::repo::visits::{self, Visit};
use haamu_store::repo::{identity, programmes};
use serde_json::json;

use crate::{App, Error};

/// What a visit says that was taken from somebody who left.
const LEFT: &str = "Whoever had the visit is no shopper of the agency any more.";

impl App {
    /// Ends what somebody has who is no shopper any more and has not begun it, visit by visit, so that nobody waits
    /// for all of them; and has the coordinators told. Once too often does no harm.
    pub(crate) async fn take_over(&self, agency: AgencyId, shopper: UserId) -> Result<(), Error> {
        let found = self
            .look(agency, |tx: Tx| async move {
                Ok::<_, Error>(holders::list_unfinished(&tx, agency, shopper).await?)
            })
            .await?;
        for one in &found {
            self.take_over_one(agency, one).await?;
        }
        Ok(())
    }

    async fn take_over_one(&self, agency: AgencyId, found: &Assignment) -> Result<(), Error> {
        self.act_alone(agency, |tx: Tx| async move {
            let tx = &tx;
            let event = AuditEvent::named("assignment.take_over", "assignment", found.id);
            let Some((mut visit, mut held)) = lock_held(tx, agency, found).await? else {
                return Ok(((), event));
            };
            let member = identity::lock_membership(tx, agency, held.shopper).await?;
            // They may have been let in again meanwhile.
            if member.is_some_and(|member| member.works_as(Role::Shopper)) {
                return Ok(((), event.with(json!({"did": "nothing"}))));
            }
            let about = (visit.id, held.id);
            let did = match (held.state, visit.state) {
                (AssignmentState::Applied, _) => {
                    let end = (
                        AssignmentEvent::Cancel,
                        EndReason::Withdrawn,
                        Some(LEFT.to_owned()),
                    );
                    self.end_assignment(tx, agency, &mut visit, &mut held, end)
                        .await?;
                    "withdrew"
                }
                (AssignmentState::Assigned | AssignmentState::Accepted, state) if !is_begun(state) => {
                    let end = (
                        AssignmentEvent::Cancel,
                        EndReason::Cancelled,
                        Some(LEFT.to_owned()),
                    );
                    self.end_assignment(tx, agency, &mut visit, &mut held, end)
                        .await?;
                    self.tell_coordinators(tx, agency, &[about], NoticeKind::Departed)
                        .await?;
                    "took_back"
                }
                (AssignmentState::Accepted, _) => {
                    self.tell_coordinators(tx, agency, &[about], NoticeKind::DepartedBegun)
                        .await?;
                    "told"
                }
                _ => "nothing",
            };
            let detail = json!({"did": did, "visit": visit.id, "shopper": held.shopper});
            Ok(((), event.with(detail)))
        })
        .await
    }

    /// Has the coordinators told which visits a shopper has whom the agency gives no others.
    pub(super) async fn tell_of_suspension(
        &self,
        tx: &Tx,
        agency: AgencyId,
        shopper: UserId,
    ) -> Result<(), Error> {
        let found = holders::list_unfinished(tx, agency, shopper).await?;
        let held = found.iter().filter(|one| one.state.is_live());
        let held: Vec<(VisitId, AssignmentId)> = held.map(|one| (one.visit, one.id)).collect();
        self.tell_coordinators(tx, agency, &held, NoticeKind::Suspended)
            .await
    }
}

/// Whether something of the evaluation is filled in, and it is not handed in for good.
const fn is_begun(state: VisitState) -> bool {
    matches!(state, VisitState::InProgress | VisitState::Returned)
}

/// What somebody has, or asked for, with its visit and round, locked; none if that is over by now, or handed in.
async fn lock_held(
    tx: &Tx,
    agency: AgencyId,
    found: &Assignment,
) -> Result<Option<(Visit, Assignment)>, Error> {
    let visit = visits::lock(tx, agency, found.visit).await?;
    let Some(visit) = visit.filter(|visit| visit.state.is_to_do() || is_begun(visit.state)) else {
        return Ok(None);
    };
    programmes::lock_round(tx, agency, visit.round).await?;
    // Read again under the visit's lock: it may have been given back, or begun.
    let held = assignments::find(tx, agency, found.id).await?;
    Ok(held.map(|held| (visit, held)))
}
