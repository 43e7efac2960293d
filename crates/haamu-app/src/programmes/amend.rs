//! One programme: read, and its name and terms corrected.

use haamu_domain::{Actor, AuditEvent, Code, ProgrammeId, ProgrammeState, Verb};
use haamu_store::Tx;
use haamu_store::repo::programmes::{self, Programme};
use serde_json::{Value, json};

use crate::context::require_in_agency;
use crate::error::Checks;
use crate::{App, Error};

use super::{check_terms, load};

/// What is to change about a programme. What is absent stays.
#[derive(Clone, Debug, Default)]
pub struct ProgrammePatch {
    /// Its name.
    pub name: Option<String>,
    /// What it is for; only of a draft.
    pub purpose: Option<String>,
    /// Hours between a visit and its release; only of a draft.
    pub release_delay_hours: Option<u32>,
    /// Days between the notice to staff and the start; only of a draft.
    pub staff_notice_days: Option<u32>,
}

impl App {
    /// A programme.
    ///
    /// # Errors
    /// There is no such programme.
    pub async fn read_programme(&self, actor: &Actor, id: ProgrammeId) -> Result<Programme, Error> {
        require_in_agency(actor, Verb::ReadProgrammes)?;
        self.look(actor.agency, |tx: Tx| async move {
            load(&tx, actor, Verb::ReadProgrammes, id).await
        })
        .await
    }

    /// Changes the name of a programme, and of a draft its terms: staff were told what an active one is for, and
    /// clients when they see its reports. With `based_on`, only if it has that revision still.
    ///
    /// # Errors
    /// There is no such programme, fields are missing or out of range, terms of one that is no draft would change, or
    /// [`Code::Conflict`].
    pub async fn update_programme(
        &self,
        actor: &Actor,
        id: ProgrammeId,
        patch: &ProgrammePatch,
        based_on: Option<i64>,
    ) -> Result<Programme, Error> {
        require_in_agency(actor, Verb::UpdateProgramme)?;
        let mut checks = Checks::default();
        let name = patch.name.as_ref().map(|name| checks.text("name", name, 200));
        checks.finish()?;
        let name = &name;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let before = programmes::lock(tx, actor.agency, id).await?;
            let before = before.ok_or_else(|| Error::not_found("programme"))?;
            if based_on.is_some_and(|based_on| based_on != before.row_version) {
                return Err(Error::refused(Code::Conflict));
            }
            let mut after = changed(&before, name.as_deref(), patch);
            let mut checks = Checks::default();
            check_terms(
                &mut checks,
                &after.purpose,
                after.release_delay_hours,
                after.staff_notice_days,
            );
            checks.finish()?;
            if before.state != ProgrammeState::Draft && terms(&after) != terms(&before) {
                let detail = format!(
                    "The programme is {}; only its name changes any more.",
                    before.state
                );
                return Err(Error::because(Code::NotPossibleInState, detail));
            }
            programmes::update(tx, &after).await?;
            after.row_version += 1;
            let event = AuditEvent::of(Verb::UpdateProgramme, "programme", id);
            let event = event.with(changes(&before, &after));
            Ok((after, event))
        })
        .await
    }
}

fn changed(before: &Programme, name: Option<&str>, patch: &ProgrammePatch) -> Programme {
    Programme {
        name: name.map_or_else(|| before.name.clone(), str::to_owned),
        purpose: patch.purpose.clone().unwrap_or_else(|| before.purpose.clone()),
        release_delay_hours: patch.release_delay_hours.unwrap_or(before.release_delay_hours),
        staff_notice_days: patch.staff_notice_days.unwrap_or(before.staff_notice_days),
        ..before.clone()
    }
}

/// What is settled once a programme is no draft any more.
fn terms(of: &Programme) -> (&str, u32, u32) {
    (&of.purpose, of.release_delay_hours, of.staff_notice_days)
}

/// What the audit trail says about a change; of names only that they changed.
fn changes(before: &Programme, after: &Programme) -> Value {
    let mut detail = serde_json::Map::new();
    if before.name != after.name {
        detail.insert("name".to_owned(), true.into());
    }
    if before.purpose != after.purpose {
        detail.insert("purpose".to_owned(), json!([before.purpose, after.purpose]));
    }
    for (name, was, is) in [
        (
            "release_delay_hours",
            before.release_delay_hours,
            after.release_delay_hours,
        ),
        (
            "staff_notice_days",
            before.staff_notice_days,
            after.staff_notice_days,
        ),
    ] {
        if was != is {
            detail.insert(name.to_owned(), json!([was, is]));
        }
    }
    detail.into()
}
