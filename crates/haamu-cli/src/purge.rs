//! `haamu purge`: deleting what is kept no longer.

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;

use crate::serve::ConfigArgs;
use crate::terminal;

/// Delete what is kept no longer.
#[derive(Args, Debug)]
pub(crate) struct PurgeArgs {
    /// Print what would be deleted, and delete nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    config: ConfigArgs,
}

pub(crate) fn run(arguments: &PurgeArgs) -> Result<ExitCode> {
    let config = arguments.config.load(None)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("start the runtime")?;
    let purged = runtime.block_on(haamu_server::purge(&config, arguments.dry_run))?;
    let verb = if arguments.dry_run {
        "to delete"
    } else {
        "deleted today"
    };
    if purged.is_empty() {
        terminal::line("There is no agency yet, and nothing to delete.")?;
    }
    for (agency, counts) in purged {
        terminal::line(&format!("Agency {agency}, {verb}:"))?;
        for count in counts {
            let class = count.class.as_str();
            terminal::line(&format!(
                "  {class:<16} {:>8} rows {:>8} files",
                count.rows, count.objects
            ))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
