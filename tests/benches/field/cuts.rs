//! Photo bytes that are sent twice when every connection is cut after so many bytes, beside PouchDB.

use std::time::{Duration, Instant};

use haamu_tests::evaluation::{PHOTO_BYTES, full_checklist};
use haamu_tests::field::plan_many;
use haamu_tests::process::ServerProcess;
use haamu_tests::proxy::Proxy;
use serde_json::json;
use tokio::time::timeout;

use crate::peer::Peer;
use crate::table::{bytes, print};
use crate::wire::{device, documents, photo_file};

/// Every connection is cut after so many bytes from the client.
const CUT_AFTER: usize = 200_000;
const VISITS: usize = 50;
const PHOTOS: usize = 2;
/// So long the peer may try.
const PEER_PATIENCE: Duration = Duration::from_secs(60);

const HEAD: [&str; 7] = [
    "Device",
    "s",
    "connections cut",
    "upload requests",
    "photo bytes",
    "sent",
    "sent twice",
];

/// `cuts [FOLDER OF PEER]`
pub(crate) async fn run(arguments: &[String]) {
    let mut rows = vec![own().await];
    if let Some(folder) = arguments.first() {
        rows.push(theirs(&Peer::new(folder)).await);
    }
    let title = format!(
        "{} photos of {} bytes over connections that are cut after {} bytes",
        VISITS * PHOTOS,
        bytes(PHOTO_BYTES as u64),
        bytes(CUT_AFTER as u64),
    );
    print(&title, &HEAD, &rows);
}

async fn own() -> Vec<String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let environment = vec![("HAAMU_WORKERS", "0".to_owned())];
    let server = ServerProcess::start(folder.path(), environment).await;
    let emails = plan_many(&server, &full_checklist(), 1, VISITS).await;
    let store = folder.path().join("device.sqlite");
    let _ = device(&store, &server.url(), &["pull", &emails[0]]).await;
    let (visits, photos) = (VISITS.to_string(), PHOTOS.to_string());
    let _ = device(&store, &server.url(), &["fill", "0", &visits, &photos]).await;
    let proxy = Proxy::start(server.address(), Some(CUT_AFTER))
        .await
        .expect("a proxy");
    let sent = device(&store, &proxy.url(), &["sync"]).await;
    assert_eq!(
        (&sent["unsent_ops"], &sent["unsent_files"]),
        (&json!(0), &json!(0))
    );
    let counts = proxy.take();
    let unique = (VISITS * PHOTOS * PHOTO_BYTES) as u64;
    let twice = counts.files.up_bodies.saturating_sub(unique);
    vec![
        "Haamu".to_owned(),
        format!("{:.1}", sent["seconds"].as_f64().unwrap_or_default()),
        counts.cuts.to_string(),
        counts.files.requests.to_string(),
        bytes(unique),
        bytes(counts.files.up_bodies),
        percent(twice, unique),
    ]
}

fn percent(part: u64, whole: u64) -> String {
    let hundredths = part * 10_000 / whole.max(1);
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}

/// A document goes with its photos in one request, so one that is longer than a connection never arrives.
async fn theirs(peer: &Peer) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let values = (0..VISITS as u64).map(haamu_tests::evaluation::full_document);
    let file = documents(folder.path(), values);
    let server = peer.serve(&folder.path().join("server")).await;
    let store = folder.path().join("device");
    let (file, photo) = (file.to_string_lossy(), photo_file());
    let arguments = [&*file, &*photo.to_string_lossy(), &PHOTOS.to_string()];
    let _ = peer.device(&store, "fill", &arguments).await;
    let proxy = Proxy::start(server.address, Some(CUT_AFTER))
        .await
        .expect("a proxy");
    let url = format!("{}/evaluations", proxy.url());
    let started = Instant::now();
    let done = timeout(PEER_PATIENCE, peer.try_device(&store, "push", &[&url, "1"])).await;
    let counts = proxy.take();
    let outcome = match done {
        Ok(Ok(_)) => "all arrived",
        Ok(Err(_)) => "gave up",
        Err(_) => "not done",
    };
    vec![
        format!("PouchDB, batch 1: {outcome}"),
        format!("{:.1}", started.elapsed().as_secs_f64()),
        counts.cuts.to_string(),
        counts.answers.requests.to_string(),
        bytes((VISITS * PHOTOS * PHOTO_BYTES) as u64),
        bytes(counts.answers.up_bodies),
        "-".to_owned(),
    ]
}
