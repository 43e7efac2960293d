//! The binding of checklists to the sync engine.
//!
//! The engine knows registers, sets and opaque values; the form model knows
//! questions and answers. Here a question's answer is the register
//! `answer/<question id>`, its comment `comment/<question id>` and its files
//! the set `files/<question id>`. Values are JSON in the shorthand of the form
//! model, so that any client can write them.
//!
//! The instances of a repeated section are the set `instances/<section id>`; the registers of its questions
//! lie in an instance, named by the operation that added it. Whoever removes an instance names what they
//! saw in it: where somebody else wrote into it meanwhile, it stays and is a finding.

mod deleted;
mod instances;
mod review;

use std::collections::BTreeMap;

use haamu_form::{Answers, Checklist, Context, Draft, Finding, QuestionKind, Section, Slot};
use haamu_sync::{Action, Attachment, BlobHash, Bytes, Cell, Document, Lane, OpId, RegisterKey, Value};
use serde::{Deserialize, Serialize};

pub use instances::{Instance, add_instance, instances_key, remove_instance};
pub use review::is_review_stale;

use crate::attribute::Attributes;
use review::review_cell;

/// A value that is JSON.
pub const TAG_JSON: u8 = 1;
/// A value that was deleted when its time was over: a commitment to what it was.
pub const TAG_REDACTED: u8 = 2;
/// The longest comment, in characters.
pub const MAX_COMMENT_CHARS: usize = 4_000;
/// The stage of everything but follow-up sections.
pub const MAIN_STAGE: &str = "main";
/// The register that submits are noted under.
pub const SUBMIT_REGISTER: &str = "submit";

pub(crate) const ANSWER: &str = "answer/";
pub(crate) const COMMENT: &str = "comment/";
pub(crate) const FILES: &str = "files/";

/// The register of a question's answer.
#[must_use]
pub fn answer_key(lane: Lane, question: &str) -> RegisterKey {
    RegisterKey {
        lane,
        ..RegisterKey::shopper(format!("{ANSWER}{question}"))
    }
}

/// The register of a question's comment.
#[must_use]
pub fn comment_key(lane: Lane, question: &str) -> RegisterKey {
    RegisterKey {
        lane,
        ..RegisterKey::shopper(format!("{COMMENT}{question}"))
    }
}

/// The set of a question's files.
#[must_use]
pub fn files_key(question: &str) -> RegisterKey {
    RegisterKey::shopper(format!("{FILES}{question}"))
}

/// The same register in an instance of a repeated section.
#[must_use]
pub fn in_instance(key: RegisterKey, instance: Option<OpId>) -> RegisterKey {
    RegisterKey {
        instance: instance.into_iter().collect(),
        ..key
    }
}

/// The value of an answer from its JSON text in the shorthand; `null` clears.
#[must_use]
pub fn set_json(json: &str) -> Action {
    if json == "null" {
        return Action::Clear;
    }
    Action::Set(Value {
        tag: TAG_JSON,
        bytes: Bytes::from(json.as_bytes().to_vec()),
    })
}

/// The value of a comment; an empty one clears.
#[must_use]
pub fn set_text(text: &str) -> Action {
    if text.is_empty() {
        Action::Clear
    } else {
        set_json(&serde_json::Value::from(text).to_string())
    }
}

/// What a device notes about the taking of a photo.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capture {
    /// The name that the file had on the device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
    /// What the picture shows, in the shopper's words: its text alternative.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// A small picture of it, which arrives before the photo itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<BlobHash>,
}

impl Capture {
    /// As the bytes of an attachment.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        Bytes::from(serde_json::to_vec(self).unwrap_or_default())
    }

    /// From the bytes of an attachment; empty where they are not understood.
    #[must_use]
    pub fn from_bytes(bytes: &Bytes) -> Self {
        serde_json::from_slice(&bytes.0).unwrap_or_default()
    }
}

/// What conditions may ask of a visit: the name of its round, and what was pinned of its location.
#[must_use]
pub fn visit_context(round: &str, location_attributes: &Attributes) -> Context {
    let mut context = Context::default();
    context.set("round", round);
    for (name, value) in location_attributes {
        context.set(&format!("location.{name}"), value);
    }
    context
}

/// A submission read by one checklist version.
#[derive(Clone, Debug)]
pub struct BoundEvaluation {
    /// Answers, comments and the number of files of each question.
    pub draft: Draft,
    /// The files at each place that has any.
    pub files: BTreeMap<Slot, Vec<(OpId, Attachment)>>,
    /// The instances of each repeated section that has any, by its index, in order.
    pub instances: BTreeMap<usize, Vec<Instance>>,
    /// What the checklist version has no place for or cannot read; it is kept all the same.
    pub findings: Vec<Finding>,
    /// Places whose answers or comments are in conflict.
    pub conflicts: Vec<Slot>,
    /// Places whose answer or comment is a reviewer's value.
    pub reviewed: Vec<Slot>,
    /// Those of them whose testimony has changed since the reviewer's value was set.
    pub stale: Vec<Slot>,
}

