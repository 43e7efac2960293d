//! The database: connections and transactions.

use std::fmt;
use std::sync::Arc;
#[cfg(feature = "testing")]
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use haamu_sync::Incarnation;
use rand::RngExt;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbErr, Statement,
};
use tokio::sync::Semaphore;

use crate::{Reach, StoreError};

/// How often a transaction is tried before its transient failure counts.
const MAX_ATTEMPTS: u32 = 8;
/// The first delay between attempts; it doubles.
const FIRST_DELAY_MS: u64 = 5;
/// What the one writing connection to SQLite keeps of the file in memory, in KiB.
const WRITER_CACHE_KIB: u32 = 64 * 1024;
/// After so many pages the log of SQLite is written into the file. Work that comes in bursts then
/// writes a page once that it changes often.
const CHECKPOINT_PAGES: u32 = 8_000;

/// How to reach the database.
#[derive(Clone)]
pub struct DbSettings {
    /// `sqlite:///path/to/file` or `postgres://…`.
    pub url: String,
    /// The greatest number of connections.
    pub max_connections: u32,
}

impl DbSettings {
    fn is_sqlite(&self) -> bool {
        self.url.starts_with("sqlite:")
    }
}

impl fmt::Debug for DbSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address may hold a password.
        f.debug_struct("DbSettings")
            .field("max_connections", &self.max_connections)
            .finish_non_exhaustive()
    }
}

/// The server's database.
#[derive(Debug)]
pub struct Db {
    connection: DatabaseConnection,
    /// SQLite has one writer.
    writer: Option<Writer>,
    statements: StatementCount,
    pub(crate) incarnation: Incarnation,
}

/// The one connection that writes to SQLite. What it has read stays valid, for nobody else changes
/// the file; each of several connections would read it anew after every change by another one.
#[derive(Debug)]
struct Writer {
    connection: DatabaseConnection,
    /// Who waits here does not poll the file.
    turn: Semaphore,
}

/// How many statements a database has been given; begin and commit are not among them.
#[derive(Clone, Debug, Default)]
pub struct StatementCount {
    count: Arc<AtomicU64>,
    #[cfg(feature = "testing")]
    kept: Arc<std::sync::Mutex<Option<Vec<Statement>>>>,
}

impl StatementCount {
    /// So many since the database was opened.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Keeps the statements themselves from now on.
    #[cfg(feature = "testing")]
    pub fn keep(&self) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(Vec::new());
    }

    /// The statements that were kept; none are from now on.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn take(&self) -> Vec<Statement> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.take().unwrap_or_default()
    }

    #[cfg_attr(
        not(feature = "testing"),
        expect(unused_variables, reason = "only tests keep them")
    )]
    fn add(&self, statement: &Statement) {
        self.count.fetch_add(1, Ordering::Relaxed);
        #[cfg(feature = "testing")]
        if let Some(kept) = self.kept.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            kept.push(statement.clone());
        }
    }
}

/// A handle on a transaction, for reading or for writing.
///
/// Work is given a handle of its own, rather than a reference, so that the
/// future it returns is of one type and can move between threads. All handles
/// must be gone when the work is done; what is still held then is rolled back.
#[derive(Clone, Debug)]
pub struct Tx {
    transaction: Arc<DatabaseTransaction>,
    pub(crate) reach: Reach,
    pub(crate) incarnation: Incarnation,
}

/// An error that may carry one of the store, so that a transaction knows whether to try again.
pub trait CarriesStoreError: From<StoreError> {
    /// The store's error, if it is one.
    fn store_error(&self) -> Option<&StoreError>;
}

impl CarriesStoreError for StoreError {
    fn store_error(&self) -> Option<&StoreError> {
        Some(self)
    }
}

impl Db {
    /// Connects. The schema must be up to date; this process starts a new timeline of the feed.
    ///
    /// # Errors
    /// The database cannot be reached, or it has no schema.
    pub async fn open(
        settings: &DbSettings,
        incarnation: Incarnation,
        now_ms: i64,
    ) -> Result<Self, StoreError> {
        let statements = StatementCount::default();
        let writer = match settings.is_sqlite() {
            true => Some(Writer {
                connection: counted(connect(settings, Role::Writer).await?, &statements),
                turn: Semaphore::new(1),
            }),
            false => None,
        };
        let role = writer.as_ref().map_or(Role::Any, |_| Role::Reader);
        let db = Self {
            connection: counted(connect(settings, role).await?, &statements),
            writer,
            statements,
            incarnation,
        };
        db.write(Reach::Common, |tx: Tx| async move {
            let tx = &tx;
            crate::repo::timelines::start(tx, now_ms).await
        })
        .await?;
        Ok(db)
    }

    /// Connects to a copy of a database that nobody serves, such as a restored backup. Nothing is written to it.
    ///
    /// # Errors
    /// The database cannot be reached, or is not there.
    pub async fn open_copy(settings: &DbSettings) -> Result<Self, StoreError> {
        let statements = StatementCount::default();
        Ok(Self {
            connection: counted(connect(settings, Role::Copy).await?, &statements),
            writer: None,
            statements,
            incarnation: Incarnation::default(),
        })
    }

    /// The count of its statements, which goes on.
    #[must_use]
    pub fn statements(&self) -> StatementCount {
        self.statements.clone()
    }

