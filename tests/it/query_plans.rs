//! How the databases find what lists and single reads of the API ask for: never by reading a large table from
//! end to end.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::Method;
use haamu_domain::Role;
use haamu_tests::agency::ProgrammeOptions;
use haamu_tests::{Person, TestDatabase, TestServer, both_dbs};
use sea_orm::{ConnectionTrait, DbBackend, Statement, TransactionTrait};

use crate::authorisation::{operations, send_with, things};

/// Tables that stay small however long the server runs, lists that are read whole on purpose, and what a
/// statement has just found itself.
const SMALL: [&str; 14] = [
    "sub_query",
    "legal_hold",
    "retention_rule",
    "shopper_agreement",
    "oidc_sign_in",
    "sign_in_challenge",
    "programme",
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
fn scanned(sql: &str, plan: &[String]) -> BTreeSet<String> {
    let after = |line: &str, word: &str| {
        let (_, rest) = line.split_once(word)?;
        rest.split_whitespace()
            .next()
            .map(|name| name.trim_matches('"').to_owned())
    };
    // SQLite reads all that an agency has, unless it ends at a page of it.
    let is_page = sql.contains("LIMIT") && !plan.iter().any(|line| line.contains("TEMP B-TREE"));
    // Nothing can be in an empty list, which is asked for first.
    let is_empty = sql.contains("AND ? = ?");
    let of_agency = |line: &str| {
        let is_all = line.ends_with("(agency_id=?)") && !is_page && !is_empty;
        is_all.then(|| after(line, "SEARCH ")).flatten()
    };
    let of_line = |line: &String| {
        let is_by_index = line.contains("USING");
        after(line, "Seq Scan on ")
            .or_else(|| after(line, "SCAN ").filter(|_| !is_by_index))
            .or_else(|| of_agency(line))
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

/// The statements that begin with one of these words, each of them once.
fn distinct(kept: Vec<Statement>, words: &[&str]) -> BTreeMap<String, Statement> {
    kept.into_iter()
        .filter(|statement| words.iter().any(|word| statement.sql.starts_with(word)))
        .map(|statement| (statement.sql.clone(), statement))
        .collect()
}

/// Those of the statements that read a large table from end to end, with what the database says of them.
async fn reading_whole_tables(server: &TestServer, statements: &BTreeMap<String, Statement>) -> Vec<String> {
    let mut found = Vec::new();
    for (sql, statement) in statements {
        let plan = explain(server, statement).await;
        let large: Vec<_> = scanned(sql, &plan)
            .into_iter()
            .filter(|table| !SMALL.contains(&table.as_str()))
            .collect();
        if !large.is_empty() {
            found.push(format!("{large:?}: {sql}\n    {}", plan.join("\n    ")));
        }
    }
    found
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
        let selects = distinct(server.statements.take(), &["SELECT"]);
        assert!(selects.len() > 50, "{} statements were seen", selects.len());
        let found = reading_whole_tables(&server, &selects).await;
        assert!(found.is_empty(), "{} statements:\n{}", found.len(), found.join("\n"));
    }

    async fn visits_and_people_are_looked_for_without_reading_all_of_them(server) {
        let scene = server.released(ProgrammeOptions::default()).await;
        let person = server.north.shopper();
        let mut paths = Vec::new();
        for query in [
            format!("programme={}", scene.programme),
            format!("location={}&state=planned", scene.location),
            format!("shopper={}", person.id),
            format!("shopper={}&programme={}&called_off=false", person.id, scene.programme),
            "holder=none".to_owned(),
            "holder=none&called_off=false".to_owned(),
            "holder=offered".to_owned(),
            "holder=accepted".to_owned(),
            "called_off=true".to_owned(),
            "called_off=false".to_owned(),
            "from=2026-11-20&until=2026-11-27".to_owned(),
        ] {
            paths.push(format!("/v1/visits?{query}"));
            paths.push(format!("/v1/visits?{query}&after={}", scene.visit));
        }
        for query in ["q=aino", "external_id=A1", "email=nobody@north.example", "near=60,25&radius_km=5"] {
            paths.push(format!("/v1/shoppers?{query}"));
        }
        paths.push("/v1/users?role=reviewer".to_owned());
        paths.push(format!("/v1/visits/{}/candidates", scene.visit));
        let token = server.token(server.north.coordinator()).await;
        server.statements.keep();
        for path in &paths {
            let _ = server.get(path).bearer(&token).send().await.ok();
        }
        let selects = distinct(server.statements.take(), &["SELECT"]);
        let found = reading_whole_tables(&server, &selects).await;
        assert!(found.is_empty(), "{} statements:\n{}", found.len(), found.join("\n"));
    }

    async fn no_purge_reads_a_large_table_from_end_to_end(server) {
        let _ = server.released(ProgrammeOptions::default()).await;
        server.clock.advance_seconds(10 * 365 * 86_400);
        server.statements.keep();
        let _ = server.app.count_due_purges().await.expect("counted");
        let _ = server.app.purge_now().await.expect("purged");
        let statements = distinct(server.statements.take(), &["SELECT", "UPDATE", "DELETE"]);
        assert!(statements.len() > 50, "{} statements were seen", statements.len());
        let found = reading_whole_tables(&server, &statements).await;
        assert!(found.is_empty(), "{} statements:\n{}", found.len(), found.join("\n"));
    }
}

/// The indexes that SQLite seeks the rows of a page of a table by; its statistics are always the same, so that it does
/// the same among a million. PostgreSQL decides by what is in the table: `cargo xtask bench lists` measures it.
async fn ways_to_rows(server: &TestServer, table: &str, path: &str, person: &Person) -> BTreeSet<String> {
    let token = server.token(person).await;
    server.statements.keep();
    let _ = server.get(path).bearer(&token).send().await.ok();
    let kept = server.statements.take();
    let pages = kept
        .iter()
        .filter(|statement| statement.sql.contains(&format!("FROM \"{table}\"")))
        .filter(|statement| statement.sql.contains("ORDER BY"));
    let prefix = format!("ix_{table}");
    let mut found = BTreeSet::new();
    for statement in pages {
        let plan = explain(server, statement).await;
        assert!(
            !plan.iter().any(|line| line.contains("TEMP B-TREE")),
            "it is sorted: {plan:?}"
        );
        let names = plan.iter().flat_map(|line| line.split_whitespace());
        found.extend(names.filter(|word| word.starts_with(&prefix)).map(str::to_owned));
    }
    found
}

#[tokio::test]
async fn a_page_of_visits_is_sought_by_what_is_asked_for() {
    let server = TestServer::start(TestDatabase::sqlite().await).await;
    let scene = server.released(ProgrammeOptions::default()).await;
    let visit = server
        .get(&format!("/v1/visits/{}", scene.visit))
        .by(server.north.coordinator())
        .await;
    let visit = visit.send().await.ok();
    let round = visit["round"].as_str().expect("an id");
    let (office, client) = (
        server.north.coordinator(),
        server.north.person(Role::ClientManager),
    );
    for (path, person, index) in [
        ("/v1/visits".to_owned(), office, "ix_visit_page"),
        (format!("/v1/visits?round={round}"), office, "ix_visit_of_round"),
        (
            "/v1/visits?state=disputed".to_owned(),
            office,
            "ix_visit_in_state",
        ),
        (
            format!("/v1/visits?state=disputed&round={round}"),
            office,
            "ix_visit_of_round_in_state",
        ),
        ("/v1/visit-reports".to_owned(), client, "ix_visit_of_client"),
        (
            format!("/v1/visits?client_organisation={}", server.north.client),
            office,
            "ix_visit_of_client",
        ),
        (
            format!("/v1/visits?location={}", scene.location),
            office,
            "ix_visit_of_location",
        ),
        ("/v1/visits?holder=none".to_owned(), office, "ix_visit_in_state"),
    ] {
        for page in [
            path.clone(),
            format!(
                "{path}{}after={round}",
                if path.contains('?') { '&' } else { '?' }
            ),
        ] {
            let found = ways_to_rows(&server, "visit", &page, person).await;
            assert_eq!(found, BTreeSet::from([index.to_owned()]), "{page}");
        }
    }
    let path = format!("/v1/rounds/{round}/applications");
    for page in [path.clone(), format!("{path}?after={round}")] {
        let found = ways_to_rows(&server, "assignment", &page, office).await;
        assert_eq!(
            found,
            BTreeSet::from(["ix_assignment_application".to_owned()]),
            "{page}"
        );
    }
}

#[tokio::test]
async fn a_page_of_the_audit_trail_is_sought_by_what_is_asked_for() {
    let server = TestServer::start(TestDatabase::sqlite().await).await;
    let administrator = server.north.person(Role::Administrator);
    let person = server.north.reviewer().id;
    for (query, index) in [
        ("".to_owned(), "ix_audit_page"),
        ("from=2026-11-01T00:00:00Z".to_owned(), "ix_audit_page"),
        (format!("actor={person}"), "ix_audit_of_actor"),
        ("action=visit.assign".to_owned(), "ix_audit_of_action"),
        (
            format!("target_kind=visit&target_id={person}"),
            "ix_audit_of_target",
        ),
    ] {
        for end in ["", "&to=2026-11-20T00:00:00Z", &format!("&before={person}")] {
            let path = format!("/v1/audit?{query}{end}").replace("?&", "?");
            let found = ways_to_rows(&server, "audit", &path, administrator).await;
            assert_eq!(found, BTreeSet::from([index.to_owned()]), "{path}");
        }
    }
}
