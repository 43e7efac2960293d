//! The databases that servers are measured on.

use haamu_store::{Db, DbSettings};
use sea_orm::{ConnectionTrait, DatabaseConnection};

/// A database server beside ours, or SQLite.
#[derive(Debug)]
pub(crate) struct Database {
    pub(crate) name: &'static str,
    pub(crate) url: Option<String>,
    /// Its first process.
    pub(crate) pid: Option<u32>,
}

/// SQLite, and with `[POSTGRES URL] [PID OF POSTGRES]` PostgreSQL too.
pub(crate) fn databases(arguments: &[String]) -> Vec<Database> {
    let sqlite = Database {
        name: "SQLite",
        url: None,
        pid: None,
    };
    let postgres = arguments.first().map(|url| Database {
        name: "PostgreSQL",
        url: Some(url.clone()),
        pid: arguments.get(1).and_then(|pid| pid.parse().ok()),
    });
    [sqlite].into_iter().chain(postgres).collect()
}

/// A connection beside a server.
pub(crate) async fn connect(url: &str) -> DatabaseConnection {
    let settings = DbSettings {
        url: url.to_owned(),
        max_connections: 1,
    };
    let connection = Db::connect_for_migrations(&settings).await;
    connection.expect("a database")
}

/// Has a database count what is in its tables. PostgreSQL does so by itself within a minute; until then it takes
/// them for empty, and reads them from end to end.
pub(crate) async fn analyze(url: &str) {
    let connection = connect(url).await;
    let done = connection.execute_unprepared("ANALYZE").await;
    let _ = done.expect("statistics");
    connection.close().await.expect("closed");
}
