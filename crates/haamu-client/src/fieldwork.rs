//! A shopper's work in terms of visits, questions and answers.
//!
//! This is the surface for apps: it binds the engine's registers to the
//! checklist, so that an app validates and shows just what the server will.

use haamu_domain::binding::{self, BoundEvaluation, bind, visit_context};
use haamu_domain::brief::{form_entity, kind};
use haamu_domain::{AssignmentBrief, SubmissionId};
use haamu_form::{Checklist, Decisions, Finding, Findings, Score, Slot, Stage, score};
use haamu_sync::engine::{Edit, StoredEntity};
use haamu_sync::{Action, BlobHash, Body, Lane, OpId, RegisterKey, Submit};

use crate::driver::{ClientError, Device};
use crate::ports::{FileStore, LocalStore, Platform, Transport};

/// Why an answer, photo or submit was not recorded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FieldworkError {
    /// The device failed.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The checklist of the visit has not arrived yet, or cannot be read by this build.
    #[error("the checklist of the visit is not on this device")]
    NoChecklist,
    /// The answer does not fit its question.
    #[error("the answer does not fit: {0}")]
    Answer(Findings),
    /// The checklist has no such question.
    #[error("the checklist has no question {0:?}")]
    UnknownQuestion(String),
    /// The checklist has no such stage.
    #[error("the checklist has no stage {0:?}")]
    UnknownStage(String),
    /// The comment is longer than the format allows.
    #[error("a comment has at most {} characters", binding::MAX_COMMENT_CHARS)]
    CommentTooLong,
    /// The question takes no photos or other files.
    #[error("the question {0} takes no photos")]
    TakesNoFile(String),
    /// The file is larger than servers take.
    #[error("a photo has at most {} MiB", MAX_FILE_BYTES / 1024 / 1024)]
    FileTooLarge,
    /// The answer is longer than can be sent.
    #[error("the answer is too long")]
    AnswerTooLong,
    /// The visit is no longer this person's, or is handed in and settled.
    #[error("the visit is {0}; nothing more can be recorded")]
    Closed(String),
    /// Something keeps the stage from being complete.
    #[error("{} answers, comments or photos are missing or do not fit", .0.len())]
    Incomplete(Vec<Finding>),
}

/// Servers take files of this length unless their operator says otherwise.
pub const MAX_FILE_BYTES: usize = 20 * 1024 * 1024;
/// The longest answer, in bytes of JSON.
const MAX_ANSWER_BYTES: usize = 100_000;

/// A visit on the device.
#[derive(Clone, Debug)]
pub struct FieldVisit {
    /// What the shopper was told.
    pub brief: AssignmentBrief,
    /// The visit's state, as last heard from the server.
    pub state: String,
    /// How often it was returned.
    pub cycle: u32,
    /// Whether it was taken away again.
    pub is_revoked: bool,
}

/// A visit with its checklist and everything that is recorded.
#[derive(Clone, Debug)]
pub struct OpenVisit {
    /// The visit.
    pub visit: FieldVisit,
    /// Its checklist.
    pub checklist: Checklist,
    /// What is recorded.
    pub bound: BoundEvaluation,
}

impl OpenVisit {
    /// The score so far, of what is answered.
    #[must_use]
    pub fn score(&self) -> Score {
        score(&self.checklist, self.bound.draft.answers(), Decisions::default())
    }

    /// What keeps a stage from being complete.
    #[must_use]
    pub fn findings(&self, stage: Stage) -> Vec<Finding> {
        self.bound.draft.findings(&self.checklist, stage)
    }

    /// The place that is written so: a question's id, or `staff[0].greeting` in the first
    /// instance of a repeated section.
    ///
    /// # Errors
    /// There is no such question or instance.
    pub fn slot(&self, place: &str) -> Result<Slot, FieldworkError> {
        let slots = self.bound.draft.answers().slots(&self.checklist);
        let found = Slot::parse(&self.checklist, place).filter(|slot| slots.contains(slot));
        found.ok_or_else(|| FieldworkError::UnknownQuestion(place.to_owned()))
    }

