//! Looking for visits, for people of the panel, and for shoppers of one visit.

use std::collections::BTreeSet;

use axum::http::Method;
use haamu_domain::Role;
use haamu_tests::agency::Person;
use haamu_tests::both_dbs;
use serde_json::{Value, json};

use crate::filling::{Field, text};

fn free() -> Value {
    json!({"rotation_days": 0, "location_visits_per_day": 99})
}

fn ids(listed: &Value, name: &str) -> Vec<String> {
    let items = listed["items"].as_array().expect("items").iter();
    items.map(|item| text(&item[name])).collect()
}

impl Field<'_> {
    /// The visits that a list holds, in no order.
    async fn found(&self, query: &str) -> BTreeSet<String> {
        let path = format!("/v1/visits?{query}");
        let listed = self.get(&path, self.server.north.coordinator()).await.ok();
        ids(&listed, "id").into_iter().collect()
    }

    /// The shoppers whom a search finds, in the order of their ids.
    async fn shoppers(&self, query: &str) -> Vec<String> {
        let path = format!("/v1/shoppers?{query}");
        let listed = self.get(&path, self.server.north.coordinator()).await.ok();
        ids(&listed, "id")
    }

    async fn know(&self, shopper: &Person, profile: Value) {
        let path = format!("/v1/shoppers/{}/profile", shopper.id);
        let coordinator = self.server.north.coordinator();
        let _ = self.send(Method::PATCH, &path, &profile, coordinator).await.ok();
    }

    /// The shoppers for a visit.
    async fn candidates(&self, visit: &str, query: &str) -> Value {
        let path = format!("/v1/visits/{visit}/candidates{query}");
        self.get(&path, self.server.north.coordinator()).await.ok()
    }
}

fn set(of: &[&String]) -> BTreeSet<String> {
    of.iter().map(|one| (*one).clone()).collect()
}

fn home(north: &str, east: &str) -> Value {
    json!([{"name": "Koti", "latitude": north, "longitude": east}])
}

