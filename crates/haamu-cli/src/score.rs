//! `haamu score`: the scorer as a command, for one visit or for many.

use std::fs;
use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use haamu_form::{
    Answers, Checklist, Decisions, Finding, Findings, ScoreOutput, ScoreRequest, Slot, parse_answers_file,
    score,
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::known::{Known, with_known};
use crate::terminal::{self, UNUSABLE};

/// What to score.
#[derive(Args, Debug)]
#[command(group(clap::ArgGroup::new("input").required(true).multiple(true)))]
pub(crate) struct ScoreArgs {
    /// A `haamu-checklist/1` document.
    #[arg(long, value_name = "FILE", group = "input", requires = "answers")]
    checklist: Option<PathBuf>,
    /// The answers: `{"answers": {…}, "voided": […], "context": {…}}`; the last two may be absent.
    #[arg(long, value_name = "FILE", group = "input", requires = "checklist")]
    answers: Option<PathBuf>,
    /// What is known of the visit beside its answers, such as `location.drive_in=yes`; may be given several times.
    #[arg(long = "context", value_name = "KEY=VALUE", conflicts_with = "batch")]
    known: Vec<Known>,
    /// Read JSON Lines `{"checklist": …, "answers": …, "voided": […], "context": {…}}` from standard input,
    /// and write one result for each.
    #[arg(long, group = "input", conflicts_with_all = ["checklist", "answers"])]
    batch: bool,
}

pub(crate) fn run(arguments: &ScoreArgs) -> Result<ExitCode> {
    let (Some(checklist), Some(answers)) = (&arguments.checklist, &arguments.answers) else {
        return batch();
    };
    let (checklist, answers) = match (read(checklist), read(answers)) {
        (Ok(checklist), Ok(answers)) => (checklist, answers),
        (Err(error), _) | (_, Err(error)) => {
            terminal::complain(&error);
            return Ok(ExitCode::from(UNUSABLE));
        }
    };
    match score_files(&checklist, &answers, &arguments.known) {
        Ok(result) => {
            terminal::line(&result)?;
            Ok(ExitCode::SUCCESS)
        }
        Err(findings) => {
            terminal::line(&error_line(findings.first_error()))?;
            Ok(ExitCode::FAILURE)
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|error| anyhow::anyhow!("{} cannot be read: {error}", path.display()))
}

fn score_files(checklist: &[u8], answers: &[u8], known: &[Known]) -> Result<String, Findings> {
    let checklist =
        Checklist::parse(text(checklist, "checklist")?).map_err(|findings| findings.below("checklist"))?;
    let (answers, voided) = parse_answers_file(&checklist, text(answers, "answers")?)?;
    let answers = with_known(&checklist, answers, known);
    Ok(result_line(&checklist, &answers, &voided))
}

fn text<'a>(bytes: &'a [u8], what: &str) -> Result<&'a str, Finding> {
    std::str::from_utf8(bytes).map_err(|error| {
        let message = format!("not UTF-8 from byte {} on", error.valid_up_to());
        Finding::error("not_utf8", what, message)
    })
}

fn batch() -> Result<ExitCode> {
    let mut input = io::stdin().lock();
    let mut out = io::stdout().lock();
    let mut line = Vec::new();
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 {
            return Ok(ExitCode::SUCCESS);
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let result = score_line(&line).unwrap_or_else(|findings| error_line(findings.first_error()));
        match writeln!(out, "{result}").and_then(|()| out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(ExitCode::SUCCESS),
            outcome => outcome?,
        }
    }
}

fn score_line(line: &[u8]) -> Result<String, Findings> {
    let request = ScoreRequest::parse(text(line, "")?)?;
    Ok(result_line(&request.checklist, &request.answers, &request.voided))
}

fn result_line(checklist: &Checklist, answers: &Answers, voided: &[Slot]) -> String {
    let score = score(
        checklist,
        answers,
        Decisions {
            voided,
            ..Decisions::default()
        },
    );
    to_json(&ScoreOutput::new(checklist, &score))
}

fn error_line(finding: &Finding) -> String {
    let Finding {
        code, path, message, ..
    } = finding;
    to_json(&json!({"error": {"code": code, "path": path, "message": message}}))
}

fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| Value::Null.to_string())
}
