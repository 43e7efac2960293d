//! Reading and changing one location.

use std::collections::BTreeMap;

use haamu_domain::opening::OpeningHours;
use haamu_domain::{Actor, AuditEvent, LocalDate, LocationId, OperatorKind, Target, Verb};
use haamu_store::Tx;
use haamu_store::repo::clients::{self, Location};

use crate::context::{require, require_in_agency};
use crate::error::Checks;
use crate::{App, Error};

use super::reach;
use super::told::is_seen;

/// A location has at most so many attributes.
const MAX_ATTRIBUTES: usize = 50;

/// What is to change about a location. What is absent stays.
#[derive(Clone, Debug, Default)]
pub struct LocationPatch {
    /// The name over the door.
    pub name: Option<String>,
    /// Who runs it.
    pub operator_kind: Option<OperatorKind>,
    /// When it is open; all of it is replaced.
    pub opening_hours: Option<OpeningHours>,
    /// Its attributes; all of them are replaced.
    pub attributes: Option<BTreeMap<String, String>>,
    /// How many people usually serve at a time; none if nobody knows.
    pub typical_staff_on_shift: Option<Option<u32>>,
    /// The first day on which it is not there any more; none if it goes on.
    pub closed_on: Option<Option<LocalDate>>,
}

impl App {
    /// A location.
    ///
    /// # Errors
    /// There is no such location within reach.
    pub async fn read_location(&self, actor: &Actor, id: LocationId) -> Result<Location, Error> {
        require_in_agency(actor, Verb::ReadLocations)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let location = load(tx, actor, Verb::ReadLocations, id).await?;
            let only = reach(tx, actor, self.today()).await?;
            if only.is_some_and(|only| !only.contains(&id)) {
                return Err(Error::not_found("location"));
            }
            Ok(location)
        })
        .await
    }

    /// Changes what is known of a location.
    ///
    /// # Errors
    /// There is no such location, or fields are out of range.
    pub async fn update_location(
        &self,
        actor: &Actor,
        id: LocationId,
        patch: &LocationPatch,
    ) -> Result<Location, Error> {
        require_in_agency(actor, Verb::UpdateLocation)?;
        let mut checks = Checks::default();
        let name = patch.name.as_ref().map(|name| checks.text("name", name, 200));
        if let Some(problem) = patch.opening_hours.as_ref().and_then(OpeningHours::problem) {
            checks.issue("opening_hours", "bad_hours", problem);
        }
        if let Some(attributes) = &patch.attributes {
            check_attributes(&mut checks, attributes);
        }
        if let Some(Some(staff)) = patch.typical_staff_on_shift {
            checks.range("typical_staff_on_shift", staff, 1..=10_000);
        }
        checks.finish()?;
        let name = &name;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let before = load(tx, actor, Verb::UpdateLocation, id).await?;
            // What is written was read under the lock: an import may have changed it meanwhile.
            clients::lock(tx, actor.agency, before.client_organisation).await?;
            let found = load(tx, actor, Verb::UpdateLocation, id).await?;
            let known = found.clone();
            let changed = Location {
                name: name.clone().unwrap_or(found.name),
                operator_kind: patch.operator_kind.unwrap_or(found.operator_kind),
                opening_hours: patch.opening_hours.clone().unwrap_or(found.opening_hours),
                attributes: patch.attributes.clone().unwrap_or(found.attributes),
                typical_staff_on_shift: patch
                    .typical_staff_on_shift
                    .unwrap_or(found.typical_staff_on_shift),
                closed_on: patch.closed_on.unwrap_or(found.closed_on),
                ..found
            };
            clients::update_location(tx, &changed).await?;
            if is_seen(&known, &changed) {
                self.have_told_of_places(tx, actor.agency, &[id]).await?;
            }
            Ok((changed, AuditEvent::of(Verb::UpdateLocation, "location", id)))
        })
        .await
    }
}

/// Attributes are named as conditions of checklists ask for them.
pub(super) fn check_attributes(checks: &mut Checks, attributes: &BTreeMap<String, String>) {
    if attributes.len() > MAX_ATTRIBUTES {
        checks.issue(
            "attributes",
            "too_many",
            format!("at most {MAX_ATTRIBUTES} attributes"),
        );
    }
    for (name, value) in attributes {
        let path = format!("attributes.{name}");
        if !haamu_form::Context::is_key(&format!("location.{name}")) {
            checks.issue(path, "bad_name", "an attribute has a name as questions have");
        } else {
            let _ = checks.text(&path, value, 200);
        }
    }
}

/// A location on which the actor may do `verb`.
async fn load(tx: &Tx, actor: &Actor, verb: Verb, id: LocationId) -> Result<Location, Error> {
    let found = clients::find_location(tx, actor.agency, id).await?;
    let found = found.ok_or_else(|| Error::not_found("location"))?;
    let target = Target::of_client(actor.agency, found.client_organisation);
    require(actor, verb, &target, "location")?;
    Ok(found)
}