impl BoundEvaluation {
    /// The instance that a place lies in; none where its section is not repeated.
    #[must_use]
    pub fn instance(&self, checklist: &Checklist, slot: Slot) -> Option<OpId> {
        let section = checklist.questions()[slot.question].section;
        let instances = self.instances.get(&section)?;
        instances.get(slot.instance?).map(|instance| instance.id)
    }
}

/// Reads a submission by a checklist version: the reviewer's value where there is one, else the shopper's.
/// `context` is what is known of the visit; what in it is not of its declared kind is a finding.
#[must_use]
pub fn bind(checklist: &Checklist, document: &Document, context: &Context) -> BoundEvaluation {
    let mut bound = BoundEvaluation {
        draft: Draft::new(Answers::empty(checklist)),
        files: BTreeMap::new(),
        instances: BTreeMap::new(),
        findings: checklist.misfits(context),
        conflicts: Vec::new(),
        reviewed: Vec::new(),
        stale: Vec::new(),
    };
    let mut answers = Answers::empty(checklist).with_context(context.clone());
    instances::bind(checklist, document, &mut answers, &mut bound);
    bound.findings.extend(unplaced(checklist, document, &bound));
    let slots = answers.slots(checklist);
    for slot in &slots {
        let question = &checklist.questions()[slot.question];
        let instance = bound.instance(checklist, *slot);
        let key = |lane| in_instance(answer_key(lane, question.id.as_str()), instance);
        let stand_in = || deleted::stand_in(document, &question.kind, &key);
        if let Some(json) = shown_json(document, key).or_else(stand_in)
            && let Err(findings) = answers.set(checklist, &slot.path(checklist), &json)
        {
            bound.findings.extend(findings.into_vec());
        }
    }
    bound.draft = Draft::new(answers);
    for slot in slots {
        bind_rest(checklist, document, slot, &mut bound);
    }
    bound
}

/// What comes with an answer: its comment, its files, and whether it is in conflict.
fn bind_rest(checklist: &Checklist, document: &Document, slot: Slot, bound: &mut BoundEvaluation) {
    let question = &checklist.questions()[slot.question];
    let id = question.id.as_str();
    let instance = bound.instance(checklist, slot);
    let answer = |lane| in_instance(answer_key(lane, id), instance);
    let comment = |lane| in_instance(comment_key(lane, id), instance);
    if let Some(json) = shown_json(document, comment)
        && let Ok(comment) = serde_json::from_str::<String>(&json)
    {
        bound.draft.set_comment(slot, comment);
    }
    // Reviewers add files to those of the testimony, and take none away.
    let files: Vec<_> = [Lane::Shopper, Lane::Review]
        .into_iter()
        .filter_map(|lane| {
            let key = RegisterKey {
                lane,
                ..files_key(id)
            };
            document.cell(&in_instance(key, instance))
        })
        .flat_map(|cell| cell.elements.attachments())
        .collect();
    let is_file = |file: &Attachment| {
        let is_picture = ["image/", "audio/", "video/"]
            .iter()
            .any(|kind| file.media_type.starts_with(kind));
        matches!(question.kind, QuestionKind::File(_)) || !is_picture
    };
    let count = |wanted: bool| {
        let counted = files.iter().filter(|(_, file)| is_file(file) == wanted);
        u32::try_from(counted.count()).unwrap_or(u32::MAX)
    };
    bound.draft.set_photo_count(checklist, slot, count(false));
    bound.draft.set_file_count(checklist, slot, count(true));
    if !files.is_empty() {
        let files = files.into_iter().map(|(op, file)| (op, file.clone()));
        bound.files.insert(slot, files.collect());
    }
    if is_in_conflict(document, &answer) || is_in_conflict(document, &comment) {
        bound.conflicts.push(slot);
    }
    let keys = [answer(Lane::Shopper), comment(Lane::Shopper)];
    if keys.iter().any(|key| review_cell(document, key).is_some()) {
        bound.reviewed.push(slot);
    }
    if keys.iter().any(|key| is_review_stale(document, key)) {
        bound.stale.push(slot);
    }
}

/// The JSON of the value that is shown for a register.
fn shown_json(document: &Document, key: impl Fn(Lane) -> RegisterKey) -> Option<String> {
    let value = shown_cell(document, &key)?.register.value()?;
    (value.tag == TAG_JSON)
        .then(|| String::from_utf8(value.bytes.0.to_vec()).ok())
        .flatten()
}

fn shown_cell<'a>(document: &'a Document, key: &impl Fn(Lane) -> RegisterKey) -> Option<&'a Cell> {
    let testimony = key(Lane::Shopper);
    review_cell(document, &testimony).or_else(|| document.cell(&testimony))
}

