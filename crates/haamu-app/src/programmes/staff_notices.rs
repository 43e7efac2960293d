//! Notices to staff: recorded, read, and withdrawn where one was recorded by mistake.

use haamu_domain::{Actor, AuditEvent, Code, LocalDate, ProgrammeId, ProgrammeState, StaffNoticeId, Verb};
use haamu_store::Tx;
use haamu_store::repo::programmes::{self, Programme};
use haamu_store::repo::staff_notices::{self, StaffNotice};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::context::{PAGE_SIZE, Page, require_in_agency};
use crate::error::Checks;
use crate::{App, Error};

use super::load;

/// A notice to staff to be recorded.
#[derive(Clone, Debug)]
pub struct StaffNoticeInput {
    /// On which day staff were informed.
    pub informed_on: LocalDate,
    /// Who was informed.
    pub audience: String,
    /// How.
    pub channel: String,
    /// The words.
    pub text: String,
}

impl App {
    /// Records that staff were informed in general terms.
    ///
    /// # Errors
    /// There is no such programme, or fields are missing or out of range.
    pub async fn record_staff_notice(
        &self,
        actor: &Actor,
        id: ProgrammeId,
        input: &StaffNoticeInput,
    ) -> Result<Programme, Error> {
        require_in_agency(actor, Verb::RecordStaffNotice)?;
        let mut checks = Checks::default();
        let audience = checks.text("audience", &input.audience, 500);
        let channel = checks.text("channel", &input.channel, 200);
        let text = checks.text("text", &input.text, 20_000);
        if input.informed_on > self.today() {
            checks.issue(
                "informed_on",
                "in_the_future",
                "only a notice that was given can be recorded",
            );
        }
        checks.finish()?;
        let (audience, channel, text) = (&audience, &channel, &text);
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let programme = load(tx, actor, Verb::RecordStaffNotice, id).await?;
            let notice = StaffNotice {
                id: StaffNoticeId::from_uuid(self.fresh_uuid()),
                programme: id,
                informed_on: input.informed_on,
                audience: audience.clone(),
                channel: channel.clone(),
                text: text.clone(),
                recorded_at: self.now(),
                recorded_by: actor.user,
                withdrawn: None,
            };
            staff_notices::insert(tx, actor.agency, &notice).await?;
            let event = AuditEvent::of(Verb::RecordStaffNotice, "programme", id);
            Ok((programme, event.with(told(&notice))))
        })
        .await
    }

    /// The notices to staff of a programme, also those that were withdrawn.
    ///
    /// # Errors
    /// There is no such programme.
    pub async fn list_staff_notices(
        &self,
        actor: &Actor,
        of: ProgrammeId,
        after: Option<Uuid>,
    ) -> Result<Page<StaffNotice>, Error> {
        require_in_agency(actor, Verb::ReadProgrammes)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            load(tx, actor, Verb::ReadProgrammes, of).await?;
            let (items, has_more) = staff_notices::list(tx, actor.agency, of, after, PAGE_SIZE).await?;
            Ok(Page::new(items, has_more, |notice: &StaffNotice| {
                notice.id.uuid()
            }))
        })
        .await
    }

    /// Withdraws a notice to staff of a draft, so that the programme does not become active by it. It stays to be
    /// read.
    ///
    /// # Errors
    /// There is no such programme or notice, the reason is missing, the notice is withdrawn already, or the programme
    /// became active by it.
    pub async fn withdraw_staff_notice(
        &self,
        actor: &Actor,
        of: ProgrammeId,
        id: StaffNoticeId,
        reason: &str,
    ) -> Result<StaffNotice, Error> {
        require_in_agency(actor, Verb::RecordStaffNotice)?;
        let mut checks = Checks::default();
        let reason = &checks.text("reason", reason, 1_000);
        checks.finish()?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            // Whoever makes the programme active does so before or after.
            let programme = programmes::lock(tx, actor.agency, of).await?;
            let programme = programme.ok_or_else(|| Error::not_found("programme"))?;
            let found = staff_notices::find(tx, actor.agency, of, id).await?;
            let mut notice = found.ok_or_else(|| Error::not_found("notice to staff"))?;
            if notice.withdrawn.is_some() {
                let detail = "The notice is withdrawn already.";
                return Err(Error::because(Code::NotPossibleInState, detail));
            }
            if programme.state != ProgrammeState::Draft {
                let detail = format!("The programme is {}; its notices to staff stay.", programme.state);
                return Err(Error::because(Code::NotPossibleInState, detail));
            }
            staff_notices::withdraw(tx, id, (self.now(), reason)).await?;
            notice.withdrawn = Some((self.now(), reason.clone()));
            let event = AuditEvent::named("programme.withdraw_staff_notice", "programme", of);
            let event = event.with(told(&notice));
            Ok((notice, event))
        })
        .await
    }
}

/// What the audit trail says about a notice: enough to tell it from others. Its words stay with it.
fn told(notice: &StaffNotice) -> Value {
    json!({"notice": notice.id, "informed_on": notice.informed_on.to_string()})
}
