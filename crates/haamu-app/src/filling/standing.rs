//! Whether a visit is to be had at all as things stand, whoever asks and for whichever day.

use haamu_domain::eligibility::{Obstacle, ObstacleCode};
use haamu_domain::{Actor, AgencyId, Role, UserId};
use haamu_store::Tx;
use haamu_store::repo::assignments;
use haamu_store::repo::scenarios::{self, ScenarioRecord};
use haamu_store::repo::visits::Visit;

use crate::Error;

use super::facts::{PlannedVisit, RoundFacts};

/// Whether the scenario of a visit is read as it is, or kept from changing meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hold {
    Look,
    Lock,
}

/// Why a visit is given to nobody: its programme is not active, it was called off, or its scenario is not ready. Why
/// it was called off may stand in the words of one shopper, which are not for another.
pub(super) async fn of_plan(
    tx: &Tx,
    actor: &Actor,
    facts: &RoundFacts,
    planned: &PlannedVisit,
    hold: Hold,
) -> Result<Vec<Obstacle>, Error> {
    let agency = actor.agency;
    let mut found = Vec::new();
    let state = facts.programme.state;
    if !state.takes_visits() {
        let detail = Some(state.as_str().to_owned());
        found.push(Obstacle::of_state(ObstacleCode::ProgrammeNotActive, detail));
    }
    if let Some(reason) = &planned.plan.closed_reason {
        let detail = Some(reason.clone()).filter(|_| actor.role != Role::Shopper);
        found.push(Obstacle::of_state(ObstacleCode::VisitCalledOff, detail));
    }
    if let Some(id) = planned.plan.scenario {
        let scenario = match hold {
            Hold::Look => scenarios::find(tx, agency, id).await?,
            Hold::Lock => scenarios::lock(tx, agency, id).await?,
        };
        // It may have been retired, or changed and not yet ticked anew.
        let is_ready = |scenario: &ScenarioRecord| {
            scenario.programme == facts.round.programme
                && scenario.retired_at.is_none()
                && scenario.ethics.is_complete()
        };
        if !scenario.as_ref().is_some_and(is_ready) {
            let name = scenario.map(|scenario| scenario.name);
            found.push(Obstacle::of_state(ObstacleCode::ScenarioNotReady, name));
        }
    }
    Ok(found)
}

/// Why a visit is not for a shopper any more, or for none: somebody else has it, or its evaluation was handed in.
pub(super) async fn of_visit(
    tx: &Tx,
    agency: AgencyId,
    visit: &Visit,
    shopper: Option<UserId>,
) -> Result<Vec<Obstacle>, Error> {
    if !visit.state.is_to_do() {
        return Ok(vec![Obstacle::of_state(ObstacleCode::HandedIn, None)]);
    }
    let all = assignments::list_of_visits(tx, agency, &[visit.id]).await?;
    let is_taken = all
        .iter()
        .any(|one| one.state.is_live() && Some(one.shopper) != shopper);
    let taken = is_taken.then(|| Obstacle::of_state(ObstacleCode::VisitTaken, None));
    Ok(taken.into_iter().collect())
}

/// Why a visit cannot be given, in one sentence.
pub(super) fn sentence(obstacle: &Obstacle) -> String {
    let detail = obstacle.detail.as_deref().unwrap_or_default();
    match obstacle.code {
        ObstacleCode::ProgrammeNotActive => format!("The programme is {detail}; it must be active."),
        ObstacleCode::VisitCalledOff if detail.is_empty() => {
            "The visit is not to be made any more.".to_owned()
        }
        ObstacleCode::VisitCalledOff => format!("The visit is not to be made any more: {detail}"),
        ObstacleCode::ScenarioNotReady => "The scenario of the visit is not ready for use.".to_owned(),
        other => format!("The visit cannot be given: {}.", other.as_str()),
    }
}
