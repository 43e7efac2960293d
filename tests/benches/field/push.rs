//! What servers take in: evaluations of 60 answers from many devices at once, beside PouchDB's server.

use std::path::Path;
use std::time::Instant;

use haamu_tests::evaluation::{full_checklist, full_document};
use haamu_tests::field::plan_each;
use haamu_tests::process::ServerProcess;
use haamu_tests::sender::Sender;
use serde_json::{Value, json};

use crate::database::{Database, analyze, databases};
use crate::peer::Peer;
use crate::queue::Queue;
use crate::table::{megabytes, print, quantile, say};
use crate::usage::{peak_kib, processor_seconds};

/// Devices at once, visits in each request, and requests of each device.
type Load = (usize, usize, usize);
const LOADS: [Load; 4] = [(1, 1, 300), (8, 1, 75), (32, 1, 25), (8, 30, 4)];
/// What comes before, unmeasured: nobody's database is empty for long.
const WARM_UP: Load = (32, 1, 5);

const HEAD: [&str; 8] = [
    "Server",
    "devices",
    "visits a request",
    "visits/s",
    "visits/CPU s",
    "p50 ms",
    "p99 ms",
    "peak MB",
];

/// `push [FOLDER OF PEER] [POSTGRES URL] [PID OF POSTGRES]`
pub(crate) async fn run(arguments: &[String]) {
    let mut rows = Vec::new();
    for database in databases(arguments.get(1..).unwrap_or_default()) {
        own(&database, &mut rows).await;
    }
    if let Some(folder) = arguments.first() {
        theirs(&Peer::new(folder), &mut rows).await;
    }
    print("Evaluations of 60 answers taken in", &HEAD, &rows);
    say(
        "\nHaamu commits with fsync (SQLite synchronous=FULL, PostgreSQL fsync=on); PouchDB's leveldb does not sync.",
    );
}

/// How one load went.
struct Measure {
    visits: usize,
    seconds: f64,
    processor: f64,
    /// Milliseconds of each request.
    latencies: Vec<f64>,
}

impl Measure {
    /// The row of the table, which is also written at once: the whole takes minutes.
    fn row(mut self, server: &str, devices: usize, batch: usize, kib: u64) -> Vec<String> {
        let count = f64::from(u32::try_from(self.visits).unwrap_or(u32::MAX));
        let row = vec![
            server.to_owned(),
            devices.to_string(),
            batch.to_string(),
            format!("{:.0}", count / self.seconds),
            format!("{:.0}", count / self.processor),
            quantile(&mut self.latencies, 50),
            quantile(&mut self.latencies, 99),
            megabytes(kib),
        ];
        say(&row.join("  "));
        row
    }
}

async fn own(database: &Database, rows: &mut Vec<Vec<String>>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut environment = vec![("HAAMU_WORKERS", "0".to_owned())];
    environment.extend(database.url.iter().map(|url| ("HAAMU_DATABASE_URL", url.clone())));
    let mut server = ServerProcess::start(folder.path(), environment.clone()).await;
    let most = LOADS.iter().map(|(devices, ..)| *devices).max().unwrap_or(1);
    let needed: Vec<usize> = (0..most)
        .map(|device| {
            let loads = LOADS.iter().chain([&WARM_UP]);
            let loads = loads.filter(|(devices, ..)| device < *devices);
            loads.map(|(_, batch, requests)| batch * requests).sum()
        })
        .collect();
    let emails = plan_each(&server, &full_checklist(), &needed).await;
    let mut devices = Vec::new();
    for email in &emails {
        devices.push(Sender::start(&server.url(), email).await);
    }
    let pid = server.pid().expect("it runs");
    let name = format!("Haamu, {}", database.name);
    let used = || processor_seconds(pid) + database.pid.map_or(0.0, processor_seconds);
    let _ = put_under(WARM_UP, &mut devices, &used).await;
    if let Some(url) = &database.url {
        analyze(url).await;
    }
    for load in LOADS {
        let measure = put_under(load, &mut devices, &used).await;
        rows.push(measure.row(&name, load.0, load.1, peak_kib(pid)));
    }
    let visits: usize = needed.iter().sum();
    drain(&mut server, folder.path(), database, visits).await;
}

