//! Work that was set aside: who sees it, and what comes of it.

use haamu_domain::SubmissionId;
use haamu_sync::{
    ChainHead, Change, DeviceId, DocumentId, FormVersion, Lane, OpId, RegisterKey, SyncRequest,
};
use haamu_tests::agency::{Person, ProgrammeOptions, Scene, repeated_checklist, small_answers};
use haamu_tests::{Answer, TestServer, WireDevice, both_dbs};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};

fn document(submission: &str) -> DocumentId {
    let id: uuid::Uuid = submission.parse().expect("an id");
    SubmissionId::from_uuid(id).document()
}

async fn list(server: &TestServer, by: &Person, query: &str) -> Vec<Value> {
    let listed = server
        .get(&format!("/v1/set-aside{query}"))
        .by(by)
        .await
        .send()
        .await
        .ok();
    listed["items"].as_array().expect("items").clone()
}

/// The only task that the person has.
pub(crate) async fn task(server: &TestServer, by: &Person) -> String {
    let tasks = list(server, by, "").await;
    assert_eq!(tasks.len(), 1, "{tasks:?}");
    tasks[0]["id"].as_str().expect("an id").to_owned()
}

pub(crate) async fn operations(server: &TestServer, by: &Person, task: &str) -> Vec<Value> {
    let read = server
        .get(&format!("/v1/set-aside/{task}"))
        .by(by)
        .await
        .send()
        .await
        .ok();
    read["items"].as_array().expect("items").clone()
}

pub(crate) async fn decide(server: &TestServer, by: &Person, task: &str, verb: &str, body: Value) -> Answer {
    server
        .post(&format!("/v1/set-aside/{task}/{verb}"), body)
        .by(by)
        .await
        .send()
        .await
}

async fn review(server: &TestServer, scene: &Scene, verb: &str, body: Value) -> Answer {
    let path = format!("/v1/visits/{}/{verb}", scene.visit);
    server
        .post(&path, body)
        .by(server.north.reviewer())
        .await
        .send()
        .await
}

fn codes(evaluation: &Value) -> Vec<&str> {
    let findings = evaluation["findings"].as_array().expect("findings");
    findings
        .iter()
        .map(|finding| finding["code"].as_str().expect("a code"))
        .collect()
}

fn answer_to<'a>(evaluation: &'a Value, question: &str) -> &'a Value {
    let answers = evaluation["answers"].as_array().expect("answers");
    &answers
        .iter()
        .find(|answer| answer["question"] == question)
        .expect("the answer")["value"]
}

/// The registers of one lane of a submission, as a device of its shopper has them.
async fn lane(device: &mut WireDevice<'_>, lane: Lane) -> Vec<(RegisterKey, haamu_sync::Cell)> {
    let answer = device
        .send(&SyncRequest {
            cursor: None,
            ..device.request(&[])
        })
        .await;
    let bodies = answer.page.into_iter().filter_map(|entry| match entry.change {
        Change::Upsert(haamu_sync::Body::Submission(body)) => Some(body),
        _ => None,
    });
    let cells = bodies
        .flat_map(|body| body.cells)
        .filter(|entry| entry.key.lane == lane);
    cells.map(|entry| (entry.key, entry.cell)).collect()
}

/// A visit in review, and a second phone of its shopper that has sent nothing yet.
async fn in_review(server: &TestServer) -> (Scene, WireDevice<'_>) {
    let (scene, _) = server.in_review(ProgrammeOptions::default()).await;
    (scene, WireDevice::enrol(server, server.north.shopper()).await)
}

/// Sends answers of the next numbers.
pub(crate) async fn send(device: &mut WireDevice<'_>, submission: &str, answers: &[(&str, &str)]) -> usize {
    let first = device.head.seq + 1;
    let ops = answers.iter().zip(first..);
    let ops: Vec<_> = ops
        .map(|((question, json), seq)| device.op(seq, document(submission), question, json))
        .collect();
    device.send(&device.request(&ops)).await.exceptions.len()
}

