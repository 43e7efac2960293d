//! Rules of fieldwork over days, for companions, and as visits are really made; and training.

use axum::http::Method;
use haamu_tests::agency::ProgrammeOptions;
use haamu_tests::{Person, TestServer, both_dbs};
use serde_json::{Value, json};

use crate::filling::{Field, refused, text};

/// The codes of what a reviewer is told of a visit.
async fn told(server: &TestServer, visit: &str) -> Vec<String> {
    let path = format!("/v1/visits/{visit}/evaluation");
    let read = server
        .get(&path)
        .by(server.north.reviewer())
        .await
        .send()
        .await
        .ok();
    let findings = read["findings"].as_array().cloned().unwrap_or_default();
    findings.iter().map(|finding| text(&finding["code"])).collect()
}

/// Names somebody who comes along, and says by which id.
async fn companion(field: &Field<'_>, of: &Person, body: Value) -> String {
    let made = field
        .send(Method::POST, "/v1/me/companions", &body, of)
        .await
        .created();
    text(&made["id"])
}

/// What stands in the way with somebody along, with what is said of it.
async fn with_companion(field: &Field<'_>, visit: &str, shopper: &Person, companion: &str) -> Vec<String> {
    let query = format!("shopper={}&on=2026-11-22&companion={companion}", shopper.id);
    let path = format!("/v1/visits/{visit}/eligibility?{query}");
    let asked = field.get(&path, field.server.north.coordinator()).await.ok();
    let items = asked["obstacles"].as_array().cloned().unwrap_or_default();
    let said = items.iter().map(|item| {
        let detail = item["detail"].as_str().or(item["allowed_from"].as_str());
        format!("{} {}", text(&item["code"]), detail.unwrap_or_default())
    });
    said.collect()
}

