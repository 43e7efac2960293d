//! Bytes and round trips of many evaluations from one device, and of a fresh device, beside PouchDB.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use haamu_sync::frame::MAX_BATCH_BYTES;
use haamu_tests::evaluation::{full_checklist, full_document};
use haamu_tests::field::plan_many;
use haamu_tests::process::ServerProcess;
use haamu_tests::proxy::{Counts, Proxy};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tokio::process::Command;
use uuid::Uuid;

use crate::peer::Peer;
use crate::table::{bytes, megabytes, print, say};
use crate::usage::peak_kib;

/// What the targets are about.
const VISITS: usize = 500;
const PHOTOS: usize = 2;

/// One measured exchange.
struct Row {
    what: String,
    counts: Counts,
    result: Value,
    server_kib: u64,
}

impl Row {
    fn cells(&self) -> Vec<String> {
        let Counts { answers, files, .. } = self.counts;
        vec![
            self.what.clone(),
            format!("{:.2}", self.result["seconds"].as_f64().unwrap_or_default()),
            answers.requests.to_string(),
            bytes(answers.up),
            bytes(answers.down),
            files.requests.to_string(),
            bytes(files.up),
            bytes(files.down),
            megabytes(self.server_kib),
            megabytes(self.result["peak_kib"].as_u64().unwrap_or_default()),
        ]
    }
}

const HEAD: [&str; 10] = [
    "Work",
    "s",
    "requests",
    "bytes up",
    "bytes down",
    "of files",
    "up",
    "down",
    "server MB",
    "device MB",
];

/// `wire [FOLDER OF PEER] [VISITS]`
pub(crate) async fn run(arguments: &[String]) {
    let peer = arguments.first().map(|folder| Peer::new(folder));
    let visits = arguments
        .get(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(VISITS);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut rows = Vec::new();
    let mut pushed = Vec::new();
    for photos in [0, PHOTOS] {
        let place = folder.path().join(format!("own-{photos}"));
        std::fs::create_dir_all(&place).expect("a folder");
        pushed.push(own(&place, visits, photos, &mut rows).await);
    }
    let mut peers = Vec::new();
    if let Some(peer) = &peer {
        for (photos, batch) in [(0, "100"), (0, "1"), (PHOTOS, "100"), (PHOTOS, "1")] {
            let place = folder.path().join(format!("peer-{photos}-{batch}"));
            peers.push(theirs(peer, &place, visits, photos, batch, &mut rows).await);
        }
        let place = folder.path().join("peer-pull");
        their_pull(peer, &place, visits, &mut rows).await;
    }
    let rows: Vec<_> = rows.iter().map(Row::cells).collect();
    print(
        &format!("{visits} evaluations of 60 answers and {PHOTOS} photos; loopback"),
        &HEAD,
        &rows,
    );
    judge(&pushed, &peers);
}

/// What the push without photos came to: its traffic, and the bytes of its operations.
struct Pushed {
    counts: Counts,
    operation_bytes: u64,
}

fn judge(pushed: &[Pushed], peers: &[Counts]) {
    say("");
    for (own, photos) in pushed.iter().zip([0, PHOTOS]) {
        let batches = own.operation_bytes.div_ceil(MAX_BATCH_BYTES as u64);
        say(&format!(
            "{photos} photos: {} bytes of operations are {batches} batches of 512 KiB; {} requests beside files",
            bytes(own.operation_bytes),
            own.counts.answers.requests,
        ));
    }
    if let (Some(own), Some(peer)) = (pushed.first(), peers.first()) {
        let of = |counts: &Counts| counts.answers.up + counts.answers.down;
        let (ours, theirs) = (of(&own.counts), of(peer));
        say(&format!(
            "bytes for the answers, both ways: {} of PouchDB's {} (batch 100), {:.1} %",
            bytes(ours),
            bytes(theirs),
            percent(ours, theirs),
        ));
    }
}

fn percent(part: u64, whole: u64) -> f64 {
    let float = |number: u64| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    100.0 * float(part) / float(whole)
}

/// Ours: a fresh device pulls all visits, fills them in without network, and sends them.
async fn own(folder: &Path, visits: usize, photos: usize, rows: &mut Vec<Row>) -> Pushed {
    // What is done with evaluations afterwards is another benchmark's business.
    let server = ServerProcess::start(folder, vec![("HAAMU_WORKERS", "0".to_owned())]).await;
    let emails = plan_many(&server, &full_checklist(), 1, visits).await;
    let proxy = Proxy::start(server.address(), None).await.expect("a proxy");
    let store = folder.join("device.sqlite");
    let pid = server.pid().expect("it runs");
    let mut row = async |what: String, role: &[&str]| {
        let _ = proxy.take();
        let result = device(&store, &proxy.url(), role).await;
        let row = Row {
            what,
            counts: proxy.take(),
            result: result.clone(),
            server_kib: peak_kib(pid),
        };
        let counts = row.counts;
        rows.push(row);
        (result, counts)
    };
    let (pulled, _) = row(format!("Haamu: pull {visits} visits"), &["pull", &emails[0]]).await;
    assert_eq!(pulled["visits"], json!(visits));
    let _ = row("Haamu: pull again".to_owned(), &["sync"]).await;
    let filled = device(
        &store,
        &proxy.url(),
        &["fill", "0", &visits.to_string(), &photos.to_string()],
    )
    .await;
    say(&format!("filled in: {filled}"));
    let what = format!("Haamu: push {visits}, {photos} photos each");
    let (sent, counts) = row(what, &["sync"]).await;
    assert_eq!(sent["unsent_ops"], json!(0), "{sent}");
    assert_eq!(sent["unsent_files"], json!(0), "{sent}");
    Pushed {
        counts,
        operation_bytes: filled["operation_bytes"].as_u64().unwrap_or_default(),
    }
}

/// Runs a device as a process of its own.
pub(crate) async fn device(store: &Path, server: &str, role: &[&str]) -> Value {
    let [role, rest @ ..] = role else {
        panic!("no role")
    };
    let program = std::env::current_exe().expect("this program has a path");
    let mut device = Command::new(program);
    device.args(["client", role]).arg(store).arg(server).args(rest);
    let output = device.output().await.expect("it starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_str(text.trim()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

pub(crate) fn documents(folder: &Path, documents: impl Iterator<Item = Value>) -> PathBuf {
    let mut lines = String::new();
    for document in documents {
        let _ = writeln!(lines, "{document}");
    }
    std::fs::create_dir_all(folder).expect("a folder");
    let file = folder.join("documents.ndjson");
    std::fs::write(&file, lines).expect("a file");
    file
}

pub(crate) fn photo_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/entrance-with-gps.jpg")
}

struct TheirDevice<'a> {
    peer: &'a Peer,
    proxy: Proxy,
    pid: u32,
}

impl TheirDevice<'_> {
    async fn replicate(
        &self,
        what: String,
        store: &Path,
        role: &str,
        batch: &str,
        rows: &mut Vec<Row>,
    ) -> Counts {
        let _ = self.proxy.take();
        let url = format!("{}/evaluations", self.proxy.url());
        let result = self.peer.device(store, role, &[&url, batch]).await;
        let row = Row {
            what,
            counts: self.proxy.take(),
            result,
            server_kib: peak_kib(self.pid),
        };
        let counts = row.counts;
        rows.push(row);
        counts
    }
}

