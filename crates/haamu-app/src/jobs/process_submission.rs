//! Validating and scoring a submission, and moving its visit on.

use haamu_domain::brief::submission_entity;
use haamu_domain::stages::{FollowUp, follow_ups, visited_at};
use haamu_domain::{AgencyId, AuditEvent, ScoreId, SubmissionId, VisitEvent, VisitState, Zone, binding};
use haamu_form::{Decisions, Finding, ScoreOutput, Stage, score, trace, trace::TraceOutput};
use haamu_store::repo::feed::{self, FeedChange};
use haamu_store::repo::scores::{self, ScoreRecord};
use haamu_store::repo::submissions::{self, Submission};
use haamu_store::repo::visits::{self, Visit};
use haamu_store::repo::{assignments, clients, jobs, programmes};
use haamu_store::{Reach, Tx};
use haamu_sync::BlobHash;
use serde_json::json;

use crate::evaluation::{self, Evaluation, list_unready};
use crate::review::ACCEPTED_INCOMPLETE;
use crate::visits::scope_of;
use crate::{App, Error};

use super::Job;

/// A visit may lie so far before its round or after it was handed in; beyond that the answer is a mistake.
const TOLERANCE_SECONDS: i64 = 24 * 3600;
/// So many evaluations that stand still are put into the queue together.
const LOOK_AGAIN_AT: usize = 1_000;

impl App {
    /// Does nothing for a submission that is not handed in or whose content is settled.
    pub(super) async fn process_submission(&self, agency: AgencyId, id: SubmissionId) -> Result<(), Error> {
        self.act_alone(agency, |tx: Tx| async move {
            let tx = &tx;
            let event = AuditEvent::named("submission.process", "submission", id);
            let Some(found) = submissions::find(tx, agency, id).await? else {
                return Ok(((), event));
            };
            let visit = visits::lock(tx, agency, found.visit).await?;
            let submission = submissions::lock(tx, agency, id).await?;
            let (Some(mut visit), Some(submission)) = (visit, submission) else {
                return Ok(((), event));
            };
            if !matches!(visit.state, VisitState::Submitted | VisitState::InReview) {
                return Ok(((), event.with(json!({"state": visit.state.as_str()}))));
            }
            // What a former shopper has handed in is not what the visit is judged by.
            let assignment = assignments::find(tx, agency, submission.assignment).await?;
            if !assignment.is_some_and(|assignment| assignment.state.is_live()) {
                return Ok(((), event.with(json!({"former": true}))));
            }
            // What is left of it would come to another score; the one that it had stays.
            if !submission.purged.is_empty() {
                return Ok(((), event.with(json!({"deleted": true}))));
            }
            let evaluation = evaluation::load(tx, agency, &visit, &submission).await?;
            let decisions = Decisions::default();
            let (number, due) = self
                .settle(
                    tx,
                    agency,
                    &mut visit,
                    &submission,
                    &evaluation,
                    "processed",
                    decisions,
                )
                .await?;
            let is_complete = self
                .is_complete(tx, agency, &submission, &evaluation, &due)
                .await?;
            let before = visit.state;
            if is_complete && visit.state == VisitState::Submitted {
                visit.state = visit.state.after(VisitEvent::BeginReview)?;
            }
            visits::update(tx, &visit).await?;
            if visit.state != before {
                let change = FeedChange {
                    entity: submission_entity(id),
                    revoked: None,
                };
                feed::append(tx, agency, &scope_of(agency, submission.shopper), &[change]).await?;
            }
            let detail = json!({"state": visit.state.as_str(), "score_number": number});
            Ok(((), event.with(detail)))
        })
        .await
    }

