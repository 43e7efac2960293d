//! What of a submission belongs to which class, and what is left of it when its time is over.

use haamu_form::{Checklist, LocalDateTime, QuestionKind, RetentionClass};
use haamu_sync::{Action, Attachment, Bytes, Cell, Content, OpId, Value};

use crate::Zone;
use crate::binding::{ANSWER, COMMENT, Capture, FILES, TAG_JSON, TAG_REDACTED};

use super::{PurgeClass, coarse_local};

/// Commits to a value that is deleted: whoever has the key and the value can show that this was it, and nobody
/// who lacks one of them learns anything. The first argument is the operation that said it.
pub type Commit<'a> = &'a dyn Fn(OpId, &[u8]) -> [u8; 32];

/// The class of what a register holds; none if it lives as long as its programme. What the checklist has no
/// place for may be anything, and so counts as words.
#[must_use]
pub fn class_of_register(checklist: &Checklist, register: &str) -> Option<PurgeClass> {
    let of_question = |id: &str| {
        let index = checklist.question_index(id)?;
        Some(checklist.questions()[index].retention_class())
    };
    if let Some(id) = register.strip_prefix(ANSWER) {
        return match of_question(id) {
            Some(RetentionClass::Score) => None,
            Some(RetentionClass::StaffData) => Some(PurgeClass::StaffData),
            Some(RetentionClass::ShopperData) => Some(PurgeClass::ShopperData),
            Some(RetentionClass::Voucher) => Some(PurgeClass::Voucher),
            Some(RetentionClass::Narrative) | None => Some(PurgeClass::Narrative),
        };
    }
    if let Some(id) = register.strip_prefix(COMMENT) {
        return Some(match of_question(id) {
            Some(RetentionClass::StaffData) => PurgeClass::StaffData,
            _ => PurgeClass::Narrative,
        });
    }
    if let Some(id) = register.strip_prefix(FILES) {
        return match of_question(id) {
            Some(RetentionClass::Score) => None,
            Some(RetentionClass::StaffData) => Some(PurgeClass::StaffData),
            Some(RetentionClass::ShopperData) => Some(PurgeClass::ShopperData),
            Some(RetentionClass::Voucher) => Some(PurgeClass::Voucher),
            Some(RetentionClass::Narrative) | None => Some(PurgeClass::Photo),
        };
    }
    Some(PurgeClass::Narrative)
}

/// What is left of an action on a register whose time is over; none if there is nothing to take away. The
/// operation keeps its name, which is that of the whole.
#[must_use]
pub fn redact_action(
    action: &Action,
    op: OpId,
    checklist: &Checklist,
    register: &str,
    zone: &Zone,
    commit: Commit<'_>,
) -> Option<Action> {
    match action {
        Action::Set(value) => redact_value(value, op, checklist, register, zone, commit).map(Action::Set),
        Action::Attach(file) => redact_file(file).map(Action::Attach),
        Action::Note(text) if !text.0.is_empty() => Some(Action::Note(Bytes::default())),
        // These say which operation they are about, and nothing else.
        Action::Note(_)
        | Action::Clear
        | Action::AddInstance(_)
        | Action::RemoveInstance(_)
        | Action::Detach(_)
        | Action::Submit(_) => None,
    }
}

/// The same for what a register holds now.
pub fn redact_cell(cell: &mut Cell, checklist: &Checklist, register: &str, zone: &Zone, commit: Commit<'_>) {
    for head in &mut cell.register.heads {
        let redacted = head
            .value
            .as_ref()
            .and_then(|value| redact_value(value, head.op, checklist, register, zone, commit));
        if redacted.is_some() {
            head.value = redacted;
        }
    }
    for element in cell.elements.present.values_mut() {
        let redacted = match &element.content {
            Content::Attachment(file) => redact_file(file),
            Content::Instance(_) => None,
        };
        if let Some(file) = redacted {
            element.content = Content::Attachment(file);
        }
    }
}

fn redact_value(
    value: &Value,
    op: OpId,
    checklist: &Checklist,
    register: &str,
    zone: &Zone,
    commit: Commit<'_>,
) -> Option<Value> {
    if value.tag == TAG_REDACTED {
        return None;
    }
    if let Some(coarse) = coarse_answer(value, checklist, register, zone) {
        return (coarse != *value).then_some(coarse);
    }
    Some(Value {
        tag: TAG_REDACTED,
        bytes: Bytes::from(commit(op, &value.bytes.0).to_vec()),
    })
}

/// A date and time stays one, with the week and the part of the day that it had.
fn coarse_answer(value: &Value, checklist: &Checklist, register: &str, zone: &Zone) -> Option<Value> {
    let id = register.strip_prefix(ANSWER)?;
    let question = &checklist.questions()[checklist.question_index(id)?];
    if value.tag != TAG_JSON || !matches!(question.kind, QuestionKind::DateTime) {
        return None;
    }
    let text: String = serde_json::from_slice(&value.bytes.0).ok()?;
    let coarse = coarse_local(LocalDateTime::parse(&text)?, zone);
    let json = serde_json::Value::from(coarse).to_string();
    Some(Value {
        tag: TAG_JSON,
        bytes: Bytes::from(json.into_bytes()),
    })
}

/// A file without what its device and its shopper said of it.
fn redact_file(file: &Attachment) -> Option<Attachment> {
    let bare = Capture::default().to_bytes();
    (file.capture != bare && !file.capture.0.is_empty()).then(|| Attachment {
        capture: bare,
        ..file.clone()
    })
}