    /// The register at a place, of which `key` makes the one of its question.
    pub(crate) fn key(&self, slot: Slot, key: impl Fn(&str) -> RegisterKey) -> RegisterKey {
        let question = self.checklist.questions()[slot.question].id.as_str();
        binding::in_instance(key(question), self.bound.instance(&self.checklist, slot))
    }
}

impl<S: LocalStore, F: FileStore, T: Transport, P: Platform> Device<S, F, T, P> {
    /// The visits on this device, by assignment.
    pub fn visits(&self) -> Vec<FieldVisit> {
        self.engine()
            .entities()
            .filter_map(|stored| self.field_visit(stored))
            .collect()
    }

    fn field_visit(&self, stored: &StoredEntity) -> Option<FieldVisit> {
        let Body::Record(record) = &stored.body else {
            return None;
        };
        if stored.entity.kind != kind::ASSIGNMENT {
            return None;
        }
        let brief: AssignmentBrief = serde_json::from_slice(&record.0).ok()?;
        let submission = self.engine().submission(brief.submission.document());
        let (state, cycle, revoked) = submission.unwrap_or(("planned", 0, None));
        let is_revoked = stored.revoked.is_some() || revoked.is_some();
        Some(FieldVisit {
            state: state.to_owned(),
            cycle,
            is_revoked,
            brief,
        })
    }

    /// A visit with its checklist and everything that is recorded.
    ///
    /// # Errors
    /// [`FieldworkError::NoChecklist`].
    pub fn open_visit(&self, visit: &FieldVisit) -> Result<OpenVisit, FieldworkError> {
        let stored = self.engine().entity(&form_entity(&visit.brief.form));
        let Some(StoredEntity {
            body: Body::Record(record),
            ..
        }) = stored
        else {
            return Err(FieldworkError::NoChecklist);
        };
        let text = std::str::from_utf8(&record.0).map_err(|_| FieldworkError::NoChecklist)?;
        let checklist = Checklist::parse(text).map_err(|_| FieldworkError::NoChecklist)?;
        let document = self.engine().document(visit.brief.submission.document());
        let context = visit_context(&visit.brief.round, &visit.brief.location_attributes);
        let bound = bind(&checklist, &document, &context);
        Ok(OpenVisit {
            visit: visit.clone(),
            checklist,
            bound,
        })
    }

    /// Adds an instance to a repeated section, behind the others.
    ///
    /// # Errors
    /// There is no such section, it is full, or it could not be saved.
    pub async fn add_instance(&mut self, open: &OpenVisit, section: &str) -> Result<OpId, FieldworkError> {
        let index = open.checklist.section_index(section);
        let index = index.ok_or_else(|| FieldworkError::UnknownQuestion(section.to_owned()))?;
        let mut answers = open.bound.draft.answers().clone();
        answers
            .add_instance(&open.checklist, index)
            .map_err(|finding| FieldworkError::Answer(finding.into()))?;
        self.record(open, binding::instances_key(section), binding::add_instance(""))
            .await
    }

    /// Removes an instance of a repeated section with all that is in it. What another
    /// device wrote into it meanwhile brings it back.
    ///
    /// # Errors
    /// There is no such instance, or it could not be saved.
    pub async fn remove_instance(
        &mut self,
        open: &OpenVisit,
        section: &str,
        index: usize,
    ) -> Result<OpId, FieldworkError> {
        let place = open.checklist.section_index(section);
        let instances = place.and_then(|place| open.bound.instances.get(&place));
        let instance = instances.and_then(|instances| instances.get(index));
        let instance =
            instance.ok_or_else(|| FieldworkError::UnknownQuestion(format!("{section}[{index}]")))?;
        let document = self.engine().document(open.visit.brief.submission.document());
        let action = binding::remove_instance(&document, instance.id);
        self.record(open, binding::instances_key(section), action).await
    }