    /// Notes when the visit took place and which sections follow, and scores what is there. Says the
    /// number of the score, and the sections.
    #[expect(
        clippy::too_many_arguments,
        reason = "what an evaluation consists of, and how it is judged"
    )]
    pub(crate) async fn settle(
        &self,
        tx: &Tx,
        agency: AgencyId,
        visit: &mut Visit,
        submission: &Submission,
        evaluation: &Evaluation,
        reason: &str,
        decisions: Decisions<'_>,
    ) -> Result<(u32, Vec<FollowUp>), Error> {
        let zone = load_zone(tx, agency, visit).await?;
        let due = self
            .settle_times(tx, agency, visit, submission, evaluation, &zone)
            .await?;
        let record = self.score_record(visit, submission, evaluation, reason, decisions)?;
        Ok((insert_if_new(tx, agency, &record).await?, due))
    }

    /// Notes when the visit took place, and which sections are filled in later.
    async fn settle_times(
        &self,
        tx: &Tx,
        agency: AgencyId,
        visit: &mut Visit,
        submission: &Submission,
        evaluation: &Evaluation,
        zone: &Zone,
    ) -> Result<Vec<FollowUp>, Error> {
        let stages = submissions::list_stages(tx, agency, submission.id).await?;
        let handed_in = stages.iter().find(|stage| stage.stage == binding::MAIN_STAGE);
        let handed_in_at = handed_in.map_or_else(|| self.now(), |stage| stage.submitted_at);
        let answers = evaluation.bound.draft.answers();
        let round = programmes::find_round(tx, agency, visit.round).await?;
        let round = round.ok_or_else(|| Error::not_found("round"))?;
        let earliest = zone.start_of(round.starts_on).plus_seconds(-TOLERANCE_SECONDS);
        let latest = handed_in_at.plus_seconds(TOLERANCE_SECONDS);
        let moment = visited_at(&evaluation.checklist, answers, zone)
            .filter(|moment| (earliest..=latest).contains(moment))
            .unwrap_or(handed_in_at);
        visit.visited_at = Some(moment);
        let due = follow_ups(&evaluation.checklist, answers, zone, moment);
        submissions::set_follow_ups(tx, agency, submission.id, &due).await?;
        Ok(due)
    }

    /// Whether all stages are in or over, and all files have arrived and been
    /// prepared for readers. Where a stage is still open, the submission is
    /// looked at again when it closes.
    async fn is_complete(
        &self,
        tx: &Tx,
        agency: AgencyId,
        submission: &Submission,
        evaluation: &Evaluation,
        due: &[FollowUp],
    ) -> Result<bool, Error> {
        let stages = submissions::list_stages(tx, agency, submission.id).await?;
        let is_in = |name: &str| stages.iter().any(|stage| stage.stage == name);
        let now = self.now();
        let open: Vec<&FollowUp> = due
            .iter()
            .filter(|section| !is_in(&section.stage) && section.closes_at > now)
            .collect();
        if let Some(next) = open.iter().map(|section| section.closes_at).min() {
            let job = Job::ProcessSubmission {
                submission: submission.id,
            };
            self.enqueue(tx, agency, &job, next).await?;
        }
        let files: Vec<_> = evaluation.files().map(|(_, file)| file.sha256).collect();
        let unready = list_unready(tx, agency, submission.id, &files).await?;
        for sha256 in &unready.unprepared {
            self.prepare_again(tx, agency, submission.id, *sha256).await?;
        }
        Ok(open.is_empty() && unready.count() == 0)
    }

    /// Lets a file be prepared that has arrived, unless that is under way: the job of its arrival may have been
    /// given up.
    async fn prepare_again(
        &self,
        tx: &Tx,
        agency: AgencyId,
        submission: SubmissionId,
        sha256: BlobHash,
    ) -> Result<(), Error> {
        let job = Job::MakeRendition { sha256, submission };
        let new = self.new_job(agency, &job, self.now())?;
        if !jobs::is_open(tx, agency, new.kind, &new.dedup_key).await? {
            jobs::enqueue(tx, &new, self.now()).await?;
        }
        Ok(())
    }

    /// Looks once more at evaluations that were handed in and stand there: what has kept them may be over, and
    /// their jobs given up.
    pub(crate) async fn look_again(&self, agency: AgencyId) -> Result<(), Error> {
        let mut after = None;
        loop {
            let standing = self
                .inner
                .db
                .write(Reach::Agency(agency), |tx: Tx| async move {
                    let tx = &tx;
                    let state = VisitState::Submitted;
                    let standing = submissions::list_live_in(tx, agency, state, after, LOOK_AGAIN_AT).await?;
                    let jobs = standing.iter().map(|(_, submission)| {
                        let submission = *submission;
                        self.new_job(agency, &Job::ProcessSubmission { submission }, self.now())
                    });
                    let jobs = jobs.collect::<Result<Vec<_>, Error>>()?;
                    jobs::enqueue_many(tx, &jobs, self.now()).await?;
                    Ok::<_, Error>(standing)
                })
                .await?;
            after = standing.last().map(|(visit, _)| *visit);
            if standing.len() < LOOK_AGAIN_AT {
                return Ok(());
            }
        }
    }

    fn score_record(
        &self,
        visit: &Visit,
        submission: &Submission,
        evaluation: &Evaluation,
        reason: &str,
        decisions: Decisions<'_>,
    ) -> Result<ScoreRecord, Error> {
        let checklist = &evaluation.checklist;
        let draft = &evaluation.bound.draft;
        let score = score(checklist, draft.answers(), decisions);
        let trace = trace(checklist, draft.answers(), &score);
        let mut findings: Vec<Finding> = evaluation.bound.findings.clone();
        findings.extend(draft.findings(checklist, Stage::Main));
        let text = |value: serde_json::Result<String>| {
            value.map_err(|error| Error::internal("write a score", error))
        };
        Ok(ScoreRecord {
            id: ScoreId::from_uuid(self.fresh_uuid()),
            visit: visit.id,
            submission: submission.id,
            cycle: submission.cycle,
            number: 0,
            display: score.display.clone(),
            grade: score.grade.as_ref().map(|grade| grade.as_str().to_owned()),
            result: text(serde_json::to_string(&ScoreOutput::new(checklist, &score)))?,
            trace: text(serde_json::to_string(&TraceOutput::new(checklist, &trace)))?,
            findings: text(serde_json::to_string(&findings))?,
            has_conflict: !evaluation.bound.conflicts.is_empty(),
            reason: reason.to_owned(),
            scored_at: self.now(),
        })
    }
}

/// Keeps a score, unless it says the same as the last one; the number of whichever stands.
async fn insert_if_new(tx: &Tx, agency: AgencyId, record: &ScoreRecord) -> Result<u32, Error> {
    let latest = scores::find_latest(tx, agency, record.visit).await?;
    let number = latest.as_ref().map_or(0, |latest| latest.number);
    let is_same = latest.is_some_and(|latest| {
        (latest.submission, latest.cycle, latest.has_conflict)
            == (record.submission, record.cycle, record.has_conflict)
            && latest.result == record.result
            && latest.findings == record.findings
            && (latest.reason == ACCEPTED_INCOMPLETE) == (record.reason == ACCEPTED_INCOMPLETE)
    });
    if is_same {
        return Ok(number);
    }
    scores::insert(tx, agency, record).await?;
    Ok(number + 1)
}

/// The time zone of the place of a visit.
pub(crate) async fn load_zone(tx: &Tx, agency: AgencyId, visit: &Visit) -> Result<Zone, Error> {
    let location = clients::find_location(tx, agency, visit.location).await?;
    let location = location.ok_or_else(|| Error::not_found("location"))?;
    Zone::named(&location.time_zone).ok_or_else(|| Error::not_found("time zone"))
}
