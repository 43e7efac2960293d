//! One evaluation, beside survey-core.

use anyhow::{Context, Result};

use crate::checks::form_size;
use crate::shell::{self, capture, command, note};
use crate::workspace::{Workspace, cargo};

use super::install;

/// The peer of form evaluation, on npm.
const SURVEY_CORE: &str = "survey-core@3.1.1";

/// Runs the benchmarks of the form model, then one full evaluation here and there.
pub(super) fn run(workspace: &Workspace) -> Result<()> {
    shell::run(command(cargo(), ["bench", "--locked", "-p", "haamu-form"]).current_dir(&workspace.root))?;
    let folder = install(workspace, &[SURVEY_CORE])?;
    let examples = workspace.path("deploy/examples");
    let mut peer = command("node", [workspace.path("tests/peers/survey-core.mjs")]);
    peer.arg(&folder)
        .arg(examples.join("checklists/retail-store-visit.json"))
        .arg(examples.join("answers/retail-warm.json"));
    let mut own = command(
        cargo(),
        ["bench", "--locked", "--quiet", "-p", "haamu-form", "--", "--peer"],
    );
    let theirs = nanoseconds(&capture(&mut peer)?)?;
    let ours = nanoseconds(&capture(own.current_dir(&workspace.root))?)?;
    note(&format!(
        "One evaluation of the retail checklist: {SURVEY_CORE} {:.1} µs, haamu-form {:.1} µs, ratio {:.0}",
        theirs / 1_000.0,
        ours / 1_000.0,
        theirs / ours,
    ));
    let size = form_size(workspace)?;
    note(&format!(
        "haamu-form for the browser (read, validate, score, trace): {size} bytes compressed"
    ));
    Ok(())
}

fn nanoseconds(text: &str) -> Result<f64> {
    let last = text.lines().last().unwrap_or_default();
    last.trim()
        .parse()
        .with_context(|| format!("{text:?} is no number of nanoseconds"))
}
