//! The project's own tasks: the demo, and every check.
//!
//! It starts programs and uses no crate of the project, so that it builds in
//! seconds and sees Haamu only as its users do.

mod bench;
mod checks;
mod demo;
mod kills;
mod shell;
mod sim;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use checks::{Generated, Step};
use workspace::Workspace;

/// Tasks of this project.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Run the main job from end to end on the embedded default.
    Demo(demo::DemoArgs),
    /// Install what is missing, and run every check.
    Test,
    /// Run some of the checks; without a name, all.
    Ci {
        /// Which.
        steps: Vec<Step>,
    },
    /// Measure, beside the named peers; without a name, everything.
    Bench(bench::BenchArgs),
    /// Run worlds of the simulation around the sync engine.
    Sim(sim::SimArgs),
    /// Kill servers and devices at random moments, and check that nothing is lost.
    Kills(kills::KillsArgs),
    /// Write openapi/openapi.json anew.
    Openapi {
        /// Only say whether it is up to date.
        #[arg(long)]
        check: bool,
    },
    /// Write deploy/config.example.toml anew.
    Config {
        /// Only say whether it is up to date.
        #[arg(long)]
        check: bool,
    },
    /// Write openapi/haamu-checklist-1.schema.json anew.
    Schema {
        /// Only say whether it is up to date.
        #[arg(long)]
        check: bool,
    },
    /// Check that no package uses what its layer must not.
    Arch,
}

fn main() -> ExitCode {
    match run(Cli::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            shell::note(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<()> {
    match task {
        Task::Demo(arguments) => demo::run(&arguments),
        Task::Bench(arguments) => bench::run(&arguments),
        Task::Sim(arguments) => sim::run(&arguments),
        Task::Test => checks::run(&[]),
        Task::Ci { steps } => checks::run(&steps),
        Task::Openapi { check } => generate(Generated::OpenApi, check),
        Task::Kills(arguments) => kills::run(&arguments),
        Task::Schema { check } => generate(Generated::ChecklistSchema, check),
        Task::Config { check } => generate(Generated::Config, check),
        Task::Arch => checks::arch::check(&Workspace::find()?),
    }
}

fn generate(file: Generated, is_check: bool) -> Result<()> {
    let workspace = Workspace::find()?;
    let haamu = workspace.build_haamu()?;
    checks::write_or_check(&workspace, &haamu, file, is_check)
}
