//! A database of its own for each test.

use std::time::UNIX_EPOCH;

use haamu_store::{Db, DbSettings};
use sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseConnection, Statement};
use tempfile::TempDir;
use url::Url;

/// Any number, but the same in all test processes.
const TEMPLATE_LOCK: i64 = 0x4861_616d_7554;

/// A fresh, migrated database; it is gone when this value is.
#[derive(Debug)]
pub struct TestDatabase {
    url: String,
    /// What is to be removed at the end.
    place: Place,
}

#[derive(Debug)]
enum Place {
    Folder { _held: TempDir },
    Server { admin_url: String, name: String },
}

impl TestDatabase {
    /// A SQLite file in a folder of its own.
    pub async fn sqlite() -> Self {
        let database = Self::empty_sqlite();
        let connection = database.connect().await;
        haamu_migrations::migrate(&connection).await.expect("migrate");
        connection.close().await.expect("close");
        database
    }

    /// A PostgreSQL database copied from a migrated template; none without `TEST_DATABASE_URL`.
    pub async fn postgres() -> Option<Self> {
        let admin_url = admin_url()?;
        let admin = connect(&admin_url).await;
        let template = prepare_template(&admin, &admin_url).await;
        let database = Self::fresh_postgres(&admin, &admin_url, &format!("TEMPLATE {template}")).await;
        admin.close().await.expect("close");
        Some(database)
    }

    /// A SQLite file that nothing was done to.
    #[must_use]
    pub fn empty_sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = format!("sqlite://{}", folder.path().join("haamu.sqlite").display());
        Self {
            url,
            place: Place::Folder { _held: folder },
        }
    }

    /// A PostgreSQL database that nothing was done to; none without `TEST_DATABASE_URL`.
    pub async fn empty_postgres() -> Option<Self> {
        let admin_url = admin_url()?;
        let admin = connect(&admin_url).await;
        let database = Self::fresh_postgres(&admin, &admin_url, "TEMPLATE template0").await;
        admin.close().await.expect("close");
        Some(database)
    }

    async fn fresh_postgres(admin: &DatabaseConnection, admin_url: &str, template: &str) -> Self {
        let name = format!("haamu_test_{:016x}", rand::random::<u64>());
        run(admin, &format!("CREATE DATABASE {name} {template}")).await;
        Self {
            url: with_name(admin_url, &name),
            place: Place::Server {
                admin_url: admin_url.to_owned(),
                name,
            },
        }
    }

    /// A database with what is committed in this one at the moment. PostgreSQL copies only what nobody is
    /// connected to, so it breaks all connections to this one.
    pub async fn copy(&self) -> Self {
        match &self.place {
            Place::Folder { .. } => {
                let copy = Self::empty_sqlite();
                let path = copy.url.trim_start_matches("sqlite://");
                let connection = self.connect().await;
                run(&connection, &format!("VACUUM INTO '{path}'")).await;
                connection.close().await.expect("close");
                copy
            }
            Place::Server { admin_url, name } => {
                let admin = connect(admin_url).await;
                let end = format!(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
                );
                run(&admin, &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).await;
                run(&admin, &end).await;
                let copy = Self::fresh_postgres(&admin, admin_url, &format!("TEMPLATE {name}")).await;
                run(&admin, &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true")).await;
                admin.close().await.expect("close");
                copy
            }
        }
    }

    /// Puts a copy in the place of this database while processes use it, as a fail-over or somebody who restores it
    /// does: their connections break, and later ones lead to the other database.
    ///
    /// # Panics
    /// It is SQLite, whose file belongs to the process that has it open.
    pub async fn replace(&self, copy: &Self) {
        let (Place::Server { admin_url, name }, Place::Server { name: copy, .. }) =
            (&self.place, &copy.place)
        else {
            panic!("both must be PostgreSQL");
        };
        let admin = connect(admin_url).await;
        run(&admin, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
        run(&admin, &format!("CREATE DATABASE {name} TEMPLATE {copy}")).await;
        admin.close().await.expect("close");
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether it is PostgreSQL.
    #[must_use]
    pub const fn is_postgres(&self) -> bool {
        matches!(self.place, Place::Server { .. })
    }

    /// Settings to open it with.
    #[must_use]
    pub fn settings(&self) -> DbSettings {
        DbSettings {
            url: self.url.clone(),
            max_connections: 5,
        }
    }

    /// The store, opened once more beside the server.
    pub async fn open(&self) -> Db {
        Db::open_copy(&self.settings()).await.expect("a database")
    }

    /// A connection of one's own, as migrations use it. It reaches the rows of all agencies.
    pub async fn connect(&self) -> DatabaseConnection {
        connect(&self.url).await
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Place::Server { admin_url, name } = &self.place {
            let (admin_url, name) = (admin_url.clone(), name.clone());
            // The test's own runtime may be ending.
            let dropping = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.expect("a runtime").block_on(async {
                    let admin = connect(&admin_url).await;
                    run(&admin, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
                });
            });
            let _ = dropping.join();
        }
    }
}

fn admin_url() -> Option<String> {
    let url = std::env::var("TEST_DATABASE_URL").ok();
    if url.is_none() {
        #[expect(clippy::print_stderr, reason = "whoever runs the suite must know")]
        {
            eprintln!("not run: TEST_DATABASE_URL names no PostgreSQL server");
        }
    }
    url
}

async fn connect(url: &str) -> DatabaseConnection {
    let settings = DbSettings {
        url: reaching_all(url),
        max_connections: 1,
    };
    Db::connect_for_migrations(&settings)
        .await
        .expect("the database answers")
}

async fn run(connection: &DatabaseConnection, sql: &str) {
    connection
        .execute_unprepared(sql)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// A migrated database to copy, made once per build of the suite.
async fn prepare_template(admin: &DatabaseConnection, admin_url: &str) -> String {
    let program = std::env::current_exe()
        .and_then(std::fs::metadata)
        .and_then(|found| found.modified());
    let built = program
        .expect("the suite is a file")
        .duration_since(UNIX_EPOCH)
        .expect("after 1970");
    let name = format!("haamu_template_{:x}", built.as_nanos());
    run(admin, &format!("SELECT pg_advisory_lock({TEMPLATE_LOCK})")).await;
    let find = format!("SELECT 1 FROM pg_database WHERE datname = '{name}'");
    let found = admin
        .query_one_raw(Statement::from_string(DatabaseBackend::Postgres, find))
        .await;
    if found.expect("look for the template").is_none() {
        let unfinished = format!("{name}_unfinished");
        run(admin, &format!("DROP DATABASE IF EXISTS {unfinished}")).await;
        run(admin, &format!("CREATE DATABASE {unfinished} TEMPLATE template0")).await;
        let connection = connect(&with_name(admin_url, &unfinished)).await;
        haamu_migrations::migrate(&connection).await.expect("migrate");
        connection.close().await.expect("close");
        run(admin, &format!("ALTER DATABASE {unfinished} RENAME TO {name}")).await;
    }
    run(admin, &format!("SELECT pg_advisory_unlock({TEMPLATE_LOCK})")).await;
    name
}

/// The address of a database, for a connection that PostgreSQL's policies show the rows of all agencies.
fn reaching_all(url: &str) -> String {
    if url.starts_with("sqlite:") {
        return url.to_owned();
    }
    let mut url = Url::parse(url).expect("an address");
    url.query_pairs_mut()
        .append_pair("options[haamu.reach]", "server");
    url.into()
}

fn with_name(url: &str, name: &str) -> String {
    let mut url = Url::parse(url).expect("TEST_DATABASE_URL is an address");
    url.set_path(name);
    url.into()
}
