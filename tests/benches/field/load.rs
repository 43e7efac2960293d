//! What a server under load takes in: evaluations of 60 answers, with and without a photo, from devices at once.
//! Jobs are done meanwhile, as in use.

use std::time::Instant;

use haamu_tests::evaluation::{PHOTO_BYTES, full_checklist};
use haamu_tests::field::plan_each;
use haamu_tests::process::ServerProcess;
use haamu_tests::sender::Sender;

use crate::database::{Database, analyze, databases};
use crate::queue::Queue;
use crate::table::{bytes, megabytes, print, quantile, say};
use crate::usage::peak_kib;

/// Devices at once.
const DEVICES: [usize; 3] = [1, 8, 32];
/// So many evaluations of each device come before, unmeasured: nobody's database is empty for long.
const WARM_UP: usize = 3;

const HEAD: [&str; 8] = [
    "Server",
    "photo",
    "devices",
    "submissions/s",
    "p50 ms",
    "p99 ms",
    "peak MB",
    "jobs done after s",
];

/// `load SUBMISSIONS [POSTGRES URL] [PID OF POSTGRES]`: so many submissions under each load.
pub(crate) async fn run(arguments: &[String]) {
    let count = arguments.first().and_then(|count| count.parse().ok());
    let count: usize = count.expect("a number of submissions");
    let mut rows = Vec::new();
    for database in databases(&arguments[1..]) {
        measure(&database, count, &mut rows).await;
    }
    let title = format!(
        "{count} evaluations of 60 answers under each load, with and without a photo of {} bytes",
        bytes(PHOTO_BYTES as u64)
    );
    print(&title, &HEAD, &rows);
    say(
        "\nHaamu commits with fsync (SQLite synchronous=FULL, PostgreSQL fsync=on). Jobs are done meanwhile.",
    );
}

/// Evaluations of each device under a load.
fn share(count: usize, devices: usize) -> usize {
    count.div_ceil(devices)
}

async fn measure(database: &Database, count: usize, rows: &mut Vec<Vec<String>>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    // The devices stay signed in for as long as it takes.
    let mut environment = vec![("HAAMU_ACCESS_TOKEN_MINUTES", "1440".to_owned())];
    environment.extend(database.url.iter().map(|url| ("HAAMU_DATABASE_URL", url.clone())));
    let mut server = ServerProcess::start(folder.path(), environment).await;
    let mut devices = devices(database, &server, count).await;
    let queue = Queue::open(database, folder.path()).await;
    let most = devices.len();
    let _ = put_under(&mut devices, most, WARM_UP, false).await;
    queue.until_empty().await;
    if let Some(url) = &database.url {
        analyze(url).await;
    }
    for has_photo in [false, true] {
        for at_once in DEVICES {
            // A fresh process, so that the peak is that of this load.
            server.kill().await;
            server.restart().await;
            let started = Instant::now();
            let mut latencies = put_under(&mut devices, at_once, share(count, at_once), has_photo).await;
            let took = started.elapsed().as_secs_f64();
            queue.until_empty().await;
            let total = f64::from(u32::try_from(latencies.len()).unwrap_or(u32::MAX));
            let row = vec![
                format!("Haamu, {}", database.name),
                if has_photo { "yes" } else { "no" }.to_owned(),
                at_once.to_string(),
                format!("{:.0}", total / took),
                quantile(&mut latencies, 50),
                quantile(&mut latencies, 99),
                megabytes(peak_kib(server.pid().expect("it runs"))),
                format!("{:.1}", started.elapsed().as_secs_f64() - took),
            ];
            say(&row.join("  "));
            rows.push(row);
        }
    }
}

/// Devices of shoppers with as many visits as all loads take.
async fn devices(database: &Database, server: &ServerProcess, count: usize) -> Vec<Sender> {
    let most = DEVICES.into_iter().max().unwrap_or(1);
    let needed = |device: usize| {
        let loads = DEVICES.into_iter().filter(|at_once| device < *at_once);
        WARM_UP + 2 * loads.map(|at_once| share(count, at_once)).sum::<usize>()
    };
    let needed: Vec<usize> = (0..most).map(needed).collect();
    say(&format!(
        "{}: planning {} visits of {most} shoppers …",
        database.name,
        needed.iter().sum::<usize>()
    ));
    let mut devices = Vec::with_capacity(most);
    for email in plan_each(server, &full_checklist(), &needed).await {
        devices.push(Sender::start(&server.url(), &email).await);
    }
    devices
}

/// Puts a server under load by the first of some devices; the milliseconds of each submission.
async fn put_under(devices: &mut Vec<Sender>, count: usize, each: usize, has_photo: bool) -> Vec<f64> {
    let mut tasks = Vec::new();
    for mut device in devices.drain(..count) {
        tasks.push(tokio::spawn(async move {
            let mut latencies = Vec::with_capacity(each);
            for _ in 0..each {
                latencies.push(submit(&mut device, has_photo).await);
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
    latencies
}

/// Hands an evaluation in; how many milliseconds it took until all of it had arrived.
async fn submit(device: &mut Sender, has_photo: bool) -> f64 {
    if !has_photo {
        return device.push(1).await;
    }
    let (took, photo) = device.push_with_photo().await;
    let started = Instant::now();
    let length = photo.bytes.len();
    assert_eq!(
        device.upload(&photo, 0, length).await,
        Some(length),
        "it has arrived"
    );
    took + started.elapsed().as_secs_f64() * 1_000.0
}
