//! What travels: no round trip, byte or statement more than the work needs.

use std::net::SocketAddr;

use axum::http::StatusCode;
use haamu_client::{Photo, Rest};
use haamu_domain::SubmissionId;
use haamu_sync::engine::StoredEntity;
use haamu_sync::frame::MAX_BATCH_BYTES;
use haamu_sync::{Body, Change, DocumentId, SyncRequest, SyncResponse, codec};
use haamu_tests::agency::{ProgrammeOptions, Scene};
use haamu_tests::evaluation::{
    ANSWERS, PHOTO_BYTES, PHOTO_QUESTIONS, full_answers, full_checklist, full_photo,
};
use haamu_tests::proxy::Proxy;
use haamu_tests::upload::{Upload, state_of};
use haamu_tests::{TestDevice, TestServer, WireDevice, both_dbs};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// More evaluations than go into one batch.
const VISITS: usize = 75;

/// So many visits of the shopper; the submissions by place.
async fn plan(server: &TestServer, visits: usize) -> (Scene, Vec<SubmissionId>) {
    let north = &server.north;
    let options = ProgrammeOptions::default();
    let scene = server.plan_with(north, options, &full_checklist()).await;
    let mut submissions = vec![scene.submission.clone()];
    if visits > 1 {
        let visit = json!({"location": scene.location, "shopper": north.shopper().id});
        let body = json!({"visits": vec![visit; visits - 1]});
        let planned = server.post(&format!("/v1/rounds/{}/visits", scene.round), body);
        let planned = planned.by(north.coordinator()).await.send().await.created();
        let items = planned["items"].as_array().expect("items");
        let ids = items.iter().map(|item| item["assignment"]["submission"].as_str());
        submissions.extend(ids.map(|id| id.expect("an id").to_owned()));
    }
    let ids = submissions.iter().map(|id| id.parse().expect("an id"));
    (scene, ids.collect())
}

/// A device that has its visits.
async fn device_at(server: &TestServer, address: SocketAddr) -> TestDevice {
    let mut device = TestDevice::sign_in(server, address, server.north.shopper()).await;
    device.sync().await;
    device
}

/// Fills a visit in and hands it in; returns the bytes of its operations.
async fn evaluate(device: &mut TestDevice, place: usize) -> usize {
    let open = device.open_at(place);
    for (question, value) in full_answers(place as u64) {
        let json = value.to_string();
        let answered = device.client.answer(&open, &question, &json);
        answered.await.expect("saved");
    }
    device
        .client
        .submit(&open, "main", true)
        .await
        .expect("handed in");
    let engine = device.client.engine();
    let id = engine.device().device;
    let ops = engine.own_ops(open.visit.brief.submission.document());
    ops.map(|op| codec::encode(op, id, op.origin_seq).len()).sum()
}

fn copies(device: &TestDevice) -> Vec<&Body> {
    let submissions = device.client.engine().entities();
    let submissions = submissions.filter(|stored| stored.entity.kind == "submission");
    submissions.map(|StoredEntity { body, .. }| body).collect()
}

