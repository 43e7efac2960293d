//! What changes about rounds, programmes and visits do to what was promised, agreed and made before.

use axum::http::Method;
use haamu_tests::agency::{ProgrammeOptions, small_checklist};
use haamu_tests::{WireDevice, both_dbs};
use serde_json::{Value, json};

use crate::filling::{Field, text};
use crate::offers::told;
use crate::set_aside;

const HOUR: i64 = 3_600;

/// The rules of these tests.
fn free() -> Value {
    json!({"rotation_days": 0, "location_visits_per_day": 99})
}

impl Field<'_> {
    async fn change_round(&self, body: Value) -> haamu_tests::Answer {
        let path = format!("/v1/rounds/{}", self.round);
        self.send(Method::PATCH, &path, &body, self.server.north.coordinator())
            .await
    }

    async fn due_on(&self, visit: &str) -> Value {
        let path = format!("/v1/visits/{visit}");
        let read = self.get(&path, self.server.north.coordinator()).await.ok();
        read["assignment"]["due_on"].clone()
    }
}

/// The small checklist with a question for the round that is called so.
fn checklist_of(round: &str) -> Value {
    let mut document = small_checklist();
    document["format_minor"] = json!(1);
    let text = json!({"fi": "Oliko kampanja esillä?", "en": "Was the campaign on show?"});
    let question = json!({"id": "campaign", "type": "yes_no", "perspective": "environment", "touchpoint": "door",
        "points": "10", "show_if": {"context": "round", "op": "equals", "value": round}, "text": text});
    let questions = document["sections"][0]["questions"].as_array_mut();
    questions.expect("questions").push(question);
    document
}