    /// Records an answer, given as JSON in the shorthand of the checklist format; `null` takes it away.
    ///
    /// # Errors
    /// The answer does not fit its question, or could not be saved.
    pub async fn answer(
        &mut self,
        open: &OpenVisit,
        question: &str,
        json: &str,
    ) -> Result<OpId, FieldworkError> {
        if json.len() > MAX_ANSWER_BYTES {
            return Err(FieldworkError::AnswerTooLong);
        }
        let mut answers = open.bound.draft.answers().clone();
        answers
            .set(&open.checklist, question, json)
            .map_err(FieldworkError::Answer)?;
        let slot = open.slot(question)?;
        let key = open.key(slot, |question| binding::answer_key(Lane::Shopper, question));
        self.record(open, key, binding::set_json(json)).await
    }

    /// Records a comment; an empty one takes it away.
    ///
    /// # Errors
    /// There is no such question, the comment is too long, or it could not be saved.
    pub async fn comment(
        &mut self,
        open: &OpenVisit,
        question: &str,
        text: &str,
    ) -> Result<OpId, FieldworkError> {
        let slot = open.slot(question)?;
        if text.chars().count() > binding::MAX_COMMENT_CHARS {
            return Err(FieldworkError::CommentTooLong);
        }
        let key = open.key(slot, |question| binding::comment_key(Lane::Shopper, question));
        self.record(open, key, binding::set_text(text)).await
    }

    /// Hands a stage in. Unless forced, only when it is complete.
    ///
    /// # Errors
    /// [`FieldworkError::Incomplete`] with everything that is missing, or it could not be saved.
    pub async fn submit(
        &mut self,
        open: &OpenVisit,
        stage: &str,
        is_forced: bool,
    ) -> Result<OpId, FieldworkError> {
        let part = binding::stage(&open.checklist, stage);
        let part = part.ok_or_else(|| FieldworkError::UnknownStage(stage.to_owned()))?;
        let mut errors: Vec<Finding> = open
            .findings(part)
            .into_iter()
            // Also what is recorded and cannot be read.
            .chain(open.bound.findings.iter().cloned())
            .filter(Finding::is_error)
            .collect();
        errors.extend(open.bound.conflicts.iter().map(|slot| {
            let path = format!("answers.{}", slot.path(&open.checklist));
            Finding::error(
                "answer_in_conflict",
                path,
                "two devices gave different answers; answer it once more",
            )
        }));
        if !errors.is_empty() && !is_forced {
            return Err(FieldworkError::Incomplete(errors));
        }
        let device = self.engine().device();
        let frontier = vec![(device.device, self.engine().last_seq())];
        let submit = Submit {
            stage: stage.to_owned(),
            cycle: open.visit.cycle,
            frontier,
        };
        let key = RegisterKey::shopper(binding::SUBMIT_REGISTER);
        self.record(open, key, Action::Submit(submit)).await
    }

    pub(crate) async fn record(
        &mut self,
        open: &OpenVisit,
        key: RegisterKey,
        action: Action,
    ) -> Result<OpId, FieldworkError> {
        self.record_with(open, key, action, None).await
    }

    pub(crate) async fn record_with(
        &mut self,
        open: &OpenVisit,
        key: RegisterKey,
        action: Action,
        preview: Option<(BlobHash, u64)>,
    ) -> Result<OpId, FieldworkError> {
        if open.visit.is_revoked {
            return Err(FieldworkError::Closed("no longer yours".to_owned()));
        }
        let is_settled =
            haamu_domain::VisitState::from_name(&open.visit.state).is_some_and(|state| state.is_settled());
        if is_settled {
            return Err(FieldworkError::Closed(open.visit.state.clone()));
        }
        let document = open.visit.brief.submission.document();
        let form_version = Some(open.visit.brief.form);
        Ok(self
            .edit(Edit {
                document,
                key,
                action,
                form_version,
                preview,
            })
            .await?)
    }

    /// Whether work on a submission is still to be sent.
    pub fn has_unsent_work(&self, submission: SubmissionId) -> bool {
        self.engine().has_unsent_work(submission.document())
    }

    /// Whether a stage was handed in on this device in the present cycle and the server has not confirmed it.
    pub fn is_submitted_here(&self, visit: &FieldVisit, stage: &str) -> bool {
        self.engine()
            .own_ops(visit.brief.submission.document())
            .any(|op| match &op.action {
                Action::Submit(submit) => submit.stage == stage && submit.cycle == visit.cycle,
                _ => false,
            })
    }
}
