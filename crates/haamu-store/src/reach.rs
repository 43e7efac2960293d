//! How far a transaction reaches: the wall between agencies that stands below the use cases.

use haamu_domain::AgencyId;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, SqliteTransactionMode,
    Statement, TransactionOptions, TransactionTrait,
};

use crate::{Db, StoreError, Tx};

/// Which agencies' rows a transaction sees and may write.
///
/// On PostgreSQL the policies of the tables hold every statement to it, whatever the statement says; the
/// migration `row_level_security` has them. SQLite has no policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Those of one agency.
    Agency(AgencyId),
    /// Those of none, only what is common to all agencies: accounts of people, what they sign in with, the
    /// installation and the timelines of the database.
    Common,
    /// Those of all agencies: for what has to be found before the agency is known, what belongs to a person in
    /// all their agencies, and what the server does for itself.
    Server,
}

impl Reach {
    /// What sets it until the end of a transaction on PostgreSQL. `SET` takes no parameters; what is put into the
    /// text is a UUID, which consists of hexadecimal digits and dashes.
    fn setting(self) -> String {
        match self {
            Self::Agency(agency) => format!(
                "SET LOCAL haamu.reach = 'agency'; SET LOCAL haamu.agency = '{}'",
                agency.uuid()
            ),
            Self::Common => "SET LOCAL haamu.reach = 'common'".to_owned(),
            Self::Server => "SET LOCAL haamu.reach = 'server'".to_owned(),
        }
    }

    /// Begins a transaction that reads everything as it was at one moment.
    pub(crate) async fn begin_reading(
        self,
        connection: &DatabaseConnection,
    ) -> Result<DatabaseTransaction, DbErr> {
        let transaction = connection.begin().await?;
        if transaction.get_database_backend() == DbBackend::Postgres {
            // In one round trip with what any reading transaction says.
            let kind = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY";
            let setting = format!("{kind}; {}", self.setting());
            transaction.execute_unprepared(&setting).await?;
        }
        Ok(transaction)
    }

    /// Begins a transaction that writes; on SQLite it is the only one then.
    pub(crate) async fn begin_writing(
        self,
        connection: &DatabaseConnection,
    ) -> Result<DatabaseTransaction, DbErr> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let transaction = connection.begin_with_options(options).await?;
        if transaction.get_database_backend() == DbBackend::Postgres {
            transaction.execute_unprepared(&self.setting()).await?;
        }
        Ok(transaction)
    }
}

impl Tx {
    /// Refuses what is about the rows of all agencies where fewer are reached. PostgreSQL would quietly leave rows
    /// out, and SQLite would not; so it is refused on both.
    pub(crate) fn require_all_agencies(&self, what: &'static str) -> Result<(), StoreError> {
        match self.reach {
            Reach::Server => Ok(()),
            Reach::Agency(_) | Reach::Common => Err(StoreError::BeyondReach(what)),
        }
    }
}

impl Db {
    /// Whether the database itself keeps agencies apart: it is PostgreSQL, and the role of this connection is
    /// held to the policies. A superuser is not, and neither is a role with `BYPASSRLS`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn keeps_agencies_apart(&self) -> Result<bool, StoreError> {
        let connection = self.connection();
        if !self.is_postgres() {
            return Ok(false);
        }
        let sql = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user";
        let asked = Statement::from_string(DbBackend::Postgres, sql);
        let row = connection.query_one_raw(asked).await?;
        let goes_around = row.map(|row| row.try_get_by_index::<bool>(0)).transpose()?;
        Ok(goes_around == Some(false))
    }

    /// Whether the database is PostgreSQL.
    #[must_use]
    pub fn is_postgres(&self) -> bool {
        self.connection().get_database_backend() == DbBackend::Postgres
    }
}
