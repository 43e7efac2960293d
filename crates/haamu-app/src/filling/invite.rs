//! Asking shoppers whether they want a visit.

use std::collections::BTreeSet;

use haamu_domain::daily::Counted;
use haamu_domain::filling::{Board, NoticeKind};
use haamu_domain::{Actor, AuditEvent, UserId, Verb, VisitId};
use haamu_store::Tx;
use haamu_store::repo::identity;
use haamu_store::repo::plans::{self, VisitPlan};
use serde_json::json;

use crate::context::require_in_agency;
use crate::error::{Checks, no_such};
use crate::{App, Error};

use super::plan::{lock_open, require_to_be_made};

/// At most so many shoppers are asked about a visit at once.
const MAX_INVITED: usize = 500;

impl App {
    /// Asks shoppers whether they want a visit, which goes on the board if it is not there.
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
            let asked = plans::list_invited(tx, actor.agency, &[id]).await?;
            let new: BTreeSet<_> = shoppers.iter().copied().collect();
            let new: Vec<_> = new
                .into_iter()
                .filter(|one| !asked.contains(&(id, *one)))
                .collect();
            let limit = self.settings().identity.daily.job_invitations;
            self.count_caused(tx, actor, Counted::JobInvitations, new.len(), limit)
                .await?;
            plans::insert_invitations(tx, actor.agency, id, &new, actor.user, self.now()).await?;
            self.tell_of_offers(tx, actor.agency, &new, (id, None), NoticeKind::Invited)
                .await?;
            let event = AuditEvent::of(Verb::InviteShoppers, "visit", id);
            Ok(((), event.with(json!({"shoppers": shoppers.len()}))))
        })
        .await
    }
}
