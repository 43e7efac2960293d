//! The server process of the demo.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::shell::{command, note};

const USUAL_PORT: u16 = 8080;

/// A running server; it ends with this value.
#[derive(Debug)]
pub(super) struct Server {
    haamu: PathBuf,
    folder: PathBuf,
    address: String,
    setup_code: Option<String>,
    settings: &'static [(&'static str, &'static str)],
    child: Child,
}

impl Server {
    /// Starts a server with its data below `folder`, on the usual port or a free one.
    pub(super) fn start(haamu: &Path, folder: &Path) -> Result<Self> {
        Self::start_with(haamu, folder, &[])
    }

    /// The same with settings by their variables.
    pub(super) fn start_with(
        haamu: &Path,
        folder: &Path,
        settings: &'static [(&'static str, &'static str)],
    ) -> Result<Self> {
        let is_free = TcpListener::bind(("127.0.0.1", USUAL_PORT)).is_ok();
        let port = if is_free { USUAL_PORT } else { 0 };
        let listen = format!("127.0.0.1:{port}");
        let (child, address, setup_code) = spawn(haamu, folder, &listen, settings, true)?;
        note(&format!("The server listens on http://{address}"));
        Ok(Self {
            haamu: haamu.to_owned(),
            folder: folder.to_owned(),
            address,
            setup_code,
            settings,
            child,
        })
    }

    /// Host and port.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// The code with which the first administrator sets up the agency.
    pub(super) fn setup_code(&self) -> Result<&str> {
        self.setup_code
            .as_deref()
            .context("the server printed no set-up code")
    }

    /// Stops the server in good order.
    pub(super) fn stop(&mut self) -> Result<()> {
        terminate(&mut self.child)?;
        let status = self.child.wait()?;
        if status.success() {
            Ok(())
        } else {
            bail!(
                "the server ended with {status}; see {}",
                log_path(&self.folder).display()
            )
        }
    }

    /// Starts the stopped server again, at the same address.
    pub(super) fn restart(&mut self) -> Result<()> {
        let (child, ..) = spawn(&self.haamu, &self.folder, &self.address, self.settings, false)?;
        self.child = child;
        Ok(())
    }

    /// Waits until somebody stops the server.
    pub(super) fn wait(&mut self) -> Result<()> {
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn log_path(folder: &Path) -> PathBuf {
    folder.join("server.log")
}

/// Starts a process and reads from it where it listens, and the set-up code if it has one.
fn spawn(
    haamu: &Path,
    folder: &Path,
    listen: &str,
    settings: &[(&str, &str)],
    is_new: bool,
) -> Result<(Child, String, Option<String>)> {
    let log = File::options().create(true).append(true).open(log_path(folder))?;
    let mut serve: Command = command(haamu, ["serve", "--listen", listen, "--data-dir"]);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("HAAMU_")) {
        serve.env_remove(name);
    }
    serve.envs(settings.iter().copied());
    let mut child = serve
        .arg(folder.join("data"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .context("start the server")?;
    let output = child.stdout.take().context("the server has no output")?;
    let mut address = None;
    let mut setup_code = None;
    for line in BufReader::new(output).lines() {
        let line = line?;
        if let Some(found) = line.strip_prefix("Listening on http://") {
            address = Some(found.to_owned());
            // Only a new installation has a set-up code to wait for.
            if !is_new {
                break;
            }
        }
        if let Some((_, code)) = line.split_once("administrator: ") {
            setup_code = Some(code.to_owned());
            break;
        }
    }
    let Some(address) = address else {
        let status = child.wait()?;
        let log = fs::read_to_string(log_path(folder)).unwrap_or_default();
        bail!("the server did not start ({status}):\n{log}");
    };
    Ok((child, address, setup_code))
}

/// Asks a process to end; on systems without signals it is ended.
fn terminate(child: &mut Child) -> Result<()> {
    if cfg!(unix) {
        let pid = child.id().to_string();
        crate::shell::capture(&mut command("kill", ["-TERM", &pid]))?;
    } else {
        child.kill()?;
    }
    Ok(())
}