/// A visit of which the first shopper wrote offline before it was given to the second, who has handed it in.
async fn reassigned(server: &TestServer) -> (Scene, WireDevice<'_>) {
    let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
    let mut first = WireDevice::enrol(server, server.north.shopper()).await;
    let path = format!("/v1/visits/{}/assignments", scene.visit);
    let body = json!({"shopper": server.north.other_shopper.id, "replaces": scene.assignment});
    let _ = server
        .post(&path, body)
        .by(server.north.coordinator())
        .await
        .send()
        .await
        .created();
    assert_eq!(
        send(&mut first, &scene.submission, &[("greeted", "\"no\"")]).await,
        1
    );
    (scene, first)
}

async fn hand_in(server: &TestServer, person: &Person) {
    let mut device = server.device(person).await;
    device.evaluate().await;
    device.sync().await;
    server.run_jobs().await;
}

/// The log of the server: the device's name, and each operation's name, chain value and bytes.
async fn server_log(server: &TestServer) -> Option<(DeviceId, Vec<(Vec<u8>, Vec<u8>, Vec<u8>)>)> {
    let connection = server.database.connect().await;
    let backend = connection.get_database_backend();
    let sql = "SELECT l.device, o.op_id, o.chain, o.raw FROM server_log l JOIN op o ON o.device = l.device ORDER BY o.seq";
    let rows = connection
        .query_all_raw(Statement::from_string(backend, sql))
        .await
        .expect("a query");
    let bytes = |row: &sea_orm::QueryResult, at: usize| row.try_get_by_index::<Vec<u8>>(at).expect("bytes");
    let device = DeviceId::from_slice(&bytes(rows.first()?, 0)).expect("a device");
    Some((
        device,
        rows.iter()
            .map(|row| (bytes(row, 1), bytes(row, 2), bytes(row, 3)))
            .collect(),
    ))
}

async fn count(server: &TestServer, sql: &str) -> i64 {
    let connection = server.database.connect().await;
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    let row = connection
        .query_one_raw(statement)
        .await
        .expect("a query")
        .expect("a row");
    row.try_get_by_index(0).expect("a number")
}

/// The visit is given to the second shopper, who hands in what they have.
async fn give_to_the_second(server: &TestServer, scene: &Scene) {
    let path = format!("/v1/visits/{}/assignments", scene.visit);
    let body = json!({"shopper": server.north.other_shopper.id, "replaces": scene.assignment});
    let call = server.post(&path, body).by(server.north.coordinator()).await;
    let _ = call.send().await.created();
    let mut second = server.device(&server.north.other_shopper).await;
    for (question, answer) in small_answers() {
        second.answer(question, answer).await;
    }
    let open = second.open();
    second
        .client
        .submit(&open, "main", true)
        .await
        .expect("handed in");
    second.sync().await;
    server.run_jobs().await;
}

