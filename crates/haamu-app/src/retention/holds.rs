//! Visits of which nothing is deleted: somebody has to be able to show what happened.

use haamu_domain::{Actor, AuditEvent, Target, Verb, VisitId};
use haamu_store::Tx;
use haamu_store::repo::purge_files;
use haamu_store::repo::retention::{self, Hold};
use haamu_store::repo::visits;

use crate::context::{require, require_in_agency};
use crate::error::Checks;
use crate::{App, Error};

impl App {
    /// Keeps anything of a visit from being deleted. What is deleted already stays so. A hold that is there already
    /// is given the new reason.
    ///
    /// # Errors
    /// The role may not do this, there is no such visit, or the reason is missing.
    pub async fn hold_visit(&self, actor: &Actor, id: VisitId, reason: &str) -> Result<Hold, Error> {
        require_in_agency(actor, Verb::HoldVisit)?;
        let mut checks = Checks::default();
        let reason = checks.text("reason", reason, 1_000);
        checks.finish()?;
        let reason = &reason;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            require_visit(tx, actor, id).await?;
            purge_files::take_back(tx, actor.agency, id).await?;
            let hold = Hold {
                visit: id,
                reason: reason.clone(),
                placed_by: actor.user,
                placed_at: self.now(),
            };
            retention::hold(tx, actor.agency, &hold).await?;
            Ok((hold, AuditEvent::of(Verb::HoldVisit, "visit", id)))
        })
        .await
    }

    /// Lifts a hold. What has become due meanwhile goes in the next night.
    ///
    /// # Errors
    /// The role may not do this, or there is no such visit that is held.
    pub async fn lift_hold(&self, actor: &Actor, id: VisitId) -> Result<(), Error> {
        require_in_agency(actor, Verb::HoldVisit)?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            require_visit(tx, actor, id).await?;
            if !retention::lift(tx, actor.agency, id).await? {
                return Err(Error::not_found("hold"));
            }
            let event = AuditEvent::of(Verb::HoldVisit, "visit", id);
            Ok(((), event.with(serde_json::json!({"lifted": true}))))
        })
        .await
    }
}

/// The visit is locked: a purge that goes on meanwhile sees the hold, or was before it.
async fn require_visit(tx: &Tx, actor: &Actor, id: VisitId) -> Result<(), Error> {
    let visit = visits::lock(tx, actor.agency, id).await?;
    let visit = visit.ok_or_else(|| Error::not_found("visit"))?;
    let target = Target::of_client(actor.agency, visit.client_organisation);
    require(actor, Verb::HoldVisit, &target, "visit")
}
