//! Pages of lists of a server with a million visits: the first ones, ones from the middle, with filters and without.

use std::path::Path;
use std::time::Instant;

use haamu_tests::PASSWORD;
use haamu_tests::evaluation::full_checklist;
use haamu_tests::field::plan_each;
use haamu_tests::process::ServerProcess;
use haamu_tests::sender::Sender;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use serde_json::{Value, json};

use crate::database::{Database, analyze, connect, databases};
use crate::table::{bytes, print, quantile, say};

/// What pages are to take at most, in milliseconds.
const GOAL_MS: f64 = 20.0;
/// So many pages of each list are read.
const PAGES: usize = 300;
/// So many are read before, unmeasured.
const WARM_UP: usize = 20;
const ROUNDS: u64 = 50;
const LOCATIONS: u64 = 5_000;
/// So many rows are written in one transaction.
const ROWS_AT_ONCE: u64 = 50_000;

const HEAD: [&str; 5] = ["List", "server", "p50 ms", "p99 ms", "goal < 20 ms"];

/// Kinds of rows, as they are told apart in ids.
const VISIT: char = '1';
const ROUND: char = '2';
const LOCATION: char = '3';
const ASSIGNMENT: char = '4';
const SUBMISSION: char = '5';
const SCORE: char = '6';

/// The state of a visit by its number: six of ten are released or closed.
const STATE: &str = "CASE n % 10 WHEN 4 THEN 'closed' WHEN 5 THEN 'closed' WHEN 6 THEN 'in_review' WHEN 7 THEN 'accepted' \
    WHEN 8 THEN 'planned' WHEN 9 THEN CASE n % 10000 WHEN 9 THEN 'disputed' ELSE 'in_progress' END ELSE 'released' END";

/// `lists VISITS [POSTGRES URL] [PID OF POSTGRES]`
pub(crate) async fn run(arguments: &[String]) {
    let count = arguments.first().and_then(|count| count.parse().ok());
    let count: u64 = count.expect("a number of visits");
    let mut rows = Vec::new();
    for database in databases(&arguments[1..]) {
        rows.extend(measure(&database, count).await);
    }
    rows.sort_by_key(|(place, _)| *place);
    let rows: Vec<Vec<String>> = rows.into_iter().map(|(_, row)| row).collect();
    let title = format!("Pages of 100 among {} visits", bytes(count));
    print(&title, &HEAD, &rows);
}

/// The rows of a database, each with its place among those of a list.
async fn measure(database: &Database, count: u64) -> Vec<(usize, Vec<String>)> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let environment = database.url.iter().map(|url| ("HAAMU_DATABASE_URL", url.clone()));
    let mut server = ServerProcess::start(folder.path(), environment.collect()).await;
    let _ = plan_each(&server, &full_checklist(), &[1]).await;
    release_one(&server).await;
    server.kill().await;
    fill(database, folder.path(), count).await;
    server.restart().await;
    let coordinator = server.sign_in("coordinator@haamu.example", PASSWORD).await;
    let client = server.sign_in("client@haamu.example", PASSWORD).await;
    let mut rows = Vec::new();
    for (place, (name, page)) in lists(count).into_iter().enumerate() {
        let token = if name.starts_with("reports") {
            &client
        } else {
            &coordinator
        };
        let mut latencies = read(&server, token, &page).await;
        let (p50, p99) = (quantile(&mut latencies, 50), quantile(&mut latencies, 99));
        let is_met = p99.parse::<f64>().is_ok_and(|p99| p99 < GOAL_MS);
        let is_met = if is_met { "met" } else { "MISSED" };
        let row = vec![
            name.to_owned(),
            database.name.to_owned(),
            p50,
            p99,
            is_met.to_owned(),
        ];
        say(&row.join("  "));
        rows.push((place, row));
    }
    rows
}

/// The address of one page of a list; which one is drawn.
type Page = Box<dyn Fn(&mut StdRng) -> String>;

