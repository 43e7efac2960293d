//! The certification quiz of a programme.

use haamu_domain::quiz::without_scoring;
use haamu_domain::{Actor, AuditEvent, ChecklistState, Code, LocalDate, ProgrammeId, UserId, Verb};
use haamu_form::{Answers, Checklist, Decisions, Draft, Stage, score};
use haamu_store::Tx;
use haamu_store::repo::certifications::{self, Attempt, Certification};
use haamu_store::repo::{checklists, identity, programmes};
use serde_json::{Value, json};

use crate::checklists::parse_stored;
use crate::context::require_in_agency;
use crate::error::{Checks, unsound};
use crate::{App, Error};

use super::briefings::load_for_fieldwork;
use super::certified::{Training, last_day};
use super::load;
use super::training::require_rest;

/// What a shopper sees of a quiz.
#[derive(Clone, Debug)]
pub struct QuizView {
    /// The questions, without what they are scored by.
    pub document: Value,
    /// How often it may be tried yet.
    pub attempts_left: u32,
    /// Until when they hold the certificate, if they do.
    pub certified_until: Option<LocalDate>,
}

/// How a try went.
#[derive(Clone, Debug)]
pub struct AttemptView {
    /// Whether it was passed.
    pub passed: bool,
    /// The result in percent, as shown.
    pub result: Option<String>,
    /// How often it may be tried yet.
    pub attempts_left: u32,
    /// Until when the certificate is good.
    pub certified_until: Option<LocalDate>,
}

impl App {
    /// Gives a programme a quiz: a published checklist version with a pass mark.
    ///
    /// # Errors
    /// There is no such programme or checklist version, it is no quiz, or a number is out of range.
    pub async fn put_certification(
        &self,
        actor: &Actor,
        of: ProgrammeId,
        new: Certification,
    ) -> Result<Certification, Error> {
        require_in_agency(actor, Verb::DesignProgramme)?;
        let mut checks = Checks::default();
        checks.range("attempts", new.attempts, 1..=100);
        checks.range("valid_days", new.valid_days, 1..=3_650);
        checks.finish()?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            // Two who replace it at a time do so one after the other.
            let locked = programmes::lock(tx, actor.agency, of).await?;
            locked.ok_or_else(|| Error::not_found("programme"))?;
            let version = checklists::lock_version(tx, actor.agency, new.quiz).await?;
            let mut checks = Checks::default();
            match version {
                None => checks.issue(
                    "checklist_version",
                    "not_found",
                    "there is no such checklist version",
                ),
                Some(version) if version.state != ChecklistState::Published => {
                    return Err(Error::refused(Code::ChecklistNotPublished));
                }
                Some(version) if parse_stored(&version)?.header().quiz.is_none() => {
                    checks.issue("checklist_version", "no_quiz", "this checklist has no pass mark");
                }
                Some(_) => {}
            }
            checks.finish()?;
            certifications::put(tx, actor.agency, of, new).await?;
            let event = AuditEvent::of(Verb::DesignProgramme, "programme", of);
            Ok((new, event.with(json!({"certification": new.quiz}))))
        })
        .await
    }

    /// Takes the quiz from a programme. Passes of it stay, and count again where the programme gets it back.
    ///
    /// # Errors
    /// There is no such programme, it has no quiz, or it is active, asks for certification, and has nothing else to
    /// pass.
    pub async fn delete_certification(&self, actor: &Actor, of: ProgrammeId) -> Result<(), Error> {
        require_in_agency(actor, Verb::DesignProgramme)?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let locked = programmes::lock(tx, actor.agency, of).await?;
            let programme = locked.ok_or_else(|| Error::not_found("programme"))?;
            let found = certifications::find(tx, actor.agency, of).await?;
            let found = found.ok_or_else(|| Error::not_found("quiz"))?;
            let rest = Training::load(tx, actor.agency, of).await?.without_quiz();
            require_rest(tx, actor, &programme, &rest).await?;
            certifications::delete(tx, actor.agency, of).await?;
            let event = AuditEvent::of(Verb::DesignProgramme, "programme", of);
            let event = event.with(json!({"certification": null, "was": found.quiz}));
            Ok(((), event))
        })
        .await
    }

    /// Gives a shopper back what they have tried of the quiz of a programme: they may try it as often as at first. What
    /// they have passed they have passed.
    ///
    /// # Errors
    /// There is no such programme, quiz or shopper, or the shopper has not tried it.
    pub async fn give_attempts_back(
        &self,
        actor: &Actor,
        of: ProgrammeId,
        shopper: UserId,
    ) -> Result<(), Error> {
        require_in_agency(actor, Verb::OpenTraining)?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            // A try at the same time is counted before or after.
            let locked = programmes::lock(tx, actor.agency, of).await?;
            locked.ok_or_else(|| Error::not_found("programme"))?;
            let rules = certifications::find(tx, actor.agency, of).await?;
            let rules = rules.ok_or_else(|| Error::not_found("quiz"))?;
            let known = identity::list_shoppers(tx, actor.agency, &[shopper]).await?;
            if !known.contains(&shopper) {
                return Err(Error::not_found("shopper"));
            }
            let whose = (shopper, rules.quiz);
            let back = certifications::give_attempts_back(tx, actor.agency, of, whose, self.now()).await?;
            if back == 0 {
                return Err(Error::not_found("attempt"));
            }
            let event = AuditEvent::named("training.give_attempts_back", "programme", of);
            let event = event.with(json!({"shopper": shopper, "quiz": rules.quiz, "attempts": back}));
            Ok(((), event))
        })
        .await
    }

    /// The quiz of a programme and how it may be tried.
    ///
    /// # Errors
    /// There is no such programme, or it has no quiz.
    pub async fn read_certification(&self, actor: &Actor, of: ProgrammeId) -> Result<Certification, Error> {
        require_in_agency(actor, Verb::ReadProgrammes)?;
        self.look(actor.agency, |tx: Tx| async move {
            load(&tx, actor, Verb::ReadProgrammes, of).await?;
            let found = certifications::find(&tx, actor.agency, of).await?;
            found.ok_or_else(|| Error::not_found("quiz"))
        })
        .await
    }

    /// The quiz as the shopper sees it.
    ///
    /// # Errors
    /// There is no quiz, or the shopper has nothing to do with the programme.
    pub async fn read_quiz(&self, actor: &Actor, of: ProgrammeId) -> Result<QuizView, Error> {
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let (rules, _, document) = load_quiz(tx, actor, of).await?;
            let standing = self.standing(tx, actor, of, rules).await?;
            Ok(QuizView {
                document,
                attempts_left: standing.attempts_left,
                certified_until: standing.certified_until,
            })
        })
        .await
    }

    /// The shopper tries the quiz.
    ///
    /// # Errors
    /// There is no quiz, answers are missing or wrong, or [`Code::NotPossibleInState`] where no attempt is left.
    pub async fn take_quiz(
        &self,
        actor: &Actor,
        of: ProgrammeId,
        answers: &Value,
    ) -> Result<AttemptView, Error> {
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let (rules, checklist, _) = load_quiz(tx, actor, of).await?;
            // Two tries at a time are counted one after the other.
            programmes::lock(tx, actor.agency, of).await?;
            let before = self.standing(tx, actor, of, rules).await?;
            if before.attempts_left == 0 {
                let detail = "There is no attempt left; the coordinator can give them back.";
                return Err(Error::because(Code::NotPossibleInState, detail));
            }
            let (passed, result) = mark(&checklist, answers)?;
            let attempt = Attempt {
                id: self.fresh_uuid(),
                programme: of,
                user: actor.user,
                quiz: rules.quiz,
                answers: answers.to_string(),
                result: result.clone(),
                passed,
                tried_at: self.now(),
            };
            certifications::insert_attempt(tx, actor.agency, &attempt).await?;
            let after = self.standing(tx, actor, of, rules).await?;
            let view = AttemptView {
                passed,
                result,
                attempts_left: after.attempts_left,
                certified_until: after.certified_until,
            };
            let event = AuditEvent::of(Verb::TakeQuiz, "programme", of).with(json!({"passed": passed}));
            Ok((view, event))
        })
        .await
    }

    async fn standing(
        &self,
        tx: &Tx,
        actor: &Actor,
        of: ProgrammeId,
        rules: Certification,
    ) -> Result<Standing, Error> {
        let (agency, user) = (actor.agency, actor.user);
        // Tries fall away with the time for which a pass is good, so that everybody can renew theirs.
        let since = self.now().plus_days(-i64::from(rules.valid_days));
        let tried = certifications::count_attempts(tx, agency, of, user, rules.quiz, since).await?;
        let tried = u32::try_from(tried).unwrap_or(u32::MAX);
        let passed = certifications::find_last_pass(tx, agency, of, user, rules.quiz).await?;
        let until = passed.map(|at| last_day(at, rules.valid_days));
        Ok(Standing {
            attempts_left: rules.attempts.saturating_sub(tried),
            certified_until: until.filter(|until| *until >= self.today()),
        })
    }
}

