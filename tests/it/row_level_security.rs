//! The wall between agencies that PostgreSQL holds under the use cases: what a statement says does not matter.
//!
//! The first wall are the use cases and repositories, which name the agency. These tests leave it out.

use std::collections::BTreeMap;

use haamu_domain::{AgencyId, ProgrammeId, Timestamp, UserId, VisitId};
use haamu_store::repo::{clients, identity, jobs, programmes, visits};
use haamu_store::{Db, DbSettings, Reach, StoreError, Tx};
use haamu_tests::agency::{ProgrammeOptions, Scene};
use haamu_tests::{TestDatabase, TestServer, both_dbs};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement};

use crate::authorisation::things;

/// So many tables at least have rows of the agency that the scene is about.
const FILLED: usize = 40;

fn statement(sql: &str) -> Statement {
    Statement::from_string(DbBackend::Postgres, sql)
}

async fn rows(connection: &impl ConnectionTrait, sql: &str) -> Vec<QueryResult> {
    let rows = connection.query_all_raw(statement(sql)).await;
    rows.unwrap_or_else(|error| panic!("{sql}: {error}"))
}

fn text(row: &QueryResult, index: usize) -> String {
    row.try_get_by_index(index).expect("a text")
}

/// Tables behind the wall, and the column that names the agency of a row.
async fn walled(connection: &impl ConnectionTrait) -> BTreeMap<String, &'static str> {
    let sql = "SELECT table_name::text FROM information_schema.columns
                WHERE table_schema = 'public' AND column_name = 'agency_id'";
    let with_agency = rows(connection, sql).await;
    let with_agency = with_agency.iter().map(|row| (text(row, 0), "agency_id"));
    with_agency.chain([("agency".to_owned(), "id")]).collect()
}

/// How many rows of each table a transaction sees, by a statement without a condition.
async fn seen(
    connection: &impl ConnectionTrait,
    tables: &BTreeMap<String, &'static str>,
) -> BTreeMap<String, i64> {
    let count = |table: &String| format!("SELECT '{table}', count(*) FROM \"{table}\"");
    let all: Vec<String> = tables.keys().map(count).collect();
    let counted = rows(connection, &all.join(" UNION ALL ")).await;
    let count = |row: &QueryResult| (text(row, 0), row.try_get_by_index(1).expect("a count"));
    counted.iter().map(count).collect()
}

/// A server in whose database both agencies have rows, the northern one in most tables.
struct Neighbours {
    server: TestServer,
    north: Scene,
    db: Db,
    tables: BTreeMap<String, &'static str>,
}

impl Neighbours {
    async fn start() -> Option<Self> {
        let server = TestServer::start(TestDatabase::postgres().await?).await;
        let north = server.released(ProgrammeOptions::default()).await;
        let _ = things(&server, &north).await;
        let _ = server.plan(&server.south, ProgrammeOptions::default()).await;
        let db = server.database.open().await;
        let tables = walled(&server.database.connect().await).await;
        Some(Self {
            server,
            north,
            db,
            tables,
        })
    }

    fn agencies(&self) -> [AgencyId; 2] {
        [self.server.north.id, self.server.south.id]
    }

    /// How many rows an agency has in each table.
    async fn owned(&self, agency: AgencyId) -> BTreeMap<String, i64> {
        let connection = self.server.database.connect().await;
        let count = |(table, column): (&String, &&str)| {
            format!("SELECT '{table}', count(*) FROM \"{table}\" WHERE \"{column}\" = '{agency}'")
        };
        let all: Vec<String> = self.tables.iter().map(count).collect();
        let counted = rows(&connection, &all.join(" UNION ALL ")).await;
        let count = |row: &QueryResult| (text(row, 0), row.try_get_by_index(1).expect("a count"));
        counted.iter().map(count).collect()
    }

    /// What a transaction of this reach sees.
    async fn seen(&self, reach: Reach) -> BTreeMap<String, i64> {
        let tables = &self.tables;
        let seen = self
            .db
            .read(reach, |tx: Tx| async move { Ok(seen(tx.raw(), tables).await) });
        seen.await
            .map_err(|error: StoreError| error)
            .expect("a transaction")
    }