fn lists(count: u64) -> Vec<(&'static str, Page)> {
    let visit = move |random: &mut StdRng| id(VISIT, random.random_range(1..=count));
    let round = |random: &mut StdRng| id(ROUND, random.random_range(1..=ROUNDS));
    let list = |name, page: Page| (name, page);
    vec![
        list("visits, first", Box::new(|_| "visits".to_owned())),
        list(
            "visits, anywhere",
            Box::new(move |random| format!("visits?after={}", visit(random))),
        ),
        list(
            "visits of a round, first",
            Box::new(move |random| format!("visits?round={}", round(random))),
        ),
        list(
            "visits of a round, anywhere",
            Box::new(move |random| format!("visits?round={}&after={}", round(random), visit(random))),
        ),
        list(
            "visits in review, first",
            Box::new(|_| "visits?state=in_review".to_owned()),
        ),
        list(
            "visits in review, anywhere",
            Box::new(move |random| format!("visits?state=in_review&after={}", visit(random))),
        ),
        list(
            "disputed visits (one in 10,000), first",
            Box::new(|_| "visits?state=disputed".to_owned()),
        ),
        list(
            "disputed visits, anywhere",
            Box::new(move |random| format!("visits?state=disputed&after={}", visit(random))),
        ),
        list(
            "visits in review of a round",
            Box::new(move |random| format!("visits?state=in_review&round={}", round(random))),
        ),
        list(
            "disputed visits of a round",
            Box::new(move |random| format!("visits?state=disputed&round={}", round(random))),
        ),
        list(
            "voided visits (there are none)",
            Box::new(|_| "visits?state=voided".to_owned()),
        ),
        list("reports, first", Box::new(|_| "visit-reports".to_owned())),
        list(
            "reports, anywhere",
            Box::new(move |random| format!("visit-reports?after={}", visit(random))),
        ),
    ]
}

/// Reads pages of a list; the milliseconds of each.
async fn read(server: &ServerProcess, token: &str, page: &Page) -> Vec<f64> {
    let mut random = StdRng::seed_from_u64(1);
    let mut latencies = Vec::with_capacity(PAGES);
    for number in 0..WARM_UP + PAGES {
        let path = page(&mut random);
        let started = Instant::now();
        let answer = server.get(&path, token).await;
        let took = started.elapsed().as_secs_f64() * 1_000.0;
        assert!(answer["items"].is_array(), "{path}: {answer}");
        if number >= WARM_UP {
            latencies.push(took);
        }
    }
    latencies
}

/// The only visit is made, approved and released, and is what all others are copied from.
async fn release_one(server: &ServerProcess) {
    let admin = server.sign_in("admin@haamu.example", PASSWORD).await;
    let clients = server.get("client-organisations", &admin).await;
    for (name, role, client) in [
        ("reviewer", "reviewer", &Value::Null),
        ("client", "client_manager", &clients["items"][0]["id"]),
    ] {
        let person = json!({"email": format!("{name}@haamu.example"), "display_name": name, "password": PASSWORD,
            "role": role, "client_organisation": client});
        let _ = server.post("users", &admin, &person).await;
    }
    let mut device = Sender::start(&server.url(), "shopper-0@haamu.example").await;
    let _ = device.push(1).await;
    let reviewer = server.sign_in("reviewer@haamu.example", PASSWORD).await;
    let visit = loop {
        let found = server.get("visits?state=in_review", &reviewer).await;
        if let Some(id) = found["items"][0]["id"].as_str() {
            break format!("visits/{id}");
        }
        tokio::task::yield_now().await;
    };
    for verb in ["approve", "release"] {
        let _ = server
            .post(&format!("{visit}/{verb}"), &reviewer, &json!({}))
            .await;
    }
}

/// The id of a row that was copied. It sorts behind all that the server made.
fn id(kind: char, number: u64) -> String {
    format!("f{kind}000000-0000-7000-8000-{number:012x}")
}

