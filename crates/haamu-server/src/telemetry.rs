//! Log lines.
//!
//! A message says by itself what happened; what belongs to it is in fields.
//! No answers, names, tokens or e-mail addresses are logged, nor bodies.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::writer::MakeWriterExt;

use crate::{Config, ConfigError};

/// Sends log lines to standard error. Further calls do nothing.
///
/// # Errors
/// The setting `log` cannot be understood.
pub fn start(config: &Config) -> Result<(), ConfigError> {
    let filter = EnvFilter::try_new(config.log_filter()).map_err(|error| ConfigError::Value {
        key: "log".to_owned(),
        reason: error.to_string(),
    })?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .with_writer(std::io::stderr.with_max_level(tracing::Level::TRACE));
    // Only the first call in a process counts; tests start several servers.
    let _ = if config.logs_json() {
        lines.json().try_init()
    } else {
        lines.compact().try_init()
    };
    Ok(())
}