both_dbs! {
    async fn visits_are_found_by_who_has_them_where_and_when(server) {
        let field = Field::open(&server, free()).await;
        let (shopper, other, coordinator) = (server.north.shopper(), &server.north.other_shopper, server.north.coordinator());
        let (offered, accepted, open) = (field.plan(0).await, field.plan(1).await, field.plan(2).await);
        let off = field.plan(0).await;
        let _ = field.offered(&offered, shopper, Some("2026-11-22")).await;
        let assignment = field.offered(&accepted, other, Some("2026-11-25")).await;
        field.accept(&assignment, other).await;
        let _ = field.post(&format!("/v1/visits/{off}/cancel"), json!({"reason": "Ei tarvita."})).await.ok();
        for (query, expected) in [
            (format!("client_organisation={}", server.north.client), set(&[&offered, &accepted, &open, &off])),
            (format!("client_organisation={}", server.north.other_client), set(&[])),
            (format!("programme={}", field.programme), set(&[&offered, &accepted, &open, &off])),
            (format!("programme={}", field.round), set(&[])),
            (format!("location={}", field.locations[0]), set(&[&offered, &off])),
            (format!("shopper={}", shopper.id), set(&[&offered])),
            (format!("shopper={}&holder=accepted", other.id), set(&[&accepted])),
            (format!("shopper={}&holder=offered", other.id), set(&[])),
            ("holder=none".to_owned(), set(&[&open, &off])),
            ("holder=none&called_off=false".to_owned(), set(&[&open])),
            ("holder=offered".to_owned(), set(&[&offered])),
            ("holder=accepted".to_owned(), set(&[&accepted])),
            ("called_off=true".to_owned(), set(&[&off])),
            ("from=2026-11-23".to_owned(), set(&[&accepted])),
            ("until=2026-11-24".to_owned(), set(&[&offered])),
            ("from=2026-11-22&until=2026-11-25".to_owned(), set(&[&offered, &accepted])),
            (format!("from=2026-11-22&until=2026-11-25&shopper={}&round={}", shopper.id, field.round), set(&[&offered])),
            (format!("state=planned&location={}&called_off=false", field.locations[0]), set(&[&offered])),
        ] {
            assert_eq!(field.found(&query).await, expected, "{query}");
        }
        // What was given up is nobody's any more.
        let path = format!("/v1/assignments/{assignment}/give-back");
        assert_eq!(field.send(Method::POST, &path, &json!({"reason": "En ehdi."}), other).await.status, 204);
        assert_eq!(field.found(&format!("shopper={}", other.id)).await, set(&[]));
        assert_eq!(field.found("from=2026-11-23").await, set(&[]));
        for (query, issue) in [
            ("holder=somebody", "holder unknown_value"),
            ("from=2026-11-23&until=2026-11-22", "until out_of_order"),
        ] {
            let path = format!("/v1/visits?{query}");
            assert_eq!(field.get(&path, coordinator).await.issues(422), [issue]);
        }
        assert_eq!(field.get("/v1/visits?from=tomorrow", coordinator).await.problem(400), "invalid_request");
    }

    async fn the_panel_is_searched_by_what_is_known_of_people(server) {
        let field = Field::open(&server, free()).await;
        let (shopper, other, coordinator) = (server.north.shopper(), &server.north.other_shopper, server.north.coordinator());
        let csv = format!("external_id,email,name\nA-17,{},Åke Öhman\n", "ake@north.example");
        let import = server.request(Method::POST, "/v1/shoppers/import").body("text/csv", csv);
        let _ = import.by(coordinator).await.send().await.ok();
        let ake = field.shoppers("q=%C3%A5ke").await;
        assert_eq!(ake.len(), 1, "names are found in whatever case");
        field.know(shopper, json!({"languages": ["fi", "sv"], "qualifications": ["car", "boat"],
            "qualification_ends": {"boat": "2026-11-19", "car": "2026-11-20"}, "places": home("60.17", "24.94")})).await;
        field.know(other, json!({"languages": ["fi"], "suspended": true, "places": home("61.50", "23.76")})).await;
        let (one, two) = (shopper.id.to_string(), other.id.to_string());
        for (query, expected) in [
            ("external_id=A-17".to_owned(), ake.clone()),
            ("external_id=A-18".to_owned(), vec![]),
            ("email=AKE@north.example".to_owned(), ake.clone()),
            (format!("email={}", server.south.shopper().email), vec![]),
            (format!("email={}", coordinator.email), vec![]),
            ("email=ake@north.example&external_id=A-17".to_owned(), ake.clone()),
            (format!("email={}&external_id=A-17", shopper.email), vec![]),
            ("q=a-17+%C3%B6hman".to_owned(), ake.clone()),
            ("q=a-17+virtanen".to_owned(), vec![]),
            ("qualification=car".to_owned(), vec![one.clone()]),
            ("qualification=boat".to_owned(), vec![]),
            ("language=sv".to_owned(), vec![one.clone()]),
            ("active=false".to_owned(), vec![two.clone()]),
            ("language=fi&active=true".to_owned(), vec![one.clone()]),
            ("near=60.17,24.94&radius_km=50".to_owned(), vec![one.clone()]),
        ] {
            assert_eq!(field.shoppers(&query).await, expected, "{query}");
        }
        let all = field.shoppers("").await;
        assert_eq!(all.len(), 3, "people with other roles are not of the panel");
        assert_eq!(field.shoppers(&format!("after={}", all[0])).await, all[1..]);
        assert_eq!(field.shoppers(&format!("email=ake@north.example&after={}", ake[0])).await, [""; 0]);
        let found = field.get("/v1/shoppers?near=60.17,24.94&q=ake", coordinator).await.ok();
        let item = &found["items"][0];
        assert_eq!((&item["external_id"], &item["display_name"], item.get("distance_km")), (&json!("A-17"), &json!("Åke Öhman"), None));
        let found = field.get("/v1/shoppers?near=60.17,24.94&active=false", coordinator).await.ok();
        let item = &found["items"][0];
        assert!(item["distance_km"].as_f64().is_some_and(|km| (155.0..170.0).contains(&km)), "{item}");
        assert_eq!((&item["suspended"], &item["active"]), (&json!(true), &json!(true)));
        for (query, issue) in [
            ("radius_km=5", "near required"),
            ("near=60,25&radius_km=0", "radius_km out_of_range"),
            ("near=north", "near bad_place"),
        ] {
            let path = format!("/v1/shoppers?{query}");
            assert_eq!(field.get(&path, coordinator).await.issues(422), [issue]);
        }
    }

    async fn people_are_listed_by_role_and_address(server) {
        let field = Field::open(&server, free()).await;
        let boss = server.north.person(Role::Administrator);
        let csv = "external_id,email,name\nA-17,ake@north.example,Åke Öhman\n";
        let import = server.request(Method::POST, "/v1/shoppers/import").body("text/csv", csv);
        let _ = import.by(server.north.coordinator()).await.send().await.ok();
        let users = async |query: &str| field.get(&format!("/v1/users?{query}"), boss).await;
        let reviewers = users("role=reviewer").await.ok();
        assert_eq!(ids(&reviewers, "id"), [server.north.reviewer().id.to_string()]);
        let shoppers = users("role=shopper").await.ok();
        let keys: Vec<_> = shoppers["items"].as_array().expect("items").iter().filter_map(|item| item["external_id"].as_str()).collect();
        assert_eq!((ids(&shoppers, "id").len(), keys), (3, vec!["A-17"]));
        let found = users("email=AKE@north.example").await.ok();
        assert_eq!(found["items"][0]["external_id"], "A-17");
        assert_eq!(users("email=ake@north.example&role=reviewer").await.ok()["items"], json!([]));
        assert_eq!(users(&format!("email={}", server.south.shopper().email)).await.ok()["items"], json!([]));
        assert_eq!(users("role=king").await.issues(422), ["role unknown_value"]);
        let path = format!("/v1/users/{}/disable", text(&found["items"][0]["id"]));
        let disabled = server.post(&path, Value::Null).by(boss).await.send().await.ok();
        assert_eq!(disabled["external_id"], "A-17");
    }

    async fn the_shoppers_for_a_visit_are_named_nearest_first_with_what_stands_in_their_way(server) {
        let field = Field::open(&server, json!({"rotation_days": 30, "location_visits_per_day": 99, "languages": ["sv"]})).await;
        let (shopper, other) = (server.north.shopper(), &server.north.other_shopper);
        let visit = field.plan(0).await;
        field.know(other, json!({"languages": ["sv"], "rating_tenths": 42, "places": home("60.20", "24.66")})).await;
        field.know(shopper, json!({"languages": ["fi"], "places": home("60.17", "24.94")})).await;
        let csv = "external_id,email,name\nA-17,ake@north.example,Åke Öhman\n";
        let import = server.request(Method::POST, "/v1/shoppers/import").body("text/csv", csv);
        let _ = import.by(server.north.coordinator()).await.send().await.ok();
        let found = field.candidates(&visit, "").await;
        let near = ids(&found, "shopper");
        assert_eq!(near[..2], [shopper.id.to_string(), other.id.to_string()], "whose place nobody knows comes last");
        assert_eq!((near.len(), &found["obstacles"], &found["cut"]), (3, &json!([]), &json!(false)));
        let item = |found: &Value, number: usize| found["items"][number].clone();
        let first = item(&found, 0);
        assert_eq!((&first["obstacles"][0]["code"], first.get("first_date")), (&json!("language_missing"), None));
        let second = item(&found, 1);
        assert_eq!((&second["obstacles"], &second["first_date"]), (&json!([]), &json!("2026-11-20")));
        assert_eq!(second["rating_tenths"], 42);
        assert_eq!(item(&found, 2)["external_id"], "A-17");
        // As eligibility says it of one.
        for (number, who) in [(0, shopper), (1, other)] {
            let (codes, first_date) = field.why_not(&visit, who, "").await;
            let item = item(&found, number);
            assert_eq!((codes.is_empty(), &first_date), (item["obstacles"] == json!([]), &item["first_date"]));
        }
        assert_eq!(ids(&field.candidates(&visit, "?allowed=true").await, "shopper"), [other.id.to_string()]);
        // Somebody who asked, was asked, or has it.
        field.post_all(json!("apply")).await;
        field.apply_for(&visit, "2026-11-21", other).await;
        let path = format!("/v1/visits/{visit}/invitations");
        assert_eq!(field.post(&path, json!({"shoppers": [shopper.id]})).await.status, 204);
        let found = field.candidates(&visit, "").await;
        assert_eq!((&item(&found, 0)["invited"], &item(&found, 1)["applied"]), (&json!(true), &json!(true)));
        let _ = field.offered(&visit, other, None).await;
        let found = field.candidates(&visit, "?on=2026-12-24").await;
        assert_eq!((&found["obstacles"][0]["code"], &item(&found, 1)["has_it"]), (&json!("visit_taken"), &json!(true)));
        assert_eq!(item(&found, 1)["obstacles"][0]["code"], "outside_round");
    }
}