    /// The connection for reading, and on PostgreSQL for all.
    pub(crate) const fn connection(&self) -> &DatabaseConnection {
        &self.connection
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// It does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        Ok(self.connection.ping().await?)
    }

    /// Reads in one transaction, so that what is read fits together. It sees what `reach` lets it see.
    ///
    /// # Errors
    /// Whatever `work` fails with, or the database.
    pub async fn read<T, E, F, R>(&self, reach: Reach, work: F) -> Result<T, E>
    where
        E: CarriesStoreError,
        F: Fn(Tx) -> R,
        R: Future<Output = Result<T, E>>,
    {
        self.attempt(reach, reach.begin_reading(&self.connection), &work)
            .await
    }

    /// Writes in one transaction, within `reach`. After a serialisation failure, a deadlock or
    /// a broken connection, `work` is done again from its start.
    ///
    /// # Errors
    /// Whatever `work` fails with, or the database; then nothing is written.
    pub async fn write<T, E, F, R>(&self, reach: Reach, work: F) -> Result<T, E>
    where
        E: CarriesStoreError,
        F: Fn(Tx) -> R,
        R: Future<Output = Result<T, E>>,
    {
        let mut attempt = 1;
        loop {
            // The permit is given back before a pause, so that others can write meanwhile.
            let outcome = {
                let (connection, _permit) = match &self.writer {
                    Some(writer) => (&writer.connection, writer.turn.acquire().await.ok()),
                    None => (&self.connection, None),
                };
                self.attempt(reach, reach.begin_writing(connection), &work).await
            };
            let is_transient = |error: &E| error.store_error().is_some_and(StoreError::is_transient);
            match outcome {
                Err(error) if attempt < MAX_ATTEMPTS && is_transient(&error) => {
                    tracing::debug!(attempt, "transaction is tried again");
                    pause(attempt).await;
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }

    async fn attempt<T, E, F, R>(
        &self,
        reach: Reach,
        begin: impl Future<Output = Result<DatabaseTransaction, DbErr>>,
        work: &F,
    ) -> Result<T, E>
    where
        E: CarriesStoreError,
        F: Fn(Tx) -> R,
        R: Future<Output = Result<T, E>>,
    {
        let transaction = Arc::new(begin.await.map_err(StoreError::from)?);
        let outcome = work(Tx {
            transaction: transaction.clone(),
            reach,
            incarnation: self.incarnation,
        })
        .await;
        let Some(transaction) = Arc::into_inner(transaction) else {
            return Err(StoreError::TransactionEscaped.into());
        };
        match outcome {
            Ok(value) => {
                transaction.commit().await.map_err(StoreError::from)?;
                Ok(value)
            }
            Err(error) => {
                // The first error is the one to report; a broken connection rolls back by itself.
                if let Err(rollback) = transaction.rollback().await {
                    tracing::debug!(error = %rollback, "rollback failed");
                }
                Err(error)
            }
        }
    }

    /// The connection for migrations, which the server runs before it opens the store.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn connect_for_migrations(settings: &DbSettings) -> Result<DatabaseConnection, StoreError> {
        connect(settings, Role::Any).await
    }
}

impl Tx {
    pub(crate) fn connection(&self) -> &impl ConnectionTrait {
        &*self.transaction
    }
}

/// A pause with full jitter.
async fn pause(attempt: u32) {
    let longest = FIRST_DELAY_MS << attempt.min(10);
    let delay = rand::rng().random_range(1..=longest);
    tokio::time::sleep(Duration::from_millis(delay)).await;
}

/// What connections are for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Reading and writing.
    Any,
    /// Reading.
    Reader,
    /// Writing, one at a time.
    Writer,
    /// Reading what is there already, and is nobody's.
    Copy,
}

fn counted(mut connection: DatabaseConnection, statements: &StatementCount) -> DatabaseConnection {
    let counted = statements.clone();
    connection.set_metric_callback(move |info| counted.add(info.statement));
    connection
}

async fn connect(settings: &DbSettings, role: Role) -> Result<DatabaseConnection, StoreError> {
    let is_sqlite = settings.is_sqlite();
    if !is_sqlite && !settings.url.starts_with("postgres") {
        let reason = "neither a sqlite: nor a postgres: address".to_owned();
        return Err(StoreError::Setting {
            setting: "database_url",
            reason,
        });
    }
    let connections = match role {
        Role::Any | Role::Copy => settings.max_connections,
        Role::Reader => settings.max_connections.saturating_sub(1).max(1),
        Role::Writer => 1,
    };
    let mut options = ConnectOptions::new(&settings.url);
    options
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(30))
        .sqlx_logging(false);
    if is_sqlite {
        options.map_sqlx_sqlite_opts(move |options| sqlite_options(options, role));
    }
    Ok(Database::connect(options).await?)
}

fn sqlite_options(options: SqliteConnectOptions, role: Role) -> SqliteConnectOptions {
    let options = options
        .create_if_missing(role != Role::Copy)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        // What was acknowledged survives a power loss.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(20))
        .pragma("wal_autocheckpoint", CHECKPOINT_PAGES.to_string());
    match role {
        // Negative: in KiB, not in pages. What undoes a single statement is kept in memory too.
        Role::Writer => options
            .pragma("cache_size", format!("-{WRITER_CACHE_KIB}"))
            .pragma("temp_store", "MEMORY"),
        Role::Reader | Role::Copy => options.pragma("query_only", "ON"),
        Role::Any => options,
    }
}
