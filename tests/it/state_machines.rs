//! Random sequences of what people do with one visit and one programme: the stored states stay within their
//! diagrams, and what is refused changes nothing.
//!
//! The diagrams themselves are compared with the code in the crate of the domain.

mod programme;
mod visit;

use std::collections::{BTreeMap, BTreeSet};

use haamu_app::AppSettings;
use haamu_tests::agency::Origin;
use haamu_tests::{Answer, TestDatabase, TestServer};
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};

/// So many sequences are tried, of at most so many steps each.
const CASES: u32 = 30;
const STEPS: usize = 15;

/// A server whose people's passwords are soon checked.
async fn start() -> TestServer {
    let database = TestDatabase::sqlite().await;
    TestServer::start_from(database, AppSettings::default(), Origin::fixed()).await
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(future)
}

async fn texts(connection: &DatabaseConnection, sql: &str) -> Vec<Vec<String>> {
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    let rows = connection.query_all_raw(statement).await.expect("a query");
    let row = |row: &sea_orm::QueryResult| {
        let columns = row.column_names().len();
        (0..columns)
            .map(|at| row.try_get_by_index(at).expect("a text"))
            .collect()
    };
    rows.iter().map(row).collect()
}

/// All that stands in the database, row by row.
async fn everything(connection: &DatabaseConnection) -> BTreeMap<String, Vec<String>> {
    let tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let mut found = BTreeMap::new();
    for table in texts(connection, tables).await.concat() {
        let columns = format!("SELECT name FROM pragma_table_info('{table}')");
        let columns = texts(connection, &columns).await.concat();
        let quoted: Vec<String> = columns.iter().map(|name| format!("quote(\"{name}\")")).collect();
        let rows = format!("SELECT {} FROM \"{table}\"", quoted.join(" || ',' || "));
        let mut rows = texts(connection, &rows).await.concat();
        rows.sort_unstable();
        found.insert(table, rows);
    }
    found
}

/// A refusal, by one of the codes that forbid an operation.
fn assert_refused(answer: Answer, step: &str) {
    let status = answer.status.as_u16();
    let code = answer.problem(status);
    let expected: &[&str] = match status {
        403 => &["forbidden"],
        404 => &["not_found"],
        409 => &[
            "not_possible_in_state",
            "not_eligible",
            "job_taken",
            "photos_missing",
            "already_exists",
        ],
        422 => &["validation_failed"],
        _ => &[],
    };
    assert!(expected.contains(&code.as_str()), "{step}: {status} {code}");
}

/// States that some of these events lead to from one, one after the other.
fn reach<S: Copy + Ord, E: Copy>(from: S, events: &[E], after: impl Fn(S, E) -> Option<S>) -> BTreeSet<S> {
    let (mut found, mut open) = (BTreeSet::from([from]), vec![from]);
    while let Some(state) = open.pop() {
        let next = events.iter().filter_map(|event| after(state, *event));
        open.extend(next.filter(|state| found.insert(*state)).collect::<Vec<_>>());
    }
    found
}
