//! Two server processes that share one PostgreSQL and one S3 store, and an address before them.

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection, QueryResult, Statement};
use tempfile::TempDir;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::database::TestDatabase;
use crate::process::ServerProcess;

/// The bucket of the S3 server that `cargo xtask ci tests-postgres` starts.
pub const BUCKET: &str = "haamu-tests";
/// The id of its key.
pub const ACCESS_KEY: &str = "haamu-tests";
/// Its key.
pub const SECRET_KEY: &str = "haamu-tests-only";
/// What takes longer than this hangs.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// The address of the S3 server; none without `TEST_S3_ENDPOINT`.
#[must_use]
pub fn s3_endpoint() -> Option<String> {
    std::env::var("TEST_S3_ENDPOINT").ok()
}

/// Settings of a server with its files below a prefix of the bucket; none without `TEST_S3_ENDPOINT`.
#[must_use]
pub fn s3_settings(prefix: &str) -> Option<Vec<(&'static str, String)>> {
    Some(vec![
        ("HAAMU_OBJECT_STORE", format!("s3://{BUCKET}/{prefix}")),
        ("AWS_ENDPOINT", s3_endpoint()?),
        ("AWS_ALLOW_HTTP", "true".to_owned()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY.to_owned()),
    ])
}

/// Two server processes on the same storage. Each has a folder of its own, where it writes its mails.
#[derive(Debug)]
pub struct Replicas {
    /// One of them.
    pub a: ServerProcess,
    /// The other one; the set-up code that it printed is the one that counts.
    pub b: ServerProcess,
    connection: DatabaseConnection,
    folder: TempDir,
    _database: TestDatabase,
}

impl Replicas {
    /// Starts them, with further settings of the first and of the second one. None without a PostgreSQL and an S3
    /// server.
    pub async fn start(
        of_first: &[(&'static str, &str)],
        of_second: &[(&'static str, &str)],
    ) -> Option<Self> {
        let database = TestDatabase::postgres().await?;
        let mut shared = s3_settings(&format!("replicas-{:016x}", rand::random::<u64>()))?;
        shared.push(("HAAMU_DATABASE_URL", database.url().to_owned()));
        let settings = |own: &[(&'static str, &str)]| {
            let own = own.iter().map(|(name, value)| (*name, (*value).to_owned()));
            shared.iter().cloned().chain(own).collect::<Vec<_>>()
        };
        let folder = tempfile::tempdir().expect("a temporary folder");
        for name in ["a", "b"] {
            std::fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        let mut a = ServerProcess::start(&folder.path().join("a"), settings(of_first)).await;
        let b = ServerProcess::start(&folder.path().join("b"), settings(of_second)).await;
        a.setup_code.clone_from(&b.setup_code);
        Some(Self {
            a,
            b,
            connection: database.connect().await,
            folder,
            _database: database,
        })
    }

    /// Rows of the database.
    pub async fn rows(&self, sql: &str) -> Vec<QueryResult> {
        let statement = Statement::from_string(self.connection.get_database_backend(), sql);
        self.connection.query_all_raw(statement).await.expect("a query")
    }

    /// The number that a query gives.
    ///
    /// # Panics
    /// It gives something else.
    pub async fn count(&self, sql: &str) -> i64 {
        let rows = self.rows(sql).await;
        rows[0].try_get_by_index(0).expect("a number")
    }

    /// Waits until a query gives this number.
    ///
    /// # Panics
    /// It takes too long.
    pub async fn until(&self, sql: &str, wanted: i64) {
        let wait = async {
            while self.count(sql).await != wanted {
                tokio::time::sleep(LOOK).await;
            }
        };
        if timeout(PATIENCE, wait).await.is_err() {
            let jobs = "SELECT json_agg(job)::text FROM job WHERE finished_at IS NULL";
            let left: Option<String> = self.rows(jobs).await[0].try_get_by_index(0).expect("a text");
            panic!("{sql} gives {}, not {wanted}; {left:?}", self.count(sql).await);
        }
    }

    /// Waits until all jobs are done that are due by then.
    pub async fn until_idle(&self) {
        let due = "SELECT count(*) FROM job WHERE finished_at IS NULL AND failed_at IS NULL \
            AND run_after < 1000 * extract(epoch FROM now()) + 60000";
        self.until(due, 0).await;
    }

    /// The ids of the mails that each of them has written into its folder.
    #[must_use]
    pub fn mails(&self) -> [BTreeSet<String>; 2] {
        ["a", "b"].map(|name| mails(&self.folder.path().join(name).join("data/mail")))
    }
}

fn mails(folder: &Path) -> BTreeSet<String> {
    // The folder is made with the first mail.
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let names = entries.map(|entry| entry.expect("a file").file_name());
    let names = names.filter_map(|name| name.to_str()?.strip_suffix(".eml").map(str::to_owned));
    names.collect()
}

/// One address before several servers: each connection goes to the next of them that takes it. It ends with the
/// runtime.
#[derive(Clone, Copy, Debug)]
pub struct Balancer {
    address: SocketAddr,
}

impl Balancer {
    /// Starts it.
    ///
    /// # Errors
    /// There is no free port.
    pub async fn start(servers: Vec<SocketAddr>) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (servers, next) = (Arc::new(servers), AtomicUsize::new(0));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let first = next.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(pass(client, Arc::clone(&servers), first));
            }
        });
        Ok(Self { address })
    }

    /// Its root.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

async fn pass(mut client: TcpStream, servers: Arc<Vec<SocketAddr>>, first: usize) {
    for place in 0..servers.len() {
        let server = servers[(first + place) % servers.len()];
        if let Ok(mut upstream) = TcpStream::connect(server).await {
            // A broken connection is the business of its two ends.
            let _ = copy_bidirectional(&mut client, &mut upstream).await;
            return;
        }
    }
}
