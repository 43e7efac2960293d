//! Programmes and rounds.

mod amend;
mod briefings;
mod certification;
mod certified;
mod guards;
mod lifecycle;
mod parts;
mod scenarios;
mod staff_notices;
mod training;

use haamu_domain::{
    Actor, AuditEvent, ChecklistState, ChecklistVersionId, ClientOrganisationId, Code, LocalDate,
    ProgrammeId, ProgrammeState, RoundId, Target, Verb, Zone,
};
use haamu_store::Tx;
use haamu_store::repo::programmes::{self, Programme, Round};
use haamu_store::repo::{checklists, clients};
use uuid::Uuid;

use crate::context::{PAGE_SIZE, Page, require, require_in_agency};
use crate::error::Checks;
use crate::{App, Error};

pub use amend::ProgrammePatch;
pub use briefings::{BriefingInput, BriefingView, ReceiptView};
pub use certification::{AttemptView, QuizView};
pub(crate) use certified::list_certified;
pub(crate) use guards::{require_going, require_takes_visits, within_reach};
pub use parts::{PartView, ProgrammePart};
pub(crate) use parts::{find as find_part, find_in as find_part_in};
pub use scenarios::{ScenarioInput, ScenarioPatch};
pub use staff_notices::StaffNoticeInput;
pub use training::{Passed, TraineeView, TrainingView};

/// What programmes may be for; other purposes need more than an agency's word.
const PURPOSES: [&str; 4] = [
    "develop_service",
    "identify_training_needs",
    "follow_service_standards",
    "reward_teams",
];
/// The zone in which dates of programmes are meant: that of the product's home.
const HOME_ZONE: &str = "Europe/Helsinki";

/// A programme to be planned.
#[derive(Clone, Debug)]
pub struct ProgrammeInput {
    /// Whose encounters are measured.
    pub client_organisation: ClientOrganisationId,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub purpose: String,
    /// Hours between a visit and its release; 24 if absent.
    pub release_delay_hours: Option<u32>,
    /// Days between the notice to staff and the start; 14 if absent.
    pub staff_notice_days: Option<u32>,
}

/// A round to be opened.
#[derive(Clone, Debug)]
pub struct RoundInput {
    /// Its name.
    pub name: String,
    /// The checklist version that is filled in.
    pub checklist_version: ChecklistVersionId,
    /// The first day of visits.
    pub starts_on: LocalDate,
    /// The last day of visits.
    pub visit_by: LocalDate,
    /// The last day of reports.
    pub report_by: LocalDate,
    /// The day by whose period the results count.
    pub counts_in: LocalDate,
}

