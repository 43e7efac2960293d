//! `cargo xtask kills`: real processes, killed at random moments.

use anyhow::Result;
use clap::Args;

use crate::checks::{Cluster, nextest};
use crate::shell;
use crate::workspace::Workspace;

/// How many kills, and which.
#[derive(Debug, Args)]
pub(crate) struct KillsArgs {
    /// How many.
    #[arg(long, default_value_t = 500)]
    count: u64,
    /// The seed of the first run.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// With the server on PostgreSQL instead of SQLite.
    #[arg(long)]
    postgres: bool,
}

/// Kills servers and devices so often, and checks that nothing that was said to be saved is lost.
pub(crate) fn run(arguments: &KillsArgs) -> Result<()> {
    let workspace = Workspace::find()?;
    let filter = if arguments.postgres {
        "test(/^kills::postgres/)"
    } else {
        "test(/^kills::sqlite/)"
    };
    let mut run = nextest(&workspace, filter)?;
    run.args(["--profile", "kills", "--no-capture"])
        .env("HAAMU_KILLS", arguments.count.to_string())
        .env("HAAMU_KILL_SEED", arguments.seed.to_string());
    let cluster = arguments.postgres.then(Cluster::start).transpose()?;
    if let Some(cluster) = &cluster {
        run.env("TEST_DATABASE_URL", cluster.url());
    }
    shell::run(&mut run)
}
