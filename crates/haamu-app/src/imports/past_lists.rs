//! Visits from before Haamu: read, and removed where one is wrong.

use haamu_domain::{Actor, AuditEvent, LocationId, Role, Target, UserId, Verb};
use haamu_store::Tx;
use haamu_store::repo::past_visits::{self, PastVisit};
use haamu_store::repo::{clients, identity};
use serde_json::json;
use uuid::Uuid;

use crate::context::{PAGE_SIZE, Page, require, require_in_agency};
use crate::{App, Error};

impl App {
    /// The visits from before Haamu of a shopper.
    ///
    /// # Errors
    /// There is no such shopper.
    pub async fn list_past_visits_of_shopper(
        &self,
        actor: &Actor,
        shopper: UserId,
        after: Option<Uuid>,
    ) -> Result<Page<PastVisit>, Error> {
        require_in_agency(actor, Verb::ImportPastVisits)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let member = identity::find_membership(tx, actor.agency, shopper).await?;
            if member.is_none_or(|member| member.role != Role::Shopper) {
                return Err(Error::not_found("shopper"));
            }
            let found = past_visits::list_of_shopper(tx, actor.agency, shopper, after, PAGE_SIZE).await?;
            Ok(page(found))
        })
        .await
    }

    /// The visits from before Haamu to a location.
    ///
    /// # Errors
    /// There is no such location.
    pub async fn list_past_visits_at_location(
        &self,
        actor: &Actor,
        location: LocationId,
        after: Option<Uuid>,
    ) -> Result<Page<PastVisit>, Error> {
        require_in_agency(actor, Verb::ImportPastVisits)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            require_place(tx, actor, location, "location").await?;
            let found = past_visits::list_at_location(tx, actor.agency, location, after, PAGE_SIZE).await?;
            Ok(page(found))
        })
        .await
    }

    /// Removes a visit from before Haamu: rotation counts it no more, and its key is free.
    ///
    /// # Errors
    /// There is no such visit.
    pub async fn delete_past_visit(&self, actor: &Actor, id: Uuid) -> Result<(), Error> {
        require_in_agency(actor, Verb::ImportPastVisits)?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let missing = || Error::not_found("visit from before");
            let found = past_visits::find(tx, actor.agency, id).await?;
            let found = found.ok_or_else(missing)?;
            require_place(tx, actor, found.location, "visit from before").await?;
            if !past_visits::delete(tx, actor.agency, id).await? {
                return Err(missing());
            }
            let event = AuditEvent::named("past_visit.delete", "past_visit", id);
            let event = event.with(json!({"shopper": found.user, "location": found.location,
                "visited_on": found.visited_on.to_string(), "came_along": found.as_companion}));
            Ok(((), event))
        })
        .await
    }
}

fn page((items, has_more): (Vec<PastVisit>, bool)) -> Page<PastVisit> {
    Page::new(items, has_more, |visit: &PastVisit| visit.id)
}

/// Refuses a place that the actor does not reach; else there is no `what`.
async fn require_place(tx: &Tx, actor: &Actor, id: LocationId, what: &'static str) -> Result<(), Error> {
    let place = clients::find_location(tx, actor.agency, id).await?;
    let place = place.ok_or_else(|| Error::not_found(what))?;
    let target = Target::of_client(actor.agency, place.client_organisation);
    require(actor, Verb::ImportPastVisits, &target, what)
}
