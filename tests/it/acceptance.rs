//! Accepting an offer: with a declaration of independence, under all rules as they are then.

use axum::http::Method;
use haamu_domain::Role;
use haamu_tests::agency::{Person, ProgrammeOptions};
use haamu_tests::{Answer, both_dbs};
use serde_json::{Value, json};

use crate::filling::{Field, job, refused, text};

impl Field<'_> {
    async fn accept_with(&self, assignment: &str, shopper: &Person, body: Value) -> Answer {
        let path = format!("/v1/assignments/{assignment}/accept");
        self.send(Method::POST, &path, &body, shopper).await
    }
}

fn free() -> Value {
    json!({"rotation_days": 0, "location_visits_per_day": 99})
}

both_dbs! {
    async fn nobody_accepts_without_declaring_independence(server) {
        let field = Field::open(&server, free()).await;
        let shopper = server.north.shopper();
        let visit = field.plan(0).await;
        let assignment = field.offered(&visit, shopper, None).await;
        for body in [json!({}), json!({"independent": false}), json!({"due_on": "2026-11-21"}), Value::Null] {
            assert_eq!(field.accept_with(&assignment, shopper, body).await.issues(422), ["independent required"]);
        }
        assert_eq!(field.state(&visit).await, "planned assigned");
        field.accept(&assignment, shopper).await;
        // Whoever asked for a visit has declared it then.
        let wanted = field.plan(1).await;
        field.post_all(json!("apply")).await;
        let path = format!("/v1/jobs/{wanted}/application");
        assert_eq!(field.send(Method::PUT, &path, &job("2026-11-21"), shopper).await.status, 204);
        let assignment = field.offered(&wanted, shopper, None).await;
        let brief = field.accept_with(&assignment, shopper, json!({})).await.ok();
        assert_eq!((&brief["state"], &brief["due_on"]), (&json!("accepted"), &json!("2026-11-21")));
    }

    async fn rules_are_judged_once_more_when_an_offer_is_accepted(server) {
        let field = Field::open(&server, free()).await;
        let (shopper, other) = (server.north.shopper(), &server.north.other_shopper);
        let mut offers = Vec::new();
        for place in [0, 1, 2] {
            offers.push(field.offered(&field.plan(place).await, shopper, None).await);
        }
        let accept = async |which: usize| field.accept_with(&offers[which], shopper, json!({"independent": true})).await;
        let tie = json!({"client_organisation": server.north.client.uuid(), "location": field.locations[0], "reason": "Sisko."});
        let _ = field.send(Method::POST, "/v1/me/ties", &tie, shopper).await.created();
        assert_eq!(refused(accept(0).await), ["not_independent"]);
        let profile = format!("/v1/shoppers/{}/profile", shopper.id);
        let active = async |is_active: bool| {
            let body = json!({"active": is_active});
            let _ = field.send(Method::PATCH, &profile, &body, server.north.coordinator()).await.ok();
        };
        active(false).await;
        assert_eq!(refused(accept(1).await), ["not_active"]);
        active(true).await;
        let texts = json!({"texts": {"fi": "Uudet ehdot.", "sv": "Nya villkor.", "en": "New terms."}});
        let _ = field.post("/v1/shopper-agreements", texts).await.created();
        assert_eq!(refused(accept(1).await), ["agreement_missing"]);
        // What is refused is still offered, and others' offers are not touched.
        let found = field.get("/v1/visits", server.north.coordinator()).await.ok();
        let states: Vec<_> = found["items"].as_array().expect("items").iter().map(|item| text(&item["assignment"]["state"])).collect();
        assert_eq!(states, ["assigned"; 3]);
        let _ = other;
    }

    async fn an_offer_is_over_when_the_days_of_its_visit_are(server) {
        let field = Field::open(&server, json!({"rotation_days": 0, "location_visits_per_day": 99, "respond_hours": 1000})).await;
        let shopper = server.north.shopper();
        let visit = field.plan(0).await;
        let plan = json!({"visit_by": "2026-11-20"});
        let path = format!("/v1/visits/{visit}/plan");
        let _ = field.send(Method::PATCH, &path, &plan, server.north.coordinator()).await.ok();
        let assignment = field.offered(&visit, shopper, None).await;
        // Six in the morning in Helsinki, when the night of the day ends, is sixteen hours away.
        server.clock.advance_seconds(16 * 3_600 - 1);
        server.run_jobs().await;
        server.forget_tokens();
        assert_eq!(field.state(&visit).await, "planned assigned");
        server.clock.advance_seconds(1);
        server.forget_tokens();
        let late = field.accept_with(&assignment, shopper, json!({"independent": true})).await;
        assert_eq!(late.problem(409), "not_possible_in_state");
        server.run_jobs().await;
        assert_eq!(field.state(&visit).await, "planned free");
    }

    async fn a_day_that_was_offered_is_judged_when_it_is_accepted(server) {
        let field = Field::open(&server, free()).await;
        let shopper = server.north.shopper();
        let assignment = field.offered(&field.plan(0).await, shopper, Some("2026-11-21")).await;
        server.clock.advance_seconds(40 * 3_600);
        server.forget_tokens();
        let late = field.accept_with(&assignment, shopper, json!({"independent": true})).await;
        assert_eq!(refused(late), ["day_over 2026-11-22"]);
        let brief = field.accept_with(&assignment, shopper, job("2026-11-24")).await.ok();
        assert_eq!(brief["due_on"], "2026-11-24");
    }

    async fn work_without_a_declaration_is_kept_and_the_reviewer_is_told(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let shopper = server.north.shopper();
        let mut device = server.device(shopper).await;
        device.answer("greeted", "\"yes\"").await;
        device.sync().await;
        let codes = async || {
            let read = server.evaluation(&scene).await;
            let findings = read["findings"].as_array().cloned().expect("findings");
            let codes: Vec<_> = findings.iter().map(|finding| text(&finding["code"])).collect();
            assert_eq!(read["answers"].as_array().expect("answers").iter().filter(|answer| answer["value"] == "yes").count(), 1);
            codes.into_iter().filter(|code| code.contains("independen")).collect::<Vec<_>>()
        };
        assert_eq!(codes().await, ["independence_not_declared"]);
        let path = format!("/v1/assignments/{}/accept", scene.assignment);
        let accept = async |body: Value| server.post(&path, body).by(shopper).await.send().await;
        assert_eq!(accept(json!({})).await.issues(422), ["independent required"]);
        let tie = json!({"client_organisation": server.north.client.uuid(), "location": scene.location, "reason": "Veli."});
        let tie = server.post("/v1/me/ties", tie).by(shopper).await.send().await.created();
        assert_eq!(refused(accept(json!({"independent": true})).await), ["not_independent"]);
        assert_eq!(codes().await, ["independence_not_declared", "not_independent"]);
        let path = format!("/v1/me/ties/{}", text(&tie["id"]));
        assert_eq!(server.request(Method::DELETE, &path).by(shopper).await.send().await.status, 204);
        assert_eq!(accept(job("2026-11-22")).await.problem(409), "not_possible_in_state");
        assert_eq!(accept(json!({"independent": true})).await.ok()["state"], "accepted");
        assert_eq!(codes().await, [""; 0]);
        assert_eq!(accept(json!({"independent": true})).await.problem(409), "not_possible_in_state");
    }

    async fn a_device_accepts_with_the_declaration_of_its_person(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let mut device = server.device(server.north.shopper()).await;
        let visit = device.visit();
        device.client.accept(&visit, None).await.expect("accepted");
        device.sync().await;
        assert_eq!(device.visit().brief.state, haamu_domain::AssignmentState::Accepted);
        assert_eq!(server.state(&scene).await, "accepted");
        let again = device.client.accept(&visit, None).await.expect_err("it is accepted already");
        assert!(again.to_string().contains("cannot be accepted"), "{again}");
        let administrator = server.north.person(Role::Administrator);
        assert_eq!(server.get("/v1/visits").by(administrator).await.send().await.status, 200);
    }
}