both_dbs! {
    async fn what_a_round_is_called_later_changes_no_evaluation(server) {
        let scene = server.plan_with(&server.north, ProgrammeOptions::default(), &checklist_of("Kierros")).await;
        server.accept(&scene).await;
        let mut device = server.device(server.north.shopper()).await;
        device.answer("campaign", "\"no\"").await;
        device.evaluate().await;
        device.sync().await;
        server.run_jobs().await;
        let before = server.evaluation(&scene).await["score"].clone();
        let path = format!("/v1/rounds/{}", scene.round);
        let renamed = server.request(Method::PATCH, &path).json(&json!({"name": "Syksy"}));
        let _ = renamed.by(server.north.coordinator()).await.send().await.ok();
        assert_eq!(server.evaluation(&scene).await["score"], before);
        for verb in ["approve", "release"] {
            let path = format!("/v1/visits/{}/{verb}", scene.visit);
            let _ = server.post(&path, json!({})).by(server.north.reviewer()).await.send().await.ok();
        }
        let report = server.read(&format!("/v1/visit-reports/{}", scene.visit), server.north.manager()).await;
        assert!(report["losses"].to_string().contains("campaign"), "{}", report["losses"]);
    }

    async fn work_that_came_late_is_judged_by_the_name_that_its_round_had(server) {
        let scene = server.plan_with(&server.north, ProgrammeOptions::default(), &checklist_of("Kierros")).await;
        server.accept(&scene).await;
        let mut device = server.device(server.north.shopper()).await;
        device.answer("campaign", "\"yes\"").await;
        device.evaluate().await;
        device.sync().await;
        server.run_jobs().await;
        let reviewer = server.north.reviewer();
        let approve = server.post(&format!("/v1/visits/{}/approve", scene.visit), json!({}));
        let _ = approve.by(reviewer).await.send().await.ok();
        let rename = server.request(Method::PATCH, &format!("/v1/rounds/{}", scene.round)).json(&json!({"name": "Syksy"}));
        let _ = rename.by(server.north.coordinator()).await.send().await.ok();
        let mut phone = WireDevice::enrol(&server, server.north.shopper()).await;
        assert_eq!(set_aside::send(&mut phone, &scene.submission, &[("campaign", "\"no\"")]).await, 1);
        let task = set_aside::task(&server, reviewer).await;
        let _ = set_aside::decide(&server, reviewer, &task, "adopt", json!({})).await.ok();
        let decided = set_aside::operations(&server, reviewer, &task).await;
        assert_eq!(decided[0]["decision"]["outcome"], "adopted");
    }

    async fn what_was_promised_can_be_accepted_whatever_becomes_of_its_scenario(server) {
        let field = Field::open(&server, free()).await;
        let (shopper, coordinator) = (server.north.shopper(), server.north.coordinator());
        let body = json!({"name": "Lahja", "scenario": {"persona": "Setä", "script": "Kysy.", "difficulty": 2}});
        let path = format!("/v1/programmes/{}/scenarios", field.programme);
        let scenario = text(&field.post(&path, body).await.created()["id"]);
        let path = format!("/v1/scenarios/{scenario}");
        let ticks = json!({"ethics": {"realistic": true, "reliable": true, "ethical": true, "practical": true,
            "safe": true, "objective": true, "lawful": true}});
        let _ = field.send(Method::PATCH, &path, &ticks, coordinator).await.ok();
        let (visit, other) = (field.plan(0).await, field.plan(1).await);
        for visit in [&visit, &other] {
            let path = format!("/v1/visits/{visit}/plan");
            let _ = field.send(Method::PATCH, &path, &json!({"scenario": scenario}), coordinator).await.ok();
        }
        let assignment = field.offered(&visit, shopper, Some("2026-11-24")).await;
        let _ = field.send(Method::PATCH, &path, &json!({"retired": true}), coordinator).await.ok();
        field.accept(&assignment, shopper).await;
        let moved = field.send(Method::POST, &format!("/v1/assignments/{assignment}/reschedule"), &json!({"due_on": "2026-11-25"}), shopper).await;
        let moved = moved.ok();
        let promised = moved["scenario"]["revision"].clone();
        assert_eq!(moved["scenario"]["name"], "Lahja");
        let refused = field.offer(&other, shopper, Some("2026-11-24")).await;
        assert_eq!(refused.problem(409), "not_possible_in_state", "nobody gets it anew");
        // The whole plan again, as a form sends it, is no other promise.
        let again = json!({"scenario": scenario, "external_id": "A-1"});
        let sent = field.send(Method::PATCH, &format!("/v1/visits/{visit}/plan"), &again, coordinator).await;
        assert_eq!(sent.ok()["external_id"], "A-1");
        let path = format!("/v1/assignments/{assignment}/reschedule");
        let moved = field.send(Method::POST, &path, &json!({"due_on": "2026-11-26"}), shopper).await.ok();
        assert_eq!((&moved["scenario"]["name"], &moved["scenario"]["revision"]), (&json!("Lahja"), &promised));
    }

    async fn a_day_that_nobody_named_moves_with_its_round(server) {
        let field = Field::open(&server, free()).await;
        let shopper = server.north.shopper();
        let (unnamed, named) = (field.plan(0).await, field.plan(1).await);
        let assignment = field.offered(&unnamed, shopper, None).await;
        field.accept(&assignment, shopper).await;
        let _ = field.offered(&named, &server.north.other_shopper, Some("2026-11-26")).await;
        assert_eq!(field.due_on(&unnamed).await, "2026-11-29", "it counts on the last day");
        let _ = field.change_round(json!({"visit_by": "2026-11-27"})).await.ok();
        assert_eq!((field.due_on(&unnamed).await, field.due_on(&named).await), (json!("2026-11-27"), json!("2026-11-26")));
        assert_eq!(field.change_round(json!({"visit_by": "2026-11-25"})).await.issues(422), ["visit_by day_agreed"]);
        // Nor does it keep the visit from having days of its own.
        let path = format!("/v1/visits/{unnamed}/plan");
        let _ = field.send(Method::PATCH, &path, &json!({"visit_by": "2026-11-23"}), server.north.coordinator()).await.ok();
        assert_eq!(field.due_on(&unnamed).await, "2026-11-23");
    }

    async fn a_day_that_nobody_named_stays_the_last_of_a_longer_round(server) {
        let field = Field::open(&server, free()).await;
        let shopper = server.north.shopper();
        let (unnamed, declined) = (field.plan(0).await, field.plan(1).await);
        let assignment = field.offered(&unnamed, shopper, None).await;
        field.accept(&assignment, shopper).await;
        let gone = field.offered(&declined, shopper, None).await;
        let path = format!("/v1/assignments/{gone}/decline");
        assert_eq!(field.send(Method::POST, &path, &json!({"reason": "En ehdi."}), shopper).await.status, 204);
        let _ = field.change_round(json!({"visit_by": "2026-12-02", "report_by": "2026-12-04"})).await.ok();
        assert_eq!(field.due_on(&unnamed).await, "2026-12-02");
        let ended = field.get(&format!("/v1/visits/{declined}/assignments"), server.north.coordinator()).await.ok();
        assert_eq!(ended["items"][0]["terms"]["due_on"], "2026-11-29", "what is over stays as it was");
    }

    async fn whoever_names_the_day_on_which_a_visit_counts_has_agreed_on_it(server) {
        let field = Field::open(&server, free()).await;
        let shopper = server.north.shopper();
        let (extended, offered) = (field.plan(0).await, field.plan(1).await);
        let assignment = field.offered(&extended, shopper, None).await;
        field.accept(&assignment, shopper).await;
        let more = json!({"visit_by": "2026-11-30", "due_on": "2026-11-29", "reason": "Lumimyrsky."});
        let _ = field.post(&format!("/v1/assignments/{assignment}/extend"), more).await.ok();
        let agreed = field.change_round(json!({"starts_on": "2026-11-30", "visit_by": "2026-11-30"})).await;
        assert_eq!(agreed.issues(422), ["starts_on day_agreed"]);
        let first = field.offered(&offered, &server.north.other_shopper, None).await;
        let same = field.offered(&offered, &server.north.other_shopper, Some("2026-11-29")).await;
        assert_eq!(first, same, "the offer stays");
        assert_eq!(field.change_round(json!({"visit_by": "2026-11-28"})).await.issues(422), ["visit_by day_agreed"]);
    }

    async fn visits_that_were_made_stay_within_their_round(server) {
        let (scene, _device) = server.in_review(ProgrammeOptions::default()).await;
        let change = async |body: Value| {
            let call = server.request(Method::PATCH, &format!("/v1/rounds/{}", scene.round)).json(&body);
            call.by(server.north.coordinator()).await.send().await
        };
        // It was made on 20 November, and handed in on the same day.
        assert_eq!(change(json!({"starts_on": "2026-11-21"})).await.issues(422), ["starts_on day_made"]);
        let early = json!({"visit_by": "2026-11-19", "report_by": "2026-11-19"});
        assert_eq!(change(early).await.issues(422), ["visit_by day_made", "report_by day_made"]);
        let _ = change(json!({"visit_by": "2026-11-20", "report_by": "2026-11-20"})).await.ok();
        let read = server.read(&format!("/v1/visits/{}", scene.visit), server.north.coordinator()).await;
        assert_eq!(read["report"]["late"], false);
        // So they do when the client has seen them.
        for verb in ["approve", "release"] {
            let call = server.post(&format!("/v1/visits/{}/{verb}", scene.visit), json!({}));
            let _ = call.by(server.north.reviewer()).await.send().await.ok();
        }
        let early = json!({"visit_by": "2026-11-19", "report_by": "2026-11-19"});
        assert_eq!(change(early).await.issues(422), ["visit_by day_made", "report_by day_made"]);
    }

    async fn more_time_for_a_visit_is_more_time_to_answer(server) {
        let field = Field::open(&server, json!({"rotation_days": 0, "location_visits_per_day": 99, "respond_hours": 240})).await;
        let shopper = server.north.shopper();
        let visit = field.plan(0).await;
        let plan = json!({"visit_by": "2026-11-21"});
        let _ = field.send(Method::PATCH, &format!("/v1/visits/{visit}/plan"), &plan, server.north.coordinator()).await.ok();
        let assignment = field.offered(&visit, shopper, None).await;
        let more = json!({"visit_by": "2026-11-28", "reason": "Lumimyrsky."});
        let _ = field.post(&format!("/v1/assignments/{assignment}/extend"), more).await.ok();
        // The days that it had at first are over.
        server.clock.advance_seconds(48 * HOUR);
        server.run_jobs().await;
        server.forget_tokens();
        assert_eq!(field.state(&visit).await, "planned assigned");
        server.clock.advance_seconds(9 * 24 * HOUR);
        server.run_jobs().await;
        server.forget_tokens();
        assert_eq!(field.state(&visit).await, "planned free", "the job has looked again");
    }

    async fn whoever_accepts_at_once_hears_that_it_is_called_off(server) {
        let field = Field::open(&server, free()).await;
        let shopper = server.north.shopper();
        let (accepted, unanswered) = (field.plan(0).await, field.plan(1).await);
        let assignment = field.offered(&accepted, shopper, None).await;
        let _ = field.offered(&unanswered, shopper, None).await;
        field.accept(&assignment, shopper).await;
        for visit in [&accepted, &unanswered] {
            let _ = field.post(&format!("/v1/visits/{visit}/cancel"), json!({"reason": "Ei tarvita."})).await.ok();
        }
        let said = told(&server, shopper).await.expect("a mail");
        assert!(said.contains("Paikka 0") && !said.contains("Paikka 1"), "{said}");
    }

    async fn an_applicant_hears_nothing_of_an_offer_that_is_gone_again(server) {
        let field = Field::open(&server, free()).await;
        let shopper = server.north.shopper();
        let visit = field.plan(0).await;
        field.post_all(json!("apply")).await;
        field.apply_for(&visit, "2026-11-21", shopper).await;
        let _ = field.offered(&visit, shopper, None).await;
        let path = format!("/v1/visits/{visit}/withdraw");
        let _ = field.post(&path, json!({"reason": "Ei tarvita."})).await.ok();
        assert_eq!(told(&server, shopper).await, None);
    }

    async fn whoever_has_begun_at_once_hears_that_it_is_taken_back(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let mut device = server.device(server.north.shopper()).await;
        device.answer("greeted", "\"yes\"").await;
        device.sync().await;
        let path = format!("/v1/visits/{}/withdraw", scene.visit);
        let withdraw = server.post(&path, json!({"reason": "Ei tarvita."}));
        let _ = withdraw.by(server.north.coordinator()).await.send().await.ok();
        let said = told(&server, server.north.shopper()).await.expect("a mail");
        assert!(said.contains("Myymälä Kallio"), "{said}");
    }

    async fn plans_are_not_proposed_for_a_round_that_is_called_off(server) {
        let field = Field::open(&server, free()).await;
        let _ = field.plan(0).await;
        let _ = field.post(&format!("/v1/rounds/{}/cancel", field.round), json!({"reason": "Ei tarvita."})).await.ok();
        let refused = field.post(&format!("/v1/rounds/{}/proposals", field.round), json!({})).await;
        assert_eq!(refused.problem(409), "not_possible_in_state");
        let put = field.send(Method::PUT, &format!("/v1/rounds/{}/quotas", field.round), &json!({"week": {"1": 5}}), server.north.coordinator()).await;
        assert_eq!(put.problem(409), "not_possible_in_state");
    }
}
