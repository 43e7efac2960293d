//! The sync protocol on the wire: what is taken in, and how a device learns of it.

use haamu_domain::{ClientOrganisationId, SubmissionId};
use haamu_sync::{ChainValue, Change, Disposition, DocumentId, FormVersion, SyncRequest, SyncResponse};
use haamu_tests::agency::{ProgrammeOptions, Scene};
use haamu_tests::{TestServer, WireDevice, both_dbs};
use haamu_wire::sync::Frame;
use serde_json::json;

fn document(scene: &Scene) -> DocumentId {
    let id: uuid::Uuid = scene.submission.parse().expect("an id");
    SubmissionId::from_uuid(id).document()
}

async fn scene(server: &TestServer) -> (Scene, WireDevice<'_>) {
    let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
    let device = WireDevice::enrol(server, server.north.shopper()).await;
    (scene, device)
}

fn kinds(response: &SyncResponse) -> Vec<&str> {
    let mut kinds: Vec<_> = response
        .page
        .iter()
        .map(|entry| entry.entity.kind.as_str())
        .collect();
    kinds.sort_unstable();
    kinds
}

both_dbs! {
    async fn the_feed_starts_with_all_that_is_the_shoppers(server) {
        let (_, mut device) = scene(&server).await;
        let first = device.send(&device.request(&[])).await;
        assert_eq!(kinds(&first), ["assignment", "form", "submission"]);
        assert!(!first.more);
        let second = device.send(&device.request(&[])).await;
        assert_eq!(second.page, []);
        assert_eq!(second.cursor.pos, first.cursor.pos);
    }

    async fn json_frames_say_the_same_as_cbor_frames(server) {
        let (_, device) = scene(&server).await;
        let request = device.request(&[]);
        let cbor = device.post("application/cbor", request.to_cbor()).await;
        let json = device.post("application/json", request.to_json()).await;
        assert_eq!(json.header("content-type"), Some("application/json"));
        let (cbor, json) = (SyncResponse::from_cbor(&cbor.body), SyncResponse::from_json(&json.body));
        assert_eq!(cbor.expect("a frame"), json.expect("a frame"));
    }

    async fn a_push_is_acknowledged_and_comes_back_in_the_feed(server) {
        let (scene, mut device) = scene(&server).await;
        let _ = device.send(&device.request(&[])).await;
        let ops = [device.op(1, document(&scene), "greeted", "\"yes\""), device.op(2, document(&scene), "helped", "\"well\"")];
        let answer = device.send(&device.request(&ops)).await;
        assert_eq!((answer.have.seq, answer.exceptions.len()), (2, 0));
        let submission = answer.page.iter().find(|entry| entry.entity.kind == "submission").expect("in the page");
        let Change::Upsert(haamu_sync::Body::Submission(body)) = &submission.change else { panic!("{submission:?}") };
        assert_eq!((body.state.as_str(), body.cells.len()), ("in_progress", 2));
    }

    async fn a_push_sent_twice_is_taken_once(server) {
        let (scene, mut device) = scene(&server).await;
        let request = device.request(&[device.op(1, document(&scene), "greeted", "\"yes\"")]);
        let first = device.send(&request).await;
        let second = device.send(&request).await;
        assert_eq!(first.have, second.have);
        let devices = server.get("/v1/devices").by(server.north.shopper()).await.send().await.ok();
        let operations: Vec<_> = devices["items"].as_array().expect("items").iter().map(|item| &item["operations"]).collect();
        assert_eq!(operations, [&json!(1)]);
    }

    async fn a_submission_takes_no_more_than_can_be_loaded_and_the_rest_is_kept(server) {
        let (scene, mut device) = scene(&server).await;
        let long = serde_json::to_string(&"a".repeat(200_000)).expect("json");
        let mut aside = Vec::new();
        for seq in 1..=24 {
            let op = device.op(seq, document(&scene), &format!("text_{seq}"), &long);
            let answer = device.send(&device.request(&[op])).await;
            assert_eq!(answer.have.seq, seq, "all of it is acknowledged");
            aside.extend(answer.exceptions);
        }
        let first = aside.first().expect("it is full");
        assert_eq!((first.disposition, first.code.as_str()), (Disposition::Late, "submission_full"));
        assert!((19..=21).contains(&first.seq), "{first:?}");
        let tasks = server.list("/v1/set-aside", server.north.coordinator()).await;
        assert_eq!((tasks.len(), &tasks[0]["reason"]), (1, &json!("submission_full")));
    }

    async fn a_push_with_a_gap_is_not_taken_and_says_where_to_go_on(server) {
        let (scene, mut device) = scene(&server).await;
        let _ = device.send(&device.request(&[device.op(1, document(&scene), "greeted", "\"yes\"")])).await;
        let ahead = SyncRequest { from_seq: 3, ..device.request(&[device.op(3, document(&scene), "helped", "\"well\"")]) };
        assert_eq!(device.send(&ahead).await.have.seq, 1);
    }

    async fn a_clone_is_told_where_its_log_parts(server) {
        let (scene, mut device) = scene(&server).await;
        let both = device.op(1, document(&scene), "greeted", "\"yes\"");
        let mine = device.request(&[both.clone(), device.op(2, document(&scene), "helped", "\"well\"")]);
        let clone = device.request(&[both, device.op(2, document(&scene), "helped", "\"not\"")]);
        let head = device.send(&mine).await.have;
        let answer = device.send(&clone).await;
        assert_eq!((answer.have.seq, answer.have.common), (2, 1));
        assert_eq!(answer.have.chain, head.chain);
        let broken = SyncRequest { prev_chain: ChainValue::from_bytes([9; 16]), ..device.request(&[device.op(3, document(&scene), "insulted", "\"no\"")]) };
        assert_eq!(device.send(&broken).await.have.seq, 2);
    }

    async fn what_the_server_cannot_read_is_kept_and_acknowledged(server) {
        let (scene, mut device) = scene(&server).await;
        let ops = [b"not an operation".to_vec(), vec![], device.op(3, document(&scene), "greeted", "\"yes\"")];
        let answer = device.send(&device.request(&ops)).await;
        assert_eq!(answer.have.seq, 3);
        let aside: Vec<_> = answer.exceptions.iter().map(|exception| (exception.seq, exception.disposition)).collect();
        assert_eq!(aside, [(1, Disposition::Unparseable), (2, Disposition::Unparseable)]);
    }

    async fn work_on_a_submission_that_is_not_ones_own_is_set_aside(server) {
        let (scene, _) = scene(&server).await;
        let mut thief = WireDevice::enrol(&server, &server.north.other_shopper).await;
        let mut stranger = WireDevice::enrol(&server, server.south.shopper()).await;
        for device in [&mut thief, &mut stranger] {
            let answer = device.send(&device.request(&[device.op(1, document(&scene), "greeted", "\"no\"")])).await;
            assert_eq!(answer.have.seq, 1);
            assert_eq!(answer.exceptions[0].disposition, Disposition::Orphaned);
            assert_eq!(kinds(&answer), Vec::<&str>::new());
        }
        assert_eq!(server.state(&scene).await, "planned");
    }

    async fn an_answer_made_with_an_unknown_checklist_is_kept(server) {
        let (scene, mut device) = scene(&server).await;
        let raw = device.op(1, document(&scene), "greeted", "\"yes\"");
        let mut op = haamu_sync::codec::decode(&raw, device.id, 1).expect("an operation");
        op.form_version = Some(FormVersion::from_bytes([7; 32]));
        let answer = device.send(&device.request(&[haamu_sync::codec::encode(&op, device.id, 1)])).await;
        assert_eq!(answer.exceptions[0].disposition, Disposition::UnknownForm);
    }

    async fn where_work_was_put_is_told_again(server) {
        let (_, mut device) = scene(&server).await;
        let request = device.request(&[b"not an operation".to_vec()]);
        let first = device.send(&request).await;
        assert_eq!(device.send(&request).await.exceptions, first.exceptions);
    }

    async fn what_came_again_under_another_number_is_where_it_was_put_first(server) {
        let (scene, mut device) = scene(&server).await;
        let raw = device.op(1, document(&scene), "greeted", "\"yes\"");
        let mut op = haamu_sync::codec::decode(&raw, device.id, 1).expect("an operation");
        op.form_version = Some(FormVersion::from_bytes([7; 32]));
        let again = [haamu_sync::codec::encode(&op, device.id, 1), haamu_sync::codec::encode(&op, device.id, 2)];
        let told = |answer: &SyncResponse| -> Vec<Disposition> {
            answer.exceptions.iter().map(|exception| exception.disposition).collect()
        };
        let request = device.request(&again);
        let first = device.send(&request).await;
        assert_eq!(told(&first), [Disposition::UnknownForm, Disposition::UnknownForm]);
        assert_eq!(device.send(&request).await.exceptions, first.exceptions);
    }

    async fn the_arrival_of_a_file_moves_its_submission_in_the_feed(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let mut device = server.device(server.north.shopper()).await;
        let mut seen = WireDevice::enrol(&server, server.north.shopper()).await;
        let before = seen.send(&seen.request(&[])).await.cursor;
        device.photo("door_photo", None).await;
        device.sync().await;
        let _ = scene;
        let after = seen.send(&seen.request(&[])).await.cursor;
        // The operation moved it once, the file once more.
        assert!(after.seen_head >= before.seen_head + 2, "{before:?} {after:?}");
    }

    async fn work_that_no_database_can_index_is_kept_all_the_same(server) {
        let (scene, mut device) = scene(&server).await;
        let long = "x".repeat(4_000);
        let ops = [
            device.op(1, document(&scene), "with\0nul", "\"yes\""),
            device.op(2, document(&scene), &long, "\"yes\""),
            device.op(3, document(&scene), "greeted", "\"nul: \0\""),
            device.op(4, document(&scene), "greeted", "\"yes\""),
        ];
        let answer = device.send(&device.request(&ops)).await;
        assert_eq!(answer.have.seq, 4);
        let aside: Vec<_> = answer.exceptions.iter().map(|exception| exception.seq).collect();
        assert_eq!(aside, [1, 2]);
    }

    async fn a_frame_beyond_all_measure_is_refused(server) {
        let (_, device) = scene(&server).await;
        let many = device.request(&vec![Vec::new(); haamu_sync::frame::MAX_BATCH_OPS + 1]);
        assert_eq!(device.post("application/cbor", many.to_cbor()).await.problem(413), "payload_too_large");
        let long = device.request(&[vec![0; 900_000]]);
        assert_eq!(device.post("application/cbor", long.to_cbor()).await.problem(413), "payload_too_large");
    }

    async fn an_evaluation_is_judged_by_the_checklist_of_its_round(server) {
        let (scene, mut device) = scene(&server).await;
        let mut easier = haamu_tests::agency::small_checklist();
        easier["id"] = json!("easier");
        let version = server.publish(&server.north, &easier).await;
        let path = format!("/v1/checklist-versions/{version}");
        let _ = server.get(&path).by(server.north.coordinator()).await.send().await.ok();
        let hash = haamu_form::ContentHash::of(&easier.to_string()).expect("a document");
        let raw = device.op(1, document(&scene), "greeted", "\"yes\"");
        let mut op = haamu_sync::codec::decode(&raw, device.id, 1).expect("an operation");
        op.form_version = Some(FormVersion::from_bytes(*hash.as_bytes()));
        let answer = device.send(&device.request(&[haamu_sync::codec::encode(&op, device.id, 1)])).await;
        assert_eq!(answer.exceptions[0].disposition, Disposition::UnknownForm);
    }

    async fn a_frame_that_is_none_is_refused_whatever_the_encoding(server) {
        let (_, device) = scene(&server).await;
        for (media_type, frame) in [("application/cbor", &b"\xff\xff"[..]), ("application/cbor", b""), ("application/json", b"{}")] {
            assert_eq!(device.post(media_type, frame.to_vec()).await.problem(400), "sync_frame");
        }
        assert_eq!(device.post("text/plain", b"x".to_vec()).await.problem(415), "unsupported_media_type");
        let later = SyncRequest { proto: 99, ..device.request(&[]) };
        assert_eq!(device.post("application/cbor", later.to_cbor()).await.problem(426), "upgrade_required");
        let large = vec![0; 9 * 1024 * 1024];
        assert_eq!(device.post("application/cbor", large).await.problem(413), "payload_too_large");
    }

    async fn a_token_speaks_for_its_own_device_only(server) {
        let (_, device) = scene(&server).await;
        let mut other = WireDevice::enrol(&server, server.north.shopper()).await;
        let request = device.request(&[]);
        other.token.clone_from(&device.token);
        let stolen = other.post("application/cbor", SyncRequest { device: other.id, ..request }.to_cbor()).await;
        assert_eq!(stolen.problem(403), "device_not_enrolled");
        // A session that no device was enrolled in speaks for none.
        other.token = server.token(server.north.shopper()).await;
        let none = other.post("application/cbor", other.request(&[]).to_cbor()).await;
        assert_eq!(none.problem(403), "device_not_enrolled");
    }

    async fn a_device_of_somebody_else_cannot_be_enrolled(server) {
        let (_, device) = scene(&server).await;
        let body = json!({"device": device.id.to_string(), "public_key": haamu_tests::wire::PUBLIC_KEY,
            "platform": "test", "build": "test/1"});
        for person in [&server.north.other_shopper, server.south.shopper()] {
            let answer = server.post("/v1/devices", body.clone()).by(person).await.send().await;
            assert_eq!(answer.problem(403), "device_not_enrolled");
        }
        let weak = json!({"device": device.id.to_string(), "public_key": "AAAA", "platform": "test", "build": "test/1"});
        let answer = server.post("/v1/devices", weak).by(server.north.shopper()).await.send().await;
        assert_eq!(answer.issues(422), ["public_key bad_key"]);
    }

    async fn a_cursor_of_another_timeline_starts_the_feed_over(server) {
        let (_, mut device) = scene(&server).await;
        let first = device.send(&device.request(&[])).await;
        let mut cursor = first.cursor;
        cursor.seen_head += 1_000;
        device.cursor = Some(cursor);
        let again = device.send(&device.request(&[])).await;
        assert!(again.reset);
        assert_eq!(kinds(&again), ["assignment", "form", "submission"]);
    }

    async fn an_entity_can_be_asked_for_once_more(server) {
        let (_, mut device) = scene(&server).await;
        let first = device.send(&device.request(&[])).await;
        let form = first.page.iter().find(|entry| entry.entity.kind == "form").expect("a form");
        let refetch = vec![form.entity.clone(), haamu_sync::Entity { kind: "form".to_owned(), id: "none".to_owned() }];
        let again = device.send(&SyncRequest { refetch, ..device.request(&[]) }).await;
        assert_eq!(again.fetched, std::slice::from_ref(form));
        let strangers = WireDevice::enrol(&server, server.south.shopper()).await;
        let refetch = vec![form.entity.clone()];
        let request = SyncRequest { refetch, ..strangers.request(&[]) };
        let answer = strangers.post("application/cbor", request.to_cbor()).await;
        assert_eq!(SyncResponse::from_cbor(&answer.body).expect("a frame").fetched, []);
    }

    async fn the_feed_tells_a_shopper_nothing_of_the_client_or_other_people(server) {
        let (_, device) = scene(&server).await;
        let answer = device.post("application/json", device.request(&[]).to_json()).await;
        let client: ClientOrganisationId = server.north.client;
        for secret in [client.to_string(), "coordinator@north.example".to_owned(), "argon2".to_owned()] {
            assert!(!answer.text().contains(&secret), "{secret}");
        }
    }
}
