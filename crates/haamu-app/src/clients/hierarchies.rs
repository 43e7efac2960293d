//! Trees over the locations of a client organisation, and who answers for which part of them.

use std::collections::BTreeSet;

use haamu_domain::hierarchy::MoveError;
use haamu_domain::{
    Actor, AgencyId, AuditEvent, ClientOrganisationId, Code, HierarchyId, LocalDate, LocationId, UnitId,
    UserId, Verb,
};
use haamu_store::Tx;
use haamu_store::repo::hierarchies::{self, HierarchyRecord, Unit};
use haamu_store::repo::{clients, identity};
use serde_json::json;

use crate::context::require_in_agency;
use crate::error::{Checks, Issue};
use crate::{App, Error};

use super::manage::load_client;
use super::unit_reach::unit_reach;

/// At most so many locations are placed at once.
const MAX_PLACED: usize = 10_000;

/// A unit to be added.
#[derive(Clone, Debug)]
pub struct UnitInput {
    /// Its name.
    pub name: String,
    /// The client's own key for it.
    pub external_id: Option<String>,
    /// The unit that it hangs below; none at the top.
    pub parent: Option<UnitId>,
    /// From which day on; today if absent.
    pub from: Option<LocalDate>,
}

/// What is to change about a unit.
#[derive(Clone, Debug, Default)]
pub struct UnitPatch {
    /// Another name.
    pub name: Option<String>,
    /// Another place in the tree: below a unit, or at the top.
    pub parent: Option<Option<UnitId>>,
    /// From which day on it hangs there; today if absent.
    pub from: Option<LocalDate>,
}

/// A unit as it is on a date.
#[derive(Clone, Debug)]
pub struct UnitView {
    /// The unit.
    pub unit: Unit,
    /// The unit that it hangs below.
    pub parent: Option<UnitId>,
    /// The locations that belong to it directly.
    pub locations: Vec<LocationId>,
}

