//! Benchmarks side by side with the named peers, in one run.

use std::fs;

use anyhow::{Context, Result};

use crate::checks::form_size;
use crate::shell::{self, capture, command, note};
use crate::workspace::{Workspace, cargo};

/// The peer of form evaluation, on npm.
const SURVEY_CORE: &str = "survey-core@3.1.1";

/// Runs the benchmarks of the form model, then one full evaluation here and there.
pub(crate) fn run() -> Result<()> {
    let workspace = Workspace::find()?;
    shell::run(command(cargo(), ["bench", "--locked", "-p", "haamu-form"]).current_dir(&workspace.root))?;
    let folder = workspace.target.join("haamu-peers");
    fs::create_dir_all(&folder)?;
    let manifest = folder.join("package.json");
    if !manifest.exists() {
        fs::write(&manifest, "{\"private\": true}\n")?;
    }
    note(&format!("Installing {SURVEY_CORE} …"));
    let mut install = command(
        "npm",
        ["install", "--no-audit", "--no-fund", "--silent", SURVEY_CORE],
    );
    shell::run(install.current_dir(&folder))?;
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
    let size = form_size(&workspace)?;
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
