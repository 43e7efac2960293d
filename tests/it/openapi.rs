//! The API document is what the server does.

use haamu_domain::Code;
use haamu_tests::both_dbs;
use serde_json::Value;

fn document() -> Value {
    serde_json::from_str(haamu_server::openapi_document()).expect("JSON")
}

fn operations(document: &Value) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            all.push((format!("{} {path}", method.to_uppercase()), operation.clone()));
        }
    }
    all
}

#[test]
fn it_is_the_published_one() {
    let published = include_str!("../../openapi/openapi.json");
    let document_now = haamu_server::openapi_document();
    let mut lines = document_now.lines().zip(published.lines()).enumerate();
    let differing = lines.find(|(_, (now, then))| now != then);
    assert_eq!(differing, None, "`cargo xtask openapi` writes it anew");
    assert_eq!(document_now.len(), published.len(), "one of them is longer");
    assert_eq!(document()["openapi"], "3.1.0");
}

#[test]
fn every_operation_has_an_id_words_and_its_failures() {
    for (name, operation) in operations(&document()) {
        for field in ["operationId", "summary"] {
            let text = operation[field].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "{name} has no {field}");
        }
        let responses = operation["responses"].as_object().expect("responses");
        assert!(responses.contains_key("500"), "{name}");
        let access = operation.get("x-haamu-access");
        if let Some(access) = access {
            assert!(responses.contains_key("401"), "{name}");
            // A role may be the wrong one; a device has none.
            let is_role = access.get("roles").is_some();
            assert!(!is_role || responses.contains_key("403"), "{name}");
        }
        if operation.get("requestBody").is_some() {
            assert!(
                responses.contains_key("413"),
                "{name} does not say that a body can be too large"
            );
        }
    }
}

#[test]
fn every_code_is_explained_in_the_list_of_problems() {
    let problems = include_str!("../../openapi/problems.md");
    for code in Code::ALL {
        let heading = format!("## {}\n", code.as_str());
        assert!(problems.contains(&heading), "{} is missing", code.as_str());
        assert!(
            problems.contains(code.title()),
            "{} has another title",
            code.as_str()
        );
    }
    assert_eq!(problems.matches("\n## ").count(), Code::ALL.len());
}

both_dbs! {
    async fn the_server_hands_it_out(server) {
        let served = server.get("/v1/openapi.json").send().await.ok();
        assert_eq!(served, document());
    }

    async fn whatever_is_not_there_is_a_problem(server) {
        assert_eq!(server.get("/v1/nothing").send().await.problem(404), "not_found");
        let wrong = server.request(axum::http::Method::DELETE, "/v1/visits").send().await;
        assert_eq!(wrong.problem(405), "method_not_allowed");
    }

    async fn every_answer_names_its_request(server) {
        let answer = server.get("/v1/me").header("x-request-id", "from-the-caller").send().await;
        let id = answer.header("x-request-id").expect("an id").to_owned();
        assert_eq!(answer.json()["request_id"], *id);
    }

    async fn answers_carry_the_headers_of_caution(server) {
        let answer = server.get("/v1/me").by(server.north.coordinator()).await.send().await;
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}
