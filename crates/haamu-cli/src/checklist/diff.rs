//! `haamu checklist diff`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use haamu_form::versions::{Change, Fate, VersionDifference, difference};

use super::{Failure, Format, read_checklist};

pub(super) fn run(old: &Path, new: &Path, format: Format) -> Result<String, Failure> {
    let (old, new) = (read_checklist(old)?, read_checklist(new)?);
    let found = difference(&old, &new);
    Ok(match format {
        Format::Text => text(&found),
        Format::Json => {
            let json = serde_json::to_string_pretty(&found);
            json.map_err(|error| Failure::Unreadable(error.into()))? + "\n"
        }
    })
}

fn text(found: &VersionDifference) -> String {
    let mut text = String::new();
    if found.is_scoring_changed {
        text.push_str("scoring settings changed\n");
    }
    for section in &found.sections {
        let _ = writeln!(
            text,
            "section  {:<24} {}",
            section.id,
            words(section.fate, &section.changes)
        );
    }
    for question in &found.questions {
        let _ = writeln!(
            text,
            "question {:<24} {}",
            question.id,
            words(question.fate, &question.changes)
        );
        for option in &question.options {
            let _ = writeln!(
                text,
                "  option {:<24} {}",
                option.id,
                words(option.fate, &option.changes)
            );
        }
    }
    let _ = writeln!(
        text,
        "{} questions are the same; scores {}",
        found.unchanged,
        if found.may_change_scores() {
            "may differ"
        } else {
            "stay the same"
        }
    );
    text
}

fn words(fate: Fate, changes: &BTreeSet<Change>) -> String {
    let word = |change: &Change| match change {
        Change::Moved => "moved",
        Change::Renamed => "renamed",
        Change::Reworded => "reworded",
        Change::Retyped => "retyped",
        Change::Rescored => "rescored",
        Change::Reconditioned => "shown under another condition",
        Change::Revalidated => "asks for something else besides",
        Change::Retagged => "retagged",
    };
    match fate {
        Fate::New => "new".to_owned(),
        Fate::Dropped => "dropped".to_owned(),
        Fate::Kept if changes.is_empty() => "options changed".to_owned(),
        Fate::Kept => changes.iter().map(word).collect::<Vec<_>>().join(", "),
    }
}