    /// Does something in a transaction of the southern agency: how many rows it changed.
    async fn change(&self, sql: &str) -> Result<u64, StoreError> {
        let south = Reach::Agency(self.server.south.id);
        let change = self.db.write(south, |tx: Tx| async move {
            let done = tx.raw().execute_unprepared(sql).await.map_err(StoreError::from)?;
            Ok(done.rows_affected())
        });
        change.await
    }
}

fn is_refused(outcome: Result<u64, StoreError>) -> bool {
    let refusal = |error: &DbErr| error.to_string().contains("violates row-level security policy");
    matches!(outcome, Err(StoreError::Database(error)) if refusal(&error))
}

both_dbs! {
    // What would quietly be less than there is on PostgreSQL is refused on both.
    async fn who_reaches_one_agency_cannot_ask_about_all(server) {
        let db = server.database.open().await;
        let shopper = UserId::from_uuid(server.north.shopper().id);
        for reach in [Reach::Agency(server.north.id), Reach::Common, Reach::Server] {
            let all = db.read(reach, |tx: Tx| async move { identity::list_memberships(&tx, shopper).await });
            match (reach, all.await) {
                (Reach::Server, Ok(found)) => assert_eq!(found.len(), 1),
                (Reach::Agency(_) | Reach::Common, Err(StoreError::BeyondReach(_))) => {}
                (_, outcome) => panic!("{reach:?}: {outcome:?}"),
            }
        }
    }
}

mod postgres {
    use super::*;

    /// The role is held to the policies at all: it is neither a superuser nor allowed to go around them.
    #[tokio::test]
    async fn the_server_is_held_to_the_wall() {
        let Some(database) = TestDatabase::postgres().await else {
            return;
        };
        let held = database.open().await.keeps_agencies_apart().await;
        assert!(
            held.expect("an answer"),
            "TEST_DATABASE_URL names a role that goes around policies"
        );
    }

    #[tokio::test]
    async fn a_statement_without_a_condition_sees_one_agency_only() {
        let Some(them) = Neighbours::start().await else {
            return;
        };
        let everything = them.seen(Reach::Server).await;
        let mut sum: BTreeMap<String, i64> = them.tables.keys().map(|table| (table.clone(), 0)).collect();
        for agency in them.agencies() {
            let owned = them.owned(agency).await;
            assert_eq!(them.seen(Reach::Agency(agency)).await, owned);
            for (table, count) in owned {
                *sum.entry(table).or_default() += count;
            }
        }
        assert_eq!(everything, sum);
        let [north, south] = [
            them.owned(them.agencies()[0]).await,
            them.owned(them.agencies()[1]).await,
        ];
        let empty: Vec<&String> = north
            .iter()
            .filter(|(_, count)| **count == 0)
            .map(|(table, _)| table)
            .collect();
        assert!(
            north.len() - empty.len() >= FILLED,
            "the scene has nothing in {empty:?}"
        );
        assert!(
            south.values().filter(|count| **count > 0).count() > 15,
            "{south:?}"
        );
    }

    #[tokio::test]
    async fn what_is_common_to_all_agencies_shows_no_row_of_any() {
        let Some(them) = Neighbours::start().await else {
            return;
        };
        let seen = them.seen(Reach::Common).await;
        assert!(seen.values().all(|count| *count == 0), "{seen:?}");
    }

    #[tokio::test]
    async fn a_statement_without_a_condition_changes_one_agency_only() {
        let Some(them) = Neighbours::start().await else {
            return;
        };
        let [north, south] = them.agencies();
        let (theirs, owned) = (them.owned(north).await, them.owned(south).await);
        for (table, column) in &them.tables {
            let same = format!("UPDATE \"{table}\" SET \"{column}\" = \"{column}\"");
            let changed = them.change(&same).await.expect("an update");
            assert_eq!(i64::try_from(changed).ok(), owned.get(table).copied(), "{table}");
            let delete = format!("DELETE FROM \"{table}\" WHERE \"{column}\" = '{north}'");
            assert_eq!(them.change(&delete).await.expect("a deletion"), 0, "{table}");
        }
        assert_eq!(them.owned(north).await, theirs);
    }

