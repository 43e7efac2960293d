//! What coordinators decide by: plans and terms of visits, how offers ended, and who asked for which visit.

use axum::http::Method;
use haamu_domain::Role;
use haamu_tests::both_dbs;
use serde_json::{Value, json};

use crate::filling::{Field, refused, text};

both_dbs! {
    async fn plans_terms_and_ends_can_be_read(server) {
        let field = Field::open(&server, json!({"rotation_days": 0, "location_visits_per_day": 99})).await;
        let (shopper, coordinator) = (server.north.shopper(), server.north.coordinator());
        let visit = field.plan(0).await;
        let path = format!("/v1/visits/{visit}/plan");
        assert_eq!(field.get(&path, coordinator).await.ok(), json!({"visit": visit}));
        let one = format!("/v1/visits/{visit}");
        let read = async |by| field.get(&one, by).await.ok();
        assert_eq!((read(coordinator).await.get("plan"), read(coordinator).await.get("terms")), (None, None));
        let changed = field.patch_plan(&visit, json!({"daypart": "morning", "external_id": "A-1"})).await.ok();
        assert_eq!(field.get(&path, coordinator).await.ok(), changed);
        assert_eq!(read(coordinator).await["plan"], changed);
        let body = json!({"name": "Kumppani"});
        let companion = field.send(Method::POST, "/v1/me/companions", &body, shopper).await.created();
        let assignment = field.offered(&visit, shopper, Some("2026-11-24")).await;
        let terms = read(coordinator).await["terms"].clone();
        assert_eq!((&terms["origin"], &terms["due_on"], &terms["respond_by"]),
            (&json!("coordinator"), &json!("2026-11-24"), &json!("2026-11-22T12:00:00Z")));
        let accept = format!("/v1/assignments/{assignment}/accept");
        let body = json!({"independent": true, "companion": companion["id"]});
        let _ = field.send(Method::POST, &accept, &body, shopper).await.ok();
        let back = format!("/v1/assignments/{assignment}/give-back");
        let given = field.send(Method::POST, &back, &json!({"reason": "Lapsi sairastui."}), shopper).await;
        assert_eq!(given.status, 204);
        let listed = field.get("/v1/visits", coordinator).await.ok();
        let terms = listed["items"][0]["terms"].clone();
        assert_eq!(terms["companion"]["name"], "Kumppani");
        let end = json!({"reason": "given_back", "words": "Lapsi sairastui.", "at": terms["end"]["at"]});
        assert_eq!(terms["end"], end);
        // Everybody who has to do with visits sees what is planned; what shoppers said is for who gives visits.
        let reviewed = read(server.north.reviewer()).await;
        assert_eq!((&reviewed["plan"], reviewed.get("terms")), (&changed, None));
        let path = format!("/v1/visits/{visit}/assignments");
        assert_eq!(field.get(&path, server.north.reviewer()).await.problem(403), "forbidden");
        let _ = field.offered(&visit, &server.north.other_shopper, None).await;
        let all = field.get(&path, server.north.person(Role::Administrator)).await.ok();
        let states: Vec<_> = all["items"].as_array().expect("items").iter().map(|one| text(&one["state"])).collect();
        assert!(states.contains(&"cancelled".to_owned()) && states.contains(&"assigned".to_owned()), "{states:?}");
        assert!(all.to_string().contains("Lapsi sairastui."), "{all}");
    }

    async fn applications_of_a_round_are_listed_in_the_order_of_time(server) {
        let field = Field::open(&server, json!({"rotation_days": 0, "location_visits_per_day": 99})).await;
        let (shopper, other, coordinator) = (server.north.shopper(), &server.north.other_shopper, server.north.coordinator());
        let path = format!("/v1/rounds/{}/visits/generate", field.round);
        let body = json!({"locations": field.locations, "per_location": 9, "board": "apply"});
        assert_eq!(field.post(&path, body).await.ok()["planned"], 27);
        let mut visits: Vec<_> = field.jobs("", shopper).await.iter().map(|job| text(&job["visit"])).collect();
        visits.reverse();
        let mut asked = Vec::new();
        for visit in &visits {
            for who in [shopper, other] {
                field.apply_for(visit, "2026-11-24", who).await;
                server.clock.advance_seconds(1);
                asked.push((visit.clone(), who.id.to_string()));
            }
        }
        // Asking again changes the terms, not the turn.
        field.apply_for(&visits[0], "2026-11-25", shopper).await;
        let path = format!("/v1/rounds/{}/applications", field.round);
        let (mut found, mut after) = (Vec::new(), String::new());
        loop {
            let page = field.get(&format!("{path}{after}"), coordinator).await.ok();
            let items = page["items"].as_array().cloned().expect("items");
            assert!(items.len() <= 50);
            found.extend(items);
            match page["next"].as_str() {
                Some(next) => after = format!("?after={next}"),
                None => break,
            }
        }
        let order: Vec<_> = found.iter().map(|one| (text(&one["visit"]), text(&one["shopper"]))).collect();
        assert_eq!(order, asked);
        let first = &found[0];
        assert_eq!((&first["asked_at"], &first["due_on"]), (&json!("2026-11-20T12:00:00Z"), &json!("2026-11-25")));
        assert!(text(&first["location_name"]).starts_with("Paikka "), "{first}");
        // What is given to somebody is nobody's application any more.
        let _ = field.offered(&visits[0], other, None).await;
        let page = field.get(&path, coordinator).await.ok();
        assert_eq!((&page["items"][0]["visit"], page["items"].as_array().map(Vec::len)), (&json!(visits[1]), Some(50)));
        let south = server.south.coordinator();
        assert_eq!(field.get(&path, south).await.problem(404), "not_found");
    }

    async fn an_application_is_judged_with_whoever_comes_along(server) {
        let field = Field::open(&server, json!({"rotation_days": 30, "location_visits_per_day": 99})).await;
        let (shopper, other, coordinator) = (server.north.shopper(), &server.north.other_shopper, server.north.coordinator());
        let body = json!({"name": "Kumppani", "user": other.id});
        let companion = field.send(Method::POST, "/v1/me/companions", &body, shopper).await.created();
        let (been, wanted) = (field.plan(0).await, field.plan(0).await);
        field.post_all(json!("apply")).await;
        let path = format!("/v1/jobs/{wanted}/application");
        let body = json!({"due_on": "2026-11-25", "independent": true, "companion": companion["id"]});
        assert_eq!(field.send(Method::PUT, &path, &body, shopper).await.status, 204);
        let lists = [format!("/v1/visits/{wanted}/applications"), format!("/v1/rounds/{}/applications", field.round)];
        let read = async || {
            let mut found = Vec::new();
            for path in &lists {
                found.push(field.get(path, coordinator).await.ok()["items"][0].clone());
            }
            assert_eq!(found[0], found[1]);
            found.remove(0)
        };
        let asked = read().await;
        assert_eq!((&asked["companion"]["name"], &asked["obstacles"]), (&json!("Kumppani"), &json!([])));
        let _ = field.offered(&been, other, Some("2026-11-21")).await;
        let code = |asked: &Value| asked["obstacles"][0]["code"].clone();
        assert_eq!(code(&read().await), "companion_rotation");
        assert_eq!(refused(field.offer(&wanted, shopper, None).await), ["companion_rotation 2026-12-21"]);
        // Taken off the list, the companion stays at home, and the application holds.
        let path = format!("/v1/me/companions/{}", text(&companion["id"]));
        assert_eq!(field.send(Method::DELETE, &path, &Value::Null, shopper).await.status, 204);
        let asked = read().await;
        assert_eq!((asked.get("companion"), &asked["obstacles"]), (None, &json!([])));
        let _ = field.offered(&wanted, shopper, None).await;
    }
}