/// Where somebody stands with a quiz.
struct Standing {
    attempts_left: u32,
    certified_until: Option<LocalDate>,
}

async fn load_quiz(
    tx: &Tx,
    actor: &Actor,
    of: ProgrammeId,
) -> Result<(Certification, Checklist, Value), Error> {
    load_for_fieldwork(tx, actor, Verb::TakeQuiz, of).await?;
    let rules = certifications::find(tx, actor.agency, of).await?;
    let rules = rules.ok_or_else(|| Error::not_found("quiz"))?;
    let version = checklists::find_version(tx, actor.agency, rules.quiz).await?;
    let version = version.ok_or_else(|| Error::not_found("quiz"))?;
    let document: Value = serde_json::from_str(&version.document)
        .map_err(|error| Error::internal("read a stored checklist", error))?;
    Ok((rules, parse_stored(&version)?, without_scoring(&document)))
}

/// Whether answers pass, and the result as shown.
fn mark(checklist: &Checklist, answers: &Value) -> Result<(bool, Option<String>), Error> {
    let answers = Answers::parse(checklist, &answers.to_string())
        .map_err(|findings| unsound(Code::ValidationFailed, findings))?;
    let complete = Draft::new(answers.clone()).complete(checklist, Stage::Main);
    complete.map_err(|findings| unsound(Code::ValidationFailed, findings))?;
    let score = score(checklist, &answers, Decisions::default());
    Ok((score.has_passed(checklist).unwrap_or(false), score.display))
}
