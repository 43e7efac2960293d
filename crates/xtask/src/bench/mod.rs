//! Benchmarks side by side with the named peers, in one run.

mod assign;
mod field;
mod form;
mod merge;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};

use crate::shell::{self, command, note};
use crate::workspace::Workspace;

/// One benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Benchmark {
    /// A plan for 2,000 visits and 1,000 shoppers.
    Assign,
    /// One evaluation, beside survey-core.
    Form,
    /// Merges of evaluations that two people changed at once, beside automerge, loro and yrs.
    Merge,
    /// Bytes and round trips of 500 evaluations from one device, beside PouchDB.
    Wire,
    /// Photo bytes that are sent twice over connections that are cut.
    Cuts,
    /// Evaluations that a server takes in, on SQLite and PostgreSQL, beside PouchDB's server.
    Push,
    /// Evaluations with and without a photo that a server takes in while it does its jobs, and its memory.
    Load,
    /// Pages of lists among a million visits.
    Lists,
}

/// What to measure, and how much of it.
#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// What.
    benchmarks: Vec<Benchmark>,
    /// How many evaluations `load` sends under each load.
    #[arg(long, default_value_t = 400)]
    submissions: u32,
    /// How many visits there are for `lists`.
    #[arg(long, default_value_t = 1_000_000)]
    visits: u32,
    /// Let `load` and `lists` use programs that are not optimised: to try them out, not to measure.
    #[arg(long)]
    unoptimised: bool,
}

/// Runs the given benchmarks, or all.
pub(crate) fn run(arguments: &BenchArgs) -> Result<()> {
    let workspace = Workspace::find()?;
    let benchmarks = if arguments.benchmarks.is_empty() {
        Benchmark::value_variants()
    } else {
        &arguments.benchmarks
    };
    for benchmark in benchmarks {
        match benchmark {
            Benchmark::Assign => assign::run(&workspace)?,
            Benchmark::Form => form::run(&workspace)?,
            Benchmark::Merge => merge::run(&workspace)?,
            Benchmark::Wire => field::wire(&workspace)?,
            Benchmark::Cuts => field::cuts(&workspace)?,
            Benchmark::Push => field::push(&workspace)?,
            Benchmark::Load => field::load(&workspace, arguments.submissions, arguments.unoptimised)?,
            Benchmark::Lists => field::lists(&workspace, arguments.visits, arguments.unoptimised)?,
        }
    }
    Ok(())
}

/// Installs packages of npm, and returns the folder that they are in.
fn install(workspace: &Workspace, packages: &[&str]) -> Result<PathBuf> {
    let folder = workspace.target.join("haamu-peers");
    fs::create_dir_all(&folder)?;
    let manifest = folder.join("package.json");
    if !manifest.exists() {
        fs::write(&manifest, "{\"private\": true}\n")?;
    }
    let names = packages.join(" ");
    note(&format!("Installing {names} …"));
    let mut install = command("npm", ["install", "--no-audit", "--no-fund", "--silent"]);
    shell::run(install.args(packages).current_dir(&folder)).with_context(|| {
        format!("{names} could not be installed; this needs Node.js, npm and the network")
    })?;
    Ok(folder)
}
