//! Opening the training of a programme, its briefings and its quiz, to shoppers who have nothing to do with it yet.

use std::collections::{BTreeMap, BTreeSet};

use haamu_domain::eligibility::{Certified, FieldRules};
use haamu_domain::{
    Actor, AuditEvent, Code, LocalDate, ProgrammeId, ProgrammeState, Timestamp, UserId, Verb,
};
use haamu_store::Tx;
use haamu_store::repo::programmes::{self, Programme};
use haamu_store::repo::{assignments, identity, trainees};
use serde_json::json;

use super::certified::{Training, list_certified};
use crate::context::require_in_agency;
use crate::error::{Checks, no_such};
use crate::{App, Error};

use super::{find_part, load};

/// At most so many shoppers are let in at once.
const MAX_TRAINEES: usize = 500;

/// A shopper to whom training is open.
#[derive(Clone, Debug)]
pub struct TraineeView {
    /// Who.
    pub user: UserId,
    /// Their name.
    pub display_name: String,
    /// When it was opened to them.
    pub opened_at: Timestamp,
    /// Whether they have passed what there is to pass.
    pub certified: Passed,
}

/// A programme whose training is open to a shopper.
#[derive(Clone, Copy, Debug)]
pub struct TrainingView {
    /// The programme.
    pub programme: ProgrammeId,
    /// Whether the shopper has passed what there is to pass.
    pub certified: Passed,
}

/// Whether somebody holds what is to be passed.
#[derive(Clone, Copy, Debug)]
pub struct Passed {
    /// Whether they do today.
    pub is_held: bool,
    /// The last day on which they do or did, where it ends.
    pub until: Option<LocalDate>,
}

impl Passed {
    fn on(today: LocalDate, certified: Certified) -> Self {
        let (is_held, until) = match certified {
            Certified::No => (false, None),
            Certified::Until(last) => (today <= last, Some(last)),
            Certified::Always => (true, None),
        };
        Self { is_held, until }
    }
}

impl App {
    /// Lets shoppers read the briefings and take the quiz of a programme, whether anything is offered to them or not.
    ///
    /// # Errors
    /// There is no such programme, or somebody is no shopper of the agency.
    pub async fn open_training(
        &self,
        actor: &Actor,
        programme: ProgrammeId,
        shoppers: &[UserId],
    ) -> Result<(), Error> {
        require_in_agency(actor, Verb::OpenTraining)?;
        if shoppers.is_empty() || shoppers.len() > MAX_TRAINEES {
            let mut checks = Checks::default();
            let message = format!("between 1 and {MAX_TRAINEES} shoppers at once");
            checks.issue("shoppers", "out_of_range", message);
            checks.finish()?;
        }
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            load(tx, actor, Verb::OpenTraining, programme).await?;
            let known = identity::list_shoppers(tx, actor.agency, shoppers).await?;
            if let Some(index) = shoppers.iter().position(|shopper| !known.contains(shopper)) {
                return Err(no_such(format!("shoppers[{index}]"), "shopper of the agency"));
            }
            let new: BTreeSet<_> = shoppers.iter().copied().collect();
            let new: Vec<_> = new.into_iter().collect();
            let by = (actor.user, self.now());
            trainees::insert(tx, actor.agency, programme, &new, by).await?;
            let event = AuditEvent::of(Verb::OpenTraining, "programme", programme);
            Ok(((), event.with(json!({"shoppers": new}))))
        })
        .await
    }

    /// Takes back that the training of a programme was opened to a shopper. It stays open to whoever has something to
    /// do with the programme, and a certificate stays.
    ///
    /// # Errors
    /// There is no such programme, or it was not opened to them.
    pub async fn close_training(
        &self,
        actor: &Actor,
        programme: ProgrammeId,
        shopper: UserId,
    ) -> Result<(), Error> {
        require_in_agency(actor, Verb::OpenTraining)?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            load(tx, actor, Verb::OpenTraining, programme).await?;
            if !trainees::delete(tx, actor.agency, programme, shopper).await? {
                return Err(Error::not_found("trainee"));
            }
            let event = AuditEvent::of(Verb::OpenTraining, "programme", programme);
            Ok(((), event.with(json!({"closed_to": shopper}))))
        })
        .await
    }

    /// To whom staff opened the training of a programme, and whether they have passed.
    ///
    /// # Errors
    /// There is no such programme.
    pub async fn list_trainees(
        &self,
        actor: &Actor,
        programme: ProgrammeId,
    ) -> Result<Vec<TraineeView>, Error> {
        require_in_agency(actor, Verb::ReadProgrammes)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            load(tx, actor, Verb::ReadProgrammes, programme).await?;
            let found = trainees::list(tx, actor.agency, programme).await?;
            let users = found.iter().map(|(user, _)| user.uuid()).collect();
            let names: BTreeMap<_, _> = identity::list_names(tx, users).await?.into_iter().collect();
            let certified = list_certified(tx, actor.agency, programme, self.now()).await?;
            let view = |(user, opened_at): (UserId, Timestamp)| TraineeView {
                user,
                display_name: names.get(&user.uuid()).cloned().unwrap_or_default(),
                opened_at,
                certified: Passed::on(self.today(), certified.get(&user).copied().unwrap_or_default()),
            };
            Ok(found.into_iter().map(view).collect())
        })
        .await
    }

    /// The programmes that train a shopper: staff opened the training to them or asked them about a visit, or they
    /// have or had something to do with it.
    ///
    /// # Errors
    /// The role may not do this.
    pub async fn list_own_training(&self, actor: &Actor) -> Result<Vec<TrainingView>, Error> {
        require_in_agency(actor, Verb::TakeQuiz)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let (agency, user) = (actor.agency, actor.user);
            let mut ids = trainees::list_programmes(tx, agency, user).await?;
            ids.extend(assignments::list_programmes_of_shopper(tx, agency, user).await?);
            let mut found = Vec::new();
            for programme in ids {
                let of = programmes::find(tx, agency, programme).await?;
                let is_over = of.is_none_or(|of| of.state == ProgrammeState::Closed);
                if is_over || Training::load(tx, agency, programme).await?.is_empty() {
                    continue;
                }
                let certified = list_certified(tx, agency, programme, self.now()).await?;
                found.push(TrainingView {
                    programme,
                    certified: Passed::on(self.today(), certified.get(&user).copied().unwrap_or_default()),
                });
            }
            Ok(found)
        })
        .await
    }
}

/// Refuses to ask for certification where there is nothing to pass: nobody could ever work for the programme.
pub(super) async fn require_training(tx: &Tx, actor: &Actor, programme: ProgrammeId) -> Result<(), Error> {
    let training = Training::load(tx, actor.agency, programme).await?;
    require_enough(tx, actor, programme, &training).await
}

/// The same where something to pass is taken away. A draft is asked when it becomes active.
pub(super) async fn require_rest(
    tx: &Tx,
    actor: &Actor,
    programme: &Programme,
    rest: &Training,
) -> Result<(), Error> {
    if programme.state.takes_visits() {
        require_enough(tx, actor, programme.id, rest).await?;
    }
    Ok(())
}

async fn require_enough(
    tx: &Tx,
    actor: &Actor,
    programme: ProgrammeId,
    training: &Training,
) -> Result<(), Error> {
    let rules = find_part::<FieldRules>(tx, actor, programme).await?;
    let asks = rules.is_some_and(|view| view.part.certification);
    if asks && training.is_empty() {
        let detail = "The field rules ask for certification, and there is neither a briefing nor a quiz.";
        return Err(Error::because(Code::NotPossibleInState, detail));
    }
    Ok(())
}
