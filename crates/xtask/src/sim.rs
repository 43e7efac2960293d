//! `cargo xtask sim`: worlds of the simulation, on all cores.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Args;

use crate::checks::{Cluster, nextest_in_suites};
use crate::shell::{self, command};
use crate::workspace::{Workspace, cargo};

/// Worlds of the check in `cargo xtask test`: always the same ones, from seed 1.
const CHECKED_WORLDS: u64 = 8_000;
/// So long the check runs worlds: behind those, as many others as there is time for.
const CHECKED_TIME: Duration = Duration::from_secs(150);
/// Moves of the small worlds that are searched exhaustively: where messages are moves of their own, and where
/// devices sync as a whole.
const MODEL_DEPTHS: [(&str, &str); 2] = [("HAAMU_MODEL_DEPTH", "4"), ("HAAMU_DEEP_MODEL_DEPTH", "7")];
/// Worlds without each safeguard; where all of them hold, its plan must not.
const MUTATED_WORLDS: u64 = 50;
/// The plans that failed once.
const PLANS: &str = "crates/haamu-sim/regressions";

/// How many worlds, and which.
#[derive(Debug, Args)]
pub(crate) struct SimArgs {
    /// How many, those of earlier runs from the same seed included.
    #[arg(long, default_value_t = 5_000)]
    worlds: u64,
    /// The seed of the first one.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// At most so many seconds.
    #[arg(long)]
    seconds: Option<u64>,
    /// Remove each safeguard in turn instead, and fail if that goes unnoticed.
    #[arg(long, conflicts_with = "server")]
    mutations: bool,
    /// With the real server on SQLite, instead of the one that the simulation plays.
    #[arg(long)]
    server: bool,
    /// The real server on PostgreSQL.
    #[arg(long, requires = "server")]
    postgres: bool,
    /// With the real server, run this plan alone.
    #[arg(long, requires = "server")]
    plan: Option<PathBuf>,
}

/// Runs worlds; what is done is kept in the target folder, and a later run goes on from there.
pub(crate) fn run(arguments: &SimArgs) -> Result<()> {
    let workspace = Workspace::find()?;
    if arguments.server {
        return run_server(&workspace, arguments);
    }
    let program = build(&workspace)?;
    if arguments.mutations {
        let worlds = arguments.worlds.to_string();
        let mut removals = command(&program, ["mutations", "--worlds", &worlds]);
        return shell::run(removals.args(["--seed", &arguments.seed.to_string()]));
    }
    let folder = workspace.target.join("haamu-sim");
    std::fs::create_dir_all(&folder)?;
    let mut worlds = command(&program, ["run", "--worlds", &arguments.worlds.to_string()]);
    worlds
        .args(["--seed", &arguments.seed.to_string()])
        .arg("--tally")
        .arg(folder.join(format!("tally-{}.json", arguments.seed)))
        .arg("--plans")
        .arg(&folder);
    if let Some(seconds) = arguments.seconds {
        worlds.args(["--seconds", &seconds.to_string()]);
    }
    shell::run(&mut worlds)
}

/// Runs worlds with the real server; what is done is kept as for the played one.
fn run_server(workspace: &Workspace, arguments: &SimArgs) -> Result<()> {
    let kind = if arguments.postgres { "postgres" } else { "sqlite" };
    let mut run = nextest_in_suites(workspace, &format!("test(/^sim_server::{kind}::worlds/)"))?;
    let folder = workspace.target.join("haamu-sim");
    std::fs::create_dir_all(&folder)?;
    run.args(["--profile", "worlds", "--no-capture"])
        .env("HAAMU_SIM_WORLDS", arguments.worlds.to_string())
        .env("HAAMU_SIM_SEED", arguments.seed.to_string())
        .env("HAAMU_SIM_PLANS", &folder)
        .env(
            "HAAMU_SIM_TALLY",
            folder.join(format!("tally-{kind}-{}.json", arguments.seed)),
        );
    if let Some(seconds) = arguments.seconds {
        run.env("HAAMU_SIM_SECONDS", seconds.to_string());
    }
    if let Some(plan) = &arguments.plan {
        run.env("HAAMU_SIM_PLAN", std::path::absolute(plan)?);
    }
    let cluster = arguments.postgres.then(Cluster::start).transpose()?;
    if let Some(cluster) = &cluster {
        run.env("TEST_DATABASE_URL", cluster.url());
    }
    shell::run(&mut run)
}

/// The check: worlds, the first of them the same on every machine; the plans that failed once and the exhaustive search of small worlds,
/// which are tests; and every safeguard removed in turn.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let program = build(workspace)?;
    let folder = workspace.target.join("haamu-sim");
    std::fs::create_dir_all(&folder)?;
    let begun = Instant::now();
    let mut worlds = command(&program, ["run", "--worlds", &CHECKED_WORLDS.to_string()]);
    shell::run(worlds.arg("--plans").arg(&folder))?;
    let left = CHECKED_TIME.saturating_sub(begun.elapsed()).as_secs();
    if left > 0 {
        let seed = (CHECKED_WORLDS + 1).to_string();
        let mut further = command(
            &program,
            ["run", "--seed", &seed, "--worlds", &u64::MAX.to_string()],
        );
        further.args(["--seconds", &left.to_string()]);
        shell::run(further.arg("--plans").arg(&folder))?;
    }
    let mut tests = command(
        cargo(),
        [
            "test",
            "--locked",
            "--quiet",
            "--profile",
            "sim",
            "--package",
            "haamu-sim",
            "--features",
            "mutations",
        ],
    );
    tests.current_dir(&workspace.root).envs(MODEL_DEPTHS);
    shell::run(&mut tests)?;
    let worlds = MUTATED_WORLDS.to_string();
    let mut removals = command(&program, ["mutations", "--worlds", &worlds, "--most", &worlds]);
    shell::run(removals.arg("--known").arg(workspace.root.join(PLANS)))
}

/// Builds the simulation, fast and with removable safeguards.
fn build(workspace: &Workspace) -> Result<PathBuf> {
    let mut build = command(
        cargo(),
        [
            "build",
            "--locked",
            "--profile",
            "sim",
            "--package",
            "haamu-sim",
            "--features",
            "mutations",
        ],
    );
    shell::run(build.current_dir(&workspace.root))?;
    Ok(workspace
        .target
        .join("sim")
        .join(format!("haamu-sim{}", std::env::consts::EXE_SUFFIX)))
}
