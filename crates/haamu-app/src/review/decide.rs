//! What a reviewer decides.

use haamu_domain::brief::{assignment_entity, submission_entity};
use haamu_domain::{Actor, AuditEvent, Code, Verb, VisitEvent, VisitId, VisitState};
use haamu_form::{Decisions, Finding};
use haamu_store::Tx;
use haamu_store::repo::feed::{self, FeedChange};
use haamu_store::repo::scores::{self, CriticalConfirmation};
use haamu_store::repo::submissions::{self, Submission};
use haamu_store::repo::visits::{self, Visit};
use serde_json::json;

use crate::context::require_in_agency;
use crate::error::{Checks, Issue};
use crate::evaluation::{self, Evaluation, list_unready};
use crate::retention::deleted;
use crate::visits::scope_of;
use crate::{App, Error};

use super::own::require_others_work;
use super::read::{
    self, EvaluationView, answer_text, confirmed, evaluation_findings, releasable_at, triggers,
};

/// The reason of a score of an evaluation that was accepted although it is incomplete.
pub(crate) const ACCEPTED_INCOMPLETE: &str = "accepted_incomplete";

/// How an evaluation is approved.
#[derive(Clone, Copy, Debug, Default)]
pub struct ApproveInput {
    /// Whether it is approved although it is incomplete.
    pub accept_incomplete: bool,
    /// The number of the score that the reviewer has seen; what has changed since is not approved.
    pub based_on: Option<u32>,
}

