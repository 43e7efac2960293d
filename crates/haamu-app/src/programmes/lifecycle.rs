//! The life of a programme.

use haamu_domain::{Actor, AuditEvent, Code, ProgrammeEvent, ProgrammeId, Verb};
use haamu_store::Tx;
use haamu_store::repo::programmes::{self, Programme};
use haamu_store::repo::{assignments, staff_notices, visits};
use serde_json::json;

use crate::context::require_in_agency;
use crate::{App, Error};

use super::training::require_training;

impl App {
    /// Makes a programme active, once staff have been informed long enough ago.
    ///
    /// # Errors
    /// There is no such programme, it is not a draft, its rules ask for certification while there is nothing to pass,
    /// or [`Code::StaffNoticeMissing`].
    pub async fn activate_programme(&self, actor: &Actor, id: ProgrammeId) -> Result<Programme, Error> {
        require_in_agency(actor, Verb::ActivateProgramme)?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let programme = programmes::lock(tx, actor.agency, id).await?;
            let mut programme = programme.ok_or_else(|| Error::not_found("programme"))?;
            let state = programme.state.after(ProgrammeEvent::Activate)?;
            let informed_on = staff_notices::find_first_day(tx, actor.agency, id).await?;
            let allowed_from = informed_on.map(|date| date.plus_days(programme.staff_notice_days));
            match allowed_from {
                None => {
                    return Err(Error::because(
                        Code::StaffNoticeMissing,
                        "No notice to staff is recorded that holds.",
                    ));
                }
                Some(date) if date > self.today() => {
                    let detail = format!("The programme may become active on {date}.");
                    return Err(Error::because(Code::StaffNoticeMissing, detail));
                }
                Some(_) => {}
            }
            require_training(tx, actor, id).await?;
            programme.state = state;
            programmes::update(tx, &programme).await?;
            programme.row_version += 1;
            Ok((
                programme,
                AuditEvent::of(Verb::ActivateProgramme, "programme", id),
            ))
        })
        .await
    }

    /// Ends a programme: it takes no new rounds, and what is under way goes on.
    ///
    /// # Errors
    /// There is no such programme, or it is not active.
    pub async fn close_programme(&self, actor: &Actor, id: ProgrammeId) -> Result<Programme, Error> {
        self.move_programme(actor, id, ProgrammeEvent::Close).await
    }

    /// Closes a programme for good, once nobody has anything to do in it any more.
    ///
    /// # Errors
    /// There is no such programme, it is not closing, or visits of it are under way.
    pub async fn finish_programme(&self, actor: &Actor, id: ProgrammeId) -> Result<Programme, Error> {
        self.move_programme(actor, id, ProgrammeEvent::Finish).await
    }

    async fn move_programme(
        &self,
        actor: &Actor,
        id: ProgrammeId,
        event: ProgrammeEvent,
    ) -> Result<Programme, Error> {
        require_in_agency(actor, Verb::CloseProgramme)?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let programme = programmes::lock(tx, actor.agency, id).await?;
            let mut programme = programme.ok_or_else(|| Error::not_found("programme"))?;
            programme.state = programme.state.after(event)?;
            if event == ProgrammeEvent::Finish {
                // Offers are made, accepted and given back under the lock of their round: none is half done now, and
                // whoever waits for the lock finds the programme closed. Offers are counted first, for one that is
                // accepted in between is found under way then.
                programmes::lock_rounds(tx, actor.agency, id).await?;
                let offered = assignments::count_offered(tx, actor.agency, id).await?;
                let open = offered + visits::count_under_way(tx, actor.agency, id).await?;
                if open > 0 {
                    let detail = format!("{open} of its visits are under way.");
                    return Err(Error::because(Code::NotPossibleInState, detail));
                }
            }
            programmes::update(tx, &programme).await?;
            programme.row_version += 1;
            let detail = json!({"state": programme.state.as_str()});
            let event = AuditEvent::of(Verb::CloseProgramme, "programme", id).with(detail);
            Ok((programme, event))
        })
        .await
    }
}
