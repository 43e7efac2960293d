//! Starting and stopping a server process.

use std::net::SocketAddr;

use haamu_app::{App, CustodyReport, KeyKind, Ports, PurgeCount, SystemClock};
use haamu_migrations::MigrateError;
use haamu_store::{Db, DbSettings, Files, StoreError};
use rand::RngExt;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::{Config, ConfigError, HttpSettings, http, worker};

/// Why a server process could not start or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The data folder cannot be made.
    #[error("the data folder {path} cannot be made: {source}")]
    DataDir {
        /// The folder.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// There is no installation to work on.
    #[error("there is no data folder {}; say with --data-dir or --config which server is meant", .0.display())]
    NotThere(std::path::PathBuf),
    /// The database or the object store cannot be used.
    #[error("storage cannot be used: {0}")]
    Store(#[from] StoreError),
    /// The schema cannot be brought up to date.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The use cases cannot be made.
    #[error(transparent)]
    App(#[from] haamu_app::Error),
    /// What the operator asked for is not possible.
    #[error("{0}")]
    Refused(String),
    /// Mails or requests to other servers have no way out.
    #[error("there is no way out: {0}")]
    WayOut(String),
    /// The address cannot be listened on.
    #[error("{address} cannot be listened on: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// Serving failed.
    #[error("serving failed: {0}")]
    Serve(std::io::Error),
}

/// A server that listens, but does not serve yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    app: App,
    http: HttpSettings,
    workers: u32,
    /// The one-time code for the first administrator, if there is none yet.
    setup_code: Option<String>,
}

impl Server {
    /// Opens storage, brings the schema up to date, and listens.
    ///
    /// # Errors
    /// [`ServeError`] says what is missing.
    pub async fn start(config: &Config) -> Result<Self, ServeError> {
        let app = open_app(config).await?;
        let setup_code = app.prepare_setup().await?;
        app.plan_purges().await?;
        let listen = |source| ServeError::Listen {
            address: config.listen(),
            source,
        };
        let listener = TcpListener::bind(config.listen()).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        Ok(Self {
            listener,
            address,
            app,
            http: config.http()?,
            workers: config.workers(),
            setup_code,
        })
    }

    /// Where the server listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The one-time code for the first administrator, if there is none yet.
    #[must_use]
    pub fn setup_code(&self) -> Option<&str> {
        self.setup_code.as_deref()
    }

    /// Serves until `stop` is cancelled; then requests and jobs under way are finished.
    ///
    /// # Errors
    /// The listener failed.
    pub async fn run(self, stop: CancellationToken) -> Result<(), ServeError> {
        let tasks = TaskTracker::new();
        for _ in 0..self.workers {
            tasks.spawn(worker::run(self.app.clone(), stop.clone()));
        }
        tasks.close();
        let router = http::router(self.app, self.http);
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let served = axum::serve(self.listener, service)
            .with_graceful_shutdown({
                let stop = stop.clone();
                async move { stop.cancelled().await }
            })
            .await;
        stop.cancel();
        tasks.wait().await;
        served.map_err(ServeError::Serve)
    }
}

/// Does background jobs until `stop` is cancelled, without serving.
///
/// # Errors
/// [`ServeError`] says what is missing.
pub async fn work(config: &Config, stop: CancellationToken) -> Result<(), ServeError> {
    let app = open_app(config).await?;
    app.plan_purges().await?;
    let tasks = TaskTracker::new();
    for _ in 0..config.workers().max(1) {
        tasks.spawn(worker::run(app.clone(), stop.clone()));
    }
    tasks.close();
    tasks.wait().await;
    Ok(())
}

/// Brings the schema up to date.
///
/// # Errors
/// [`ServeError`] says what is missing.
pub async fn migrate(config: &Config) -> Result<(), ServeError> {
    prepare_data_dir(config)?;
    // One connection, so that the lock and the migrations share a session.
    let settings = DbSettings {
        max_connections: 1,
        ..config.database()
    };
    let connection = Db::connect_for_migrations(&settings).await?;
    haamu_migrations::migrate(&connection).await?;
    connection
        .close()
        .await
        .map_err(|error| ServeError::Store(error.into()))
}

/// Compares a restored backup of the database with the real one, and confirms to devices what is safe in it.
/// Servers may run meanwhile. `progress` is told how many of how many devices are done.
///
/// # Errors
/// [`ServeError`] says what is missing.
pub async fn confirm_custody(
    config: &Config,
    backup: &str,
    progress: impl FnMut(usize, usize),
) -> Result<CustodyReport, ServeError> {
    let app = open_app(config).await?;
    let backup = DbSettings {
        url: backup.to_owned(),
        max_connections: 1,
    };
    Ok(app.confirm_custody(&backup, progress).await?)
}

/// What was or would be deleted, by agency.
pub type Purged = Vec<(haamu_domain::AgencyId, Vec<PurgeCount>)>;

/// Deletes what is due now, or only counts it. Servers may run meanwhile.
///
/// # Errors
/// [`ServeError`] says what is missing.
pub async fn purge(config: &Config, is_dry_run: bool) -> Result<Purged, ServeError> {
    let app = open_there(config).await?;
    Ok(if is_dry_run {
        app.count_due_purges().await?
    } else {
        app.purge_now().await?
    })
}

/// The use cases of an installation that is there.
pub(crate) async fn open_there(config: &Config) -> Result<App, ServeError> {
    require_there(config)?;
    open_app(config).await
}

async fn open_app(config: &Config) -> Result<App, ServeError> {
    migrate(config).await?;
    let incarnation = haamu_wire::sync::Incarnation::from_bytes(rand::rng().random());
    let now = haamu_app::Clock::now(&SystemClock).millis();
    let db = Db::open(&config.database(), incarnation, now).await?;
    if db.is_postgres() && !db.keeps_agencies_apart().await? {
        tracing::warn!(
            "the role of the database is a superuser or has BYPASSRLS, so that PostgreSQL does not keep agencies \
             apart; let the server connect as a role that owns its tables and is neither"
        );
    }
    let files = Files::open(&config.files(), &incarnation.to_string()).await?;
    let ports = Ports {
        clock: Box::new(SystemClock),
        mail: config.mail().open().map_err(ServeError::WayOut)?,
        web: Box::new(
            config
                .web()
                .map_err(|error| ServeError::WayOut(error.to_string()))?,
        ),
    };
    Ok(App::new(db, files, config.app(), ports).await?)
}

/// Adds a key of a kind, which is used from the next start of a server process on. Returns its number.
///
/// # Errors
/// [`ServeError`] says what is missing.
pub async fn rotate_keys(config: &Config, kind: KeyKind) -> Result<u32, ServeError> {
    require_there(config)?;
    let probe = haamu_wire::sync::Incarnation::from_bytes(rand::rng().random());
    let files = Files::open(&config.files(), &probe.to_string()).await?;
    Ok(haamu_app::rotate_key(&files, kind).await?)
}

/// Refuses to work on an installation that is not there: whoever is in the wrong folder would be told that all is well.
fn require_there(config: &Config) -> Result<(), ServeError> {
    let path = config.data_dir();
    if config.uses_data_dir() && !path.is_dir() {
        return Err(ServeError::NotThere(path.to_owned()));
    }
    Ok(())
}

fn prepare_data_dir(config: &Config) -> Result<(), ServeError> {
    if !config.uses_data_dir() {
        return Ok(());
    }
    let path = config.data_dir();
    std::fs::create_dir_all(path).map_err(|source| ServeError::DataDir {
        path: path.to_owned(),
        source,
    })?;
    restrict(path).map_err(|source| ServeError::DataDir {
        path: path.to_owned(),
        source,
    })
}

/// The data folder holds testimony and keys: it is for its owner only.
#[cfg(unix)]
fn restrict(path: &std::path::Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn restrict(_: &std::path::Path) -> std::io::Result<()> {
    Ok(())
}
