//! `haamu receipt`: checking custody receipts, without a server.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use haamu_client::native::download;
use haamu_domain::receipt::{PublicKeys, Receipt, Statement};
use sha2::{Digest, Sha256};

use crate::terminal::{self, UNUSABLE};

/// Receipts of files.
#[derive(Args, Debug)]
pub(crate) struct ReceiptArgs {
    #[command(subcommand)]
    command: ReceiptCommand,
}

#[derive(Debug, Subcommand)]
enum ReceiptCommand {
    /// Say whether a receipt is genuine, and whether a file is the one that it is about.
    ///
    /// Exits with 0 if it is, with 1 if it is not, and with 2 if something
    /// that is needed cannot be read.
    Verify {
        /// The receipt, as the server gave it.
        receipt: PathBuf,
        /// The file that the receipt should be about.
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
        /// The server's public keys: a file, or their address `https://…/v1/receipt-keys`.
        #[arg(long, value_name = "FILE-OR-URL", env = "HAAMU_RECEIPT_KEYS")]
        keys: String,
    },
}

pub(crate) fn run(arguments: &ReceiptArgs) -> Result<ExitCode> {
    let ReceiptCommand::Verify { receipt, file, keys } = &arguments.command;
    let inputs = match Inputs::read(receipt, file.as_deref(), keys) {
        Ok(inputs) => inputs,
        Err(error) => {
            terminal::complain(&error);
            return Ok(ExitCode::from(UNUSABLE));
        }
    };
    let outcome = Receipt::parse(&inputs.receipt)
        .and_then(|receipt| receipt.verify(&inputs.keys).cloned())
        .map_err(anyhow::Error::from)
        .and_then(|statement| is_about(&statement, inputs.file.as_deref()).map(|()| statement));
    match outcome {
        Ok(statement) => {
            tell(&statement, inputs.file.is_some())?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            terminal::complain(&error);
            Ok(ExitCode::FAILURE)
        }
    }
}

/// Everything that the check reads.
struct Inputs {
    receipt: String,
    file: Option<Vec<u8>>,
    keys: PublicKeys,
}

impl Inputs {
    fn read(receipt: &Path, file: Option<&Path>, keys: &str) -> Result<Self> {
        let cannot_be_read = |path: &Path| format!("{} cannot be read", path.display());
        let text = fs::read(receipt).with_context(|| cannot_be_read(receipt))?;
        let bytes = match file {
            Some(path) => Some(fs::read(path).with_context(|| cannot_be_read(path))?),
            None => None,
        };
        Ok(Self {
            // What is no text is no receipt; that is for the check to say.
            receipt: String::from_utf8_lossy(&text).into_owned(),
            file: bytes,
            keys: read_keys(keys)?,
        })
    }
}

fn read_keys(place: &str) -> Result<PublicKeys> {
    let text = if place.starts_with("http://") || place.starts_with("https://") {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(download(place))?
    } else {
        fs::read_to_string(place).with_context(|| format!("{place} cannot be read"))?
    };
    PublicKeys::parse(&text).with_context(|| format!("{place} is no JSON Web Key Set"))
}

/// Refuses a file that is not the one of the statement.
fn is_about(statement: &Statement, file: Option<&[u8]>) -> Result<()> {
    let Some(bytes) = file else { return Ok(()) };
    let digest: String = Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    if digest == statement.sha256() && bytes.len() as u64 == statement.length() {
        return Ok(());
    }
    anyhow::bail!(
        "the receipt is genuine, but about another file: SHA-256 {} with {} bytes, and this one is {digest} with {}",
        statement.sha256(),
        statement.length(),
        bytes.len()
    )
}

fn tell(statement: &Statement, is_checked: bool) -> Result<()> {
    let file = if is_checked {
        "is the given file"
    } else {
        "was not given"
    };
    terminal::line(&format!(
        "The receipt is genuine.\n  \
           SHA-256     {}\n  \
           length      {} bytes\n  \
           received    {}\n  \
           submission  {}\n  \
           agency      {}\n  \
           the file    {file}",
        statement.sha256(),
        statement.length(),
        statement.received_at(),
        statement.submission(),
        statement.agency(),
    ))
}
