//! Evaluations with everything that belongs to their review.

use std::collections::BTreeSet;

use haamu_domain::attribute::Attributes;
use haamu_domain::binding::Capture;
use haamu_domain::{Actor, Daypart, ScenarioBrief, Target, Timestamp, Verb, VisitId, VisitState};
use haamu_form::{Finding, Slot, score::QuestionStatus};
use haamu_store::Tx;
use haamu_store::repo::scores::{self, ScoreRecord};
use haamu_store::repo::submissions::{self, Submission};
use haamu_store::repo::visits::{self, Visit};
use haamu_store::repo::{assignments, blobs, programmes, purge_files};
use haamu_sync::{Attachment, BlobHash};
use serde_json::Value;

use crate::context::{require, require_in_agency};
use crate::evaluation::{self, Evaluation};
use crate::retention::deleted;
use crate::visits::current_assignment;
use crate::{App, Error};

/// An evaluation as a reviewer sees it.
#[derive(Clone, Debug)]
pub struct EvaluationView {
    /// The visit.
    pub visit: Visit,
    /// The submission.
    pub submission: Submission,
    /// What the shopper was to do, as it was promised to them.
    pub scenario: Option<ScenarioBrief>,
    /// The part of the day in which they were to go.
    pub daypart: Option<Daypart>,
    /// What conditions know of the location, pinned when the submission began.
    pub location_attributes: Attributes,
    /// From when on it may be released.
    pub releasable_at: Option<Timestamp>,
    /// The answers, in checklist order, without what is not shown.
    pub answers: Vec<AnswerView>,
    /// The latest score.
    pub score: Option<ScoreView>,
    /// Critical answers, in checklist order.
    pub triggers: Vec<TriggerView>,
    /// What validation found.
    pub findings: Vec<Finding>,
    /// Ids of questions with answers in conflict.
    pub conflicts: Vec<String>,
    /// Sections that are filled in later.
    pub follow_ups: Vec<FollowUpView>,
    /// Files that are expected.
    pub files_expected: u32,
    /// Those of them that have arrived.
    pub files_received: u32,
}

/// One answer.
#[derive(Clone, Debug)]
pub struct AnswerView {
    /// The question's id.
    pub question: String,
    /// The status that it counts as.
    pub status: &'static str,
    /// The answer in the shorthand.
    pub value: Option<Value>,
    /// The comment.
    pub comment: Option<String>,
    /// The files.
    pub files: Vec<FileView>,
}

/// A file of an answer.
#[derive(Clone, Debug)]
pub struct FileView {
    /// Its name.
    pub sha256: BlobHash,
    /// Its length in bytes.
    pub length: u64,
    /// Its media type, as the device believes.
    pub media_type: String,
    /// Whether it has arrived.
    pub is_received: bool,
    /// Whether it was deleted since, because its time was over.
    pub is_deleted: bool,
    /// The shopper's words for it.
    pub caption: Option<String>,
    /// A small picture of it that has arrived; it is read as a photo of the evaluation is.
    pub preview: Option<BlobHash>,
}

/// A score as it is stored.
#[derive(Clone, Debug)]
pub struct ScoreView {
    /// The how-manieth score of the visit it is, from 1.
    pub number: u32,
    /// The result.
    pub result: Value,
    /// The losses and gains.
    pub trace: Value,
    /// When it was made.
    pub scored_at: Timestamp,
}

/// A critical answer.
#[derive(Clone, Debug)]
pub struct TriggerView {
    /// The question's id.
    pub question: String,
    /// Whether a reviewer has confirmed it.
    pub is_confirmed: bool,
}

/// A section that is filled in later.
#[derive(Clone, Debug)]
pub struct FollowUpView {
    /// The section's id.
    pub stage: String,
    /// From when on.
    pub opens_at: Timestamp,
    /// Until when.
    pub closes_at: Timestamp,
    /// Whether it is handed in.
    pub is_submitted: bool,
}

