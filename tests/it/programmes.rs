//! Programmes: their documents, scenarios, briefings, certification, and life.

use axum::http::{Method, StatusCode};
use haamu_tests::agency::{Person, ProgrammeOptions, Scene};
use haamu_tests::{Answer, TestServer, both_dbs};
use serde_json::{Value, json};

async fn send(server: &TestServer, method: Method, path: &str, body: &Value, by: &Person) -> Answer {
    server.request(method, path).json(body).by(by).await.send().await
}

async fn get(server: &TestServer, path: &str, by: &Person) -> Answer {
    server.get(path).by(by).await.send().await
}

async fn put(server: &TestServer, path: &str, body: &Value) -> Answer {
    send(server, Method::PUT, path, body, server.north.coordinator()).await
}

async fn post(server: &TestServer, path: &str, body: &Value) -> Answer {
    send(server, Method::POST, path, body, server.north.coordinator()).await
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// A quiz of two questions, of which one fails whoever answers it wrongly.
fn quiz() -> Value {
    let text = |text: &str| json!({"fi": text, "en": text});
    let question = |id: &str, good: &str, shown: &str| {
        json!({"id": id, "type": "yes_no", "perspective": "fact", "touchpoint": "quiz", "required": true, "points": "1",
            "good_answer": good, "text": text(shown)})
    };
    let mut disclose = question("disclose", "no", "May you say who you are?");
    disclose["critical"] = json!({"effect": "visit_fail"});
    json!({
        "format": "haamu-checklist/1", "format_minor": 1, "id": "quiz", "version": 1, "title": text("Quiz"),
        "languages": ["fi", "en"], "default_language": "fi", "channel": "on_site", "visit_kind": "mystery_visit",
        "quiz": {"pass_mark": "50", "attempts": 3},
        "scoring": {"mode": "section_weight", "unanswered": "exclude", "display_decimals": 0, "rounding": "half_up"},
        "touchpoints": [{"id": "quiz", "impact": 1, "phase": "before", "label": text("Quiz")}], "themes": [],
        "sections": [{"id": "rules", "title": text("Rules"), "weight": "100", "questions": [
            disclose,
            question("receipt", "yes", "Do you keep the receipt?"),
            question("photo", "no", "May people be in photos?"),
            question("late", "no", "May you report a week later?")]}]
    })
}

pub(crate) async fn with_quiz(server: &TestServer, scene: &Scene, attempts: u32) -> String {
    let version = server.publish(&server.north, &quiz()).await;
    let path = format!("/v1/programmes/{}/certification", scene.programme);
    let body = json!({"checklist_version": version, "attempts": attempts, "valid_days": 30});
    let _ = put(server, &path, &body).await.ok();
    format!("/v1/programmes/{}/quiz", scene.programme)
}

pub(crate) fn answers(disclose: &str, receipt: &str, photo: &str, late: &str) -> Value {
    json!({"answers": {"disclose": disclose, "receipt": receipt, "photo": photo, "late": late}})
}

both_dbs! {
    async fn documents_are_replaced_as_a_whole_and_never_by_accident(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let path = format!("/v1/programmes/{}/journey", scene.programme);
        let designer = server.north.person(haamu_domain::Role::ProgrammeDesigner);
        let first = get(&server, &path, designer).await;
        assert_eq!(first.header("etag"), Some("\"0\""));
        assert_eq!(first.ok(), json!({"touchpoints": []}));
        let door = json!({"id": "door", "name": "Ovi", "phase": "before", "channel": "in_person"});
        let journey = json!({"touchpoints": [door]});
        let call = server.request(Method::PUT, &path).json(&journey).header("if-match", "\"0\"");
        let written = call.by(designer).await.send().await;
        assert_eq!(written.header("etag"), Some("\"1\""));
        assert_eq!(written.ok(), journey);
        let call = server.request(Method::PUT, &path).json(&json!({"touchpoints": []})).header("if-match", "\"0\"");
        assert_eq!(call.by(server.north.coordinator()).await.send().await.problem(409), "conflict");
        assert_eq!(get(&server, &path, designer).await.ok(), journey);
        let call = server.request(Method::PUT, &path).json(&journey).header("if-match", "soon");
        assert_eq!(call.by(designer).await.send().await.issues(422), ["if-match bad_revision"]);
        let twice = json!({"touchpoints": [door, door]});
        assert_eq!(put(&server, &path, &twice).await.issues(422), ["touchpoints[1].id repeated"]);
        let unknown = json!({"touchpoints": [], "surprise": 1});
        assert_eq!(put(&server, &path, &unknown).await.problem(400), "invalid_request");
    }

    async fn what_nobody_has_written_is_what_the_rules_begin_with_or_is_not_there(server) {
        let coordinator = server.north.coordinator();
        let body = json!({"client_organisation": server.north.client.to_string(), "name": "Uusi", "purpose": "develop_service"});
        let made = server.post("/v1/programmes", body).by(coordinator).await.send().await.created();
        let id = made["id"].as_str().expect("an id");
        let path = |part: &str| format!("/v1/programmes/{id}/{part}");
        let rules = get(&server, &path("field-rules"), coordinator).await.ok();
        assert_eq!((&rules["rotation_days"], &rules["least_age"]), (&json!(90), &json!(18)));
        for part in ["method", "fees", "certification"] {
            assert_eq!(get(&server, &path(part), coordinator).await.problem(404), "not_found", "{part}");
        }
        let fees = json!({"currency": "EUR", "fee_cents": 2500, "minutes": 45});
        let written = put(&server, &path("fees"), &fees).await.ok();
        assert_eq!((&written["fee_cents"], &written["receipt_required"]), (&json!(2500), &json!(true)));
        assert_eq!(get(&server, &path("fees"), coordinator).await.ok(), written);
        let method = json!({"sampling": "kaikki", "fieldwork": "paneeli", "weighting": "ei", "legal_basis": "oikeutettu etu"});
        let written = put(&server, &path("method"), &method).await.ok();
        assert_eq!(get(&server, &path("method"), coordinator).await.ok(), written);
        assert_eq!(put(&server, &path("fees"), &json!({"currency": "euro", "fee_cents": 1, "minutes": 1})).await.issues(422), ["currency bad_currency"]);
    }

    async fn a_scenario_is_used_once_all_of_its_ethics_are_ticked(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let path = format!("/v1/programmes/{}/scenarios", scene.programme);
        let body = json!({"name": "Sukset", "scenario": {"script": "Kysy suksia.", "difficulty": 2, "purchase_cents": 500}});
        let made = post(&server, &path, &body).await.created();
        assert_eq!(made["usable"], false);
        let one = format!("/v1/scenarios/{}", text(&made["id"]));
        let all = json!({"realistic": true, "reliable": true, "ethical": true, "practical": true, "safe": true, "objective": true, "lawful": true});
        let mut most = all.clone();
        most["safe"] = json!(false);
        let coordinator = server.north.coordinator();
        let patch = |body: Value| {
            let (server, one) = (&server, &one);
            async move { send(server, Method::PATCH, one, &body, coordinator).await }
        };
        assert_eq!(patch(json!({"ethics": most})).await.ok()["usable"], false);
        let ticked = patch(json!({"ethics": all})).await.ok();
        assert_eq!(ticked["usable"], true);
        assert_eq!(text(&ticked["ethics_by"]), coordinator.id.to_string());
        let renamed = patch(json!({"name": "Sukset ja sauvat"})).await.ok();
        assert_eq!(renamed["usable"], true, "another name is no other scenario");
        let changed = patch(json!({"scenario": {"script": "Kysy sauvoja.", "difficulty": 2}})).await.ok();
        assert_eq!((&changed["usable"], changed.get("ethics_by")), (&json!(false), None));
        let retired = patch(json!({"ethics": all, "retired": true})).await.ok();
        assert_eq!(retired["usable"], false);
        let stale = server.request(Method::PATCH, &one).json(&json!({"retired": false})).header("if-match", "\"1\"");
        assert_eq!(stale.by(coordinator).await.send().await.problem(409), "conflict");
        assert_eq!(patch(json!({"scenario": {"script": " ", "difficulty": 2}})).await.issues(422), ["script out_of_range"]);
        assert_eq!(get(&server, &path, coordinator).await.ok()["items"].as_array().map(Vec::len), Some(1));
    }

    async fn a_briefing_is_read_in_its_newest_words(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let (shopper, coordinator) = (server.north.shopper(), server.north.coordinator());
        let path = format!("/v1/programmes/{}/briefings", scene.programme);
        let words = |body: &str| json!({"title": "Ennen käyntiä", "language": "fi", "body": body});
        let first = post(&server, &path, &words("Ole ajoissa.")).await.created();
        let receipt = |of: &Value| format!("/v1/briefings/{}/receipt", text(&of["id"]));
        let confirmed = send(&server, Method::PUT, &receipt(&first), &Value::Null, shopper).await;
        assert_eq!(confirmed.status, StatusCode::NO_CONTENT);
        let seen = get(&server, &path, shopper).await.ok();
        assert_eq!((&seen["items"][0]["read"], &seen["items"][0]["version"]), (&json!(true), &json!(1)));
        let second = post(&server, &path, &words("Ole ajoissa ja ystävällinen.")).await.created();
        let seen = get(&server, &path, shopper).await.ok();
        assert_eq!(seen["items"].as_array().map(Vec::len), Some(1), "shoppers see the words in use");
        assert_eq!((&seen["items"][0]["read"], &seen["items"][0]["version"]), (&json!(false), &json!(2)));
        let old = send(&server, Method::PUT, &receipt(&first), &Value::Null, shopper).await;
        assert_eq!(old.problem(404), "not_found", "nobody confirms words that are withdrawn");
        for _ in 0..2 {
            let _ = send(&server, Method::PUT, &receipt(&second), &Value::Null, shopper).await;
            server.clock.advance_seconds(60);
        }
        let receipts = format!("/v1/briefings/{}/receipts", text(&second["id"]));
        let listed = get(&server, &receipts, coordinator).await.ok();
        assert_eq!(listed["items"].as_array().map(Vec::len), Some(1));
        assert_eq!(text(&listed["items"][0]["user"]), shopper.id.to_string());
        assert_eq!(get(&server, &path, coordinator).await.ok()["items"].as_array().map(Vec::len), Some(2));
        assert_eq!(post(&server, &path, &json!({"title": "A", "language": "xx", "body": "B"})).await.issues(422), ["language unknown_value"]);
    }

    async fn a_shopper_sees_only_programmes_that_they_have_to_do_with(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let briefing = json!({"title": "Ennen käyntiä", "language": "fi", "body": "Ole ajoissa."});
        let path = format!("/v1/programmes/{}/briefings", scene.programme);
        let made = post(&server, &path, &briefing).await.created();
        let quiz = with_quiz(&server, &scene, 3).await;
        let other = &server.north.other_shopper;
        let receipt = format!("/v1/briefings/{}/receipt", text(&made["id"]));
        for (method, path) in [(Method::GET, &path), (Method::GET, &quiz), (Method::PUT, &receipt)] {
            let answer = send(&server, method, path, &Value::Null, other).await;
            assert_eq!(answer.problem(404), "not_found", "{path}");
        }
        let tried = send(&server, Method::POST, &format!("{quiz}/attempts"), &answers("no", "yes", "no", "no"), other).await;
        assert_eq!(tried.problem(404), "not_found");
    }

    async fn a_quiz_is_passed_by_who_knows_the_rules(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let quiz = with_quiz(&server, &scene, 3).await;
        let shopper = server.north.shopper();
        let shown = get(&server, &quiz, shopper).await.ok();
        assert_eq!(shown["attempts_left"], 3);
        for secret in ["points", "good_answer", "critical", "pass_mark", "scoring"] {
            assert!(!shown.to_string().contains(secret), "{secret}");
        }
        assert_eq!(shown["document"]["sections"][0]["questions"][0]["id"], "disclose");
        let attempts = format!("{quiz}/attempts");
        let take = |answers: Value| {
            let (server, attempts) = (&server, &attempts);
            async move { send(server, Method::POST, attempts, &answers, shopper).await }
        };
        let half = take(json!({"answers": {"disclose": "no"}})).await;
        assert_eq!(half.issues(422).len(), 3, "an incomplete try does not count");
        let wrong = take(json!({"answers": {"disclose": 7}})).await;
        assert_eq!(wrong.problem(422), "validation_failed");
        let critical = take(answers("yes", "yes", "no", "no")).await.created();
        assert_eq!((&critical["passed"], &critical["attempts_left"]), (&json!(false), &json!(2)));
        let few = take(answers("no", "no", "yes", "yes")).await.created();
        assert_eq!((&few["passed"], &few["result"]), (&json!(false), &json!("25")));
        let passed = take(answers("no", "yes", "no", "yes")).await.created();
        assert_eq!((&passed["passed"], &passed["result"], &passed["attempts_left"]), (&json!(true), &json!("75"), &json!(0)));
        assert!(passed["certified_until"].is_string());
        assert_eq!(take(answers("no", "yes", "no", "no")).await.problem(409), "not_possible_in_state");
        // Passed on 20 November for 30 days: what counts is the day of the visit.
        let rules = json!({"rotation_days": 0, "certification": true});
        let _ = put(&server, &format!("/v1/programmes/{}/field-rules", scene.programme), &rules).await.ok();
        for (day, expected) in [("2026-12-20", json!(null)), ("2026-12-21", json!("until 2026-12-20"))] {
            let path = format!("/v1/visits/{}/eligibility?shopper={}&on={day}", scene.visit, shopper.id);
            let asked = get(&server, &path, server.north.coordinator()).await.ok();
            let obstacles = asked["obstacles"].as_array().cloned().expect("a list");
            let missing = obstacles.iter().find(|one| one["code"] == "certification_missing");
            assert_eq!(missing.map_or(json!(null), |one| one["detail"].clone()), expected, "{day}");
        }
        server.clock.advance_seconds(31 * 86_400);
        server.forget_tokens();
        let later = get(&server, &quiz, shopper).await.ok();
        assert_eq!((later.get("certified_until"), &later["attempts_left"]), (None, &json!(3)), "it is renewed");
    }

    async fn only_a_published_quiz_becomes_a_certification(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let path = format!("/v1/programmes/{}/certification", scene.programme);
        let body = |version: &str| json!({"checklist_version": version, "attempts": 1, "valid_days": 1});
        assert_eq!(put(&server, &path, &body(&scene.version)).await.issues(422), ["checklist_version no_quiz"]);
        assert_eq!(put(&server, &path, &body(&uuid::Uuid::nil().to_string())).await.issues(422), ["checklist_version not_found"]);
        let draft = post(&server, "/v1/checklists", &quiz()).await.created();
        assert_eq!(put(&server, &path, &body(&text(&draft["id"]))).await.problem(409), "checklist_not_published");
        let none = json!({"checklist_version": scene.version, "attempts": 0, "valid_days": 0});
        assert_eq!(put(&server, &path, &none).await.issues(422), ["attempts out_of_range", "valid_days out_of_range"]);
        let draft = text(&draft["id"]);
        let _ = post(&server, &format!("/v1/checklist-versions/{draft}/publish"), &Value::Null).await.ok();
        let set = put(&server, &path, &body(&draft)).await.ok();
        assert_eq!(get(&server, &path, server.north.coordinator()).await.ok(), set);
    }

    async fn a_programme_ends_when_nobody_has_anything_to_do_in_it(server) {
        let (scene, _device) = server.in_review(ProgrammeOptions::default()).await;
        let decide = |verb: &str| format!("/v1/visits/{}/{verb}", scene.visit);
        let approved = send(&server, Method::POST, &decide("approve"), &json!({}), server.north.reviewer()).await;
        assert!(approved.status.is_success(), "{}", approved.text());
        let path = |verb: &str| format!("/v1/programmes/{}/{verb}", scene.programme);
        assert_eq!(post(&server, &path("finish"), &Value::Null).await.problem(409), "not_possible_in_state");
        assert_eq!(post(&server, &path("close"), &Value::Null).await.ok()["state"], "closing");
        assert_eq!(post(&server, &path("close"), &Value::Null).await.problem(409), "not_possible_in_state");
        let round = json!({"name": "Toinen", "checklist_version": scene.version, "starts_on": "2026-11-16",
            "visit_by": "2026-11-29", "report_by": "2026-12-01", "counts_in": "2026-11-30"});
        assert_eq!(post(&server, &path("rounds"), &round).await.problem(409), "not_possible_in_state");
        assert_eq!(post(&server, &path("finish"), &Value::Null).await.problem(409), "not_possible_in_state", "a report waits for its release");
        let released = send(&server, Method::POST, &decide("release"), &Value::Null, server.north.reviewer()).await;
        assert!(released.status.is_success(), "{}", released.text());
        assert_eq!(post(&server, &path("finish"), &Value::Null).await.ok()["state"], "closed");
        let visits = format!("/v1/rounds/{}/visits", scene.round);
        let plan = json!({"visits": [{"location": scene.location}]});
        assert_eq!(post(&server, &visits, &plan).await.problem(409), "not_possible_in_state");
    }
}
