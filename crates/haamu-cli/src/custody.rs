//! `haamu custody`: telling devices what is safe in a backup.

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};

use crate::serve::ConfigArgs;
use crate::terminal;

/// Vouch for backups.
#[derive(Args, Debug)]
pub(crate) struct CustodyArgs {
    #[command(subcommand)]
    command: CustodyCommand,
}

#[derive(Debug, Subcommand)]
enum CustodyCommand {
    /// Read a restored backup of the database, and let devices forget what is whole in it.
    ///
    /// Restore the backup into a database of its own first: a file, or a scratch database beside the real one.
    /// Every operation in it is read and its hash chain computed anew. Nothing is written to it.
    Confirm {
        /// The restored copy: `sqlite:///path/to/file` or `postgres://user:password@host/database`.
        #[arg(long, env = "HAAMU_BACKUP_URL", value_name = "URL", hide_env_values = true)]
        backup: String,
        #[command(flatten)]
        config: ConfigArgs,
    },
}

pub(crate) fn run(arguments: &CustodyArgs) -> Result<ExitCode> {
    let CustodyCommand::Confirm { backup, config } = &arguments.command;
    let config = config.load(None)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("start the runtime")?;
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} devices") {
        bar.set_style(style);
    }
    let progress = |done: usize, all: usize| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    };
    let report = runtime.block_on(haamu_server::confirm_custody(&config, backup, progress));
    bar.finish_and_clear();
    let report = report.context("compare the backup")?;
    terminal::line(&format!(
        "{} devices with {} operations are safe in the backup.",
        report.devices, report.operations
    ))?;
    let mut is_whole = true;
    for (count, why) in [
        (report.damaged, "are damaged in the backup"),
        (report.foreign, "are not the beginning of what is on this server"),
    ] {
        if count > 0 {
            terminal::line(&format!(
                "The logs of {count} devices {why}; nothing is confirmed for them."
            ))?;
            is_whole = false;
        }
    }
    Ok(if is_whole {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
