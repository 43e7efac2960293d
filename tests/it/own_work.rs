//! Nobody decides about their own evaluation, whatever they have become since.

use axum::http::Method;
use haamu_domain::{Role, SubmissionId};
use haamu_tests::agency::{ProgrammeOptions, Scene};
use haamu_tests::{Person, TestServer, WireDevice, both_dbs};
use serde_json::{Value, json};

/// Somebody becomes something else in the north.
async fn become_a(server: &TestServer, person: &Person, role: &str) {
    server.prove_address(person).await;
    let path = format!("/v1/users/{}/role", person.id);
    let call = server
        .request(Method::PUT, &path)
        .json(&json!({ "role": role }))
        .by(server.north.person(Role::Administrator))
        .await;
    let _ = call.send().await.ok();
    server.forget_tokens();
}

/// What each decision of a review is refused with.
async fn refusals(server: &TestServer, scene: &Scene, by: &Person) -> Vec<String> {
    let decisions = [
        ("approve", json!({"accept_incomplete": true})),
        ("return", json!({"reason": "Tarkenna"})),
        ("release", Value::Null),
        (
            "critical-confirmations",
            json!({"question": "insulted", "evidence": "Kuvaus"}),
        ),
    ];
    let mut refusals = Vec::new();
    for (verb, body) in decisions {
        let path = format!("/v1/visits/{}/{verb}", scene.visit);
        refusals.push(server.post(&path, body).by(by).await.send().await.problem(403));
    }
    refusals
}

async fn release(server: &TestServer, scene: &Scene, by: &Person) {
    for verb in ["approve", "release"] {
        let path = format!("/v1/visits/{}/{verb}", scene.visit);
        let _ = server.post(&path, json!({})).by(by).await.send().await.ok();
    }
}

both_dbs! {
    async fn a_shopper_who_became_a_reviewer_leaves_their_own_visits_to_others(server) {
        let (scene, _) = server.in_review(ProgrammeOptions::default()).await;
        let shopper = server.north.shopper();
        become_a(&server, shopper, "reviewer").await;
        assert_eq!(refusals(&server, &scene, shopper).await, ["own_work"; 4]);
        assert_eq!(server.state(&scene).await, "in_review");
        release(&server, &scene, server.north.reviewer()).await;
        assert_eq!(server.state(&scene).await, "released");
    }

    async fn whoever_came_along_leaves_the_visit_to_others(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let (shopper, other) = (server.north.shopper(), &server.north.other_shopper);
        let companion = json!({"name": "Seuralainen", "user": other.id});
        let companion = server.post("/v1/me/companions", companion).by(shopper).await.send().await.created();
        let path = format!("/v1/assignments/{}/accept", scene.assignment);
        let accept = json!({"independent": true, "companion": companion["id"]});
        let _ = server.post(&path, accept).by(shopper).await.send().await.ok();
        let mut device = server.device(shopper).await;
        device.evaluate().await;
        device.sync().await;
        server.run_jobs().await;
        // Taking a companion off the list does not undo that they were there.
        let path = format!("/v1/me/companions/{}", companion["id"].as_str().expect("an id"));
        let _ = server.request(Method::DELETE, &path).by(shopper).await.send().await;
        become_a(&server, other, "reviewer").await;
        assert_eq!(refusals(&server, &scene, other).await, ["own_work"; 4]);
        release(&server, &scene, server.north.reviewer()).await;
    }

    async fn nobody_decides_about_their_own_late_work(server) {
        let (scene, _) = server.in_review(ProgrammeOptions::default()).await;
        let shopper = server.north.shopper();
        let approve = format!("/v1/visits/{}/approve", scene.visit);
        let _ = server.post(&approve, json!({})).by(server.north.reviewer()).await.send().await.ok();
        let mut phone = WireDevice::enrol(&server, shopper).await;
        let document = SubmissionId::from_uuid(scene.submission.parse().expect("an id")).document();
        let late = phone.op(1, document, "greeted", "\"no\"");
        let sent = phone.request(&[late]);
        assert_eq!(phone.send(&sent).await.exceptions.len(), 1);
        become_a(&server, shopper, "reviewer").await;
        let task = server.list("/v1/set-aside", shopper).await.remove(0);
        let path = |verb: &str| format!("/v1/set-aside/{}/{verb}", task["id"].as_str().expect("an id"));
        let adopt = server.post(&path("adopt"), json!({})).by(shopper).await.send().await;
        assert_eq!(adopt.problem(403), "own_work");
        let discard = json!({"reason": "Turha"});
        let own = server.post(&path("discard"), discard).by(shopper).await.send().await;
        assert_eq!(own.problem(403), "own_work");
        assert_eq!(server.state(&scene).await, "approved");
        let _ = server.post(&path("adopt"), json!({})).by(server.north.reviewer()).await.send().await.ok();
        assert_eq!(server.state(&scene).await, "in_review");
    }
}
