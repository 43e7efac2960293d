//! `haamu checklist import`.

use std::fs;
use std::path::Path;

use anyhow::Context;
use haamu_xlsform::{Imported, Workbook, import, import_questions};

use crate::terminal;

use super::{Failure, read_bytes, read_text};

pub(super) fn run(
    file: &Path,
    output: Option<&Path>,
    notices: Option<&Path>,
    language: &str,
) -> Result<String, Failure> {
    let imported = read(file, language)?;
    for notice in &imported.notices {
        terminal::complain(&anyhow::anyhow!("{notice}"));
    }
    let unwritable = |error: anyhow::Error| Failure::Unreadable(error);
    if let Some(path) = notices {
        let json =
            serde_json::to_string_pretty(&imported.notices).map_err(|error| unwritable(error.into()))?;
        let written = fs::write(path, json + "\n");
        written
            .with_context(|| format!("{} cannot be written", path.display()))
            .map_err(unwritable)?;
    }
    let document =
        serde_json::to_string_pretty(&imported.document).map_err(|error| unwritable(error.into()))? + "\n";
    match output {
        None => Ok(document),
        Some(path) => {
            let written = fs::write(path, document);
            written
                .with_context(|| format!("{} cannot be written", path.display()))
                .map_err(unwritable)?;
            Ok(String::new())
        }
    }
}

fn read(file: &Path, language: &str) -> Result<Imported, Failure> {
    let not_imported =
        |error: anyhow::Error| Failure::NotImported(error.context(format!("{}", file.display())));
    let extension = file
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default();
    match extension.to_lowercase().as_str() {
        "csv" => import_questions(&read_text(file)?, language).map_err(|error| not_imported(error.into())),
        "md" => {
            import(&Workbook::from_markdown(&read_text(file)?)).map_err(|error| not_imported(error.into()))
        }
        _ => {
            let book =
                Workbook::from_bytes(&read_bytes(file)?).map_err(|error| not_imported(error.into()))?;
            import(&book).map_err(|error| not_imported(error.into()))
        }
    }
}
