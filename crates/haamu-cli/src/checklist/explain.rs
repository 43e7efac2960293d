//! `haamu checklist explain`.

use std::fmt::Write as _;
use std::path::Path;

use haamu_form::trace::{Place, TraceLine, TraceOutput};
use haamu_form::{
    Checklist, Decisions, Language, Score, ScoreOutput, Slot, parse_answers_file, score, trace,
};
use serde_json::json;

use crate::known::{Known, with_known};

use super::{Failure, Format, read_checklist, read_text};

pub(super) fn run(
    checklist: &Path,
    answers: &Path,
    known: &[Known],
    language: Language,
    format: Format,
) -> Result<String, Failure> {
    let document = read_checklist(checklist)?;
    let text = read_text(answers)?;
    let (answers, voided) = parse_answers_file(&document, &text)?;
    let answers = with_known(&document, answers, known);
    let decisions = Decisions {
        voided: &voided,
        ..Decisions::default()
    };
    let scored = score(&document, &answers, decisions);
    let traced = trace(&document, &answers, &scored);
    Ok(match format {
        Format::Text => {
            let lines = traced
                .lines
                .iter()
                .map(|line| self::line(&document, line, language));
            summary(&scored) + &lines.collect::<String>()
        }
        Format::Json => {
            let both = json!({
                "score": ScoreOutput::new(&document, &scored),
                "trace": TraceOutput::new(&document, &traced),
            });
            both.to_string() + "\n"
        }
    })
}

fn summary(score: &Score) -> String {
    let shown = score.display.as_deref().unwrap_or("–");
    let exact = score
        .last
        .as_ref()
        .map_or_else(|| "–".to_owned(), ToString::to_string);
    let grade = score.grade.as_ref().map_or("–", |grade| grade.as_str());
    format!("{shown} %  ({exact})  {grade}\n")
}

fn line(checklist: &Checklist, line: &TraceLine, language: Language) -> String {
    let place = match line.place {
        Place::Visit => "*".to_owned(),
        Place::Section(index) => checklist.sections()[index].id.to_string(),
        Place::Question(question) => Slot {
            question,
            instance: line.instance,
        }
        .path(checklist),
    };
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{:>8}  {place:<22} {:<4} {}",
        line.effect_text(language),
        line.reason.rule(),
        line.sentence(language),
    );
    text
}
