//! What coordinators decide by besides the state of a visit: its plan, and the terms and ends of what was offered.

use std::collections::BTreeMap;

use haamu_domain::{
    Actor, AgencyId, AssignmentId, AssignmentState, CompanionId, Target, UserId, Verb, VisitId,
};
use haamu_store::Tx;
use haamu_store::repo::panel::{self, Companion};
use haamu_store::repo::plans::{self, VisitPlan};
use haamu_store::repo::terms::{self, Terms};
use haamu_store::repo::{assignments, identity, visits};
use uuid::Uuid;

use crate::context::{require, require_in_agency};
use crate::{App, Error};

use super::distinct;

/// The terms of an assignment, with whoever comes along.
#[derive(Clone, Debug)]
pub struct TermsView {
    /// The terms.
    pub terms: Terms,
    /// Who comes along, also if they were taken off the shopper's list since.
    pub companion: Option<Companion>,
}

/// What was offered to somebody of a visit, or what they asked for, and what became of it.
#[derive(Clone, Debug)]
pub struct VisitAssignmentView {
    /// The assignment.
    pub id: AssignmentId,
    /// Whose it is or was.
    pub shopper: UserId,
    /// Their name.
    pub shopper_name: String,
    /// Where it is in its life.
    pub state: AssignmentState,
    /// Its terms; none of one that is older than terms.
    pub terms: Option<TermsView>,
}

impl App {
    /// What is planned of a visit besides its place.
    ///
    /// # Errors
    /// There is no such visit.
    pub async fn read_visit_plan(&self, actor: &Actor, id: VisitId) -> Result<VisitPlan, Error> {
        require_in_agency(actor, Verb::ReadVisits)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let visit = visits::find(tx, actor.agency, id).await?;
            let visit = visit.ok_or_else(|| Error::not_found("visit"))?;
            let target = Target::of_client(actor.agency, visit.client_organisation);
            require(actor, Verb::ReadVisits, &target, "visit")?;
            Ok(plans::load(tx, actor.agency, id, visit.round).await?)
        })
        .await
    }

    /// To whom a visit was offered and who asked for it, on what terms, and how it ended; the oldest first.
    ///
    /// # Errors
    /// There is no such visit.
    pub async fn list_visit_assignments(
        &self,
        actor: &Actor,
        id: VisitId,
    ) -> Result<Vec<VisitAssignmentView>, Error> {
        require_in_agency(actor, Verb::ReadApplications)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let agency = actor.agency;
            let visit = visits::find(tx, agency, id).await?;
            let visit = visit.ok_or_else(|| Error::not_found("visit"))?;
            let target = Target::of_client(agency, visit.client_organisation);
            require(actor, Verb::ReadApplications, &target, "visit")?;
            let all = assignments::list_of_visits(tx, agency, &[id]).await?;
            let ids: Vec<_> = all.iter().map(|one| one.id).collect();
            let terms = terms::list(tx, agency, &ids).await?;
            let mut terms = with_companions(tx, agency, terms).await?;
            let names = all.iter().map(|one| one.shopper.uuid()).collect();
            let names: BTreeMap<Uuid, String> = identity::list_names(tx, names).await?.into_iter().collect();
            let view = |one: assignments::Assignment| VisitAssignmentView {
                terms: terms.remove(&one.id),
                shopper_name: names.get(&one.shopper.uuid()).cloned().unwrap_or_default(),
                id: one.id,
                shopper: one.shopper,
                state: one.state,
            };
            Ok(all.into_iter().map(view).collect())
        })
        .await
    }
}

/// Terms with whoever comes along.
pub(super) async fn with_companions(
    tx: &Tx,
    agency: AgencyId,
    found: BTreeMap<AssignmentId, Terms>,
) -> Result<BTreeMap<AssignmentId, TermsView>, Error> {
    let along: Vec<CompanionId> = distinct(found.values().filter_map(|terms| terms.companion));
    let along = panel::list_companions_by_ids(tx, agency, &along).await?;
    let view = |(id, terms): (AssignmentId, Terms)| {
        let companion = terms.companion.and_then(|id| along.get(&id).cloned());
        (id, TermsView { terms, companion })
    };
    Ok(found.into_iter().map(view).collect())
}
