//! `haamu checklist`: checklist documents on the command line.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};
use haamu_form::{Checklist, Finding, Findings, Language, compile};

use crate::known::Known;
use crate::terminal::{self, UNUSABLE};

mod diff;
mod explain;
mod export;
mod import;

/// Checklist documents.
#[derive(Args, Debug)]
pub(crate) struct ChecklistArgs {
    #[command(subcommand)]
    command: ChecklistCommand,
}

#[derive(Debug, Subcommand)]
enum ChecklistCommand {
    /// Say whether a document is fit to be published, and what is wrong with it.
    ///
    /// Exits with 0 if there is no error, with 1 if there is one.
    Check {
        /// A `haamu-checklist/1` document.
        file: PathBuf,
        /// How to write the findings.
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Make a checklist of an XLSForm (.xlsx, .xls, or its tables in .md) or a list of questions (.csv).
    ///
    /// The document goes to standard output or a file; what has no equivalent is
    /// told on standard error with sheet, row and column.
    Import {
        /// The form.
        file: PathBuf,
        /// Where to write the document.
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Write what could not be taken over to this file as a JSON array.
        #[arg(long, value_name = "FILE")]
        notices: Option<PathBuf>,
        /// The language of a list of questions; forms say it themselves.
        #[arg(long, default_value = "en")]
        lang: String,
    },
    /// Write a checklist as an XLSForm (.xlsx, or its tables in .md), scores in columns of its own.
    Export {
        /// A `haamu-checklist/1` document.
        file: PathBuf,
        /// Where to write the form.
        #[arg(long, short, value_name = "FILE")]
        output: PathBuf,
    },
    /// Say what differs between two versions, by questions and options.
    Diff {
        /// The older version.
        old: PathBuf,
        /// The newer version.
        new: PathBuf,
        /// How to write the differences.
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Write the JSON Schema of `haamu-checklist/1` documents: the reference of the format.
    Schema,
    /// Score answers and say where each point was lost.
    Explain {
        /// A `haamu-checklist/1` document.
        checklist: PathBuf,
        /// The answers: `{"answers": {…}, "voided": […], "context": {…}}`; the last two may be absent.
        #[arg(long, value_name = "FILE")]
        answers: PathBuf,
        /// What is known of the visit beside its answers, such as `location.drive_in=yes`; may be given several times.
        #[arg(long = "context", value_name = "KEY=VALUE")]
        known: Vec<Known>,
        /// Language of the sentences: fi, sv or en.
        #[arg(long, default_value = "en", value_parser = parse_language)]
        lang: Language,
        /// How to write the explanation.
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// Lines for people.
    Text,
    /// JSON.
    Json,
}

fn parse_language(text: &str) -> Result<Language, String> {
    Language::from_tag(text).ok_or_else(|| "one of fi, sv, en".to_owned())
}

/// Why a command came to no result.
enum Failure {
    /// A file cannot be read.
    Unreadable(anyhow::Error),
    /// A document has errors.
    Unsound(Findings),
    /// A form cannot be imported.
    NotImported(anyhow::Error),
}

impl From<Findings> for Failure {
    fn from(findings: Findings) -> Self {
        Self::Unsound(findings)
    }
}

pub(crate) fn run(arguments: &ChecklistArgs) -> Result<ExitCode> {
    let outcome = match &arguments.command {
        ChecklistCommand::Check { file, format } => return check_file(file, *format),
        ChecklistCommand::Diff { old, new, format } => diff::run(old, new, *format),
        ChecklistCommand::Schema => {
            let schema = serde_json::to_string_pretty(&haamu_form::schema::checklist_schema());
            schema
                .map(|text| text + "\n")
                .map_err(|error| Failure::Unreadable(error.into()))
        }
        ChecklistCommand::Export { file, output } => export::run(file, output),
        ChecklistCommand::Import {
            file,
            output,
            notices,
            lang,
        } => import::run(file, output.as_deref(), notices.as_deref(), lang),
        ChecklistCommand::Explain {
            checklist,
            answers,
            known,
            lang,
            format,
        } => explain::run(checklist, answers, known, *lang, *format),
    };
    match outcome {
        Ok(text) => terminal::print(&text),
        Err(Failure::Unreadable(error)) => {
            terminal::complain(&error);
            Ok(ExitCode::from(UNUSABLE))
        }
        Err(Failure::NotImported(error)) => {
            terminal::complain(&error);
            Ok(ExitCode::FAILURE)
        }
        Err(Failure::Unsound(findings)) => {
            for finding in findings.as_slice() {
                terminal::complain(&anyhow::anyhow!("{finding}"));
            }
            Ok(ExitCode::FAILURE)
        }
    }
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path)
        .map_err(|error| Failure::Unreadable(anyhow::anyhow!("{} cannot be read: {error}", path.display())))
}

fn read_text(path: &Path) -> Result<String, Failure> {
    String::from_utf8(read_bytes(path)?).map_err(|error| {
        let message = format!("not UTF-8 from byte {} on", error.utf8_error().valid_up_to());
        Failure::Unsound(Finding::error("not_utf8", path.display().to_string(), message).into())
    })
}

fn read_checklist(path: &Path) -> Result<Checklist, Failure> {
    Ok(
        Checklist::parse(&read_text(path)?)
            .map_err(|findings| findings.below(&path.display().to_string()))?,
    )
}

fn check_file(file: &Path, format: Format) -> Result<ExitCode> {
    let findings = match read_text(file) {
        Ok(text) => match Checklist::parse(&text) {
            Ok(checklist) => compile::check(&checklist),
            Err(findings) => findings.into_vec(),
        },
        Err(Failure::Unsound(findings)) => findings.into_vec(),
        Err(Failure::Unreadable(error) | Failure::NotImported(error)) => {
            terminal::complain(&error);
            return Ok(ExitCode::from(UNUSABLE));
        }
    };
    match format {
        Format::Text => {
            for finding in &findings {
                terminal::line(&finding.to_string())?;
            }
        }
        Format::Json => terminal::line(&serde_json::to_string(&findings)?)?,
    }
    let is_sound = !findings.iter().any(Finding::is_error);
    Ok(if is_sound {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
