//! `haamu serve`, `haamu worker` and `haamu migrate`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use haamu_server::{CancellationToken, Config, Server, telemetry};

use crate::terminal;

/// Where the configuration comes from.
#[derive(Args, Debug)]
pub(crate) struct ConfigArgs {
    /// A configuration file; `haamu config` prints one to start from.
    #[arg(long, env = "HAAMU_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder for the embedded database and files.
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
    /// Any setting of the configuration file, such as `workers=4`.
    #[arg(long = "set", value_name = "SETTING=VALUE", value_parser = parse_setting)]
    settings: Vec<(String, String)>,
}

/// How to serve.
#[derive(Args, Debug)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Address and port to listen on; port 0 takes any free one.
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
}

fn parse_setting(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write it as setting=value")?;
    Ok((key.trim().to_owned(), value.to_owned()))
}

impl ConfigArgs {
    pub(crate) fn load(&self, listen: Option<&str>) -> Result<Config> {
        let mut overrides: Vec<(&str, String)> = self
            .settings
            .iter()
            .map(|(key, value)| (key.as_str(), value.clone()))
            .collect();
        if let Some(folder) = &self.data_dir {
            overrides.push(("data_dir", folder.display().to_string()));
        }
        if let Some(address) = listen {
            overrides.push(("listen", address.to_owned()));
        }
        Ok(Config::load(
            self.config.as_deref(),
            std::env::vars(),
            &overrides,
        )?)
    }
}

pub(crate) fn serve(arguments: &ServeArgs) -> Result<ExitCode> {
    let config = arguments.config.load(arguments.listen.as_deref())?;
    telemetry::start(&config)?;
    runtime()?.block_on(async {
        let server = Server::start(&config).await?;
        terminal::line(&format!("Listening on http://{}", server.address()))?;
        if let Some(code) = server.setup_code() {
            terminal::line(&format!("Set-up code for the first administrator: {code}"))?;
        }
        let stop = CancellationToken::new();
        tokio::spawn(stop_on_signal(stop.clone()));
        server.run(stop).await?;
        Ok(ExitCode::SUCCESS)
    })
}

pub(crate) fn worker(arguments: &ConfigArgs) -> Result<ExitCode> {
    let config = arguments.load(None)?;
    telemetry::start(&config)?;
    runtime()?.block_on(async {
        let stop = CancellationToken::new();
        tokio::spawn(stop_on_signal(stop.clone()));
        haamu_server::work(&config, stop).await?;
        Ok(ExitCode::SUCCESS)
    })
}

pub(crate) fn migrate(arguments: &ConfigArgs) -> Result<ExitCode> {
    let config = arguments.load(None)?;
    telemetry::start(&config)?;
    runtime()?.block_on(haamu_server::migrate(&config))?;
    terminal::line("The database schema is up to date.")?;
    Ok(ExitCode::SUCCESS)
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("start the runtime")
}

/// Ends the process in good order on Ctrl-C, and on a service manager's request.
async fn stop_on_signal(stop: CancellationToken) {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            stop.cancel();
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
    stop.cancel();
}
