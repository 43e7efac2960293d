//! What is promised with an offer: what is to be done, in one revision, and what is paid for it. What changes about the
//! programme afterwards changes neither.

use haamu_domain::programme_parts::Fees;
use haamu_domain::{Actor, AgencyId, FeesBrief, ProgrammeId, ScenarioBrief};
use haamu_store::Tx;
use haamu_store::repo::assignments;
use haamu_store::repo::plans::VisitPlan;
use haamu_store::repo::scenarios::{self, ScenarioRecord};
use haamu_store::repo::terms::{self, Terms};

use crate::Error;
use crate::programmes::find_part;

/// Notes in the terms of an offer what is promised with it.
pub(super) async fn promise(
    tx: &Tx,
    actor: &Actor,
    programme: ProgrammeId,
    plan: &VisitPlan,
    terms: &mut Terms,
) -> Result<(), Error> {
    terms.scenario = scenario_of(tx, actor.agency, plan).await?;
    let fees = find_part::<Fees>(tx, actor, programme).await?;
    terms.fees = fees.map(|view| FeesBrief::from(&view.part));
    Ok(())
}

/// Whoever has a visit does what the coordinator plans for it now.
pub(super) async fn promise_scenario(tx: &Tx, agency: AgencyId, plan: &VisitPlan) -> Result<(), Error> {
    for offer in assignments::list_of_visits(tx, agency, &[plan.visit]).await? {
        if offer.state.is_live() {
            let terms = Terms {
                scenario: scenario_of(tx, agency, plan).await?,
                ..terms::load(tx, agency, offer.id).await?
            };
            terms::put(tx, agency, &terms).await?;
        }
    }
    Ok(())
}

async fn scenario_of(tx: &Tx, agency: AgencyId, plan: &VisitPlan) -> Result<Option<ScenarioBrief>, Error> {
    let Some(id) = plan.scenario else {
        return Ok(None);
    };
    let found = scenarios::list_by_ids(tx, agency, &[id]).await?;
    Ok(found.get(&id).map(ScenarioRecord::brief))
}
