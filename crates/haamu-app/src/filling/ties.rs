//! Ties of shoppers to client organisations: those that they declare, and those that the agency learns of.

use haamu_domain::{Actor, AuditEvent, ClientOrganisationId, Code, LocationId, Role, TieId, UserId, Verb};
use haamu_store::Tx;
use haamu_store::repo::ties::{self, Tie};
use haamu_store::repo::{clients, identity};
use serde_json::{Value, json};

use crate::error::{Checks, no_such};
use crate::{App, Error};

use super::panel::{own_or, require_shopper};

/// A tie to be declared or recorded.
#[derive(Clone, Debug)]
pub struct TieInput {
    /// To whom.
    pub client_organisation: ClientOrganisationId,
    /// To one location only.
    pub location: Option<LocationId>,
    /// What it is.
    pub reason: String,
}

impl App {
    /// Declares a tie to a client organisation or one of its locations: its visits are not for this shopper. The agency
    /// records one of whom it says, as it learns of it.
    ///
    /// # Errors
    /// There is no such shopper, client organisation or location of it, or the reason is missing.
    pub async fn create_tie(
        &self,
        actor: &Actor,
        of: Option<UserId>,
        input: &TieInput,
    ) -> Result<Tie, Error> {
        let user = own_or(actor, of)?;
        let mut checks = Checks::default();
        let reason = &checks.text("reason", &input.reason, 1_000);
        checks.finish()?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            require_shopper(tx, actor, user).await?;
            let client = clients::find(tx, actor.agency, input.client_organisation).await?;
            if client.is_none() {
                return Err(no_such("client_organisation".to_owned(), "client organisation"));
            }
            if let Some(location) = input.location {
                let place = clients::find_location(tx, actor.agency, location).await?;
                if place.is_none_or(|place| place.client_organisation != input.client_organisation) {
                    return Err(no_such(
                        "location".to_owned(),
                        "location of the client organisation",
                    ));
                }
            }
            // Offers that are made meanwhile are judged before or after it.
            identity::lock_membership(tx, actor.agency, user).await?;
            let new = Tie {
                id: TieId::from_uuid(self.fresh_uuid()),
                user,
                client_organisation: input.client_organisation,
                location: input.location,
                reason: reason.clone(),
                recorded_by: of.map(|_| actor.user),
            };
            ties::insert(tx, actor.agency, &new, self.now()).await?;
            let event = AuditEvent::of(verb(actor), "tie", new.id);
            Ok((new.clone(), event.with(told(&new, "created"))))
        })
        .await
    }

    /// The ties of a shopper that hold: their own, or those of whom the agency says.
    ///
    /// # Errors
    /// There is no such shopper.
    pub async fn list_ties(&self, actor: &Actor, of: Option<UserId>) -> Result<Vec<Tie>, Error> {
        let user = own_or(actor, of)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            require_shopper(tx, actor, user).await?;
            Ok(ties::list(tx, actor.agency, user).await?)
        })
        .await
    }

    /// Says that a tie is no more. Shoppers end what they declared; what the agency recorded, the agency ends.
    ///
    /// # Errors
    /// There is no such tie of the shopper, or a shopper means one that the agency recorded.
    pub async fn end_tie(&self, actor: &Actor, of: Option<UserId>, id: TieId) -> Result<(), Error> {
        let user = own_or(actor, of)?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            // Of two who end it at a time, the second finds it ended.
            identity::lock_membership(tx, actor.agency, user).await?;
            let found = ties::find(tx, actor.agency, user, id).await?;
            let found = found.ok_or_else(|| Error::not_found("tie"))?;
            if of.is_none() && found.recorded_by.is_some() {
                let detail = "The agency recorded this tie; ask the coordinator to end it.";
                return Err(Error::because(Code::NotPossibleInState, detail));
            }
            ties::end(tx, id, self.now()).await?;
            let event = AuditEvent::of(verb(actor), "tie", id);
            Ok(((), event.with(told(&found, "ended"))))
        })
        .await
    }
}

const fn verb(actor: &Actor) -> Verb {
    match actor.role {
        Role::Shopper => Verb::ManageOwnProfile,
        _ => Verb::ManagePanel,
    }
}

/// What the audit trail says about a tie; what it is stays with it.
fn told(tie: &Tie, what: &str) -> Value {
    json!({"change": what, "shopper": tie.user, "client_organisation": tie.client_organisation,
        "location": tie.location})
}
