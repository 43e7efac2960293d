//! Answers that were deleted when their time was over.

use haamu_form::QuestionKind;
use haamu_sync::{Document, Lane, RegisterKey};

use super::{TAG_REDACTED, shown_cell};

/// The JSON that stands for a deleted answer that was given in words: that there was one, for what is asked under
/// conditions, and what is required, depends on that.
pub(super) fn stand_in(
    document: &Document,
    kind: &QuestionKind,
    key: &impl Fn(Lane) -> RegisterKey,
) -> Option<String> {
    let value = shown_cell(document, key)?.register.value()?;
    let is_deleted = value.tag == TAG_REDACTED;
    (is_deleted && matches!(kind, QuestionKind::Text(_))).then(|| "\"\u{2014}\"".to_owned())
}