impl App {
    /// The evaluation of a visit.
    ///
    /// # Errors
    /// There is no such visit, or nobody has worked on it.
    pub async fn read_evaluation(&self, actor: &Actor, id: VisitId) -> Result<EvaluationView, Error> {
        require_in_agency(actor, Verb::ReadEvaluation)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let (visit, submission) = load(tx, actor, Verb::ReadEvaluation, id).await?;
            self.evaluation_view(tx, actor, visit, submission).await
        })
        .await
    }

    /// A photo of an evaluation, re-encoded as readers of a report would see it.
    ///
    /// # Errors
    /// There is no such visit or photo, or the photo has not been prepared.
    pub async fn evaluation_photo(
        &self,
        actor: &Actor,
        id: VisitId,
        sha256: BlobHash,
    ) -> Result<Vec<u8>, Error> {
        require_in_agency(actor, Verb::ReadEvaluation)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let (visit, submission) = load(tx, actor, Verb::ReadEvaluation, id).await?;
            let evaluation = evaluation::load(tx, actor.agency, &visit, &submission).await?;
            let received = blobs::list_received(tx, actor.agency, submission.id, None).await?;
            if purge_files::is_given_up(tx, actor.agency, submission.id, sha256).await? {
                return Err(deleted("The photo was deleted."));
            }
            let is_of_evaluation = evaluation
                .files()
                .any(|(_, file)| file.sha256 == sha256 || preview_of(file) == Some(sha256));
            let prepared = blobs::list_renditions(tx, actor.agency, &[sha256]).await?;
            let is_readable = prepared.iter().any(|rendition| rendition.is_readable);
            if is_of_evaluation && received.contains(&sha256) && is_readable {
                Ok(())
            } else {
                Err(Error::not_found("photo"))
            }
        })
        .await?;
        let jpeg = self.inner.files.read_rendition(actor.agency, sha256).await?;
        Ok(jpeg.to_vec())
    }

    pub(super) async fn evaluation_view(
        &self,
        tx: &Tx,
        actor: &Actor,
        visit: Visit,
        submission: Submission,
    ) -> Result<EvaluationView, Error> {
        let evaluation = evaluation::load(tx, actor.agency, &visit, &submission).await?;
        let latest = scores::find_latest(tx, actor.agency, visit.id).await?;
        let latest = latest.filter(|score| score.submission == submission.id);
        let confirmed = confirmed(tx, actor, &visit, &submission, &evaluation).await?;
        let received = blobs::list_received(tx, actor.agency, submission.id, None).await?;
        let owned = purge_files::list_owned(tx, actor.agency, submission.id).await?;
        let deleted: BTreeSet<BlobHash> = owned
            .into_iter()
            .filter_map(|(file, is_given_up)| is_given_up.then_some(file))
            .collect();
        let is_here = |hash: &BlobHash| received.contains(hash) && !deleted.contains(hash);
        let stages = submissions::list_stages(tx, actor.agency, submission.id).await?;
        let follow_ups = submissions::list_follow_ups(tx, actor.agency, submission.id).await?;
        let expected: Vec<BlobHash> = evaluation.files().map(|(_, file)| file.sha256).collect();
        let mut findings = match submission.purged.is_empty() {
            true => evaluation_findings(&evaluation),
            // What is left lacks what was there when it was judged.
            false => Vec::new(),
        };
        findings.extend(
            self.notices(tx, actor, &visit, (&submission, &evaluation))
                .await?,
        );
        let brief = crate::visits::brief(tx, actor.agency, submission.assignment).await?;
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let place = |slot: &Slot| slot.path(&evaluation.checklist);
        Ok(EvaluationView {
            scenario: brief.as_ref().and_then(|brief| brief.scenario.clone()),
            daypart: brief.and_then(|brief| brief.daypart),
            location_attributes: submission.location_attributes.clone(),
            releasable_at: releasable_at(tx, actor, &visit).await?,
            answers: answers(&evaluation, is_here, |hash| deleted.contains(hash)),
            triggers: triggers(latest.as_ref(), &confirmed)?,
            findings,
            conflicts: evaluation.bound.conflicts.iter().map(place).collect(),
            follow_ups: follow_ups
                .into_iter()
                .map(|section| FollowUpView {
                    is_submitted: stages.iter().any(|stage| stage.stage == section.stage),
                    stage: section.stage,
                    opens_at: section.opens_at,
                    closes_at: section.closes_at,
                })
                .collect(),
            files_expected: count(expected.len()),
            files_received: count(expected.iter().filter(|hash| received.contains(*hash)).count()),
            score: latest.as_ref().map(score_view).transpose()?,
            visit,
            submission,
        })
    }
}

/// What validation says of an evaluation at present.
pub(super) fn evaluation_findings(evaluation: &Evaluation) -> Vec<Finding> {
    let mut findings = evaluation.bound.findings.clone();
    findings.extend(
        evaluation
            .bound
            .draft
            .findings(&evaluation.checklist, haamu_form::Stage::Main),
    );
    findings
}

/// A visit on which the actor may do `verb`, and the submission that counts.
pub(super) async fn load(
    tx: &Tx,
    actor: &Actor,
    verb: Verb,
    id: VisitId,
) -> Result<(Visit, Submission), Error> {
    let visit = visits::find(tx, actor.agency, id)
        .await?
        .ok_or_else(|| Error::not_found("visit"))?;
    require(
        actor,
        verb,
        &Target::of_client(actor.agency, visit.client_organisation),
        "visit",
    )?;
    let submission = submission_of(tx, actor, &visit).await?;
    Ok((visit, submission))
}

/// The submission of the assignment that counts: the newest.
pub(crate) async fn submission_of(tx: &Tx, actor: &Actor, visit: &Visit) -> Result<Submission, Error> {
    let assignments = assignments::list_of_visits(tx, actor.agency, &[visit.id]).await?;
    let current = current_assignment(&assignments, visit.id).filter(|_| visit.state != VisitState::Planned);
    let current = current.ok_or_else(|| Error::not_found("evaluation"))?;
    let submissions = submissions::list_of_visits(tx, actor.agency, &[visit.id]).await?;
    let submission = submissions
        .into_iter()
        .find(|submission| submission.assignment == current.id);
    submission.ok_or_else(|| Error::not_found("evaluation"))
}