both_dbs! {
    async fn a_photo_of_a_former_shopper_is_taken_over_with_its_bytes(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let mut first = server.device(server.north.shopper()).await;
        first.photo("door_photo", Some("Ovi sisältä")).await;
        give_to_the_second(&server, &scene).await;
        assert_eq!(server.evaluation(&scene).await["files_expected"], 0);
        first.sync().await;
        let coordinator = server.north.coordinator();
        let task = task(&server, coordinator).await;
        let decided = decide(&server, coordinator, &task, "adopt", json!({})).await.ok();
        assert_eq!((&decided["task"]["undecided"], &decided["left"]), (&json!(0), &json!([])));
        server.run_jobs().await;
        let evaluation = server.evaluation(&scene).await;
        assert_eq!((&evaluation["files_expected"], &evaluation["files_received"]), (&json!(1), &json!(1)));
        let answers = evaluation["answers"].as_array().expect("answers");
        let photo = answers.iter().find(|answer| answer["question"] == "door_photo").expect("the photo");
        assert_eq!(photo["files"][0]["caption"], "Ovi sisältä");
        let path = format!("/v1/visits/{}/evaluation/photos/{}", scene.visit, photo["files"][0]["sha256"].as_str().expect("a hash"));
        let picture = server.get(&path).by(server.north.reviewer()).await.send().await.expect(axum::http::StatusCode::OK);
        assert_eq!(picture.header("content-type"), Some("image/jpeg"));
    }

    async fn a_photo_that_has_not_arrived_cannot_be_taken_over(server) {
        let (scene, mut first) = reassigned(&server).await;
        hand_in(&server, &server.north.other_shopper).await;
        let raw = first.op(2, document(&scene.submission), "door_photo", "1");
        let mut op = haamu_sync::codec::decode(&raw, first.id, 2).expect("an operation");
        op.register = "files/door_photo".into();
        op.action = haamu_sync::Action::Attach(haamu_sync::Attachment {
            sha256: haamu_sync::BlobHash::from_bytes([9; 32]),
            length: 3,
            media_type: "image/jpeg".to_owned(),
            capture: haamu_sync::Bytes::default(),
        });
        let raw = haamu_sync::codec::encode(&op, first.id, 2);
        let _ = first.send(&first.request(&[raw])).await;
        let coordinator = server.north.coordinator();
        let task = task(&server, coordinator).await;
        let decided = decide(&server, coordinator, &task, "adopt", json!({})).await.ok();
        assert_eq!(decided["left"][0]["code"], "file_missing", "{decided}");
        assert_eq!(decided["task"]["undecided"], 1);
    }

    async fn an_instance_comes_with_the_answers_that_stand_in_it(server) {
        let scene = server.plan_with(&server.north, ProgrammeOptions::default(), &repeated_checklist()).await;
        let mut first = server.device(server.north.shopper()).await;
        for _ in 0..2 {
            let open = first.open();
            let _ = first.client.add_instance(&open, "staff").await.expect("saved");
        }
        first.answer("staff[0].polite", "\"no\"").await;
        give_to_the_second(&server, &scene).await;
        first.sync().await;
        let coordinator = server.north.coordinator();
        let task = task(&server, coordinator).await;
        let decided = decide(&server, coordinator, &task, "adopt", json!({})).await.ok();
        let left: Vec<_> = decided["left"].as_array().expect("a list").iter().map(|one| &one["code"]).collect();
        assert_eq!((decided["decided"].as_array().expect("a list").len(), left), (2, vec![&json!("empty_instance")]));
        server.run_jobs().await;
        assert_eq!(answer_to(&server.evaluation(&scene).await, "staff[0].polite"), "no");
    }

    async fn what_came_after_the_approval_goes_beside_the_testimony(server) {
        let (scene, mut phone) = in_review(&server).await;
        let reviewer = server.north.reviewer();
        let _ = review(&server, &scene, "approve", json!({})).await.ok();
        assert_eq!(server.evaluation(&scene).await["score"]["result"]["display"], "70.0");
        let testimony = lane(&mut phone, Lane::Shopper).await;
        assert_eq!(send(&mut phone, &scene.submission, &[("greeted", "\"no\"")]).await, 1);

        let tasks = list(&server, reviewer, "").await;
        assert_eq!((&tasks[0]["disposition"], &tasks[0]["reason"]), (&json!("late"), &json!("already_approved")));
        assert_eq!((&tasks[0]["visit"]["id"], &tasks[0]["visit"]["location_name"]), (&json!(scene.visit), &json!("Myymälä Kallio")));
        assert_eq!((&tasks[0]["operations"], &tasks[0]["undecided"]), (&json!(1), &json!(1)));
        assert!(!tasks[0]["shopper_name"].as_str().expect("a name").is_empty());
        let task = task(&server, reviewer).await;
        let said = operations(&server, reviewer, &task).await;
        let content = &said[0]["content"];
        assert_eq!((&content["action"], &content["register"], &content["value"]), (&json!("set"), &json!("answer/greeted"), &json!("no")));
        assert!(codes(&server.evaluation(&scene).await).contains(&"work_set_aside"));

        let decided = decide(&server, reviewer, &task, "adopt", json!({"note": "Soitettu"})).await.ok();
        assert_eq!((&decided["decided"][0], &decided["task"]["undecided"]), (&said[0]["id"], &json!(0)));
        server.run_jobs().await;
        let after = server.evaluation(&scene).await;
        assert_eq!((&after["state"], &after["score"]["result"]["display"]), (&json!("in_review"), &json!("40.0")));
        assert_eq!(answer_to(&after, "greeted"), "no");
        assert!(codes(&after).contains(&"value_adopted") && !codes(&after).contains(&"work_set_aside"));
        assert_eq!(lane(&mut phone, Lane::Shopper).await, testimony);

        let written = operations(&server, reviewer, &task).await;
        let decision = &written[0]["decision"];
        assert_eq!((&decision["outcome"], &decision["note"]), (&json!("adopted"), &json!("Soitettu")));
        let cell = lane(&mut phone, Lane::Review).await.pop().expect("a value").1;
        let head = cell.register.winner().expect("a value");
        assert_eq!(json!(head.op.to_string()), decision["cited_by"]);
        let cited: OpId = said[0]["id"].as_str().expect("an id").parse().expect("an id");
        assert!(head.base.contains(&cited));
        assert_eq!(head.author.as_bytes(), reviewer.id.as_bytes());
        let _ = review(&server, &scene, "approve", json!({})).await.ok();
        let _ = review(&server, &scene, "release", Value::Null).await.ok();
        let report = server.get(&format!("/v1/visit-reports/{}", scene.visit)).by(server.north.manager()).await;
        assert_eq!(report.send().await.ok()["score"]["display"], "40.0");
    }

    async fn what_the_client_has_seen_does_not_change(server) {
        let (scene, mut phone) = in_review(&server).await;
        let _ = review(&server, &scene, "approve", json!({})).await.ok();
        let _ = review(&server, &scene, "release", Value::Null).await.ok();
        let _ = send(&mut phone, &scene.submission, &[("greeted", "\"no\"")]).await;
        let coordinator = server.north.coordinator();
        let task = task(&server, coordinator).await;
        let refused = decide(&server, coordinator, &task, "adopt", json!({})).await;
        assert_eq!(refused.problem(409), "not_possible_in_state");
        assert_eq!(server.state(&scene).await, "released");
        assert!(server_log(&server).await.is_none());
        let _ = decide(&server, coordinator, &task, "discard", json!({"reason": "Liian myöhään"})).await.ok();
    }

    async fn the_first_shoppers_work_goes_beside_the_seconds_and_changes_neither(server) {
        let (scene, mut first) = reassigned(&server).await;
        let coordinator = server.north.coordinator();
        let task = task(&server, coordinator).await;
        let early = decide(&server, coordinator, &task, "adopt", json!({})).await;
        assert_eq!(early.problem(409), "not_possible_in_state", "the second shopper has not handed in");
        hand_in(&server, &server.north.other_shopper).await;
        let mut second = WireDevice::enrol(&server, &server.north.other_shopper).await;
        let testimony = lane(&mut second, Lane::Shopper).await;
        let reviewer = server.north.reviewer();
        assert_eq!(list(&server, reviewer, "").await, Vec::<Value>::new());
        assert_eq!(decide(&server, reviewer, &task, "adopt", json!({})).await.problem(404), "not_found");
        let _ = decide(&server, coordinator, &task, "adopt", json!({})).await.ok();
        server.run_jobs().await;
        let after = server.evaluation(&scene).await;
        assert_eq!((&after["state"], &after["score"]["result"]["display"]), (&json!("in_review"), &json!("40.0")));
        assert_eq!(lane(&mut second, Lane::Shopper).await, testimony);
        assert_eq!(lane(&mut second, Lane::Review).await.len(), 1);
        assert_eq!(lane(&mut first, Lane::Shopper).await, []);
        let of_first = format!("SELECT COUNT(*) FROM register r JOIN submission s ON s.id = r.submission_id
            JOIN user_account u ON u.id = s.shopper_id WHERE u.email = '{}'", server.north.shopper().email);
        assert_eq!(count(&server, &of_first).await, 0);
    }

    async fn what_its_own_author_wrote_with_another_checklist_takes_effect_once_that_is_here(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let mut phone = WireDevice::enrol(&server, server.north.shopper()).await;
        let mut other = haamu_tests::agency::small_checklist();
        other["id"] = json!("other");
        let hash = haamu_form::ContentHash::of(&other.to_string()).expect("a document");
        let raw = phone.op(1, document(&scene.submission), "greeted", "\"yes\"");
        let mut op = haamu_sync::codec::decode(&raw, phone.id, 1).expect("an operation");
        op.form_version = Some(FormVersion::from_bytes(*hash.as_bytes()));
        let request = phone.request(&[haamu_sync::codec::encode(&op, phone.id, 1)]);
        assert_eq!(phone.send(&request).await.exceptions.len(), 1);
        let coordinator = server.north.coordinator();
        let task = task(&server, coordinator).await;
        let refused = decide(&server, coordinator, &task, "adopt", json!({})).await;
        let id = operations(&server, coordinator, &task).await[0]["id"].as_str().expect("an id").to_owned();
        assert_eq!(refused.json()["code"], "not_adoptable");
        assert_eq!(refused.issues(409), [format!("{id} unknown_form")]);
        let _ = server.publish(&server.north, &other).await;
        let _ = decide(&server, coordinator, &task, "adopt", json!({})).await.ok();
        assert_eq!(operations(&server, coordinator, &task).await[0]["decision"]["outcome"], "replayed");
        assert_eq!(lane(&mut phone, Lane::Shopper).await.len(), 1);
        assert_eq!(lane(&mut phone, Lane::Review).await, []);
        assert_eq!(server.state(&scene).await, "in_progress");
        assert!(phone.send(&request).await.exceptions.is_empty(), "it is not told as set aside any more");
        // The checklist of the round judges all the same.
        hand_in(&server, server.north.shopper()).await;
        assert_eq!(server.state(&scene).await, "in_review");
    }

    async fn what_cannot_be_read_is_discarded_and_kept(server) {
        let mut phone = WireDevice::enrol(&server, server.north.shopper()).await;
        let _ = phone.send(&phone.request(&[b"not an operation".to_vec()])).await;
        let coordinator = server.north.coordinator();
        let task = task(&server, coordinator).await;
        let tasks = list(&server, coordinator, "?disposition=unparseable").await;
        assert_eq!((&tasks[0]["device"], &tasks[0]["visit"]), (&json!(phone.id.to_string()), &Value::Null));
        assert_eq!(operations(&server, coordinator, &task).await[0]["content"], Value::Null);
        let refused = decide(&server, coordinator, &task, "adopt", json!({})).await;
        assert_eq!(refused.problem(409), "not_adoptable");
        let silent = decide(&server, coordinator, &task, "discard", json!({"reason": " "})).await;
        assert_eq!(silent.issues(422), ["reason required"]);
        let _ = decide(&server, coordinator, &task, "discard", json!({"reason": "Rikki"})).await.ok();
        let again = decide(&server, coordinator, &task, "discard", json!({"reason": "Rikki"})).await.ok();
        assert_eq!(again["decided"], json!([]));
        assert_eq!(list(&server, coordinator, "").await, Vec::<Value>::new());
        assert_eq!(list(&server, coordinator, "?decided=true").await.len(), 1);
        assert_eq!(count(&server, "SELECT COUNT(*) FROM op WHERE disposition = 'unparseable' AND LENGTH(raw) = 16").await, 1);
        let other = decide(&server, coordinator, &task, "adopt", json!({})).await;
        assert_eq!(other.problem(409), "already_decided");
    }

    async fn what_somebody_else_wrote_on_the_shoppers_phone_goes_beside_the_testimony(server) {
        let (scene, mut phone) = in_review(&server).await;
        let testimony = lane(&mut phone, Lane::Shopper).await;
        phone.author = haamu_sync::AuthorId::from_bytes(*server.north.other_shopper.id.as_bytes());
        assert_eq!(send(&mut phone, &scene.submission, &[("helped", "\"well\"")]).await, 1);
        let coordinator = server.north.coordinator();
        let task = task(&server, coordinator).await;
        let written = operations(&server, coordinator, &task).await;
        assert_eq!(written[0]["content"]["author"], json!(server.north.other_shopper.id));
        let _ = decide(&server, coordinator, &task, "adopt", json!({})).await.ok();
        server.run_jobs().await;
        assert_eq!(server.evaluation(&scene).await["score"]["result"]["display"], "100.0");
        assert_eq!(lane(&mut phone, Lane::Shopper).await, testimony);
        let audited = "SELECT COUNT(*) FROM audit WHERE action = 'set_aside.adopt' AND target_kind = 'set_aside'";
        assert_eq!(count(&server, audited).await, 1);
    }

    async fn each_operation_is_decided_about_by_itself(server) {
        let (scene, mut phone) = in_review(&server).await;
        let _ = review(&server, &scene, "approve", json!({})).await.ok();
        let late = [("greeted", "\"perhaps\""), ("helped", "\"well\""), ("nothing", "\"yes\""), ("insulted", "\"yes\"")];
        assert_eq!(send(&mut phone, &scene.submission, &late).await, 4);
        let reviewer = server.north.reviewer();
        let task = task(&server, reviewer).await;
        let ids: Vec<Value> = operations(&server, reviewer, &task).await.iter().map(|one| one["id"].clone()).collect();
        let named = decide(&server, reviewer, &task, "adopt", json!({"operations": [ids[0], ids[1]]})).await;
        assert_eq!(named.json()["code"], "not_adoptable");
        assert_eq!(named.issues(409), [format!("{} no_place", ids[0].as_str().expect("an id"))]);
        assert_eq!(server.state(&scene).await, "approved");
        let _ = decide(&server, reviewer, &task, "discard", json!({"operations": [ids[3]], "reason": "Epäselvä"})).await.ok();
        let opposite = decide(&server, reviewer, &task, "adopt", json!({"operations": [ids[3]]})).await;
        assert_eq!(opposite.problem(409), "already_decided");
        let rest = decide(&server, reviewer, &task, "adopt", json!({})).await.ok();
        assert_eq!((&rest["decided"], &rest["task"]["undecided"]), (&json!([ids[1]]), &json!(2)));
        let left: Vec<_> = rest["left"].as_array().expect("left").iter().map(|one| one["code"].clone()).collect();
        assert_eq!(left, ["no_place", "no_place"]);
        let missing = decide(&server, reviewer, &task, "adopt", json!({"operations": ["AAAAAAAAAAAAAAAAAAAAAA"]})).await;
        assert_eq!(missing.problem(404), "not_found");
        let none = decide(&server, reviewer, &task, "adopt", json!({"operations": ["x"]})).await;
        assert_eq!(none.issues(422), ["operations[0] bad_id"]);
    }

    async fn two_who_decide_at_once_decide_once(server) {
        let (scene, mut phone) = in_review(&server).await;
        let _ = review(&server, &scene, "approve", json!({})).await.ok();
        let _ = send(&mut phone, &scene.submission, &[("greeted", "\"no\""), ("helped", "\"well\"")]).await;
        let (one, other) = (server.north.coordinator(), server.north.reviewer());
        let task = task(&server, one).await;
        let (first, second) = tokio::join!(
            decide(&server, one, &task, "adopt", json!({})),
            decide(&server, other, &task, "adopt", json!({})));
        let decided = |answer: Answer| answer.ok()["decided"].as_array().expect("decided").len();
        assert_eq!(decided(first) + decided(second), 2);
        assert_eq!(server_log(&server).await.expect("a log").1.len(), 2);
        let _ = send(&mut phone, &scene.submission, &[("story", "\"Toisin kuin luulin aluksi.\"")]).await;
        assert_eq!(list(&server, one, "").await, Vec::<Value>::new(), "the evaluation is in review again");
        let _ = phone.send(&phone.request(&[b"not an operation".to_vec()])).await;
        let task = list(&server, one, "").await[0]["id"].as_str().expect("an id").to_owned();
        let administrator = server.north.person(haamu_domain::Role::Administrator);
        let (first, second) = tokio::join!(
            decide(&server, one, &task, "discard", json!({"reason": "Rikki"})),
            decide(&server, administrator, &task, "discard", json!({"reason": "Roskaa"})));
        assert_eq!(decided(first) + decided(second), 1);
        assert_eq!(count(&server, "SELECT COUNT(*) FROM set_aside_decision").await, 3);
    }

    async fn the_server_keeps_a_log_of_its_own_that_no_app_can_write(server) {
        let (scene, mut phone) = in_review(&server).await;
        let _ = review(&server, &scene, "approve", json!({})).await.ok();
        let _ = send(&mut phone, &scene.submission, &[("greeted", "\"no\""), ("helped", "\"well\"")]).await;
        let coordinator = server.north.coordinator();
        let task = task(&server, coordinator).await;
        let _ = decide(&server, coordinator, &task, "adopt", json!({})).await.ok();
        let (device, log) = server_log(&server).await.expect("a log");
        let mut head = ChainHead::default();
        for (id, chain, raw) in log {
            let name = haamu_sync::codec::op_id(&raw, device, head.seq + 1);
            head = head.then(name);
            assert_eq!((id, chain), (name.as_bytes().to_vec(), head.chain.as_bytes().to_vec()));
        }
        assert_eq!(head.seq, 2);
        let body = json!({"device": device.to_string(), "public_key": haamu_tests::wire::PUBLIC_KEY,
            "platform": "test", "build": "test/1"});
        let stolen = server.post("/v1/devices", body).by(server.north.shopper()).await.send().await;
        assert_eq!(stolen.problem(403), "device_not_enrolled");
    }

    async fn testimony_that_changes_later_makes_the_value_stale(server) {
        let (scene, mut phone) = in_review(&server).await;
        let _ = review(&server, &scene, "approve", json!({})).await.ok();
        let _ = send(&mut phone, &scene.submission, &[("greeted", "\"no\"")]).await;
        let reviewer = server.north.reviewer();
        let task = task(&server, reviewer).await;
        let _ = decide(&server, reviewer, &task, "adopt", json!({})).await.ok();
        assert!(!codes(&server.evaluation(&scene).await).contains(&"review_stale"));
        assert_eq!(count(&server, "SELECT COUNT(*) FROM register WHERE stale").await, 0);
        assert_eq!(send(&mut phone, &scene.submission, &[("greeted", "\"yes\"")]).await, 0);
        let after = server.evaluation(&scene).await;
        assert!(codes(&after).contains(&"review_stale"));
        assert_eq!(answer_to(&after, "greeted"), "no");
        assert_eq!(count(&server, "SELECT COUNT(*) FROM register WHERE stale").await, 1);
    }

    async fn tasks_are_counted_paged_and_found_by_visit(server) {
        let (scene, mut phone) = in_review(&server).await;
        let _ = review(&server, &scene, "approve", json!({})).await.ok();
        let _ = phone.send(&phone.request(&[b"one".to_vec()])).await;
        server.clock.advance_seconds(60);
        let _ = send(&mut phone, &scene.submission, &[("greeted", "\"no\""), ("helped", "\"well\"")]).await;
        let coordinator = server.north.coordinator();
        let counted = |by| { let server = &server; async move {
            server.get("/v1/set-aside/count").by(by).await.send().await.ok()
        } };
        assert_eq!(counted(coordinator).await, json!({"tasks": 2, "operations": 3}));
        assert_eq!(counted(server.north.reviewer()).await, json!({"tasks": 1, "operations": 2}));
        assert_eq!(counted(server.south.coordinator()).await, json!({"tasks": 0, "operations": 0}));
        let tasks = list(&server, coordinator, "").await;
        assert_eq!((&tasks[0]["disposition"], &tasks[1]["disposition"]), (&json!("late"), &json!("unparseable")));
        let after = format!("?after={}", tasks[0]["id"].as_str().expect("an id"));
        assert_eq!(list(&server, coordinator, &after).await, tasks[1..]);
        let of_visit = format!("?visit={}", scene.visit);
        assert_eq!(list(&server, coordinator, &of_visit).await, tasks[..1]);
        let path = format!("/v1/set-aside{of_visit}");
        assert_eq!(server.get(&path).by(server.south.coordinator()).await.send().await.problem(404), "not_found");
        let unknown = server.get("/v1/set-aside?disposition=lost").by(coordinator).await.send().await;
        assert_eq!(unknown.issues(422), ["disposition unknown_value"]);
        let task = tasks[0]["id"].as_str().expect("an id");
        let second = server.get(&format!("/v1/set-aside/{task}?skip=1")).by(coordinator).await.send().await.ok();
        assert_eq!(second["items"].as_array().expect("items").len(), 1);
    }
}
