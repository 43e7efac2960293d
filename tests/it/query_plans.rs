//! How the databases find what lists and single reads of the API ask for: never by reading a large table from
//! end to end.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::Method;
use haamu_domain::Role;
use haamu_tests::agency::ProgrammeOptions;
use haamu_tests::{TestServer, both_dbs};
use sea_orm::{ConnectionTrait, DbBackend, Statement, TransactionTrait};

use crate::authorisation::{operations, send_with, things};

/// Tables that stay small however long the server runs, lists that are read whole on purpose, and what a
/// statement has just found itself.
const SMALL: [&str; 8] = [
    "sub_query",
    "agency",
    "incarnation",
    "installation",
    "identity_provider",
    "checklist",
    "checklist_version",
    "client_organisation",
];

/// What a database says about how it would do something, line by line.
async fn explain(server: &TestServer, statement: &Statement) -> Vec<String> {
    let connection = server.database.connect().await;
    let transaction = connection.begin().await.expect("a transaction");
    let backend = connection.get_database_backend();
    let how = match backend {
        DbBackend::Postgres => {
            // Tables of tests are so small that no index pays; the question is whether there is one.
            let setting = "SET LOCAL enable_seqscan = off";
            transaction.execute_unprepared(setting).await.expect("a setting");
            "EXPLAIN"
        }
        _ => "EXPLAIN QUERY PLAN",
    };
    let sql = format!("{how} {}", statement.sql);
    let values = statement.values.clone().map_or_else(Vec::new, |values| values.0);
    let asked = Statement::from_sql_and_values(backend, sql, values);
    let rows = transaction.query_all_raw(asked).await;
    let rows = rows.unwrap_or_else(|error| panic!("{}: {error}", statement.sql));
    let line = |row: sea_orm::QueryResult| match backend {
        DbBackend::Postgres => row.try_get_by_index::<String>(0).expect("a line"),
        _ => row.try_get::<String>("", "detail").expect("a line"),
    };
    rows.into_iter().map(line).collect()
}

/// The tables that a plan reads from end to end.
fn scanned(plan: &[String]) -> BTreeSet<String> {
    let after = |line: &str, word: &str| {
        let (_, rest) = line.split_once(word)?;
        rest.split_whitespace()
            .next()
            .map(|name| name.trim_matches('"').to_owned())
    };
    let of_line = |line: &String| {
        let is_by_index = line.contains("USING");
        after(line, "Seq Scan on ").or_else(|| after(line, "SCAN ").filter(|_| !is_by_index))
    };
    // Nothing can be in an empty list: PostgreSQL knows that, and reads nothing of what it shows below.
    if plan
        .get(1)
        .is_some_and(|line| line.trim() == "One-Time Filter: false")
    {
        return BTreeSet::new();
    }
    plan.iter().filter_map(of_line).collect()
}

both_dbs! {
    async fn no_reading_operation_reads_a_large_table_from_end_to_end(server) {
        let scene = server.released(ProgrammeOptions::default()).await;
        let things = things(&server, &scene).await;
        server.statements.keep();
        for operation in operations() {
            let Some(roles) = &operation.roles else { continue };
            if operation.method != Method::GET {
                continue;
            }
            for role in Role::ALL.into_iter().filter(|role| roles.contains(role.as_str())) {
                let token = server.token(server.north.person(role)).await;
                let sample = things.sample(&operation);
                let answer = send_with(&server, &operation, &sample, Some(&token)).await;
                assert!(!answer.status.is_server_error(), "{}", operation.id);
            }
        }
        let kept = server.statements.take();
        let selects: BTreeMap<String, Statement> = kept
            .into_iter()
            .filter(|statement| statement.sql.starts_with("SELECT"))
            .map(|statement| (statement.sql.clone(), statement))
            .collect();
        assert!(selects.len() > 50, "{} statements were seen", selects.len());
        let mut found = Vec::new();
        for (sql, statement) in &selects {
            let plan = explain(&server, statement).await;
            let large: Vec<_> = scanned(&plan).into_iter().filter(|table| !SMALL.contains(&table.as_str())).collect();
            if !large.is_empty() {
                found.push(format!("{large:?}: {sql}\n    {}", plan.join("\n    ")));
            }
        }
        assert!(found.is_empty(), "{} statements:\n{}", found.len(), found.join("\n"));
    }
}