impl App {
    /// Confirms a critical answer with what the confirmation rests on.
    ///
    /// # Errors
    /// There is no such evaluation, it is one's own ([`Code::OwnWork`]), it is not in review or approved, or the question has no critical answer.
    pub async fn confirm_critical(
        &self,
        actor: &Actor,
        id: VisitId,
        question: &str,
        evidence: &str,
    ) -> Result<EvaluationView, Error> {
        require_in_agency(actor, Verb::ConfirmCritical)?;
        let mut checks = Checks::default();
        let evidence = checks.text("evidence", evidence, 4_000);
        checks.finish()?;
        let evidence = &evidence;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let (visit, submission) = lock(tx, actor, Verb::ConfirmCritical, id).await?;
            if !matches!(visit.state, VisitState::InReview | VisitState::Approved) {
                let detail = format!("The visit is {}; it must be in_review or approved.", visit.state);
                return Err(Error::because(Code::NotPossibleInState, detail));
            }
            let evaluation = evaluation::load(tx, actor.agency, &visit, &submission).await?;
            let latest = scores::find_latest(tx, actor.agency, id).await?;
            let is_critical = triggers(latest.as_ref(), &[])?
                .iter()
                .any(|trigger| trigger.question == question);
            if !is_critical {
                return Err(Error::not_found("critical answer"));
            }
            let confirmation = CriticalConfirmation {
                visit: id,
                cycle: submission.cycle,
                question: question.to_owned(),
                answer: answer_text(&evaluation, question),
                evidence: evidence.clone(),
                confirmed_by: actor.user,
            };
            scores::insert_confirmation(tx, actor.agency, &confirmation, self.now()).await?;
            let event =
                AuditEvent::of(Verb::ConfirmCritical, "visit", id).with(json!({"question": question}));
            Ok((self.evaluation_view(tx, actor, visit, submission).await?, event))
        })
        .await
    }

    /// Finds an evaluation sound. With `accept_incomplete`, required answers may
    /// be missing, which then earn nothing, and photos, which the report then lacks.
    ///
    /// # Errors
    /// There is no such evaluation, it is one's own ([`Code::OwnWork`]), it was not handed in or is settled, it has
    /// changed since it was read, [`Code::ConflictUnresolved`], or it is incomplete and that was not
    /// accepted: [`Code::PhotosMissing`], or its findings as issues.
    pub async fn approve(
        &self,
        actor: &Actor,
        id: VisitId,
        input: ApproveInput,
    ) -> Result<EvaluationView, Error> {
        require_in_agency(actor, Verb::ApproveEvaluation)?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let (mut visit, submission) = lock(tx, actor, Verb::ApproveEvaluation, id).await?;
            visit.state = reviewed(visit.state, VisitEvent::Approve)?;
            require_whole(&submission)?;
            let evaluation = evaluation::load(tx, actor.agency, &visit, &submission).await?;
            require_no_conflict(&evaluation)?;
            let lack = lack(tx, actor, &submission, &evaluation).await?;
            let is_incomplete = lack.is_some();
            match lack {
                Some(lack) if !input.accept_incomplete => return Err(lack),
                _ => {}
            }
            let decisions = Decisions {
                accepted_incomplete: is_incomplete,
                ..Decisions::default()
            };
            let reason = if is_incomplete {
                ACCEPTED_INCOMPLETE
            } else {
                "approved"
            };
            // Work may have arrived after the last score: what is approved is what is scored here.
            let (number, _) = self
                .settle(
                    tx,
                    actor.agency,
                    &mut visit,
                    &submission,
                    &evaluation,
                    reason,
                    decisions,
                )
                .await?;
            let is_current = is_incomplete || input.based_on.is_none_or(|seen| seen == number);
            if !is_current {
                let detail = "The evaluation has changed since you read it.";
                return Err(Error::because(Code::Conflict, detail));
            }
            visit.approved_at = Some(self.now());
            save(tx, actor, &mut visit, &submission).await?;
            let detail = json!({"accept_incomplete": input.accept_incomplete});
            let event = AuditEvent::of(Verb::ApproveEvaluation, "visit", id).with(detail);
            Ok((self.evaluation_view(tx, actor, visit, submission).await?, event))
        })
        .await
    }

    /// Sends an evaluation back to its shopper.
    ///
    /// # Errors
    /// There is no such evaluation, it is one's own ([`Code::OwnWork`]), it is not in review, or the reason is missing.
    pub async fn return_evaluation(
        &self,
        actor: &Actor,
        id: VisitId,
        reason: &str,
    ) -> Result<EvaluationView, Error> {
        require_in_agency(actor, Verb::ReturnEvaluation)?;
        let mut checks = Checks::default();
        let reason = checks.text("reason", reason, 4_000);
        checks.finish()?;
        let reason = &reason;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let (mut visit, mut submission) = lock(tx, actor, Verb::ReturnEvaluation, id).await?;
            visit.state = reviewed(visit.state, VisitEvent::Return)?;
            require_whole(&submission)?;
            submission.cycle += 1;
            submission.return_reason = Some(reason.clone());
            submissions::update(tx, &submission).await?;
            submission.row_version += 1;
            save(tx, actor, &mut visit, &submission).await?;
            let event =
                AuditEvent::of(Verb::ReturnEvaluation, "visit", id).with(json!({"cycle": submission.cycle}));
            Ok((self.evaluation_view(tx, actor, visit, submission).await?, event))
        })
        .await
    }

    /// Makes an evaluation visible to the client.
    ///
    /// # Errors
    /// There is no such evaluation, it is one's own ([`Code::OwnWork`]), it is not approved,
    /// [`Code::CriticalUnconfirmed`], or [`Code::ReleaseTooEarly`].
    pub async fn release(&self, actor: &Actor, id: VisitId) -> Result<EvaluationView, Error> {
        require_in_agency(actor, Verb::ReleaseEvaluation)?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let (mut visit, submission) = lock(tx, actor, Verb::ReleaseEvaluation, id).await?;
            visit.state = visit.state.after(VisitEvent::Release)?;
            self.require_releasable(tx, actor, &visit, &submission).await?;
            visit.released_at = Some(self.now());
            save(tx, actor, &mut visit, &submission).await?;
            let event = AuditEvent::of(Verb::ReleaseEvaluation, "visit", id);
            Ok((self.evaluation_view(tx, actor, visit, submission).await?, event))
        })
        .await
    }

    async fn require_releasable(
        &self,
        tx: &Tx,
        actor: &Actor,
        visit: &Visit,
        submission: &Submission,
    ) -> Result<(), Error> {
        let latest = scores::find_latest(tx, actor.agency, visit.id).await?;
        let evaluation = evaluation::load(tx, actor.agency, visit, submission).await?;
        let confirmed = confirmed(tx, actor, visit, submission, &evaluation).await?;
        let open = triggers(latest.as_ref(), &confirmed)?
            .into_iter()
            .find(|trigger| !trigger.is_confirmed);
        if let Some(open) = open {
            let detail = format!("The critical answer to {} has not been confirmed.", open.question);
            return Err(Error::because(Code::CriticalUnconfirmed, detail));
        }
        let allowed_from = releasable_at(tx, actor, visit).await?;
        if let Some(allowed_from) = allowed_from
            && allowed_from > self.now()
        {
            let detail = format!("It may be released from {} on.", allowed_from.to_rfc3339());
            return Err(Error::because(Code::ReleaseTooEarly, detail));
        }
        Ok(())
    }
}

