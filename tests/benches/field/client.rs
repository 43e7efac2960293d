//! A shopper's device as a process of its own, so that its memory can be told from the rest.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use haamu_client::native::{HttpTransport, NativePlatform};
use haamu_client::{Credentials, Device, Photo, Rest};
use haamu_client_sqlite::{FolderFiles, SqliteStore, files_folder};
use haamu_sync::codec;
use haamu_tests::PASSWORD;
use haamu_tests::evaluation::{PHOTO_QUESTIONS, full_answers, full_photo};
use serde_json::{Value, json};

use crate::usage;

type NativeDevice = Device<SqliteStore, FolderFiles, HttpTransport, NativePlatform>;

/// How long a device may try.
const PATIENCE: Duration = Duration::from_secs(900);

/// One thing that a device does; it prints what it came to as one line of JSON.
pub(crate) async fn run(arguments: &[String]) -> Value {
    let [role, store, server, rest @ ..] = arguments else {
        panic!("client ROLE STORE SERVER …, not {arguments:?}");
    };
    let store = PathBuf::from(store);
    let mut device = open(&store, server).await;
    let started = Instant::now();
    let mut result = match (role.as_str(), rest) {
        ("pull", [email]) => {
            let credentials = Credentials {
                email: email.clone(),
                password: PASSWORD.to_owned(),
            };
            device.sign_in(server, &credentials).await.expect("signed in");
            sync(&mut device).await
        }
        ("fill", [first, count, photos]) => {
            let number = |text: &str| text.parse::<usize>().expect("a number");
            fill(&mut device, number(first), number(count), number(photos)).await
        }
        ("sync", []) => sync(&mut device).await,
        _ => panic!("a device cannot {arguments:?}"),
    };
    result["seconds"] = json!(started.elapsed().as_secs_f64());
    result["peak_kib"] = json!(usage::peak_kib(std::process::id()));
    result
}

async fn open(store: &Path, server: &str) -> NativeDevice {
    let files = FolderFiles::open(&files_folder(store)).expect("a folder");
    let opened = SqliteStore::open(store).expect("a store");
    let transport = HttpTransport::new(server, "bench/1").expect("a transport");
    let device = Device::open(opened, files, transport, NativePlatform::default(), "bench/1").await;
    device.expect("a device")
}

/// Sends and receives until all is done, whatever happens on the way.
async fn sync(device: &mut NativeDevice) -> Value {
    let until = Instant::now() + PATIENCE;
    let mut attempts = 1;
    let mut rest = device.sync(|_| {}).await.expect("storage works");
    while rest != Rest::UpToDate {
        assert!(Instant::now() < until, "it takes too long: {rest:?}");
        attempts += 1;
        rest = device.retry(|_| {}).await.expect("storage works");
    }
    let backlog = device.engine().backlog();
    json!({"attempts": attempts, "visits": device.visits().len(), "unsent_ops": backlog.unsent_ops,
        "unsent_files": backlog.unsent_files, "set_aside": backlog.set_aside})
}

/// Fills visits in as their shopper would, answer by answer, and hands them in.
async fn fill(device: &mut NativeDevice, first: usize, count: usize, photos: usize) -> Value {
    let visits: Vec<_> = device.visits().into_iter().skip(first).take(count).collect();
    assert_eq!(visits.len(), count, "so many visits are on the device");
    let (mut operations, mut bytes) = (0, 0);
    for (number, visit) in (first as u64..).zip(&visits) {
        let open = device.open_visit(visit).expect("the checklist is here");
        for (question, value) in full_answers(number) {
            let answered = device.answer(&open, &question, &value.to_string()).await;
            answered.expect("saved");
        }
        for (place, question) in PHOTO_QUESTIONS.iter().enumerate().take(photos) {
            let photo = Photo {
                bytes: &full_photo(number, place),
                media_type: "image/jpeg",
                file_name: Some("IMG_0001.jpg"),
                caption: None,
                preview: None,
            };
            device.add_photo(&open, question, photo).await.expect("saved");
        }
        let open = device.open_visit(visit).expect("the checklist is here");
        device.submit(&open, "main", true).await.expect("handed in");
        let engine = device.engine();
        let id = engine.device().device;
        for op in engine.own_ops(visit.brief.submission.document()) {
            operations += 1;
            bytes += codec::encode(op, id, op.origin_seq).len();
        }
    }
    json!({"operations": operations, "operation_bytes": bytes})
}