impl App {
    /// Adds a tree over the locations of a client organisation.
    ///
    /// # Errors
    /// There is no such client organisation, or the name is missing or taken.
    pub async fn create_hierarchy(
        &self,
        actor: &Actor,
        client: ClientOrganisationId,
        name: &str,
    ) -> Result<HierarchyRecord, Error> {
        require_in_agency(actor, Verb::ManageHierarchies)?;
        let mut checks = Checks::default();
        let name = &checks.text("name", name, 100);
        checks.finish()?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            load_client(tx, actor, Verb::ManageHierarchies, client).await?;
            let new = HierarchyRecord {
                id: HierarchyId::from_uuid(self.fresh_uuid()),
                client_organisation: client,
                name: name.clone(),
                row_version: 1,
            };
            hierarchies::insert(tx, actor.agency, &new, self.now()).await?;
            let event = AuditEvent::named("hierarchy.create", "hierarchy", new.id);
            Ok((new, event))
        })
        .await
    }

    /// The trees of a client organisation; for a client's person with units, those that these are of.
    ///
    /// # Errors
    /// There is no such client organisation within reach.
    pub async fn list_hierarchies(
        &self,
        actor: &Actor,
        client: ClientOrganisationId,
    ) -> Result<Vec<HierarchyRecord>, Error> {
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            load_client(tx, actor, Verb::ReadHierarchies, client).await?;
            let mut trees = hierarchies::list(tx, actor.agency, client).await?;
            if let Some(only) = unit_reach(tx, actor, self.today()).await? {
                trees.retain(|tree| only.trees.contains(&tree.id));
            }
            Ok(trees)
        })
        .await
    }

    /// Adds a unit to a tree.
    ///
    /// # Errors
    /// There is no such tree or parent, fields are out of range, or the tree would become too deep.
    pub async fn create_unit(
        &self,
        actor: &Actor,
        hierarchy: HierarchyId,
        input: &UnitInput,
    ) -> Result<UnitView, Error> {
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            load_locked(tx, actor, hierarchy).await?;
            let mut checks = Checks::default();
            let name = checks.text("name", &input.name, 200);
            let external_id = input
                .external_id
                .as_ref()
                .map(|id| checks.text("external_id", id, 100));
            checks.finish()?;
            let unit = Unit {
                id: UnitId::from_uuid(self.fresh_uuid()),
                hierarchy,
                name,
                external_id,
            };
            hierarchies::insert_unit(tx, actor.agency, &unit, self.now()).await?;
            let from = input.from.unwrap_or_else(|| self.today());
            hang(tx, actor.agency, &unit, input.parent, from).await?;
            let event = AuditEvent::named("unit.create", "unit", unit.id);
            let view = UnitView {
                unit,
                parent: input.parent,
                locations: Vec::new(),
            };
            Ok((view, event))
        })
        .await
    }

    /// Renames a unit, or lets it hang elsewhere from a day on. What was before that day stays as it was.
    ///
    /// # Errors
    /// There is no such unit or parent, or the unit would come to lie below itself.
    pub async fn update_unit(&self, actor: &Actor, id: UnitId, patch: &UnitPatch) -> Result<UnitView, Error> {
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let mut unit = load_unit(tx, actor, id).await?;
            load_locked(tx, actor, unit.hierarchy).await?;
            // Read again under the lock: somebody may have renamed it meanwhile.
            unit = load_unit(tx, actor, id).await?;
            let mut checks = Checks::default();
            if let Some(name) = &patch.name {
                unit.name = checks.text("name", name, 200);
                checks.finish()?;
                hierarchies::rename_unit(tx, id, &unit.name).await?;
            }
            let from = patch.from.unwrap_or_else(|| self.today());
            if let Some(parent) = patch.parent {
                hang(tx, actor.agency, &unit, parent, from).await?;
            }
            let history = hierarchies::load_history(tx, actor.agency, unit.hierarchy).await?;
            let view = view(&history, unit, from);
            let event = AuditEvent::named("unit.update", "unit", id).with(json!({"from": from.to_string()}));
            Ok((view, event))
        })
        .await
    }

    /// The units of a tree as it was, is or will be on a date, by name; those that were not there then are left out, and
    /// so is what a client's person with units does not see today.
    ///
    /// # Errors
    /// There is no such tree within reach.
    pub async fn list_units(
        &self,
        actor: &Actor,
        hierarchy: HierarchyId,
        on: Option<LocalDate>,
    ) -> Result<Vec<UnitView>, Error> {
        let on = on.unwrap_or_else(|| self.today());
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let found = hierarchies::find(tx, actor.agency, hierarchy).await?;
            let found = found.ok_or_else(|| Error::not_found("hierarchy"))?;
            load_client(tx, actor, Verb::ReadHierarchies, found.client_organisation).await?;
            let mut history = hierarchies::load_history(tx, actor.agency, hierarchy).await?;
            if let Some(only) = unit_reach(tx, actor, self.today()).await? {
                only.require_tree(hierarchy)?;
                only.narrow(&mut history);
            }
            let there = history.parents(on);
            let units = hierarchies::list_units(tx, actor.agency, hierarchy).await?;
            let units = units.into_iter().filter(|unit| there.contains_key(&unit.id));
            let mut views: Vec<UnitView> = units.map(|unit| view(&history, unit, on)).collect();
            views.sort_by(|a, b| (&a.unit.name, a.unit.id).cmp(&(&b.unit.name, b.unit.id)));
            Ok(views)
        })
        .await
    }

    /// Lets locations belong to a unit from a day on, and to no other of its tree; with none, they
    /// leave the tree.
    ///
    /// # Errors
    /// There is no such tree, unit or location of the same client organisation.
    pub async fn place_locations(
        &self,
        actor: &Actor,
        hierarchy: HierarchyId,
        unit: Option<UnitId>,
        locations: &BTreeSet<LocationId>,
        from: Option<LocalDate>,
    ) -> Result<(), Error> {
        let from = from.unwrap_or_else(|| self.today());
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let tree = load_locked(tx, actor, hierarchy).await?;
            if locations.len() > MAX_PLACED {
                let detail = format!("At most {MAX_PLACED} locations at once.");
                return Err(Error::because(Code::PayloadTooLarge, detail));
            }
            if let Some(unit) = unit {
                let history = hierarchies::load_history(tx, actor.agency, hierarchy).await?;
                if !history.parents(from).contains_key(&unit) {
                    return Err(issue("unit", "not_found", "the tree has no such unit on that day"));
                }
            }
            let ids: Vec<LocationId> = locations.iter().copied().collect();
            let known =
                clients::count_locations(tx, actor.agency, tree.client_organisation, &ids).await?;
            if known != ids.len() {
                let message = "not all of them are locations of the client organisation";
                return Err(issue("locations", "not_found", message));
            }
            hierarchies::place_locations(tx, actor.agency, hierarchy, unit, &ids, from).await?;
            let detail = json!({"unit": unit.map(|unit| unit.to_string()), "locations": ids.len(), "from": from.to_string()});
            let event = AuditEvent::named("hierarchy.place", "hierarchy", hierarchy).with(detail);
            Ok(((), event))
        })
        .await
    }

    /// The units that a client's person is responsible for, with all below them; none: all of the client organisation.
    ///
    /// # Errors
    /// There is no such person of a client.
    pub async fn list_member_units(&self, actor: &Actor, user: UserId) -> Result<Vec<Unit>, Error> {
        require_in_agency(actor, Verb::ListUsers)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            client_of(tx, actor, user).await?;
            Ok(hierarchies::list_member_units(tx, actor.agency, user).await?)
        })
        .await
    }

    /// Makes a client's person responsible for these units and all below them; with none, for all of
    /// the client organisation.
    ///
    /// # Errors
    /// There is no such person of a client, or no such unit of their client organisation.
    pub async fn set_member_units(
        &self,
        actor: &Actor,
        user: UserId,
        units: &BTreeSet<UnitId>,
    ) -> Result<Vec<Unit>, Error> {
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            require_in_agency(actor, Verb::AssignUnits)?;
            let client = client_of(tx, actor, user).await?;
            let mut found = Vec::with_capacity(units.len());
            for id in units {
                let unit = hierarchies::find_unit(tx, actor.agency, *id).await?;
                let tree = match &unit {
                    Some(unit) => hierarchies::find(tx, actor.agency, unit.hierarchy).await?,
                    None => None,
                };
                let is_of_client = tree.is_some_and(|tree| tree.client_organisation == client);
                match unit.filter(|_| is_of_client) {
                    Some(unit) => found.push(unit),
                    None => return Err(issue("units", "not_found", "there is no such unit")),
                }
            }
            let ids: Vec<UnitId> = units.iter().copied().collect();
            hierarchies::set_member_units(tx, actor.agency, user, &ids).await?;
            let detail = json!({"units": ids.len()});
            let event = AuditEvent::of(Verb::AssignUnits, "user", user).with(detail);
            Ok((found, event))
        })
        .await
    }
}

