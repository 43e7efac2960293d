//! A PostgreSQL server for one run: its own cluster, on loopback, as an ordinary user.

use std::ffi::OsString;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::shell::{capture, command, note, succeeds};

use super::tools;

/// The account that root starts the server as; PostgreSQL refuses to run as root.
const ACCOUNT: &str = "postgres";
const PATIENCE: Duration = Duration::from_secs(60);
/// Its role that may do everything, and that row level security does not hold.
const SUPERUSER: &str = "postgres";
/// The role that servers connect as, and its database. It may make databases of its own, as the suites do.
const OWNER: &str = "haamu";
/// What is thrown away need not survive a loss of power.
const THROWN_AWAY: [&str; 3] = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"];

/// A running cluster; it ends, and its files go, with this value.
#[derive(Debug)]
pub(crate) struct Cluster {
    server: Child,
    folder: PathBuf,
    url: String,
}

impl Cluster {
    /// Makes and starts a cluster; installs PostgreSQL if it is missing.
    pub(crate) fn start() -> Result<Self> {
        Self::launch(&THROWN_AWAY)
    }

    /// A cluster that keeps what it has committed, as one in use does.
    pub(crate) fn start_durable() -> Result<Self> {
        Self::launch(&[])
    }

    /// The number of its first process.
    pub(crate) fn pid(&self) -> u32 {
        self.server.id()
    }

    fn launch(settings: &[&str]) -> Result<Self> {
        let programs = programs()?;
        let folder = std::env::temp_dir().join(format!("haamu-postgres-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755))?;
        let data = folder.join("data");
        let password = one_time_password()?;
        let password_file = folder.join("password");
        fs::write(&password_file, &password)?;
        if tools::is_root() {
            capture(command("chown", ["-R", ACCOUNT]).arg(&folder))?;
        }
        let mut initdb = as_account(&programs.join("initdb"));
        initdb
            .args([
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
            ])
            .arg(format!("--username={SUPERUSER}"))
            .arg("--pwfile")
            .arg(&password_file)
            .arg("--pgdata")
            .arg(&data);
        capture(initdb.current_dir(&folder))?;
        let port = free_port()?;
        let log = fs::File::create(folder.join("log"))?;
        let mut serve = as_account(&programs.join("postgres"));
        serve
            .arg("-D")
            .arg(&data)
            .args(["-h", "127.0.0.1", "-p", &port.to_string()]);
        for setting in ["unix_socket_directories=", "max_connections=200"]
            .iter()
            .chain(settings)
        {
            serve.args(["-c", setting]);
        }
        let server = serve
            .current_dir(&folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let own_password = one_time_password()?;
        let cluster = Self {
            server,
            folder,
            url: format!("postgres://{OWNER}:{own_password}@127.0.0.1:{port}/{OWNER}"),
        };
        cluster.wait_until_ready(&programs, port)?;
        for sql in [
            &format!("CREATE ROLE {OWNER} LOGIN CREATEDB PASSWORD '{own_password}'"),
            &format!("CREATE DATABASE {OWNER} OWNER {OWNER}"),
        ] {
            let port = port.to_string();
            let asking = [
                "-X",
                "-q",
                "-h",
                "127.0.0.1",
                "-p",
                &port,
                "-U",
                SUPERUSER,
                "-c",
                sql,
                SUPERUSER,
            ];
            capture(command(programs.join("psql"), asking).env("PGPASSWORD", &password))?;
        }
        note(&format!("PostgreSQL listens on 127.0.0.1:{port}"));
        Ok(cluster)
    }

    /// Its address, with the one-time password.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    fn wait_until_ready(&self, programs: &Path, port: u16) -> Result<()> {
        let until = Instant::now() + PATIENCE;
        let port = port.to_string();
        while !succeeds(&mut command(
            programs.join("pg_isready"),
            ["-q", "-h", "127.0.0.1", "-p", &port],
        )) {
            if Instant::now() > until {
                let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                bail!("PostgreSQL did not start:\n{log}");
            }
            thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // SIGQUIT: at once, without tidying up what is thrown away anyhow.
        let pid = self.server.id().to_string();
        let _ = capture(&mut command("kill", ["-QUIT", &pid]));
        let _ = self.server.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A command as the account that may run PostgreSQL; it ends with this process, whatever ends that.
fn as_account(program: &Path) -> Command {
    let mut words: Vec<OsString> = vec!["--pdeathsig".into(), "QUIT".into()];
    if tools::is_root() {
        words.extend([
            format!("--reuid={ACCOUNT}").into(),
            format!("--regid={ACCOUNT}").into(),
            "--init-groups".into(),
        ]);
    }
    words.push(program.into());
    command("setpriv", words)
}

/// The folder with `initdb` and `postgres`.
fn programs() -> Result<PathBuf> {
    if let Some(found) = find_programs() {
        return Ok(found);
    }
    prevent_standing_cluster();
    tools::install_debian(&["postgresql"])?;
    find_programs().context("PostgreSQL was installed, but initdb is not where Debian puts it")
}

fn find_programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut found: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let version = path.file_name()?.to_str()?.parse().ok()?;
            Some((version, path.join("bin")))
        })
        .filter(|(_, path)| path.join("initdb").exists())
        .collect();
    found.sort();
    found.pop().map(|(_, path)| path)
}

/// Keeps Debian's package from starting a server of its own, where nobody has decided about that.
fn prevent_standing_cluster() {
    let folder = Path::new("/etc/postgresql-common");
    if !folder.exists() && tools::is_root() && fs::create_dir_all(folder).is_ok() {
        let _ = fs::write(folder.join("createcluster.conf"), "create_main_cluster = false\n");
    }
}

pub(super) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn one_time_password() -> Result<String> {
    let mut bytes = [0; 16];
    std::io::Read::read_exact(&mut fs::File::open("/dev/urandom")?, &mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