both_dbs! {
    async fn a_reviewer_learns_what_the_visit_broke_as_it_was_made(server) {
        let (scene, _) = server.in_review(ProgrammeOptions::default()).await;
        assert_eq!(told(&server, &scene.visit).await, [""; 0]);
        let coordinator = server.north.coordinator();
        let path = format!("/v1/locations/{}", scene.location);
        // 20 November 2026 is a Friday; the visit was at 13:37.
        for (hours, expected) in [
            (json!({"weekly": {"fri": ["14:00-18:00"]}}), vec!["place_closed"]),
            (json!({"weekly": {"thu": ["20:00-14:00"]}}), vec![]),
        ] {
            let patch = json!({"opening_hours": hours});
            let call = server.request(Method::PATCH, &path).json(&patch);
            let _ = call.by(coordinator).await.send().await.ok();
            assert_eq!(told(&server, &scene.visit).await, expected, "{hours}");
        }
        // Another visit of the shopper to the place, on the day before.
        let csv = "external_id,shopper,location,date\nM1,SHOPPER,PLACE,2026-11-19\n";
        let place = server.get(&path).by(coordinator).await.send().await.ok();
        let csv = csv
            .replace("SHOPPER", &server.north.shopper().email)
            .replace("PLACE", place["external_id"].as_str().expect("a key"));
        let path = format!("/v1/client-organisations/{}/past-visits/import", server.north.client);
        let import = server.request(Method::POST, &path).body("text/csv", csv.into_bytes());
        let _ = import.by(coordinator).await.send().await.ok();
        let rules = json!({"rotation_days": 30});
        let path = format!("/v1/programmes/{}/field-rules", scene.programme);
        let call = server.request(Method::PUT, &path).json(&rules);
        let _ = call.by(coordinator).await.send().await.ok();
        assert_eq!(told(&server, &scene.visit).await, ["rotation"]);
    }

    async fn who_comes_along_keeps_the_rules_too(server) {
        let field = Field::open(&server, json!({"rotation_days": 0, "spacing_days": 7, "location_visits_per_day": 9})).await;
        let (shopper, other) = (server.north.shopper(), &server.north.other_shopper);
        let along = companion(&field, shopper, json!({"name": "Kumppani", "user": other.id})).await;
        let (theirs, wanted) = (field.plan(1).await, field.plan(0).await);
        let own = field.offered(&theirs, other, Some("2026-11-21")).await;
        assert_eq!(with_companion(&field, &wanted, shopper, &along).await, ["companion_spacing 2026-11-28"]);
        let assignment = field.offered(&wanted, shopper, Some("2026-11-22")).await;
        let accept = |companion: &str| {
            let path = format!("/v1/assignments/{assignment}/accept");
            let body = json!({"independent": true, "companion": companion});
            let field = &field;
            async move { field.send(Method::POST, &path, &body, shopper).await }
        };
        assert_eq!(refused(accept(&along).await), ["companion_spacing 2026-11-28"]);
        let path = format!("/v1/assignments/{own}/decline");
        assert_eq!(field.send(Method::POST, &path, &json!({"reason": "En ehdi."}), other).await.status, 204);
        let tie = json!({"client_organisation": server.north.client.to_string(), "location": field.locations[0], "reason": "Veljen kauppa."});
        let tie = field.send(Method::POST, "/v1/me/ties", &tie, other).await.created();
        let path = format!("/v1/shoppers/{}/profile", other.id);
        let minor = json!({"born_on": "2012-01-01", "active": false});
        let _ = field.send(Method::PATCH, &path, &minor, server.north.coordinator()).await.ok();
        assert_eq!(
            with_companion(&field, &wanted, shopper, &along).await,
            ["companion_not_active ", "companion_age too_young", "companion_not_independent "]
        );
        let grown = json!({"born_on": "1990-01-01", "active": true});
        let _ = field.send(Method::PATCH, &path, &grown, server.north.coordinator()).await.ok();
        assert_eq!(refused(accept(&along).await), ["companion_not_independent"]);
        let path = format!("/v1/me/ties/{}", text(&tie["id"]));
        assert_eq!(field.send(Method::DELETE, &path, &Value::Null, other).await.status, 204);
        let _ = accept(&along).await.ok();
        // Coming along counts for the days between one's own visits.
        assert_eq!(refused(field.offer(&theirs, other, Some("2026-11-24")).await), ["spacing 2026-11-29"]);
    }

    async fn whoever_is_named_again_has_been_where_they_were(server) {
        let field = Field::open(&server, json!({"rotation_days": 5, "location_visits_per_day": 9})).await;
        let (shopper, other) = (server.north.shopper(), &server.north.other_shopper);
        let first = companion(&field, shopper, json!({"name": "Serkku Virtanen"})).await;
        let visit = field.plan(0).await;
        let assignment = field.offered(&visit, shopper, Some("2026-11-21")).await;
        let path = format!("/v1/assignments/{assignment}/accept");
        let body = json!({"independent": true, "companion": first});
        let _ = field.send(Method::POST, &path, &body, shopper).await.ok();
        let path = format!("/v1/me/companions/{first}");
        assert_eq!(field.send(Method::DELETE, &path, &Value::Null, shopper).await.status, 204);
        let again = companion(&field, shopper, json!({"name": " serkku  virtanen"})).await;
        assert_eq!(again, first);
        let listed = field.get("/v1/me/companions", shopper).await.ok();
        assert_eq!(listed["items"].as_array().map(Vec::len), Some(1));
        let wanted = field.plan(0).await;
        let said = with_companion(&field, &wanted, shopper, &again).await;
        assert!(said.contains(&"companion_rotation 2026-11-26".to_owned()), "{said:?}");
        // Their account makes nobody else of them, and another account does.
        let known = companion(&field, shopper, json!({"name": "Serkku Virtanen", "user": other.id})).await;
        assert_eq!(known, first);
        let also = companion(&field, shopper, json!({"name": "Nimi vaihtui", "user": other.id})).await;
        assert_eq!(also, first);
    }

    async fn nobody_is_told_that_they_may_make_what_is_not_to_be_had(server) {
        let field = Field::open(&server, json!({"rotation_days": 0, "location_visits_per_day": 9})).await;
        let (shopper, other) = (server.north.shopper(), &server.north.other_shopper);
        let visit = field.plan(0).await;
        let _ = field.offered(&visit, other, Some("2026-11-21")).await;
        assert_eq!(field.why_not(&visit, shopper, "").await, (vec!["visit_taken".to_owned()], Value::Null));
        assert_eq!(field.why_not(&visit, other, "").await.0, [""; 0], "whoever has it may make it");
        let off = field.plan(0).await;
        let _ = field.post(&format!("/v1/visits/{off}/cancel"), json!({"reason": "Ei tarvita."})).await.ok();
        assert_eq!(field.why_not(&off, shopper, "&on=2026-11-22").await, (vec!["visit_called_off".to_owned()], Value::Null));
        let _ = field.post(&format!("/v1/programmes/{}/close", field.programme), Value::Null).await.ok();
        let path = format!("/v1/visits/{visit}/withdraw");
        let _ = field.post(&path, json!({"reason": "Asiakas perui."})).await.ok();
        let _ = field.post(&format!("/v1/programmes/{}/finish", field.programme), Value::Null).await.ok();
        assert_eq!(field.why_not(&visit, shopper, "").await.0, ["programme_not_active"]);
    }

    async fn nobody_makes_a_visit_that_was_handed_in(server) {
        let (scene, _) = server.in_review(ProgrammeOptions::default()).await;
        let path = format!("/v1/visits/{}/eligibility?shopper={}", scene.visit, server.north.other_shopper.id);
        let asked = server.get(&path).by(server.north.coordinator()).await.send().await.ok();
        assert_eq!((&asked["allowed"], asked.get("first_date")), (&json!(false), None));
        assert_eq!(asked["obstacles"], json!([{"code": "handed_in"}]));
    }

    async fn of_all_days_every_rule_and_the_first_free_day_are_told(server) {
        let field = Field::open(&server, json!({"rotation_days": 60, "spacing_days": 3, "location_visits_per_day": 9})).await;
        let shopper = server.north.shopper();
        let (first, second) = (field.plan(0).await, field.plan(0).await);
        let _ = field.offered(&first, shopper, Some("2026-11-21")).await;
        let path = format!("/v1/visits/{second}/eligibility?shopper={}", shopper.id);
        let asked = field.get(&path, server.north.coordinator()).await.ok();
        let said: Vec<_> = asked["obstacles"].as_array().expect("a list").iter()
            .map(|one| (text(&one["code"]), one["days"].clone(), one["allowed_from"].clone()))
            .collect();
        // From today, 20 November, to the 29th there are ten days.
        assert_eq!(said, [
            ("rotation".to_owned(), json!(10), json!("2027-01-20")),
            ("spacing".to_owned(), json!(4), json!("2026-11-24")),
        ]);
        assert_eq!((asked.get("first_date"), &asked["free_from"]), (None, &json!("2027-01-20")));
        let quotas = json!({"weekday": {}, "daypart": {"evening": 1}, "week": {}});
        let path = format!("/v1/rounds/{}/quotas", field.round);
        assert_eq!(field.send(Method::PUT, &path, &quotas, server.north.coordinator()).await.status, 204);
        let unsteered = |visit: &str| {
            let path = format!("/v1/visits/{visit}/eligibility?shopper={}", server.north.other_shopper.id);
            let field = &field;
            async move { field.get(&path, field.server.north.coordinator()).await.ok().get("unsteered").cloned() }
        };
        assert_eq!(unsteered(&second).await, Some(json!("daypart")));
        let path = format!("/v1/visits/{second}/plan");
        let _ = field.send(Method::PATCH, &path, &json!({"daypart": "evening"}), server.north.coordinator()).await.ok();
        assert_eq!(unsteered(&second).await, None);
    }

    async fn staff_open_the_training_of_a_programme(server) {
        let field = Field::open(&server, json!({"rotation_days": 0})).await;
        let (shopper, other, coordinator) = (server.north.shopper(), &server.north.other_shopper, server.north.coordinator());
        let of = |part: &str| format!("/v1/programmes/{}/{part}", field.programme);
        let rules = json!({"rotation_days": 0, "certification": true});
        let rules_path = of("field-rules");
        let put = || field.send(Method::PUT, &rules_path, &rules, coordinator);
        assert_eq!(put().await.issues(422), ["certification nothing_to_pass"]);
        let words = json!({"title": "Ennen käyntiä", "language": "fi", "body": "Ole ajoissa."});
        let briefing = field.post(&of("briefings"), words).await.created();
        let _ = put().await.ok();
        let visit = field.plan(0).await;
        assert_eq!(refused(field.offer(&visit, shopper, None).await), ["certification_missing"]);
        assert_eq!(field.get(&of("briefings"), shopper).await.problem(404), "not_found");
        assert_eq!(field.get("/v1/me/training", shopper).await.ok()["items"], json!([]));
        let reviewer = json!({"shoppers": [server.north.reviewer().id]});
        assert_eq!(field.post(&of("trainees"), reviewer).await.issues(422), ["shoppers[0] not_found"]);
        assert_eq!(field.post(&of("trainees"), json!({"shoppers": []})).await.issues(422), ["shoppers out_of_range"]);
        for _ in 0..2 {
            let opened = field.post(&of("trainees"), json!({"shoppers": [shopper.id]})).await;
            assert_eq!(opened.status, 204);
        }
        let training = |certified: bool| json!([{"programme": field.programme, "certified": certified}]);
        assert_eq!(field.get("/v1/me/training", shopper).await.ok()["items"], training(false));
        assert_eq!(field.get(&of("briefings"), other).await.problem(404), "not_found");
        assert_eq!(field.get(&of("briefings"), shopper).await.ok()["items"].as_array().map(Vec::len), Some(1));
        let receipt = format!("/v1/briefings/{}/receipt", text(&briefing["id"]));
        assert_eq!(field.send(Method::PUT, &receipt, &Value::Null, shopper).await.status, 204);
        assert_eq!(field.get("/v1/me/training", shopper).await.ok()["items"], training(true));
        let listed = field.get(&of("trainees"), coordinator).await.ok();
        assert_eq!((listed["items"].as_array().map(Vec::len), &listed["items"][0]["certified"]), (Some(1), &json!(true)));
        let closing = format!("{}/{}", of("trainees"), shopper.id);
        let close = || field.send(Method::DELETE, &closing, &Value::Null, coordinator);
        assert_eq!(close().await.status, 204);
        assert_eq!(close().await.problem(404), "not_found");
        assert_eq!(field.get(&of("briefings"), shopper).await.problem(404), "not_found");
        let _ = field.offered(&visit, shopper, None).await;
        // Whoever is asked about a visit may train for it, also when it is off the board again.
        let asked = field.plan(1).await;
        let path = format!("/v1/visits/{asked}/invitations");
        assert_eq!(field.post(&path, json!({"shoppers": [other.id]})).await.status, 204);
        field.post_all(Value::Null).await;
        assert_eq!(field.get(&of("briefings"), other).await.status, 200);
    }

    async fn a_programme_begins_when_there_is_something_to_pass(server) {
        let coordinator = server.north.coordinator();
        let post = |path: String, body: Value| {
            let server = &server;
            async move { server.post(&path, body).by(coordinator).await.send().await }
        };
        let body = json!({"client_organisation": server.north.client.to_string(), "name": "Uusi", "purpose": "develop_service"});
        let id = text(&post("/v1/programmes".to_owned(), body).await.created()["id"]);
        let path = |part: &str| format!("/v1/programmes/{id}/{part}");
        let rules = json!({"certification": true});
        let call = server.request(Method::PUT, &path("field-rules")).json(&rules);
        let _ = call.by(coordinator).await.send().await.ok();
        let notice = json!({"informed_on": "2026-10-01", "audience": "kaikki", "channel": "posti", "text": "Niin."});
        let noted = post(path("staff-notices"), notice).await;
        assert!(noted.status.is_success(), "{}", noted.text());
        assert_eq!(post(path("activate"), Value::Null).await.problem(409), "not_possible_in_state");
        let words = json!({"title": "Ennen käyntiä", "language": "fi", "body": "Ole ajoissa."});
        let _ = post(path("briefings"), words).await.created();
        assert_eq!(post(path("activate"), Value::Null).await.ok()["state"], "active");
    }

    async fn a_qualification_is_needed_on_the_day_of_the_visit(server) {
        let field = Field::open(&server, json!({"rotation_days": 0, "qualifications": ["car"]})).await;
        let (shopper, coordinator) = (server.north.shopper(), server.north.coordinator());
        let path = format!("/v1/shoppers/{}/profile", shopper.id);
        let patch = |body: Value| {
            let (field, path) = (&field, &path);
            async move { field.send(Method::PATCH, path, &body, coordinator).await }
        };
        let unknown = patch(json!({"qualification_ends": {"car": "2026-11-22"}})).await;
        assert_eq!(unknown.issues(422), ["qualification_ends.car not_found"]);
        let held = patch(json!({"qualifications": ["car"], "qualification_ends": {"car": "2026-11-22"}})).await.ok();
        assert_eq!(held["qualification_ends"], json!({"car": "2026-11-22"}));
        let visit = field.plan(0).await;
        assert_eq!(field.why_not(&visit, shopper, "&on=2026-11-22").await.0, [""; 0]);
        assert_eq!(field.why_not(&visit, shopper, "&on=2026-11-23").await.0, ["qualification_missing"]);
        let lost = patch(json!({"qualifications": []})).await.ok();
        assert_eq!(lost.get("qualification_ends"), None, "what is not held does not end");
    }

    async fn a_night_is_planned_on_the_day_on_which_it_begins(server) {
        let field = Field::open(&server, json!({"rotation_days": 0, "location_visits_per_day": 9})).await;
        let (shopper, coordinator) = (server.north.shopper(), server.north.coordinator());
        let hours = json!({"weekly": {"sat": ["04:00-12:00"]}});
        let path = format!("/v1/locations/{}", field.locations[0]);
        let _ = field.send(Method::PATCH, &path, &json!({"opening_hours": hours}), coordinator).await.ok();
        let visit = field.plan(0).await;
        let path = format!("/v1/visits/{visit}/plan");
        let _ = field.send(Method::PATCH, &path, &json!({"daypart": "night"}), coordinator).await.ok();
        // 28 November 2026 is a Saturday: its morning before six is the night of Friday.
        assert_eq!(field.why_not(&visit, shopper, "&on=2026-11-27").await.0, [""; 0]);
        assert_eq!(field.why_not(&visit, shopper, "&on=2026-11-28").await.0, ["place_closed 2026-12-04"]);
    }
}
