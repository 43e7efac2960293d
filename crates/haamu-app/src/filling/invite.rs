//! Asking shoppers whether they want a visit.

use std::collections::BTreeSet;

use haamu_domain::daily::Counted;
use haamu_domain::filling::{Board, NoticeKind};
use haamu_domain::{Actor, AuditEvent, Target, UserId, Verb, VisitId};
use haamu_store::Tx;
use haamu_store::repo::plans::{self, VisitPlan};
use haamu_store::repo::{identity, job_invitations, offer_notices, visits};
use serde_json::json;

use crate::context::{require, require_in_agency};
use crate::error::{Checks, no_such};
use crate::{App, Error};

use super::plan::{lock_open, require_to_be_made};

/// At most so many shoppers are asked about a visit at once.
const MAX_INVITED: usize = 500;

impl App {
    /// Asks shoppers whether they want a visit, which goes on the board if it is not there. Whoever was asked is not
    /// asked again, also if they declined; unless that invitation is withdrawn first.
    ///
    /// # Errors
    /// There is no such visit, it is not to be made any more, somebody is no shopper of the agency, or
    /// [`Code::DailyLimit`](haamu_domain::Code::DailyLimit).
    pub async fn invite_shoppers(
        &self,
        actor: &Actor,
        id: VisitId,
        shoppers: &[UserId],
    ) -> Result<(), Error> {
        require_in_agency(actor, Verb::InviteShoppers)?;
        if shoppers.is_empty() || shoppers.len() > MAX_INVITED {
            let mut checks = Checks::default();
            checks.issue(
                "shoppers",
                "out_of_range",
                format!("between 1 and {MAX_INVITED} shoppers at once"),
            );
            checks.finish()?;
        }
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let visit = lock_open(tx, actor, Verb::InviteShoppers, id).await?;
            let known = identity::list_shoppers(tx, actor.agency, shoppers).await?;
            if let Some(index) = shoppers.iter().position(|shopper| !known.contains(shopper)) {
                return Err(no_such(format!("shoppers[{index}]"), "shopper of the agency"));
            }
            let plan = plans::load(tx, actor.agency, id, visit.round).await?;
            require_to_be_made(&plan)?;
            if plan.board.is_none() {
                let board = Some(Board::Apply);
                plans::put(tx, actor.agency, &VisitPlan { board, ..plan }).await?;
            }
            let asked = job_invitations::list(tx, actor.agency, &[id]).await?;
            let new: BTreeSet<_> = shoppers.iter().copied().collect();
            let new: Vec<_> = new
                .into_iter()
                .filter(|one| !asked.contains_key(&(id, *one)))
                .collect();
            let limit = self.settings().identity.daily.job_invitations;
            self.count_caused(tx, actor, Counted::JobInvitations, new.len(), limit)
                .await?;
            job_invitations::insert(tx, actor.agency, id, &new, actor.user, self.now()).await?;
            self.tell_of_offers(tx, actor.agency, &new, (id, None), NoticeKind::Invited)
                .await?;
            let event = AuditEvent::of(Verb::InviteShoppers, "visit", id);
            Ok(((), event.with(json!({"shoppers": shoppers.len()}))))
        })
        .await
    }

    /// Takes an invitation to a visit back, also one that was declined. Whoever has not been told of it is not told.
    ///
    /// # Errors
    /// There is no such visit, or the shopper was not asked.
    pub async fn withdraw_job_invitation(
        &self,
        actor: &Actor,
        id: VisitId,
        shopper: UserId,
    ) -> Result<(), Error> {
        require_in_agency(actor, Verb::InviteShoppers)?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let visit = visits::find(tx, actor.agency, id).await?;
            let visit = visit.ok_or_else(|| Error::not_found("visit"))?;
            let target = Target::of_client(actor.agency, visit.client_organisation);
            require(actor, Verb::InviteShoppers, &target, "visit")?;
            if !job_invitations::delete(tx, actor.agency, id, shopper).await? {
                return Err(Error::not_found("invitation"));
            }
            offer_notices::forget(tx, actor.agency, shopper, id, NoticeKind::Invited).await?;
            let event = AuditEvent::of(Verb::InviteShoppers, "visit", id);
            Ok(((), event.with(json!({"withdrawn": shopper}))))
        })
        .await
    }

    /// The shopper does not want a visit that they were asked about. Plans do not give it to them, unless they ask for
    /// it after all.
    ///
    /// # Errors
    /// They were not asked, or have declined before.
    pub async fn decline_job_invitation(&self, actor: &Actor, id: VisitId) -> Result<(), Error> {
        require_in_agency(actor, Verb::ApplyForJob)?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            if !job_invitations::decline(tx, actor.agency, id, actor.user, self.now()).await? {
                return Err(Error::not_found("invitation"));
            }
            let event = AuditEvent::of(Verb::ApplyForJob, "visit", id);
            Ok(((), event.with(json!({"did": "declined_invitation"}))))
        })
        .await
    }
}
