//! `haamu keys`: rotating the server's own keys.

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Subcommand, ValueEnum};
use haamu_server::KeyKind;

use crate::serve::ConfigArgs;
use crate::terminal;

/// Rotate the server's own keys.
#[derive(Args, Debug)]
pub(crate) struct KeysArgs {
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Add a key, which is used from the next start of a server process on; earlier ones stay recognised.
    ///
    /// Restart one process after the other: the others look for its key when they see what it signed or sealed.
    Rotate {
        /// What the key is for.
        #[arg(long, value_enum, default_value_t = Kind::Tokens)]
        kind: Kind,
        #[command(flatten)]
        config: ConfigArgs,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// Signs access tokens; published at /v1/jwks.
    Tokens,
    /// Signs receipts of files; published at /v1/receipt-keys.
    Receipts,
    /// Seals secrets of authenticators and identity providers, and mails, in the database.
    Seal,
}

pub(crate) fn run(arguments: &KeysArgs) -> Result<ExitCode> {
    let KeysCommand::Rotate { kind, config } = &arguments.command;
    let config = config.load(None)?;
    let kind = match kind {
        Kind::Tokens => KeyKind::Tokens,
        Kind::Receipts => KeyKind::Receipts,
        Kind::Seal => KeyKind::Seal,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("start the runtime")?;
    let number = runtime.block_on(haamu_server::rotate_keys(&config, kind))?;
    terminal::line(&format!(
        "Key {number} is there. Restart the server to use it; earlier ones stay recognised."
    ))?;
    Ok(ExitCode::SUCCESS)
}
