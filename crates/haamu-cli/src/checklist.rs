//! `haamu checklist`: checklist documents on the command line.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};
use haamu_form::{Checklist, Finding};

use crate::terminal::{self, UNUSABLE};

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
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// A line for each finding: severity, code, path, message.
    Text,
    /// A JSON array.
    Json,
}

pub(crate) fn run(arguments: &ChecklistArgs) -> Result<ExitCode> {
    let ChecklistCommand::Check { file, format } = &arguments.command;
    let bytes = match fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) => {
            terminal::complain(&anyhow::anyhow!("{} cannot be read: {error}", file.display()));
            return Ok(ExitCode::from(UNUSABLE));
        }
    };
    let findings = check(&bytes);
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

fn check(bytes: &[u8]) -> Vec<Finding> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let message = format!("not UTF-8 from byte {} on", error.valid_up_to());
            return vec![Finding::error("not_utf8", "", message)];
        }
    };
    match Checklist::parse(text) {
        Ok(checklist) => checklist.publish_check(),
        Err(findings) => findings.into_vec(),
    }
}
