//! What keeps an evaluation from being approved or released.

use haamu_tests::agency::{ProgrammeOptions, Scene};
use haamu_tests::device::TestDevice;
use haamu_tests::{Answer, TestServer, both_dbs};
use serde_json::{Value, json};

async fn review(server: &TestServer, scene: &Scene, verb: &str, body: Value) -> Answer {
    let path = format!("/v1/visits/{}/{verb}", scene.visit);
    server
        .post(&path, body)
        .by(server.north.reviewer())
        .await
        .send()
        .await
}

/// A visit on which the shopper was insulted, in review.
async fn insulted(server: &TestServer) -> (Scene, TestDevice) {
    let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
    let mut device = server.device(server.north.shopper()).await;
    for (question, answer) in haamu_tests::agency::small_answers() {
        device
            .answer(question, if question == "insulted" { "\"yes\"" } else { answer })
            .await;
    }
    device.submit().await;
    device.sync().await;
    server.run_jobs().await;
    (scene, device)
}

both_dbs! {
    async fn a_critical_answer_is_confirmed_before_release(server) {
        let (scene, _) = insulted(&server).await;
        let path = format!("/v1/visits/{}/evaluation", scene.visit);
        let read = server.get(&path).by(server.north.reviewer()).await.send().await.ok();
        assert_eq!(read["triggers"], json!([{"question": "insulted", "confirmed": false}]));
        let unknown = json!({"question": "greeted", "evidence": "Kuvaus"});
        assert_eq!(review(&server, &scene, "critical-confirmations", unknown).await.problem(404), "not_found");
        let empty = json!({"question": "insulted", "evidence": " "});
        assert_eq!(review(&server, &scene, "critical-confirmations", empty).await.issues(422), ["evidence required"]);
        let _ = review(&server, &scene, "approve", json!({})).await.ok();
        assert_eq!(review(&server, &scene, "release", Value::Null).await.problem(409), "critical_unconfirmed");
        let confirm = json!({"question": "insulted", "evidence": "Kuvaus täsmää"});
        let _ = review(&server, &scene, "critical-confirmations", confirm).await.ok();
        let _ = review(&server, &scene, "release", Value::Null).await.ok();
        let path = format!("/v1/visit-reports/{}", scene.visit);
        let report = server.get(&path).by(server.north.manager()).await.send().await.ok();
        assert_eq!(report["score"]["display"], "40.0");
        assert_eq!(report["critical"][0]["question"], "insulted");
    }

    async fn nothing_is_approved_before_it_is_handed_in(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        assert_eq!(review(&server, &scene, "approve", json!({})).await.problem(404), "not_found");
        let mut device = server.device(server.north.shopper()).await;
        device.answer("greeted", "\"yes\"").await;
        device.sync().await;
        for verb in ["approve", "release", "return"] {
            let body = if verb == "return" { json!({"reason": "Tarkenna"}) } else { json!({}) };
            assert_eq!(review(&server, &scene, verb, body).await.problem(409), "not_possible_in_state", "{verb}");
        }
    }

    async fn an_approval_is_made_once(server) {
        let (scene, _) = server.in_review(ProgrammeOptions::default()).await;
        assert_eq!(review(&server, &scene, "release", Value::Null).await.problem(409), "not_possible_in_state");
        let _ = review(&server, &scene, "approve", json!({})).await.ok();
        assert_eq!(review(&server, &scene, "approve", json!({})).await.problem(409), "not_possible_in_state");
        let _ = review(&server, &scene, "release", Value::Null).await.ok();
        assert_eq!(review(&server, &scene, "return", json!({"reason": "Myöhäistä"})).await.problem(409), "not_possible_in_state");
    }

    async fn release_waits_for_the_delay(server) {
        let options = ProgrammeOptions { release_delay_hours: 48, ..ProgrammeOptions::default() };
        let (scene, _) = server.in_review(options).await;
        let _ = review(&server, &scene, "approve", json!({})).await.ok();
        assert_eq!(review(&server, &scene, "release", Value::Null).await.problem(409), "release_too_early");
        let path = format!("/v1/visit-reports/{}", scene.visit);
        let hidden = server.get(&path).by(server.north.manager()).await.send().await;
        assert_eq!(hidden.problem(404), "not_found");
        server.clock.advance_seconds(49 * 3_600);
        server.forget_tokens();
        let _ = review(&server, &scene, "release", Value::Null).await.ok();
        let _ = server.get(&path).by(server.north.manager()).await.send().await.ok();
    }

    async fn photos_on_their_way_hold_the_approval_up(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let mut device = server.device(server.north.shopper()).await;
        device.evaluate().await;
        device.lose_files();
        let _ = device.client.sync(|_| {}).await.expect("storage works");
        server.run_jobs().await;
        assert_eq!(review(&server, &scene, "approve", json!({})).await.problem(409), "photos_missing");
        let _ = review(&server, &scene, "approve", json!({"accept_incomplete": true})).await.ok();
        let _ = review(&server, &scene, "release", Value::Null).await.ok();
        let path = format!("/v1/visit-reports/{}", scene.visit);
        let report = server.get(&path).by(server.north.manager()).await.send().await.ok();
        assert_eq!(report["photos"], json!([]));
    }

    async fn an_evaluation_that_still_waits_can_be_sent_back(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let mut device = server.device(server.north.shopper()).await;
        device.evaluate().await;
        device.lose_files();
        let _ = device.client.sync(|_| {}).await.expect("storage works");
        let _ = review(&server, &scene, "return", json!({"reason": "Kuva puuttuu"})).await.ok();
        assert_eq!(server.state(&scene).await, "returned");
    }

    async fn what_is_approved_is_scored_even_before_the_job_ran(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let mut device = server.device(server.north.shopper()).await;
        for (question, answer) in haamu_tests::agency::small_answers() {
            device.answer(question, if question == "insulted" { "\"yes\"" } else { answer }).await;
        }
        device.submit().await;
        device.sync().await;
        let approved = review(&server, &scene, "approve", json!({})).await.ok();
        assert_eq!(approved["score"]["number"], 1);
        assert_eq!(approved["visited_at"], "2026-11-20T11:37:00Z");
        assert_eq!(review(&server, &scene, "release", Value::Null).await.problem(409), "critical_unconfirmed");
        server.run_jobs().await;
        let confirm = json!({"question": "insulted", "evidence": "Kuvaus täsmää"});
        let _ = review(&server, &scene, "critical-confirmations", confirm).await.ok();
        let _ = review(&server, &scene, "release", Value::Null).await.ok();
        let path = format!("/v1/visit-reports/{}", scene.visit);
        let _ = server.get(&path).by(server.north.manager()).await.send().await.ok();
    }

    async fn nobody_approves_what_they_have_not_seen(server) {
        let (scene, mut device) = server.in_review(ProgrammeOptions::default()).await;
        let path = format!("/v1/visits/{}/evaluation", scene.visit);
        let seen = server.get(&path).by(server.north.reviewer()).await.send().await.ok();
        let seen = json!({"based_on": seen["score"]["number"]});
        device.answer("helped", "\"not\"").await;
        device.sync().await;
        assert_eq!(review(&server, &scene, "approve", seen).await.problem(409), "conflict");
        server.run_jobs().await;
        let _ = review(&server, &scene, "approve", json!({"based_on": 2})).await.ok();
    }

    async fn another_answer_is_confirmed_anew(server) {
        let (scene, mut device) = insulted(&server).await;
        let confirm = json!({"question": "insulted", "evidence": "Kuvaus täsmää"});
        let confirmed = review(&server, &scene, "critical-confirmations", confirm).await.ok();
        assert_eq!(confirmed["triggers"][0]["confirmed"], true);
        for answer in ["\"no\"", "\"yes\""] {
            device.answer("insulted", answer).await;
            device.sync().await;
            server.run_jobs().await;
        }
        let path = format!("/v1/visits/{}/evaluation", scene.visit);
        let read = server.get(&path).by(server.north.reviewer()).await.send().await.ok();
        assert_eq!(read["triggers"], json!([{"question": "insulted", "confirmed": true}]), "the same answer as before");
    }

    async fn a_reviewer_sees_the_photos(server) {
        let (scene, _) = server.in_review(ProgrammeOptions::default()).await;
        let path = format!("/v1/visits/{}/evaluation", scene.visit);
        let read = server.get(&path).by(server.north.reviewer()).await.send().await.ok();
        let answers = read["answers"].as_array().expect("answers");
        let file = answers.iter().find_map(|answer| answer["files"][0]["sha256"].as_str()).expect("a file");
        let photo = server.get(&format!("{path}/photos/{file}")).by(server.north.reviewer()).await.send().await;
        assert_eq!(photo.header("content-type"), Some("image/jpeg"));
        assert!(photo.body.starts_with(&[0xff, 0xd8, 0xff]));
        let other = "0".repeat(64);
        let none = server.get(&format!("{path}/photos/{other}")).by(server.north.reviewer()).await.send().await;
        assert_eq!(none.problem(404), "not_found");
    }

    async fn an_impossible_time_of_the_visit_is_not_taken(server) {
        for arrived in ["\"2062-11-20T13:37\"", "\"1999-11-20T13:37\""] {
            let scene = server.plan_again(&server.north).await;
            server.accept(&scene).await;
            let mut device = server.device(server.north.shopper()).await;
            let place = device.client.visits().iter().position(|visit| visit.brief.visit.to_string() == scene.visit);
            let open = device.open_at(place.expect("a visit"));
            for (question, answer) in haamu_tests::agency::small_answers() {
                let answer = if question == "arrived" { arrived } else { answer };
                let _ = device.client.answer(&open, question, answer).await.expect("saved");
            }
            let open = device.open_at(place.expect("a visit"));
            let _ = device.client.submit(&open, "main", false).await.expect("handed in");
            device.sync().await;
            server.run_jobs().await;
            let path = format!("/v1/visits/{}/evaluation", scene.visit);
            let read = server.get(&path).by(server.north.reviewer()).await.send().await.ok();
            assert_eq!(read["visited_at"], "2026-11-20T12:00:00Z");
            assert_eq!(read["findings"][0]["code"], "visit_time_implausible");
        }
    }

    async fn a_conflict_goes_back_to_the_shopper(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let mut phone = server.device(server.north.shopper()).await;
        let mut tablet = server.device(server.north.shopper()).await;
        phone.evaluate().await;
        tablet.answer("helped", "\"not\"").await;
        phone.sync().await;
        tablet.sync().await;
        phone.sync().await;
        server.run_jobs().await;
        let path = format!("/v1/visits/{}/evaluation", scene.visit);
        let read = server.get(&path).by(server.north.reviewer()).await.send().await.ok();
        assert_eq!(read["conflicts"], json!(["helped"]));
        assert_eq!(review(&server, &scene, "approve", json!({})).await.problem(409), "conflict_unresolved");
        let _ = review(&server, &scene, "return", json!({"reason": "Kumpi?"})).await.ok();
        phone.sync().await;
        phone.answer("helped", "\"some\"").await;
        phone.submit().await;
        phone.sync().await;
        server.run_jobs().await;
        let read = server.get(&path).by(server.north.reviewer()).await.send().await.ok();
        assert_eq!((&read["conflicts"], &read["cycle"]), (&json!([]), &json!(1)));
        let _ = review(&server, &scene, "approve", json!({})).await.ok();
    }
}