/// The state after a reviewer's decision. One on an evaluation that still waits
/// for photos or a follow-up begins the review as well.
fn reviewed(state: VisitState, event: VisitEvent) -> Result<VisitState, Error> {
    let state = match state {
        VisitState::Submitted => state.after(VisitEvent::BeginReview)?,
        other => other,
    };
    Ok(state.after(event)?)
}

/// What is left of an evaluation can neither be judged nor be mended.
fn require_whole(submission: &Submission) -> Result<(), Error> {
    if submission.purged.is_empty() {
        return Ok(());
    }
    Err(deleted("Something of the evaluation was deleted."))
}

fn require_no_conflict(evaluation: &Evaluation) -> Result<(), Error> {
    let Some(slot) = evaluation.bound.conflicts.first() else {
        return Ok(());
    };
    let question = slot.path(&evaluation.checklist);
    let detail = format!("The question {question} has answers in conflict.");
    Err(Error::because(Code::ConflictUnresolved, detail))
}

/// What an evaluation lacks to be complete: answers, or photos ready for readers.
async fn lack(
    tx: &Tx,
    actor: &Actor,
    submission: &Submission,
    evaluation: &Evaluation,
) -> Result<Option<Error>, Error> {
    let issues: Vec<Issue> = evaluation_findings(evaluation)
        .into_iter()
        .filter(Finding::is_error)
        .map(Issue::from)
        .collect();
    if !issues.is_empty() {
        return Ok(Some(Error::with_issues(Code::ValidationFailed, issues)));
    }
    let files: Vec<_> = evaluation.files().map(|(_, file)| file.sha256).collect();
    let missing = list_unready(tx, actor.agency, submission.id, &files)
        .await?
        .count();
    Ok((missing > 0).then(|| {
        let detail = format!(
            "{missing} of {} photos have not arrived or been prepared.",
            files.len()
        );
        Error::because(Code::PhotosMissing, detail)
    }))
}

/// A visit on which the actor may do `verb`, with its submission, both locked. It is not of their own making.
async fn lock(tx: &Tx, actor: &Actor, verb: Verb, id: VisitId) -> Result<(Visit, Submission), Error> {
    let (_, submission) = read::load(tx, actor, verb, id).await?;
    require_others_work(tx, actor, std::slice::from_ref(&submission)).await?;
    let visit = visits::lock(tx, actor.agency, id)
        .await?
        .ok_or_else(|| Error::not_found("visit"))?;
    let submission = submissions::lock(tx, actor.agency, submission.id).await?;
    Ok((visit, submission.ok_or_else(|| Error::not_found("evaluation"))?))
}

/// Saves a visit, and tells its shopper's devices.
async fn save(tx: &Tx, actor: &Actor, visit: &mut Visit, submission: &Submission) -> Result<(), Error> {
    visits::update(tx, visit).await?;
    visit.row_version += 1;
    let changes = [
        assignment_entity(submission.assignment),
        submission_entity(submission.id),
    ]
    .map(|entity| FeedChange {
        entity,
        revoked: None,
    });
    feed::append(
        tx,
        actor.agency,
        &scope_of(actor.agency, submission.shopper),
        &changes,
    )
    .await?;
    Ok(())
}
