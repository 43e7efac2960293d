//! Earlier versions of the shopper agreement, and who accepted which.

use axum::http::{Method, StatusCode};
use haamu_domain::Role;
use haamu_tests::{Person, TestServer, both_dbs};
use serde_json::{Value, json};

async fn write(server: &TestServer, texts: Value) -> Value {
    let call = server.post("/v1/shopper-agreements", json!({ "texts": texts }));
    call.by(server.north.coordinator()).await.send().await.created()
}

fn id_of(agreement: &Value, language: &str) -> String {
    let texts = agreement["texts"].as_array().expect("texts");
    let found = texts.iter().find(|text| text["language"] == language);
    found.expect("the language")["id"]
        .as_str()
        .expect("an id")
        .to_owned()
}

async fn accept(server: &TestServer, id: &str, by: &Person) {
    let path = format!("/v1/shopper-agreements/{id}/acceptance");
    let call = server.request(Method::PUT, &path).by(by).await;
    let _ = call.send().await.expect(StatusCode::NO_CONTENT);
}

both_dbs! {
    async fn who_accepted_which_version_and_when_is_told(server) {
        let (shopper, other, office) = (server.north.shopper(), &server.north.other_shopper, server.north.coordinator());
        let first = write(&server, json!({"fi": "Pidän salassa.", "en": "I keep it to myself."})).await;
        let (finnish, english) = (id_of(&first, "fi"), id_of(&first, "en"));
        accept(&server, &finnish, shopper).await;
        accept(&server, &english, other).await;
        server.clock.advance_seconds(86_400);
        server.forget_tokens();
        let second = id_of(&write(&server, json!({"fi": "Toiset sanat."})).await, "fi");
        accept(&server, &second, shopper).await;

        let versions = server.list("/v1/shopper-agreements", office).await;
        let seen: Vec<_> = versions.iter().map(|one| (one["version"].clone(), one["language"].clone())).collect();
        assert_eq!(seen[0], (json!(2), json!("fi")));
        assert_eq!(seen.len(), 3);
        assert_eq!((&versions[0]["created_by"], &versions[0]["created_at"]), (&json!(office.id), &json!("2026-11-21T12:00:00Z")));
        // What was agreed to stays readable, for the shopper as well.
        for person in [office, shopper] {
            let read = server.read(&format!("/v1/shopper-agreements/{finnish}"), person).await;
            assert_eq!((&read["version"], &read["body"]), (&json!(1), &json!("Pidän salassa.")));
        }
        let accepted = server.list(&format!("/v1/shopper-agreements/{finnish}/acceptances"), office).await;
        assert_eq!(accepted, [json!({"agreement": finnish, "version": 1, "user": shopper.id,
            "display_name": "shopper Virtasaari", "accepted_at": "2026-11-20T12:00:00Z"})]);
        let accepted = server.list(&format!("/v1/shoppers/{}/agreement-acceptances", shopper.id), office).await;
        let seen: Vec<_> = accepted.iter().map(|one| (one["version"].clone(), one["accepted_at"].clone())).collect();
        assert_eq!(seen, [(json!(2), json!("2026-11-21T12:00:00Z")), (json!(1), json!("2026-11-20T12:00:00Z"))]);
        assert_eq!(server.list(&format!("/v1/shoppers/{}/agreement-acceptances", office.id), office).await, Vec::<Value>::new());
    }

    async fn another_agency_reads_none_of_it(server) {
        let id = id_of(&write(&server, json!({"fi": "Pidän salassa."})).await, "fi");
        accept(&server, &id, server.north.shopper()).await;
        let stranger = server.south.person(Role::Administrator);
        for path in [
            format!("/v1/shopper-agreements/{id}"),
            format!("/v1/shopper-agreements/{id}/acceptances"),
            format!("/v1/shoppers/{}/agreement-acceptances", server.north.shopper().id),
        ] {
            assert_eq!(server.get(&path).by(stranger).await.send().await.problem(404), "not_found", "{path}");
        }
        assert_eq!(server.list("/v1/shopper-agreements", stranger).await, Vec::<Value>::new());
    }
}
