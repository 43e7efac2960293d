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
}

impl Generated {
    const fn parts(self) -> (&'static str, &'static str) {
        match self {
            Self::OpenApi => ("openapi", "openapi/openapi.json"),
            Self::Config => ("config", "deploy/config.example.toml"),
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
    let (subcommand, relative) = file.parts();
    let text = capture(&mut command(haamu, [subcommand]))?;
    let path = workspace.path(relative);
    if is_check {
        let committed = fs::read_to_string(&path).with_context(|| format!("{relative} cannot be read"))?;
        if committed != text {
            bail!("{relative} is not up to date: run `cargo xtask {subcommand}` and commit it");
        }
        note(&format!("{relative} is up to date"));
        return Ok(());
    }
    fs::write(&path, text).with_context(|| format!("{relative} cannot be written"))?;
    note(&format!("{relative} is written"));
    Ok(())
}