both_dbs! {
    async fn a_batch_of_operations_takes_one_round_trip_and_its_answer_is_short(server) {
        let (_, submissions) = plan(&server, VISITS).await;
        let address = server.listen().await;
        let proxy = Proxy::start(address, None).await.expect("a proxy");
        let mut device = device_at(&server, proxy.address()).await;
        let mut other = device_at(&server, address).await;
        let mut bytes = 0;
        for place in 0..submissions.len() {
            bytes += evaluate(&mut device, place).await;
        }
        let _ = proxy.take();
        device.sync().await;
        let sent = proxy.take().answers;
        let batches = bytes.div_ceil(MAX_BATCH_BYTES) as u64;
        assert!(batches > 1, "{bytes} bytes fill more than one batch");
        assert!(sent.requests <= batches + 1, "{sent:?} for {batches} batches");
        let answers = (submissions.len() * ANSWERS) as u64;
        assert!(sent.up < answers * 20, "{sent:?}: an answer takes less than 20 bytes");
        assert!(sent.down < answers * 4, "{sent:?}: what was sent does not come back");
        // Without that, the device has just what another one is sent in full.
        other.sync().await;
        assert_eq!(copies(&device), copies(&other));
        assert!(copies(&device).iter().all(|body| matches!(body, Body::Submission(body) if body.cells.len() == ANSWERS)));
    }

    async fn photos_are_not_sent_twice_however_often_the_network_breaks(server) {
        let (_, submissions) = plan(&server, 4).await;
        let address = server.listen().await;
        let proxy = Proxy::start(address, Some(200_000)).await.expect("a proxy");
        let mut device = device_at(&server, proxy.address()).await;
        for place in 0..submissions.len() {
            let open = device.open_at(place);
            for (number, question) in PHOTO_QUESTIONS.iter().enumerate() {
                let bytes = &full_photo(place as u64, number);
                let photo = Photo { bytes, media_type: "image/jpeg", file_name: None, caption: None, preview: None };
                let _ = device.client.add_photo(&open, question, photo).await.expect("saved");
            }
        }
        let mut rest = device.client.sync(|_| {}).await.expect("storage works");
        while rest != Rest::UpToDate {
            rest = device.client.retry(|_| {}).await.expect("storage works");
        }
        let unique = (submissions.len() * PHOTO_QUESTIONS.len() * PHOTO_BYTES) as u64;
        let counts = proxy.take();
        assert!(counts.cuts >= unique / 200_000, "{counts:?}");
        assert!(counts.files.up_bodies >= unique, "{counts:?}");
        assert!(counts.files.up_bodies * 100 < unique * 102, "less than 2 % twice: {counts:?}");
        assert_eq!(device.client.engine().backlog().unsent_files, 0);
    }

    async fn who_asks_again_ends_the_waiting_for_a_body_that_never_comes(server) {
        let (scene, _) = plan(&server, 1).await;
        let bytes = full_photo(1, 1);
        let upload = Upload::of(&server, &scene, &bytes);
        let token = server.token(server.north.shopper()).await;
        let mut connection = TcpStream::connect(server.listen().await).await.expect("a connection");
        let head = format!("PATCH {} HTTP/1.1\r\nhost: haamu\r\nauthorization: Bearer {token}\r\n\
            content-type: application/partial-upload\r\nupload-offset: 0\r\nupload-complete: ?1\r\n\
            content-length: {}\r\n\r\n", upload.path, bytes.len());
        connection.write_all(head.as_bytes()).await.expect("sent");
        connection.write_all(&bytes[..100_000]).await.expect("sent");
        // The rest never comes, and nobody says so. Whoever asks how much is there waits for no timeout.
        let mut held = 0;
        while held < 100_000 {
            held = upload.state().await.0;
        }
        assert_eq!(held, 100_000);
        let mut answer = vec![0; 1_024];
        let count = connection.read(&mut answer).await.expect("an answer");
        let answer = String::from_utf8_lossy(&answer[..count]).into_owned();
        assert!(answer.contains("204 No Content") && answer.contains("upload-offset: 100000"), "{answer}");
        let rest = upload.part(100_000, &bytes[100_000..], true).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(state_of(&rest), (bytes.len(), true));
    }

    async fn the_statements_of_a_push_depend_on_its_visits_and_not_on_its_operations(server) {
        let (_, submissions) = plan(&server, 44).await;
        let mut device = WireDevice::enrol(&server, server.north.shopper()).await;
        let _ = device.send(&device.request(&[])).await;
        let mut left = submissions.iter().map(|id| id.document());
        let few = statements(&server, &mut device, &take(&mut left, 1), 6).await;
        let many = statements(&server, &mut device, &take(&mut left, 1), ANSWERS).await;
        assert_eq!(few, many, "six answers or sixty");
        assert!(many <= 45, "{many} statements for one visit");
        let ten = statements(&server, &mut device, &take(&mut left, 10), ANSWERS).await;
        assert!(ten <= many + 10, "{ten} statements for ten visits, {many} for one");
        let all = statements(&server, &mut device, &take(&mut left, 32), ANSWERS).await;
        assert!(all <= many + 32, "{all} statements for 32 visits, {many} for one");
    }

    async fn what_others_have_changed_comes_back_in_full(server) {
        let (_, submissions) = plan(&server, 1).await;
        let mut device = WireDevice::enrol(&server, server.north.shopper()).await;
        let mut twin = WireDevice::enrol(&server, server.north.shopper()).await;
        let _ = device.send(&device.request(&[])).await;
        let _ = twin.send(&twin.request(&[])).await;
        let document = submissions[0].document();
        assert!(is_confirmed(&push(&mut device, document, &["note_01"]).await));
        // The twin's copy lacks that; afterwards the first one's lacks what the twin wrote.
        assert!(!is_confirmed(&push(&mut twin, document, &["note_02"]).await));
        assert!(!is_confirmed(&push(&mut device, document, &["note_03"]).await));
        assert!(is_confirmed(&push(&mut device, document, &["note_04"]).await));
        // What is sent once more was taken in by an earlier request, of which the device knows nothing.
        let before = (device.head, device.cursor);
        let lost = push(&mut device, document, &["note_05"]).await;
        assert!(is_confirmed(&lost));
        (device.head, device.cursor) = before;
        assert!(!is_confirmed(&push(&mut device, document, &["note_05"]).await));
        // A device that does not say that it folds is sent all.
        let raw = device.op(device.head.seq + 1, document, "note_01", "\"again\"");
        let answer = device.send(&device.request(&[raw])).await;
        assert!(!is_confirmed(&answer));
    }
}

fn take(left: &mut impl Iterator<Item = DocumentId>, count: usize) -> Vec<DocumentId> {
    left.take(count).collect()
}

/// The statements of a push of so many answers to each of some submissions.
async fn statements(
    server: &TestServer,
    device: &mut WireDevice<'_>,
    documents: &[DocumentId],
    answers: usize,
) -> u64 {
    let mut ops = Vec::new();
    for document in documents {
        for (question, value) in full_answers(1).into_iter().take(answers) {
            let seq = device.head.seq + ops.len() as u64 + 1;
            ops.push(device.op(seq, *document, &question, &value.to_string()));
        }
    }
    let before = server.statements.get();
    let request = SyncRequest {
        folds: true,
        ..device.request(&ops)
    };
    let answer = device.send(&request).await;
    assert_eq!(answer.exceptions, []);
    assert!(is_confirmed(&answer));
    server.statements.get() - before
}

/// Sends answers to questions of a submission, as a device does that folds its own work.
async fn push(device: &mut WireDevice<'_>, document: DocumentId, questions: &[&str]) -> SyncResponse {
    let seqs = device.head.seq + 1..;
    let ops = seqs.zip(questions);
    let ops: Vec<_> = ops
        .map(|(seq, question)| device.op(seq, document, question, "\"words\""))
        .collect();
    let request = SyncRequest {
        folds: true,
        ..device.request(&ops)
    };
    device.send(&request).await
}

/// Whether the page says of all submissions that the device knows them.
fn is_confirmed(answer: &SyncResponse) -> bool {
    let submissions = answer
        .page
        .iter()
        .filter(|entry| entry.entity.kind == "submission");
    let mut submissions = submissions.peekable();
    assert!(submissions.peek().is_some(), "a submission was moved");
    submissions.all(|entry| matches!(entry.change, Change::Confirm(_)))
}
