//! Errors of the store.

use sea_orm::{DbErr, RuntimeErr, SqlErr};

/// Why the store could not do something.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A row with the same key exists already.
    #[error("a row with the same key exists already")]
    AlreadyExists(#[source] DbErr),
    /// The row was changed by somebody else meanwhile.
    #[error("{0} was changed meanwhile")]
    Conflict(&'static str),
    /// A row that another row refers to is not there.
    #[error("{0} is not there")]
    Missing(&'static str),
    /// A stored value is not what the schema says.
    #[error("the stored {0} cannot be read")]
    Corrupt(&'static str),
    /// All agencies were asked about in a transaction that reaches fewer, which would have told less than there is.
    #[error("{0} of all agencies are beyond the reach of this transaction")]
    BeyondReach(&'static str),
    /// Work kept a handle on its transaction, which was rolled back.
    #[error("a transaction was held beyond its end")]
    TransactionEscaped,
    /// The database failed.
    #[error("the database failed")]
    Database(#[source] DbErr),
    /// The object store failed.
    #[error("the object store failed")]
    Objects(#[from] object_store::Error),
    /// The object store does not refuse to overwrite an object that must be written once.
    #[error("the object store ignores `If-None-Match: *`, so a file could silently be overwritten")]
    UnsafeObjectStore,
    /// A setting names nothing that can be used.
    #[error("{setting}: {reason}")]
    Setting {
        /// The setting's name.
        setting: &'static str,
        /// What is wrong.
        reason: String,
    },
}

impl StoreError {
    /// Whether the same may work when it is tried again.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Database(error) => is_transient(error),
            Self::Objects(error) => matches!(error, object_store::Error::Generic { .. }),
            Self::AlreadyExists(_)
            | Self::Conflict(_)
            | Self::Missing(_)
            | Self::Corrupt(_)
            | Self::BeyondReach(_)
            | Self::UnsafeObjectStore
            | Self::TransactionEscaped
            | Self::Setting { .. } => false,
        }
    }
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => Self::AlreadyExists(error),
            _ => Self::Database(error),
        }
    }
}

/// Serialisation failures, deadlocks, a busy SQLite file, and connections that broke.
fn is_transient(error: &DbErr) -> bool {
    let runtime = match error {
        DbErr::Conn(error) | DbErr::Exec(error) | DbErr::Query(error) => error,
        DbErr::ConnectionAcquire(_) => return true,
        _ => return false,
    };
    match runtime {
        RuntimeErr::SqlxError(error) => match &**error {
            sea_orm::sqlx::Error::Database(error) => error.code().is_some_and(|code| {
                matches!(
                    code.as_ref(),
                    "40001" | "40P01" | "57P01" | "5" | "6" | "517" | "261"
                )
            }),
            sea_orm::sqlx::Error::Io(_)
            | sea_orm::sqlx::Error::PoolTimedOut
            | sea_orm::sqlx::Error::PoolClosed
            | sea_orm::sqlx::Error::WorkerCrashed => true,
            _ => false,
        },
        RuntimeErr::Internal(_) => false,
    }
}
