//! Scenarios of programmes.

use haamu_domain::scenario::{Ethics, Scenario};
use haamu_domain::{Actor, AuditEvent, Code, ProgrammeId, ScenarioId, Target, Verb};
use haamu_store::Tx;
use haamu_store::repo::programmes;
use haamu_store::repo::scenarios::{self, ScenarioRecord};
use serde_json::json;

use crate::context::{require, require_in_agency};
use crate::error::Checks;
use crate::{App, Error};

use super::load;

/// A scenario to be added.
#[derive(Clone, Debug)]
pub struct ScenarioInput {
    /// Its name.
    pub name: String,
    /// What is done.
    pub scenario: Scenario,
}

/// What is to change about a scenario.
#[derive(Clone, Debug, Default)]
pub struct ScenarioPatch {
    /// Another name.
    pub name: Option<String>,
    /// Something else that is done; the ethics are then open again.
    pub scenario: Option<Scenario>,
    /// What is ticked now.
    pub ethics: Option<Ethics>,
    /// Whether it is out of use.
    pub is_retired: Option<bool>,
}

impl App {
    /// Adds a scenario to a programme, with nothing ticked.
    ///
    /// # Errors
    /// There is no such programme, or fields are missing or out of range.
    pub async fn create_scenario(
        &self,
        actor: &Actor,
        of: ProgrammeId,
        input: &ScenarioInput,
    ) -> Result<ScenarioRecord, Error> {
        require_in_agency(actor, Verb::DesignProgramme)?;
        let mut checks = Checks::default();
        let name = &checks.text("name", &input.name, 200);
        check(&mut checks, &input.scenario);
        checks.finish()?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            load(tx, actor, Verb::DesignProgramme, of).await?;
            let new = ScenarioRecord {
                id: ScenarioId::from_uuid(self.fresh_uuid()),
                programme: of,
                name: name.clone(),
                scenario: input.scenario.clone(),
                ethics: Ethics::default(),
                ethics_by: None,
                retired_at: None,
                row_version: 1,
            };
            scenarios::insert(tx, actor.agency, &new, self.now()).await?;
            let event = AuditEvent::of(Verb::DesignProgramme, "scenario", new.id);
            Ok((new, event.with(json!({"added": true}))))
        })
        .await
    }

    /// The scenarios of a programme.
    ///
    /// # Errors
    /// There is no such programme.
    pub async fn list_scenarios(&self, actor: &Actor, of: ProgrammeId) -> Result<Vec<ScenarioRecord>, Error> {
        require_in_agency(actor, Verb::ReadProgrammes)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            load(tx, actor, Verb::ReadProgrammes, of).await?;
            Ok(scenarios::list(tx, actor.agency, of).await?)
        })
        .await
    }

    /// Changes a scenario. Whoever changes what is done clears the ticks: they were for something else.
    ///
    /// # Errors
    /// There is no such scenario, fields are missing or out of range, somebody changed it since `based_on`, or an
    /// integration ticks the ethics: [`Code::ScopeMissing`].
    pub async fn update_scenario(
        &self,
        actor: &Actor,
        id: ScenarioId,
        patch: &ScenarioPatch,
        based_on: Option<i64>,
    ) -> Result<ScenarioRecord, Error> {
        require_in_agency(actor, Verb::DesignProgramme)?;
        let mut checks = Checks::default();
        let name = patch.name.as_ref().map(|name| checks.text("name", name, 200));
        if let Some(scenario) = &patch.scenario {
            check(&mut checks, scenario);
        }
        checks.finish()?;
        // Whoever ticks them answers for what shoppers are sent to do.
        if patch.ethics.is_some() && actor.token.is_some() {
            let detail = "Only a person says what is ethical.";
            return Err(Error::because(Code::ScopeMissing, detail));
        }
        let name = &name;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let found = scenarios::lock(tx, actor.agency, id).await?;
            let mut found = found.ok_or_else(|| Error::not_found("scenario"))?;
            let programme = programmes::find(tx, actor.agency, found.programme).await?;
            let programme = programme.ok_or_else(|| Error::not_found("programme"))?;
            let target = Target::of_client(actor.agency, programme.client_organisation);
            require(actor, Verb::DesignProgramme, &target, "scenario")?;
            if based_on.is_some_and(|based_on| based_on != found.row_version) {
                return Err(Error::refused(Code::Conflict));
            }
            if let Some(name) = name {
                found.name.clone_from(name);
            }
            if let Some(scenario) = patch
                .scenario
                .as_ref()
                .filter(|scenario| **scenario != found.scenario)
            {
                found.scenario = scenario.clone();
                (found.ethics, found.ethics_by) = (Ethics::default(), None);
            }
            if let Some(ethics) = patch.ethics {
                (found.ethics, found.ethics_by) = (ethics, Some((actor.user, self.now())));
            }
            if let Some(is_retired) = patch.is_retired {
                found.retired_at = is_retired.then(|| found.retired_at.unwrap_or_else(|| self.now()));
            }
            scenarios::update(tx, &found).await?;
            found.row_version += 1;
            let detail = json!({
                "revision": found.row_version,
                "ethics": found.ethics.is_complete(),
                "retired": found.retired_at.is_some(),
            });
            let event = AuditEvent::of(Verb::DesignProgramme, "scenario", id).with(detail);
            Ok((found, event))
        })
        .await
    }
}

fn check(checks: &mut Checks, scenario: &Scenario) {
    if let Some((path, message)) = scenario.problem() {
        checks.issue(path, "out_of_range", message);
    }
}