/// Copies of the first row of a table.
struct Copies {
    table: &'static str,
    /// What is other than in the first row: columns, and SQL with the number `n` of the copy.
    other: Vec<(&'static str, String)>,
    /// Only numbers that this holds for.
    only: &'static str,
}

async fn fill(database: &Database, folder: &Path, count: u64) {
    let file = || format!("sqlite://{}", folder.join("data/haamu.sqlite").display());
    let url = database.url.clone().unwrap_or_else(file);
    let connection = connect(&url).await;
    let backend = connection.get_database_backend();
    if backend == DbBackend::Postgres {
        // The role of a server is held to the wall between agencies.
        let setting = "SET haamu.reach = 'server'";
        let _ = connection.execute_unprepared(setting).await.expect("a setting");
    }
    let sizes = [ROUNDS, LOCATIONS, count, count, count, count];
    for (copies, size) in copies(backend, count).iter().zip(sizes) {
        let started = Instant::now();
        let columns = columns(&connection, copies.table).await;
        for first in (1..=size).step_by(usize::try_from(ROWS_AT_ONCE).expect("a few")) {
            let last = (first + ROWS_AT_ONCE - 1).min(size);
            let sql = copy(backend, copies, &columns, first, last);
            let done = connection.execute_unprepared(&sql).await;
            let _ = done.unwrap_or_else(|error| panic!("{sql}: {error}"));
        }
        say(&format!(
            "{}: {} of {} copied in {:.0} s",
            database.name,
            bytes(size),
            copies.table,
            started.elapsed().as_secs_f64()
        ));
    }
    connection.close().await.expect("closed");
    // SQLite has the same statistics in use.
    if backend == DbBackend::Postgres {
        analyze(&url).await;
    }
}

fn copies(backend: DbBackend, count: u64) -> [Copies; 6] {
    let id = |kind, number: &str| id_of(backend, kind, number);
    let of_all = |table, kind, mut other: Vec<(&'static str, String)>| {
        other.push(("id", id(kind, "n")));
        Copies {
            table,
            other,
            only: "1 = 1",
        }
    };
    let visit = || ("visit_id", id(VISIT, "n"));
    let submission = || ("submission_id", id(SUBMISSION, "n"));
    let visits = vec![
        // One round after the other, as they are planned.
        (
            "round_id",
            id(ROUND, &format!("1 + (n - 1) * {ROUNDS} / {count}")),
        ),
        ("location_id", id(LOCATION, &format!("1 + n % {LOCATIONS}"))),
        ("state", STATE.to_owned()),
    ];
    let submissions = vec![("assignment_id", id(ASSIGNMENT, "n")), visit()];
    // No list reads the last two; they would take gigabytes.
    let empty = || "'{}'".to_owned();
    let scores = vec![visit(), submission(), ("result", empty()), ("trace", empty())];
    [
        of_all("round", ROUND, Vec::new()),
        of_all(
            "location",
            LOCATION,
            vec![("external_id", "'copy ' || n".to_owned())],
        ),
        of_all("visit", VISIT, visits),
        of_all("assignment", ASSIGNMENT, vec![visit()]),
        of_all("submission", SUBMISSION, submissions),
        Copies {
            only: "n % 10 < 6",
            ..of_all("score", SCORE, scores)
        },
    ]
}

/// [`id`] in SQL, of a number in SQL.
fn id_of(backend: DbBackend, kind: char, number: &str) -> String {
    match backend {
        DbBackend::Postgres => {
            format!("('f{kind}000000-0000-7000-8000-' || lpad(to_hex({number}), 12, '0'))::uuid")
        }
        _ => format!("unhex('f{kind}000000000070008000' || printf('%012x', {number}))"),
    }
}

async fn columns(connection: &DatabaseConnection, table: &str) -> Vec<String> {
    let backend = connection.get_database_backend();
    let sql = match backend {
        DbBackend::Postgres => format!(
            "SELECT column_name::text FROM information_schema.columns \
              WHERE table_schema = 'public' AND table_name = '{table}'"
        ),
        _ => format!("SELECT name FROM pragma_table_info('{table}')"),
    };
    let rows = connection
        .query_all_raw(Statement::from_string(backend, sql))
        .await;
    let rows = rows.expect("columns");
    let names = rows.iter().map(|row| row.try_get_by_index(0).expect("a name"));
    names.collect()
}

fn copy(backend: DbBackend, copies: &Copies, columns: &[String], first: u64, last: u64) -> String {
    let Copies { table, other, only } = copies;
    let value = |column: &String| {
        let own = other.iter().find(|(name, _)| name == column);
        own.map_or_else(|| format!("origin.\"{column}\""), |(_, sql)| sql.clone())
    };
    let values: Vec<String> = columns.iter().map(value).collect();
    let named: Vec<String> = columns.iter().map(|column| format!("\"{column}\"")).collect();
    let numbers = match backend {
        DbBackend::Postgres => format!("SELECT n FROM generate_series({first}, {last}) AS series(n)"),
        _ => format!("SELECT {first} AS n UNION ALL SELECT n + 1 FROM numbers WHERE n < {last}"),
    };
    let recursive = if backend == DbBackend::Postgres {
        ""
    } else {
        "RECURSIVE "
    };
    format!(
        "WITH {recursive}numbers(n) AS ({numbers}) INSERT INTO \"{table}\" ({}) SELECT {} FROM numbers, \
         (SELECT * FROM \"{table}\" ORDER BY id LIMIT 1) AS origin WHERE {only}",
        named.join(", "),
        values.join(", "),
    )
}