async fn theirs(
    peer: &Peer,
    folder: &Path,
    visits: usize,
    photos: usize,
    batch: &str,
    rows: &mut Vec<Row>,
) -> Counts {
    let file = documents(folder, (0..visits as u64).map(full_document));
    let server = peer.serve(&folder.join("server")).await;
    let proxy = start_proxy(server.address).await;
    let store = folder.join("device");
    let arguments = [
        file.to_string_lossy().into_owned(),
        photo_file().to_string_lossy().into_owned(),
        photos.to_string(),
    ];
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let filled = peer.device(&store, "fill", &arguments).await;
    say(&format!("PouchDB filled in: {filled}"));
    let device = TheirDevice {
        peer,
        proxy,
        pid: server.pid(),
    };
    let what = format!("PouchDB: push {visits}, {photos} photos each, batch {batch}");
    device.replicate(what, &store, "push", batch, rows).await
}

async fn start_proxy(server: SocketAddr) -> Proxy {
    Proxy::start(server, None).await.expect("a proxy")
}

/// What a shopper is told of their visits, and the checklist once, as documents.
async fn their_pull(peer: &Peer, folder: &Path, visits: usize, rows: &mut Vec<Row>) {
    let brief = |number: usize| {
        let random = &mut StdRng::seed_from_u64(number as u64);
        let mut id = || Uuid::from_u128(random.random());
        json!({"_id": format!("visit-{number:06}"), "assignment": id(), "visit": id(),
            "submission": id(), "state": "assigned", "client_organisation": "Lumikko Ulkoilu",
            "round": "Kierros", "location": {"name": "Lumikko Kallio", "address": "Torikatu 7", "postal_code": "00530",
            "city": "Helsinki", "latitude": "60.184321", "longitude": "24.950123", "time_zone": "Europe/Helsinki"},
            "form": "0f".repeat(32), "visit_by": "2026-11-29", "report_by": "2026-12-01"})
    };
    let mut checklist = full_checklist();
    checklist["_id"] = json!("checklist-full-visit");
    let file = documents(folder, (0..visits).map(brief).chain([checklist]));
    let server = peer.serve(&folder.join("server")).await;
    let proxy = start_proxy(server.address).await;
    let staff = folder.join("staff");
    let (file, photo) = (
        file.to_string_lossy().into_owned(),
        photo_file().to_string_lossy().into_owned(),
    );
    let _ = peer.device(&staff, "fill", &[&file, &photo, "0"]).await;
    let url = format!("http://{}/evaluations", server.address);
    let _ = peer.device(&staff, "push", &[&url, "100"]).await;
    let device = TheirDevice {
        peer,
        proxy,
        pid: server.pid(),
    };
    let store = folder.join("device");
    let what = format!("PouchDB: pull {visits} visits");
    let _ = device.replicate(what, &store, "pull", "100", rows).await;
    let _ = device
        .replicate("PouchDB: pull again".to_owned(), &store, "pull", "100", rows)
        .await;
}