/// Whether what is shown is one of several answers; a reviewer's value settles the shopper's conflict.
fn is_in_conflict(document: &Document, key: &impl Fn(Lane) -> RegisterKey) -> bool {
    shown_cell(document, key).is_some_and(|cell| cell.register.is_in_conflict())
}

/// Registers that the checklist version has no question for, or no such instance.
fn unplaced(checklist: &Checklist, document: &Document, bound: &BoundEvaluation) -> Vec<Finding> {
    let mut findings = Vec::new();
    for key in document.cells.keys() {
        let id = [ANSWER, COMMENT, FILES]
            .iter()
            .find_map(|prefix| key.register.strip_prefix(prefix));
        let question = id.and_then(|id| checklist.question_index(id));
        let has_place = question.is_some_and(|question| {
            let section = checklist.questions()[question].section;
            match (checklist.repeat_of(question), key.instance.as_slice()) {
                (None, []) => true,
                // Of an instance that was removed, nothing is said.
                (Some(_), [instance]) => instances::is_known(document, checklist, section, *instance, bound),
                _ => false,
            }
        });
        if !has_place && !instances::is_set_of(checklist, key) {
            let message = "the checklist version has no place for this; it is kept aside";
            findings.push(Finding::warning("unplaced_value", key.register.clone(), message));
        }
    }
    findings
}

/// The checklist stage of a stage name, if the checklist has it.
#[must_use]
pub fn stage(checklist: &Checklist, name: &str) -> Option<haamu_form::Stage> {
    if name == MAIN_STAGE {
        return Some(haamu_form::Stage::Main);
    }
    let is_meant = |section: &Section| section.id.as_str() == name && section.fill_after_days.is_some();
    let index = checklist.sections().iter().position(is_meant);
    index.map(haamu_form::Stage::FollowUp)
}

#[cfg(test)]
mod tests {
    use haamu_sync::{AuthorId, ClockConfidence, DeviceId, DocumentId, Hlc, Op, OpIds};

    use super::*;

    pub(super) fn checklist() -> Checklist {
        let document = r#"{"sections": [{"id": "s", "questions": [
            {"id": "greeted", "type": "yes_no", "points": "1", "comment": {"required_when": "below_full"}},
            {"id": "picture", "type": "photo"}]}]}"#;
        Checklist::parse(document).expect("sound")
    }

    pub(super) fn write(document: &mut Document, number: u8, key: RegisterKey, action: Action) {
        let op = Op {
            origin_device: DeviceId::from_bytes([number; 16]),
            origin_seq: 1,
            hlc: Hlc::at(number.into()),
            confidence: ClockConfidence::Wall,
            document: DocumentId::default(),
            lane: key.lane,
            register: key.register,
            instance: key.instance,
            action,
            form_version: None,
            author: AuthorId::default(),
            base: OpIds::new(),
        };
        document.fold(&op, OpId::from_bytes([number; 16]), op.hlc);
    }

    #[test]
    fn a_submission_is_read_by_its_checklist() {
        let checklist = checklist();
        let mut document = Document::default();
        write(
            &mut document,
            1,
            answer_key(Lane::Shopper, "greeted"),
            set_json("\"no\""),
        );
        write(
            &mut document,
            2,
            comment_key(Lane::Shopper, "greeted"),
            set_text("Nobody \"looked\" up"),
        );
        let capture = Capture {
            caption: Some("entrance".to_owned()),
            ..Capture::default()
        };
        let file = Attachment {
            sha256: BlobHash::default(),
            length: 3,
            media_type: "image/jpeg".to_owned(),
            capture: capture.to_bytes(),
        };
        write(
            &mut document,
            3,
            files_key("picture"),
            Action::Attach(file.clone()),
        );
        write(
            &mut document,
            4,
            answer_key(Lane::Shopper, "from_the_future"),
            set_json("1"),
        );
        let bound = bind(&checklist, &document, &Context::default());
        assert_eq!(bound.draft.comment(0), "Nobody \"looked\" up");
        assert_eq!(bound.files[&Slot::from(1)][0].1, file);
        assert_eq!(
            Capture::from_bytes(&bound.files[&Slot::from(1)][0].1.capture),
            capture
        );
        let codes: Vec<_> = bound.findings.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, ["unplaced_value"]);
        assert!(bound.draft.complete(&checklist, haamu_form::Stage::Main).is_ok());
    }

    #[test]
    fn values_that_cannot_be_read_are_findings_and_no_answers() {
        let checklist = checklist();
        let mut document = Document::default();
        write(
            &mut document,
            1,
            answer_key(Lane::Shopper, "greeted"),
            set_json("\"maybe\""),
        );
        let bound = bind(&checklist, &document, &Context::default());
        assert_eq!(bound.findings[0].code, "answer_wrong_type");
        assert_eq!(bound.draft.answers(), &Answers::empty(&checklist));
    }
}