    /// Each of the northern agency's rows, written once more by the southern one, as it is.
    #[tokio::test]
    async fn a_row_of_another_agency_cannot_be_written() {
        let Some(them) = Neighbours::start().await else {
            return;
        };
        let north = them.server.north.id;
        let connection = them.server.database.connect().await;
        let mut tried = 0;
        for (table, column) in &them.tables {
            let one = format!(
                "SELECT row_to_json(t)::text FROM \"{table}\" t WHERE \"{column}\" = '{north}' LIMIT 1"
            );
            let Some(row) = rows(&connection, &one).await.first().map(|row| text(row, 0)) else {
                continue;
            };
            let row = row.replace('\'', "''");
            let insert = format!(
                "INSERT INTO \"{table}\" SELECT * FROM json_populate_record(NULL::\"{table}\", '{row}')"
            );
            assert!(is_refused(them.change(&insert).await), "{table}");
            tried += 1;
        }
        assert!(tried >= FILLED, "{tried}");
        let given = format!("UPDATE location SET agency_id = '{north}'");
        assert!(is_refused(them.change(&given).await), "a row is given away");
    }

    /// Repositories that are asked for another agency's things, as a use case would that took its agency from a
    /// request; and those that take no agency.
    #[tokio::test]
    async fn a_repository_finds_nothing_of_another_agency() {
        let Some(them) = Neighbours::start().await else {
            return;
        };
        let (north, south) = (&them.server.north, them.server.south.id);
        let id = |text: &str| text.parse::<uuid::Uuid>().expect("an id");
        let visit = VisitId::from_uuid(id(&them.north.visit));
        let programme = ProgrammeId::from_uuid(id(&them.north.programme));
        let shopper = UserId::from_uuid(north.shopper().id);
        for (agency, is_theirs) in [(north.id, true), (south, false)] {
            let found = them.db.read(Reach::Agency(agency), |tx: Tx| async move {
                let tx = &tx;
                let (listed, _) = programmes::list(tx, north.id, None, 100).await?;
                let found = [
                    visits::find(tx, north.id, visit).await?.is_some(),
                    clients::find(tx, north.id, north.client).await?.is_some(),
                    programmes::find(tx, north.id, programme).await?.is_some(),
                    !listed.is_empty(),
                    identity::find_membership(tx, north.id, shopper).await?.is_some(),
                ];
                Ok::<_, StoreError>(found)
            });
            assert_eq!(found.await.expect("a transaction"), [is_theirs; 5]);
        }
        let found = them.db.read(Reach::Agency(north.id), |tx: Tx| async move {
            programmes::find(&tx, north.id, programme).await
        });
        let changed = &found.await.expect("a transaction").expect("a programme");
        let moved = them.db.write(Reach::Agency(south), |tx: Tx| async move {
            programmes::update(&tx, changed).await
        });
        assert!(moved.await.is_err(), "there is no such programme");
        // Jobs are of all agencies for who does them, and of one for everybody else.
        let far = Timestamp::from_millis(i64::MAX);
        let waiting = async |reach: Reach| {
            let count = them
                .db
                .read(reach, |tx: Tx| async move { jobs::count_waiting(&tx, far).await });
            count.await.expect("a count")
        };
        let [of_north, of_south, of_all] = [
            waiting(Reach::Agency(north.id)).await,
            waiting(Reach::Agency(south)).await,
            waiting(Reach::Server).await,
        ];
        assert_eq!(of_north + of_south, of_all);
        assert!(of_north > 0, "{of_all} jobs");
    }

