//! `haamu checklist export`.

use std::fs;
use std::path::Path;

use anyhow::Context;

use crate::terminal;

use super::{Failure, read_checklist};

pub(super) fn run(file: &Path, output: &Path) -> Result<String, Failure> {
    let exported = haamu_xlsform::export(&read_checklist(file)?);
    for notice in &exported.notices {
        terminal::complain(&anyhow::anyhow!("{notice}"));
    }
    let is_markdown = output
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("md"));
    let bytes = if is_markdown {
        exported.to_markdown().into_bytes()
    } else {
        let written = exported.to_xlsx();
        written
            .context("write the workbook")
            .map_err(Failure::NotImported)?
    };
    let written = fs::write(output, bytes);
    written
        .with_context(|| format!("{} cannot be written", output.display()))
        .map_err(Failure::Unreadable)?;
    Ok(String::new())
}
