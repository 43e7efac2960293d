//! An S3 server for one run, on loopback, with its files in a temporary folder.

use std::fs;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::shell::{command, note};

use super::{postgres, tools};

const PATIENCE: Duration = Duration::from_secs(30);
/// The bucket that the tests use.
const BUCKET: &str = "haamu-tests";

/// A running S3 server; it ends, and its files go, with this value.
#[derive(Debug)]
pub(super) struct S3Server {
    server: Child,
    folder: PathBuf,
    endpoint: String,
}

impl S3Server {
    /// Starts a server with an empty bucket.
    pub(super) fn start() -> Result<Self> {
        let program = tools::installed(tools::S3S_FS)?;
        let folder = std::env::temp_dir().join(format!("haamu-s3-{}", std::process::id()));
        fs::create_dir_all(folder.join(BUCKET))?;
        let port = postgres::free_port()?;
        let mut serve = command(program, ["--host", "127.0.0.1", "--port", &port.to_string()]);
        serve
            .args(["--access-key", "haamu-tests", "--secret-key", "haamu-tests-only"])
            .arg(&folder);
        let log = fs::File::create(folder.with_extension("log"))?;
        let mut server = serve
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let until = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if Instant::now() > until || server.try_wait()?.is_some() {
                let _ = server.kill();
                let log = fs::read_to_string(folder.with_extension("log")).unwrap_or_default();
                bail!("the S3 server did not start:\n{log}");
            }
            thread::sleep(Duration::from_millis(50));
        }
        note(&format!("S3 listens on 127.0.0.1:{port}"));
        Ok(Self {
            server,
            folder,
            endpoint: format!("http://127.0.0.1:{port}"),
        })
    }

    /// Its address.
    pub(super) fn endpoint(&self) -> &str {
        &self.endpoint
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
        let _ = fs::remove_dir_all(&self.folder);
        let _ = fs::remove_file(self.folder.with_extension("log"));
    }
}
