//! Writing to the terminal.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Result;

/// The call cannot be used.
pub(crate) const UNUSABLE: u8 = 2;

/// Writes text to standard output. A reader that has gone away is no failure.
pub(crate) fn print(text: &str) -> Result<ExitCode> {
    write(text)?;
    Ok(ExitCode::SUCCESS)
}

/// Writes a line to standard output.
pub(crate) fn line(text: &str) -> Result<()> {
    write(&format!("{text}\n"))
}

fn write(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        outcome => Ok(outcome?),
    }
}

/// Writes a line to standard error.
pub(crate) fn tell(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Writes an error with its causes to standard error.
pub(crate) fn complain(error: &anyhow::Error) {
    let mut said = String::new();
    for cause in error.chain().map(ToString::to_string) {
        // Some errors say their cause themselves.
        if said.is_empty() {
            said = cause;
        } else if !said.contains(&cause) {
            said.push_str(": ");
            said.push_str(&cause);
        }
    }
    let _ = writeln!(io::stderr(), "haamu: {said}");
}
