//! Other names for client organisations and for their trees, and who learns of them.

use std::collections::BTreeMap;

use haamu_domain::brief::assignment_entity;
use haamu_domain::{
    Actor, AgencyId, AuditEvent, ClientOrganisationId, Code, HierarchyId, Target, UserId, Verb, VisitId,
};
use haamu_store::repo::clients::{self, ClientOrganisation};
use haamu_store::repo::feed::{self, FeedChange};
use haamu_store::repo::hierarchies::{self, HierarchyRecord};
use haamu_store::repo::{assignments, visits};
use haamu_store::{Reach, Tx};
use serde_json::json;

use crate::context::{require, require_in_agency};
use crate::error::Checks;
use crate::jobs::Job;
use crate::visits::scope_of;
use crate::{App, Error};

use super::hierarchies::load_locked;
use super::{load_client, unit_reach};

/// Whoever has so many visits is told in one transaction.
const VISITS_AT_ONCE: u64 = 200;

impl App {
    /// A client organisation.
    ///
    /// # Errors
    /// There is no such client organisation within reach.
    pub async fn read_client_organisation(
        &self,
        actor: &Actor,
        id: ClientOrganisationId,
    ) -> Result<ClientOrganisation, Error> {
        require_in_agency(actor, Verb::ReadClientOrganisations)?;
        self.look(actor.agency, |tx: Tx| async move {
            load_client(&tx, actor, Verb::ReadClientOrganisations, id).await
        })
        .await
    }

    /// Renames a client organisation. Whoever has a visit of it to make sees the new name; jobs tell their devices.
    /// With `based_on`, only if it has that revision still.
    ///
    /// # Errors
    /// There is no such client organisation, the name is missing or taken, or [`Code::Conflict`].
    pub async fn rename_client_organisation(
        &self,
        actor: &Actor,
        id: ClientOrganisationId,
        name: Option<&str>,
        based_on: Option<i64>,
    ) -> Result<ClientOrganisation, Error> {
        require_in_agency(actor, Verb::UpdateClientOrganisation)?;
        let mut checks = Checks::default();
        let name = name.map(|name| checks.text("name", name, 200));
        checks.finish()?;
        let name = &name;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            load_client(tx, actor, Verb::UpdateClientOrganisation, id).await?;
            let found = clients::lock(tx, actor.agency, id).await?;
            let mut client = found.ok_or_else(|| Error::not_found("client organisation"))?;
            if based_on.is_some_and(|based_on| based_on != client.row_version) {
                return Err(Error::refused(Code::Conflict));
            }
            let name = name.clone().unwrap_or_else(|| client.name.clone());
            let is_renamed = client.name != name;
            if is_renamed {
                client.name = name;
                clients::rename(tx, &client).await?;
                client.row_version += 1;
                let job = Job::TellOfClient {
                    client: id,
                    after: None,
                };
                self.enqueue(tx, actor.agency, &job, self.now()).await?;
            }
            let event = AuditEvent::of(Verb::UpdateClientOrganisation, "client_organisation", id);
            Ok((client, event.with(json!({"name": is_renamed}))))
        })
        .await
    }

    /// A tree over the locations of a client organisation.
    ///
    /// # Errors
    /// There is no such tree within reach.
    pub async fn read_hierarchy(&self, actor: &Actor, id: HierarchyId) -> Result<HierarchyRecord, Error> {
        require_in_agency(actor, Verb::ReadHierarchies)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let found = hierarchies::find(tx, actor.agency, id).await?;
            let found = found.ok_or_else(|| Error::not_found("hierarchy"))?;
            let target = Target::of_client(actor.agency, found.client_organisation);
            require(actor, Verb::ReadHierarchies, &target, "hierarchy")?;
            if let Some(only) = unit_reach(tx, actor, self.today()).await? {
                only.require_tree(id)?;
            }
            Ok(found)
        })
        .await
    }

    /// Renames a tree. With `based_on`, only if it has that revision still.
    ///
    /// # Errors
    /// There is no such tree, the name is missing or taken, or [`Code::Conflict`].
    pub async fn rename_hierarchy(
        &self,
        actor: &Actor,
        id: HierarchyId,
        name: Option<&str>,
        based_on: Option<i64>,
    ) -> Result<HierarchyRecord, Error> {
        require_in_agency(actor, Verb::ManageHierarchies)?;
        let mut checks = Checks::default();
        let name = name.map(|name| checks.text("name", name, 100));
        checks.finish()?;
        let name = &name;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let mut tree = load_locked(tx, actor, id).await?;
            if based_on.is_some_and(|based_on| based_on != tree.row_version) {
                return Err(Error::refused(Code::Conflict));
            }
            let name = name.clone().unwrap_or_else(|| tree.name.clone());
            let is_renamed = tree.name != name;
            if is_renamed {
                tree.name = name;
                hierarchies::rename(tx, &tree).await?;
                tree.row_version += 1;
            }
            let event = AuditEvent::named("hierarchy.update", "hierarchy", id);
            Ok((tree, event.with(json!({"name": is_renamed}))))
        })
        .await
    }

    /// Tells the devices of whoever has visits of a client organisation to make that their briefs read otherwise: of
    /// the next visits after one, and then in a further job of those that are left. Doing it once more tells them
    /// what they know.
    pub(crate) async fn tell_of_client(
        &self,
        agency: AgencyId,
        client: ClientOrganisationId,
        after: Option<VisitId>,
    ) -> Result<(), Error> {
        self.inner
            .db
            .write(Reach::Agency(agency), |tx: Tx| async move {
                let tx = &tx;
                let next = visits::list_to_do_of_client(tx, agency, client, after, VISITS_AT_ONCE).await?;
                // Whoever gives one of them away or takes it back does so before or after.
                visits::lock_many(tx, agency, &next).await?;
                let mut by_shopper: BTreeMap<UserId, Vec<FeedChange>> = BTreeMap::new();
                let all = assignments::list_of_visits(tx, agency, &next).await?;
                for held in all.iter().filter(|held| held.state.is_live()) {
                    by_shopper.entry(held.shopper).or_default().push(FeedChange {
                        entity: assignment_entity(held.id),
                        revoked: None,
                    });
                }
                for (shopper, changes) in by_shopper {
                    feed::append(tx, agency, &scope_of(agency, shopper), &changes).await?;
                }
                if let Some(last) = next.last() {
                    let job = Job::TellOfClient {
                        client,
                        after: Some(*last),
                    };
                    self.enqueue(tx, agency, &job, self.now()).await?;
                }
                Ok::<_, Error>(())
            })
            .await
    }
}
