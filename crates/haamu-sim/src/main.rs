//! The program `haamu-sim`: runs worlds, replays plans, removes safeguards.
//!
//! Exit codes: 0 if everything held, 1 if not, 2 if the call cannot be used.

#[cfg(feature = "mutations")]
mod mutations;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use haamu_sim::campaign::{BLOCK, Limits};
use haamu_sim::runs::Run;
use haamu_sim::{Plan, draw, run};

/// At most so many worlds are run to shorten a failing plan.
const SHRINK_TRIES: usize = 2_000;

/// A deterministic simulation of devices, network and server around the sync engine.
#[derive(Debug, Parser)]
#[command(name = "haamu-sim")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run worlds, on all cores.
    Run {
        /// How many, those of the tally included.
        #[arg(long, default_value_t = 5_000)]
        worlds: u64,
        /// The seed of the first one.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// At most so many seconds.
        #[arg(long)]
        seconds: Option<u64>,
        /// A file that says what is done already; a run goes on from there and adds to it.
        #[arg(long)]
        tally: Option<PathBuf>,
        /// Where plans of failing worlds are written, shortened.
        #[arg(long, default_value = ".")]
        plans: PathBuf,
    },
    /// Run a plan from a file.
    Replay {
        /// The file.
        file: PathBuf,
    },
    /// Print the plan of a seed.
    Plan {
        /// The seed.
        seed: u64,
    },
    /// Remove each safeguard in turn, and fail if that goes unnoticed.
    #[cfg(feature = "mutations")]
    Mutations {
        /// How many worlds with each.
        #[arg(long, default_value_t = 200)]
        worlds: u64,
        /// How many at most, while nothing is noticed.
        #[arg(long, default_value_t = 20_000)]
        most: u64,
        /// A folder of plans that bear the name of the safeguard that they need. Where no world
        /// notices its removal, its plan must.
        #[arg(long)]
        known: Option<PathBuf>,
        /// The seed of the first one.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Only safeguards whose name contains this.
        #[arg(long, default_value = "")]
        only: String,
        /// Where a shortened plan is written for each, which fails without it.
        #[arg(long)]
        plans: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    // A panic inside a world is a finding like any other, and is told as one.
    std::panic::set_hook(Box::new(|_| {}));
    let outcome = match Cli::parse().command {
        Command::Run {
            worlds,
            seed,
            seconds,
            tally,
            plans,
        } => run_worlds(worlds, seed, seconds, tally.as_deref(), &plans),
        Command::Replay { file } => replay(&file),
        Command::Plan { seed } => to_json(&draw::plan(seed)).map(|json| {
            say(&json);
            true
        }),
        #[cfg(feature = "mutations")]
        Command::Mutations {
            worlds,
            most,
            known,
            seed,
            only,
            plans,
        } => {
            let worlds = mutations::Worlds { worlds, most, seed };
            mutations::run(worlds, &only, known.as_deref(), plans.as_deref())
        }
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

fn to_json<T: serde::Serialize>(value: &T) -> Result<String, String> {
    serde_json::to_string_pretty(value).map_err(|error| error.to_string())
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn run_worlds(
    worlds: u64,
    seed: u64,
    seconds: Option<u64>,
    file: Option<&Path>,
    plans: &Path,
) -> Result<bool, String> {
    let run = Run {
        limits: Limits {
            worlds,
            time: seconds.map_or(Duration::MAX, Duration::from_secs),
            threads: threads(),
            block: BLOCK,
            stop_at_failure: true,
        },
        seed,
        tally: file,
        plans: (plans, ""),
        shrink_tries: SHRINK_TRIES,
        world: &|plan| run(plan, None),
        say: &say,
    };
    run.carry_out()
}

fn read_plan(file: &Path) -> Result<Plan, String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))
}

fn replay(file: &Path) -> Result<bool, String> {
    let outcome = run(&read_plan(file)?, None);
    for line in outcome.lines() {
        say(&line);
    }
    say(&format!("{:?}", outcome.counts));
    Ok(outcome.violations.is_empty())
}