/// The end of the programme's release delay, counted from the visit.
pub(super) async fn releasable_at(tx: &Tx, actor: &Actor, visit: &Visit) -> Result<Option<Timestamp>, Error> {
    let Some(visited_at) = visit.visited_at else {
        return Ok(None);
    };
    let round = programmes::find_round(tx, actor.agency, visit.round).await?;
    let round = round.ok_or_else(|| Error::not_found("round"))?;
    let programme = programmes::find(tx, actor.agency, round.programme).await?;
    let programme = programme.ok_or_else(|| Error::not_found("programme"))?;
    Ok(Some(visited_at.plus_hours(programme.release_delay_hours)))
}

fn answers(
    evaluation: &Evaluation,
    is_received: impl Fn(&BlobHash) -> bool,
    is_deleted: impl Fn(&BlobHash) -> bool,
) -> Vec<AnswerView> {
    let draft = &evaluation.bound.draft;
    let score = haamu_form::score(
        &evaluation.checklist,
        draft.answers(),
        haamu_form::Decisions::default(),
    );
    let of_place = |slot: Slot| {
        let of_question = &score.questions[slot.question];
        let status = match slot.instance {
            None => of_question.status,
            Some(instance) => of_question.instances[instance].status,
        };
        if status == QuestionStatus::NotShown {
            return None;
        }
        let files = evaluation
            .bound
            .files
            .get(&slot)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let comment = draft.comment(slot);
        Some(AnswerView {
            question: slot.path(&evaluation.checklist),
            status: status.as_str(),
            value: draft.answers().shorthand(&evaluation.checklist, slot),
            comment: (!comment.is_empty()).then(|| comment.to_owned()),
            files: files
                .iter()
                .map(|(_, file)| file_view(file, &is_received, &is_deleted))
                .collect(),
        })
    };
    let slots = draft.answers().slots(&evaluation.checklist);
    slots.into_iter().filter_map(of_place).collect()
}

fn file_view(
    file: &Attachment,
    is_received: impl Fn(&BlobHash) -> bool,
    is_deleted: impl Fn(&BlobHash) -> bool,
) -> FileView {
    FileView {
        sha256: file.sha256,
        length: file.length,
        media_type: file.media_type.clone(),
        is_received: is_received(&file.sha256),
        is_deleted: is_deleted(&file.sha256),
        caption: Capture::from_bytes(&file.capture).caption,
        preview: preview_of(file).filter(is_received),
    }
}

/// The small picture that a device says it sends of a file.
fn preview_of(file: &Attachment) -> Option<BlobHash> {
    Capture::from_bytes(&file.capture).preview
}

fn score_view(record: &ScoreRecord) -> Result<ScoreView, Error> {
    let read =
        |text: &str| serde_json::from_str(text).map_err(|error| Error::internal("read a score", error));
    Ok(ScoreView {
        number: record.number,
        result: read(&record.result)?,
        trace: read(&record.trace)?,
        scored_at: record.scored_at,
    })
}

/// The questions whose present answers are confirmed as critical.
pub(super) async fn confirmed(
    tx: &Tx,
    actor: &Actor,
    visit: &Visit,
    submission: &Submission,
    evaluation: &Evaluation,
) -> Result<Vec<String>, Error> {
    let confirmed = scores::list_confirmed(tx, actor.agency, visit.id, submission.cycle).await?;
    let is_present = |(question, answer): &(String, String)| answer_text(evaluation, question) == *answer;
    Ok(confirmed
        .into_iter()
        .filter(is_present)
        .map(|(question, _)| question)
        .collect())
}

/// The answer to a question as text; empty if there is none.
pub(super) fn answer_text(evaluation: &Evaluation, question: &str) -> String {
    let answers = evaluation.bound.draft.answers();
    let is_there = |slot: &Slot| answers.slots(&evaluation.checklist).contains(slot);
    let Some(slot) = Slot::parse(&evaluation.checklist, question).filter(is_there) else {
        return String::new();
    };
    let value = answers.shorthand(&evaluation.checklist, slot);
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// The critical answers of a score, and which of them are confirmed.
pub(super) fn triggers(
    latest: Option<&ScoreRecord>,
    confirmed: &[String],
) -> Result<Vec<TriggerView>, Error> {
    let Some(latest) = latest else {
        return Ok(Vec::new());
    };
    let result: Value =
        serde_json::from_str(&latest.result).map_err(|error| Error::internal("read a score", error))?;
    let critical = result["critical"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let ids = critical.iter().filter_map(Value::as_str);
    let view = |id: &str| TriggerView {
        question: id.to_owned(),
        is_confirmed: confirmed.iter().any(|confirmed| confirmed == id),
    };
    Ok(ids.map(view).collect())
}
