//! Adding and reading client organisations, and reading locations.

use haamu_domain::{Actor, AuditEvent, ClientOrganisationId, Target, Verb};
use haamu_store::Tx;
use haamu_store::repo::clients::{self, ClientOrganisation, Location};
use uuid::Uuid;

use crate::context::{PAGE_SIZE, Page, require, require_in_agency};
use crate::error::Checks;
use crate::{App, Error};

use super::reach;

impl App {
    /// Adds a client organisation.
    ///
    /// # Errors
    /// The name is missing, or taken.
    pub async fn create_client_organisation(
        &self,
        actor: &Actor,
        name: &str,
    ) -> Result<ClientOrganisation, Error> {
        require_in_agency(actor, Verb::CreateClientOrganisation)?;
        let mut checks = Checks::default();
        let name = checks.text("name", name, 200);
        checks.finish()?;
        let name = &name;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let id = ClientOrganisationId::from_uuid(self.fresh_uuid());
            let client = ClientOrganisation {
                id,
                name: name.clone(),
                row_version: 1,
            };
            clients::insert(tx, actor.agency, &client, self.now()).await?;
            let event = AuditEvent::of(Verb::CreateClientOrganisation, "client_organisation", id);
            Ok((client, event))
        })
        .await
    }

    /// Client organisations that the actor may see.
    ///
    /// # Errors
    /// The role may not do this.
    pub async fn list_client_organisations(
        &self,
        actor: &Actor,
        after: Option<Uuid>,
    ) -> Result<Page<ClientOrganisation>, Error> {
        require_in_agency(actor, Verb::ReadClientOrganisations)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let (items, has_more) =
                clients::list(tx, actor.agency, actor.client_organisation, after, PAGE_SIZE).await?;
            Ok(Page::new(items, has_more, |client: &ClientOrganisation| {
                client.id.uuid()
            }))
        })
        .await
    }

    /// Locations of a client organisation.
    ///
    /// # Errors
    /// There is no such client organisation within reach.
    pub async fn list_locations(
        &self,
        actor: &Actor,
        client: ClientOrganisationId,
        after: Option<Uuid>,
    ) -> Result<Page<Location>, Error> {
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            load_client(tx, actor, Verb::ReadLocations, client).await?;
            let only = reach(tx, actor, self.today()).await?;
            let (items, has_more) =
                clients::list_locations(tx, actor.agency, client, only.as_ref(), after, PAGE_SIZE).await?;
            Ok(Page::new(items, has_more, |location: &Location| {
                location.id.uuid()
            }))
        })
        .await
    }
}

/// A client organisation on which the actor may do `verb`.
pub(crate) async fn load_client(
    tx: &Tx,
    actor: &Actor,
    verb: Verb,
    id: ClientOrganisationId,
) -> Result<ClientOrganisation, Error> {
    require(
        actor,
        verb,
        &Target::of_client(actor.agency, id),
        "client organisation",
    )?;
    clients::find(tx, actor.agency, id)
        .await?
        .ok_or_else(|| Error::not_found("client organisation"))
}