fn view(history: &haamu_domain::hierarchy::Hierarchy, unit: Unit, on: LocalDate) -> UnitView {
    let places = history.places.iter().filter(|place| place.span.has(on));
    UnitView {
        parent: history.parents(on).get(&unit.id).copied().flatten(),
        locations: places
            .filter(|place| place.unit == unit.id)
            .map(|place| place.location)
            .collect(),
        unit,
    }
}

/// The client organisation of a person.
async fn client_of(tx: &Tx, actor: &Actor, user: UserId) -> Result<ClientOrganisationId, Error> {
    let member = identity::find_membership(tx, actor.agency, user).await?;
    let client = member.and_then(|member| member.client_organisation);
    client.ok_or_else(|| Error::not_found("person of a client"))
}

async fn load_unit(tx: &Tx, actor: &Actor, id: UnitId) -> Result<Unit, Error> {
    let found = hierarchies::find_unit(tx, actor.agency, id).await?;
    found.ok_or_else(|| Error::not_found("unit"))
}

/// A tree that the actor may change, locked.
pub(super) async fn load_locked(tx: &Tx, actor: &Actor, id: HierarchyId) -> Result<HierarchyRecord, Error> {
    require_in_agency(actor, Verb::ManageHierarchies)?;
    let found = hierarchies::lock(tx, actor.agency, id).await?;
    found.ok_or_else(|| Error::not_found("hierarchy"))
}

/// Lets a unit hang below a parent, if that keeps the tree a tree.
async fn hang(
    tx: &Tx,
    agency: AgencyId,
    unit: &Unit,
    parent: Option<UnitId>,
    from: LocalDate,
) -> Result<(), Error> {
    let mut history = hierarchies::load_history(tx, agency, unit.hierarchy).await?;
    // What was to come for this unit falls away with the move.
    history
        .units
        .retain(|span| span.unit != unit.id || span.span.from < from);
    history.check_move(unit.id, parent, from).map_err(|error| {
        let code = match error {
            MoveError::Cycle => "cycle",
            MoveError::TooDeep => "too_deep",
            _ => "not_found",
        };
        issue("parent", code, &error.to_string())
    })?;
    Ok(hierarchies::hang_unit(tx, agency, unit, parent, from).await?)
}

fn issue(path: &str, code: &str, message: &str) -> Error {
    let issue = Issue {
        path: path.to_owned(),
        code: code.to_owned(),
        message: message.to_owned(),
    };
    Error::with_issues(Code::ValidationFailed, vec![issue])
}