/// Puts a server under load by the first of some devices.
async fn put_under(
    (count, batch, requests): Load,
    devices: &mut Vec<Sender>,
    used: &impl Fn() -> f64,
) -> Measure {
    let before = used();
    let started = Instant::now();
    let mut tasks = Vec::new();
    for mut device in devices.drain(..count) {
        tasks.push(tokio::spawn(async move {
            let mut latencies = Vec::with_capacity(requests);
            for _ in 0..requests {
                latencies.push(device.push(batch).await);
            }
            (device, latencies)
        }));
    }
    let mut latencies = Vec::new();
    for (place, task) in tasks.into_iter().enumerate() {
        let (device, own) = task.await.expect("it ends");
        devices.insert(place, device);
        latencies.extend(own);
    }
    Measure {
        visits: count * batch * requests,
        seconds: started.elapsed().as_secs_f64(),
        processor: used() - before,
        latencies,
    }
}

/// What is done with the evaluations afterwards: validating, scoring, tracing.
async fn drain(server: &mut ServerProcess, folder: &Path, database: &Database, visits: usize) {
    server.kill().await;
    let queue = Queue::open(database, folder).await;
    let before_of_database = database.pid.map_or(0.0, processor_seconds);
    server.restart_with("HAAMU_WORKERS", "2").await;
    let pid = server.pid().expect("it runs");
    let started = Instant::now();
    queue.until_empty().await;
    let processor = processor_seconds(pid) + database.pid.map_or(0.0, processor_seconds) - before_of_database;
    let count = f64::from(u32::try_from(visits).unwrap_or(u32::MAX));
    say(&format!(
        "{}: the evaluations were validated and scored afterwards in {:.1} s, {:.2} ms of processor time each",
        database.name,
        started.elapsed().as_secs_f64(),
        1_000.0 * processor / count,
    ));
}

async fn theirs(peer: &Peer, rows: &mut Vec<Vec<String>>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = peer.serve(&folder.path().join("server")).await;
    let http = reqwest::Client::new();
    let url = format!("http://{}/evaluations", server.address);
    let made = http.put(&url).send().await.expect("an answer");
    assert!(made.status().is_success(), "{}", made.status());
    let mut next = 0;
    for (count, batch, requests) in LOADS {
        let before = processor_seconds(server.pid());
        let mut tasks = Vec::new();
        let mut bodies = Vec::new();
        for _ in 0..count * requests {
            let documents: Vec<Value> = (0..batch as u64)
                .map(|place| full_document(next + place))
                .collect();
            next += batch as u64;
            bodies.push(json!({"docs": documents}).to_string());
        }
        let started = Instant::now();
        for _ in 0..count {
            let own: Vec<String> = bodies.split_off(bodies.len() - requests);
            let (http, url) = (http.clone(), format!("{url}/_bulk_docs"));
            tasks.push(tokio::spawn(async move {
                let mut latencies = Vec::with_capacity(own.len());
                for body in own {
                    let started = Instant::now();
                    let request = http
                        .post(&url)
                        .header("content-type", "application/json")
                        .body(body);
                    let answer = request.send().await.expect("an answer");
                    assert!(answer.status().is_success(), "{}", answer.status());
                    let _ = answer.bytes().await.expect("a body");
                    latencies.push(started.elapsed().as_secs_f64() * 1_000.0);
                }
                latencies
            }));
        }
        let mut measure = Measure {
            visits: count * batch * requests,
            seconds: 0.0,
            processor: 0.0,
            latencies: Vec::new(),
        };
        for task in tasks {
            measure.latencies.extend(task.await.expect("it ends"));
        }
        measure.seconds = started.elapsed().as_secs_f64();
        measure.processor = processor_seconds(server.pid()) - before;
        rows.push(measure.row("PouchDB, leveldb", count, batch, peak_kib(server.pid())));
    }
}
