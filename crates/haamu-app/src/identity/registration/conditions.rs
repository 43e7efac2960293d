//! On what conditions an agency takes registrations.

use haamu_domain::registration::Conditions;
use haamu_domain::{Actor, AgencyId, AuditEvent, Verb};
use haamu_store::Tx;
use haamu_store::repo::agreements::{self, Agreement};
use haamu_store::repo::{agencies, registrations};
use serde_json::json;

use crate::context::require_in_agency;
use crate::error::Checks;
use crate::{App, Error};

/// What people are told who want to register.
#[derive(Clone, Debug)]
pub struct PublicConditions {
    /// The agency.
    pub agency: AgencyId,
    /// Its name.
    pub agency_name: String,
    /// The conditions.
    pub conditions: Conditions,
    /// The agreement that is to be accepted, in each of its languages; empty where the agency has none.
    pub agreements: Vec<Agreement>,
}

impl App {
    /// The conditions of the agency; those of one that never took registrations are the default ones.
    ///
    /// # Errors
    /// The role may not do this.
    pub async fn read_registration_conditions(&self, actor: &Actor) -> Result<Conditions, Error> {
        require_in_agency(actor, Verb::ManageRegistration)?;
        self.look(actor.agency, |tx: Tx| async move {
            let found = registrations::find_conditions(&tx, actor.agency).await?;
            Ok(found.unwrap_or_default())
        })
        .await
    }

    /// Opens or closes registration, and sets its conditions. What is under way goes on.
    ///
    /// # Errors
    /// Fields are out of range, or another agency goes by that name.
    pub async fn set_registration_conditions(
        &self,
        actor: &Actor,
        new: &Conditions,
    ) -> Result<Conditions, Error> {
        require_in_agency(actor, Verb::ManageRegistration)?;
        let mut checks = Checks::default();
        for (path, code, message) in new.problems() {
            checks.issue(path, code, message);
        }
        checks.finish()?;
        self.act(actor, |tx: Tx| async move {
            registrations::put_conditions(&tx, actor.agency, new, self.now()).await?;
            let detail = json!({"open": new.is_open, "approval": new.approval.as_str(),
                "least_age": new.least_age, "per_day": new.per_day});
            let event = AuditEvent::of(Verb::ManageRegistration, "agency", actor.agency);
            Ok((new.clone(), event.with(detail)))
        })
        .await
    }

    /// What people are told who want to register with an agency, which is named by its id or its name in addresses.
    ///
    /// # Errors
    /// There is no such agency, or it never took registrations.
    pub async fn read_public_conditions(&self, agency: &str) -> Result<PublicConditions, Error> {
        self.look_across(|tx: Tx| async move {
            let tx = &tx;
            let unknown = || Error::not_found("agency");
            let agency = match agency.parse::<AgencyId>() {
                Ok(id) => id,
                Err(_) => registrations::find_agency_by_slug(tx, agency)
                    .await?
                    .ok_or_else(unknown)?,
            };
            let conditions = registrations::find_conditions(tx, agency).await?;
            let mut agreements = agreements::list(tx, agency).await?;
            let newest = agreements.first().map(|it| it.version);
            agreements.retain(|it| Some(it.version) == newest);
            Ok(PublicConditions {
                agency,
                conditions: conditions.ok_or_else(unknown)?,
                agency_name: agencies::load_name(tx, agency).await?,
                agreements,
            })
        })
        .await
    }
}
