//! Files of the repository that the program writes.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::shell::{capture, command, note};
use crate::workspace::Workspace;

/// A file that is generated and committed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Generated {
    /// The API document.
    OpenApi,
    /// The commented example configuration.
    Config,
    /// The JSON Schema of checklist documents.
    ChecklistSchema,
}

impl Generated {
    /// The arguments of the program, the file, and the task that writes it.
    const fn parts(self) -> (&'static [&'static str], &'static str, &'static str) {
        match self {
            Self::OpenApi => (&["openapi"], "openapi/openapi.json", "openapi"),
            Self::Config => (&["config"], "deploy/config.example.toml", "config"),
            Self::ChecklistSchema => (
                &["checklist", "schema"],
                "openapi/haamu-checklist-1.schema.json",
                "schema",
            ),
        }
    }
}

/// Writes the file anew, or says that it is not up to date.
pub(crate) fn write_or_check(
    workspace: &Workspace,
    haamu: &Path,
    file: Generated,
    is_check: bool,
) -> Result<()> {
    let (arguments, relative, task) = file.parts();
    let text = capture(&mut command(haamu, arguments))?;
    let path = workspace.path(relative);
    if is_check {
        let committed = fs::read_to_string(&path).with_context(|| format!("{relative} cannot be read"))?;
        if committed != text {
            bail!("{relative} is not up to date: run `cargo xtask {task}` and commit it");
        }
        note(&format!("{relative} is up to date"));
        return Ok(());
    }
    fs::write(&path, text).with_context(|| format!("{relative} cannot be written"))?;
    note(&format!("{relative} is written"));
    Ok(())
}
