//! How far a client's person sees who answers for some units of their organisation.

use std::collections::BTreeSet;

use haamu_domain::hierarchy::Hierarchy;
use haamu_domain::{Actor, HierarchyId, LocalDate, LocationId, UnitId};
use haamu_store::Tx;
use haamu_store::repo::hierarchies;

use crate::Error;

/// What somebody sees: their units and all below them. By the trees as they are now: whoever takes over a location sees
/// its history, and whoever gives it away does not see it any more.
pub(crate) struct UnitReach {
    /// The trees that their units are of.
    pub(super) trees: BTreeSet<HierarchyId>,
    units: BTreeSet<UnitId>,
    locations: BTreeSet<LocationId>,
}

impl UnitReach {
    /// Refuses a tree of which they have no unit.
    pub(super) fn require_tree(&self, id: HierarchyId) -> Result<(), Error> {
        let is_theirs = self.trees.contains(&id);
        is_theirs
            .then_some(())
            .ok_or_else(|| Error::not_found("hierarchy"))
    }

    /// Refuses a unit that is none of theirs.
    pub(crate) fn require_unit(&self, id: UnitId) -> Result<(), Error> {
        let is_theirs = self.units.contains(&id);
        is_theirs.then_some(()).ok_or_else(|| Error::not_found("unit"))
    }

    /// Leaves of a tree what they see. A unit of theirs below one that is not stands at the top.
    pub(super) fn narrow(&self, tree: &mut Hierarchy) {
        tree.units.retain(|span| self.units.contains(&span.unit));
        for span in &mut tree.units {
            span.parent = span.parent.filter(|parent| self.units.contains(parent));
        }
        tree.places
            .retain(|place| self.locations.contains(&place.location));
    }

    /// The locations.
    pub(crate) fn into_locations(self) -> BTreeSet<LocationId> {
        self.locations
    }
}

/// What the actor sees of a client organisation; none: all of it, or what another rule says.
pub(crate) async fn unit_reach(tx: &Tx, actor: &Actor, today: LocalDate) -> Result<Option<UnitReach>, Error> {
    if !actor.role.is_client() {
        return Ok(None);
    }
    let own = hierarchies::list_member_units(tx, actor.agency, actor.user).await?;
    if own.is_empty() {
        return Ok(None);
    }
    let mut reach = UnitReach {
        trees: own.iter().map(|unit| unit.hierarchy).collect(),
        units: own.iter().map(|unit| unit.id).collect(),
        locations: BTreeSet::new(),
    };
    for tree in &reach.trees {
        let history = hierarchies::load_history(tx, actor.agency, *tree).await?;
        for unit in own.iter().filter(|unit| unit.hierarchy == *tree) {
            reach.units.extend(history.subtree(unit.id, today));
            reach.locations.extend(history.locations(unit.id, today));
        }
    }
    Ok(Some(reach))
}

/// The locations that a client's person may see; none: all of their client organisation.
pub(crate) async fn reach(
    tx: &Tx,
    actor: &Actor,
    today: LocalDate,
) -> Result<Option<BTreeSet<LocationId>>, Error> {
    let reach = unit_reach(tx, actor, today).await?;
    Ok(reach.map(UnitReach::into_locations))
}