impl App {
    /// Plans a programme.
    ///
    /// # Errors
    /// There is no such client organisation, or fields are missing or out of range.
    pub async fn create_programme(&self, actor: &Actor, input: &ProgrammeInput) -> Result<Programme, Error> {
        require_in_agency(actor, Verb::CreateProgramme)?;
        let mut checks = Checks::default();
        let name = checks.text("name", &input.name, 200);
        let release_delay_hours = input.release_delay_hours.unwrap_or(24);
        let staff_notice_days = input.staff_notice_days.unwrap_or(14);
        check_terms(
            &mut checks,
            &input.purpose,
            release_delay_hours,
            staff_notice_days,
        );
        checks.finish()?;
        let name = &name;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let client = clients::find(tx, actor.agency, input.client_organisation).await?;
            client.ok_or_else(|| Error::not_found("client organisation"))?;
            let programme = Programme {
                id: ProgrammeId::from_uuid(self.fresh_uuid()),
                client_organisation: input.client_organisation,
                name: name.clone(),
                purpose: input.purpose.clone(),
                state: ProgrammeState::Draft,
                release_delay_hours,
                staff_notice_days,
                row_version: 1,
            };
            programmes::insert(tx, actor.agency, &programme, self.now()).await?;
            let event = AuditEvent::of(Verb::CreateProgramme, "programme", programme.id);
            Ok((programme, event))
        })
        .await
    }

    /// Programmes of the agency.
    ///
    /// # Errors
    /// The role may not do this.
    pub async fn list_programmes(
        &self,
        actor: &Actor,
        after: Option<Uuid>,
    ) -> Result<Page<Programme>, Error> {
        require_in_agency(actor, Verb::ReadProgrammes)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let (items, has_more) = programmes::list(tx, actor.agency, after, PAGE_SIZE).await?;
            Ok(Page::new(items, has_more, |programme: &Programme| {
                programme.id.uuid()
            }))
        })
        .await
    }

    /// Opens a round of an active programme.
    ///
    /// # Errors
    /// There is no such programme or checklist version, the programme is not
    /// active, the version is not published, or dates are out of order.
    pub async fn create_round(
        &self,
        actor: &Actor,
        id: ProgrammeId,
        input: &RoundInput,
    ) -> Result<Round, Error> {
        require_in_agency(actor, Verb::CreateRound)?;
        let mut checks = Checks::default();
        let name = checks.text("name", &input.name, 200);
        check_dates(&mut checks, input.starts_on, input.visit_by, input.report_by);
        checks.finish()?;
        let name = &name;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            // Whoever closes the programme or withdraws the version does so before or after: first the programme is
            // locked, then the version.
            let programme = programmes::lock(tx, actor.agency, id).await?;
            let programme = programme.ok_or_else(|| Error::not_found("programme"))?;
            if !programme.state.takes_rounds() {
                let detail = format!("The programme is {}; it must be active.", programme.state);
                return Err(Error::because(Code::NotPossibleInState, detail));
            }
            let version = checklists::lock_version(tx, actor.agency, input.checklist_version).await?;
            let version = version.ok_or_else(|| Error::not_found("checklist version"))?;
            if version.state != ChecklistState::Published {
                let detail = format!("The checklist version is {}.", version.state);
                return Err(Error::because(Code::ChecklistNotPublished, detail));
            }
            let round = Round {
                id: RoundId::from_uuid(self.fresh_uuid()),
                programme: id,
                name: name.clone(),
                checklist_version: version.id,
                starts_on: input.starts_on,
                visit_by: input.visit_by,
                report_by: input.report_by,
                counts_in: input.counts_in,
                cancelled: None,
                row_version: 1,
            };
            programmes::insert_round(tx, actor.agency, &round, self.now()).await?;
            let event = AuditEvent::of(Verb::CreateRound, "round", round.id);
            Ok((round, event))
        })
        .await
    }

    /// Rounds of a programme.
    ///
    /// # Errors
    /// There is no such programme.
    pub async fn list_rounds(
        &self,
        actor: &Actor,
        id: ProgrammeId,
        after: Option<Uuid>,
    ) -> Result<Page<Round>, Error> {
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            load(tx, actor, Verb::ReadProgrammes, id).await?;
            let (items, has_more) = programmes::list_rounds(tx, actor.agency, id, after, PAGE_SIZE).await?;
            Ok(Page::new(items, has_more, |round: &Round| round.id.uuid()))
        })
        .await
    }

    /// The date at the product's home.
    pub(crate) fn today(&self) -> LocalDate {
        home_zone().date_of(self.now())
    }
}

/// The zone in which dates of programmes and hierarchies are meant.
pub(crate) fn home_zone() -> Zone {
    Zone::named(HOME_ZONE).expect("the bundled database has the home zone")
}

/// What a programme is for, and its days, as far as they are within their limits.
fn check_terms(checks: &mut Checks, purpose: &str, release_delay_hours: u32, staff_notice_days: u32) {
    if !PURPOSES.contains(&purpose) {
        checks.issue(
            "purpose",
            "unknown_value",
            format!("one of {}", PURPOSES.join(", ")),
        );
    }
    checks.range("release_delay_hours", release_delay_hours, 0..=8_760);
    checks.range("staff_notice_days", staff_notice_days, 0..=365);
}

/// The dates of a round in their order.
pub(crate) fn check_dates(
    checks: &mut Checks,
    starts_on: LocalDate,
    visit_by: LocalDate,
    report_by: LocalDate,
) {
    if visit_by < starts_on {
        checks.issue("visit_by", "out_of_order", "visits end before they start");
    }
    if report_by < visit_by {
        checks.issue("report_by", "out_of_order", "reports are due before visits end");
    }
}

/// A programme on which the actor may do `verb`.
pub(crate) async fn load(tx: &Tx, actor: &Actor, verb: Verb, id: ProgrammeId) -> Result<Programme, Error> {
    let programme = programmes::find(tx, actor.agency, id).await?;
    require_in_agency(actor, verb)?;
    let programme = programme.ok_or_else(|| Error::not_found("programme"))?;
    let target = Target::of_client(actor.agency, programme.client_organisation);
    require(actor, verb, &target, "programme")?;
    Ok(programme)
}