    /// A connection that nobody has prepared sees nothing, and writes nothing.
    #[tokio::test]
    async fn where_nothing_is_set_nothing_is_seen() {
        let Some(them) = Neighbours::start().await else {
            return;
        };
        let sees_nothing = async |connection: &Db| {
            let seen = seen(connection.raw(), &them.tables).await;
            assert!(seen.values().all(|count| *count == 0), "{seen:?}");
        };
        sees_nothing(&them.db).await;
        let south = them.server.south.id;
        let alone = them.db.raw();
        for nonsense in [
            "SET haamu.reach = ''".to_owned(),
            "SET haamu.reach = 'Server'".to_owned(),
            "SET haamu.reach = '*'".to_owned(),
            // The agency without the reach.
            format!("SET haamu.agency = '{south}'"),
        ] {
            for table in ["job", "mail", "audit"] {
                let delete = format!("BEGIN; {nonsense}; DELETE FROM {table}; COMMIT");
                let done = alone.execute_unprepared(&delete).await.expect("statements");
                assert_eq!(done.rows_affected(), 0, "{delete}");
            }
        }
        let insert = format!("INSERT INTO checklist VALUES (gen_random_uuid(), '{south}', 'of-nobody', 0)");
        let refused = alone
            .execute_unprepared(&insert)
            .await
            .expect_err("it is refused");
        assert!(refused.to_string().contains("row-level security"), "{refused}");
    }

    /// PostgreSQL looks at a row anew that changed while a statement waited for it, and reads all settings then,
    /// also that of an earlier transaction of the connection.
    #[tokio::test]
    async fn a_reach_holds_where_a_statement_waits_for_a_row() {
        let Some(them) = Neighbours::start().await else {
            return;
        };
        let settings = DbSettings {
            max_connections: 1,
            ..them.server.database.settings()
        };
        let db = Db::open_copy(&settings).await.expect("a database");
        let north = them.server.north.id;
        let used = db.read(Reach::Agency(north), |_: Tx| async { Ok::<_, StoreError>(()) });
        used.await.expect("a transaction");
        let changed = &tokio::sync::Notify::new();
        let change = them.db.write(Reach::Server, |tx: Tx| async move {
            let _ = tx.raw().execute_unprepared("UPDATE job SET attempts = attempts + 1").await?;
            changed.notify_one();
            let waiting = "SELECT pid FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))";
            while rows(tx.raw(), waiting).await.is_empty() {}
            Ok::<_, StoreError>(())
        });
        let wait = async {
            changed.notified().await;
            let lock = "SELECT id FROM job ORDER BY id FOR UPDATE";
            let read = db.write(Reach::Server, |tx: Tx| async move {
                Ok::<_, StoreError>(rows(tx.raw(), lock).await.len())
            });
            read.await.expect("a transaction")
        };
        let (change, found) = tokio::join!(change, wait);
        change.expect("a transaction");
        assert!(found > 0);
    }

    /// The next who uses a connection begins without any reach, however the transaction before ended.
    #[tokio::test]
    async fn a_reach_ends_with_its_transaction() {
        let Some(them) = Neighbours::start().await else {
            return;
        };
        let settings = DbSettings {
            max_connections: 1,
            ..them.server.database.settings()
        };
        let db = Db::open_copy(&settings).await.expect("a database");
        let tables = &them.tables;
        let sees_nothing = async || {
            let seen = seen(db.raw(), tables).await;
            assert!(seen.values().all(|count| *count == 0), "{seen:?}");
        };
        let south = them.server.south.id;
        for reach in [Reach::Server, Reach::Agency(south)] {
            let read = db.read(reach, |tx: Tx| async move { Ok(seen(tx.raw(), tables).await) });
            let seen = read
                .await
                .map_err(|error: StoreError| error)
                .expect("a transaction");
            assert!(seen.values().any(|count| *count > 0));
            sees_nothing().await;
            let failed = db.write(reach, |_: Tx| async {
                Err::<(), _>(StoreError::Missing("nothing"))
            });
            assert!(failed.await.is_err());
            sees_nothing().await;
            let begun = tokio::sync::Notify::new();
            let begun = &begun;
            let given_up = db.write(reach, |tx: Tx| async move {
                let _held = tx;
                begun.notify_one();
                std::future::pending::<Result<(), StoreError>>().await
            });
            tokio::select! {
                _ = given_up => panic!("it does not end"),
                () = begun.notified() => {}
            }
            sees_nothing().await;
        }
        let own = db.read(Reach::Agency(south), |tx: Tx| async move {
            Ok(seen(tx.raw(), tables).await)
        });
        assert_eq!(
            own.await.map_err(|error: StoreError| error).expect("seen"),
            them.owned(south).await
        );
    }
}
