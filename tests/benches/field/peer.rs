//! PouchDB, server and device, as processes.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// A process that takes longer than this hangs.
const PATIENCE: Duration = Duration::from_secs(600);

/// Where the peer's packages and our programs for it are.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    packages: PathBuf,
    programs: PathBuf,
}

/// A running server; it ends with this value.
#[derive(Debug)]
pub(crate) struct PeerServer {
    pub(crate) address: SocketAddr,
    child: Child,
}

impl Peer {
    /// The peer whose packages are installed in a folder.
    pub(crate) fn new(packages: &str) -> Self {
        Self {
            packages: PathBuf::from(packages),
            programs: Path::new(env!("CARGO_MANIFEST_DIR")).join("peers"),
        }
    }

    fn node(&self, program: &str) -> Command {
        let mut node = Command::new("node");
        // Its own default would be development, with traces.
        node.env("NODE_ENV", "production")
            .arg(self.programs.join(program))
            .arg(&self.packages)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        node
    }

    /// Starts a server with its data in a folder.
    pub(crate) async fn serve(&self, data: &Path) -> PeerServer {
        let mut server = self.node("pouchdb-server.mjs");
        let mut child = server
            .arg(data)
            .stdout(Stdio::piped())
            .spawn()
            .expect("node starts");
        let mut lines = BufReader::new(child.stdout.take().expect("an output")).lines();
        let line = timeout(PATIENCE, lines.next_line())
            .await
            .expect("it listens in time");
        let line = line.expect("text").expect("a port");
        let port: u16 = line.trim().parse().expect("a port");
        PeerServer {
            address: SocketAddr::from(([127, 0, 0, 1], port)),
            child,
        }
    }

    /// Runs a device to its end, which must be a good one.
    pub(crate) async fn device(&self, store: &Path, role: &str, arguments: &[&str]) -> Value {
        let done = timeout(PATIENCE, self.try_device(store, role, arguments)).await;
        done.expect("it ends")
            .unwrap_or_else(|error| panic!("{role}: {error}"))
    }

    /// Runs a device to its end.
    pub(crate) async fn try_device(
        &self,
        store: &Path,
        role: &str,
        arguments: &[&str],
    ) -> Result<Value, String> {
        let mut device = self.node("pouchdb-client.mjs");
        let output = device.arg(store).arg(role).args(arguments).output();
        let output = output.await.expect("node starts");
        let text = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        serde_json::from_str(text.lines().last().unwrap_or_default()).map_err(|error| error.to_string())
    }
}

impl PeerServer {
    /// The number of the process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id().expect("it runs")
    }
}
