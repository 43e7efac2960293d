//! What the form model weighs in a browser: reading a checklist and answers,
//! validation, score and trace in one language. `cargo xtask bench` builds it for
//! the web and weighs it; it does nothing of use when run.

use std::hint::black_box;

use haamu_form::{Answers, Checklist, Draft, Language, Stage, trace};

fn main() {
    // Nothing of this can be worked out before it runs.
    let (checklist, answers): (&str, &str) = black_box(("", ""));
    let _ = black_box(evaluate(checklist, answers));
}

/// The display, the grade, all findings and the reasons of all losses, line by line.
fn evaluate(checklist: &str, answers: &str) -> Result<Vec<String>, haamu_form::Findings> {
    let checklist = Checklist::parse(checklist)?;
    let draft = Draft::new(Answers::parse(&checklist, answers)?);
    let (score, findings) = draft.assess(&checklist, Stage::Whole);
    let traced = trace(&checklist, draft.answers(), &score);
    let grade = score.grade.as_ref().map(|grade| grade.as_str().to_owned());
    let losses = traced.lines.iter().map(|line| line.sentence(Language::English));
    let found = findings
        .iter()
        .map(|finding| finding.text(Language::English).into_owned());
    let mut lines: Vec<String> = score.display.into_iter().chain(grade).chain(losses).collect();
    lines.extend(found);
    Ok(lines)
}
