//! The queue of jobs of a server.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use haamu_domain::Timestamp;
use haamu_store::repo::jobs;
use haamu_store::{Db, DbSettings, Reach, StoreError, Tx};

use crate::database::Database;

/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// The jobs of a server, looked at from beside.
pub(crate) struct Queue(Db);

impl Queue {
    pub(crate) async fn open(database: &Database, folder: &Path) -> Self {
        let file = || format!("sqlite://{}", folder.join("data/haamu.sqlite").display());
        let settings = DbSettings {
            url: database.url.clone().unwrap_or_else(file),
            max_connections: 1,
        };
        Self(Db::open_copy(&settings).await.expect("a database"))
    }

    /// Waits until no job is due. What is planned for later, such as the purge of the next night, does not count.
    pub(crate) async fn until_empty(&self) {
        loop {
            let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
            let now = Timestamp::from_millis(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX));
            let count = self.0.read(Reach::Server, |tx: Tx| async move {
                jobs::count_waiting(&tx, now).await
            });
            if count.await.map_err(|error: StoreError| error).expect("a count") == 0 {
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}
