//! Briefings in several languages, taken out of use, and tries at a quiz that are given back.

use std::collections::BTreeSet;

use axum::http::{Method, StatusCode};
use haamu_tests::agency::{Person, ProgrammeOptions};
use haamu_tests::{Answer, TestServer, both_dbs};
use serde_json::{Value, json};

use crate::filling::{Field, refused, text};
use crate::holders::details;
use crate::programmes::{answers, with_quiz};

async fn send(server: &TestServer, method: Method, path: &str, body: &Value, by: &Person) -> Answer {
    server.request(method, path).json(body).by(by).await.send().await
}

fn words(key: Option<&str>, title: &str, language: &str) -> Value {
    let mut words = json!({"title": title, "language": language, "body": format!("{title}.")});
    if let Some(key) = key {
        words["key"] = json!(key);
    }
    words
}

both_dbs! {
    async fn whoever_has_read_a_briefing_in_one_language_has_read_it(server) {
        let field = Field::open(&server, json!({"rotation_days": 0})).await;
        let (shopper, coordinator) = (server.north.shopper(), server.north.coordinator());
        let of = |part: &str| format!("/v1/programmes/{}/{part}", field.programme);
        let briefings = of("briefings");
        let finnish = field.post(&briefings, words(Some("before"), "Ennen käyntiä", "fi")).await.created();
        let swedish = field.post(&briefings, words(Some("before"), "Före besöket", "sv")).await.created();
        assert_eq!((&finnish["key"], &swedish["version"]), (&json!("before"), &json!(1)));
        let plain = field.post(&briefings, words(None, "Turvallisuus", "fi")).await.created();
        assert_eq!(plain["key"], "Turvallisuus", "the title, where nothing else is said");
        let rules = json!({"rotation_days": 0, "certification": true});
        let _ = field.send(Method::PUT, &of("field-rules"), &rules, coordinator).await.ok();
        assert_eq!(field.post(&of("trainees"), json!({"shoppers": [shopper.id]})).await.status, 204);
        let visit = field.plan(0).await;
        let confirm = async |briefing: &Value| {
            let path = format!("/v1/briefings/{}/receipt", text(&briefing["id"]));
            assert_eq!(field.send(Method::PUT, &path, &Value::Null, shopper).await.status, 204);
        };
        confirm(&swedish).await;
        assert_eq!(refused(field.offer(&visit, shopper, None).await), ["certification_missing"]);
        confirm(&plain).await;
        let _ = field.offered(&visit, shopper, None).await;
        // Other words under the key take the place of those in their language, whatever their title.
        let newer = field.post(&briefings, words(Some("before"), "Ennen kuin lähdet", "fi")).await.created();
        assert_eq!(newer["version"], 2);
        let listed = field.get(&briefings, shopper).await.ok();
        let titles: BTreeSet<_> = listed["items"].as_array().expect("items").iter().map(|item| text(&item["title"])).collect();
        assert_eq!(titles, ["Före besöket", "Turvallisuus", "Ennen kuin lähdet"].map(str::to_owned).into());
        // Another one that is called the same is another one.
        let other = field.post(&briefings, words(Some("safety"), "Turvallisuus", "fi")).await.created();
        assert_eq!((&other["version"], &other["key"]), (&json!(2), &json!("safety")));
        let listed = field.get(&briefings, shopper).await.ok();
        assert_eq!(listed["items"].as_array().map(Vec::len), Some(4), "both are in use");
        assert_eq!(field.post(&briefings, words(Some(" "), "Tyhjä", "fi")).await.issues(422), ["key required"]);
    }

    async fn an_active_programme_keeps_something_to_pass(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let coordinator = server.north.coordinator();
        let of = |part: &str| format!("/v1/programmes/{}/{part}", scene.programme);
        let post = async |path: &str, body: &Value| send(&server, Method::POST, path, body, coordinator).await;
        let made = post(&of("briefings"), &words(None, "Ennen käyntiä", "fi")).await.created();
        let _ = with_quiz(&server, &scene, 3).await;
        let rules = json!({"rotation_days": 0, "certification": true});
        let _ = send(&server, Method::PUT, &of("field-rules"), &rules, coordinator).await.ok();
        let withdraw = format!("/v1/briefings/{}/withdraw", text(&made["id"]));
        let withdrawn = post(&withdraw, &Value::Null).await.ok();
        assert_eq!(withdrawn["withdrawn"], true);
        assert_eq!(post(&withdraw, &Value::Null).await.problem(409), "not_possible_in_state");
        let seen = send(&server, Method::GET, &of("briefings"), &Value::Null, server.north.shopper()).await.ok();
        assert_eq!(seen, json!({"items": []}));
        // The quiz is all that is left.
        let quiz = of("certification");
        let delete = async || send(&server, Method::DELETE, &quiz, &Value::Null, coordinator).await;
        assert_eq!(delete().await.problem(409), "not_possible_in_state");
        let again = post(&of("briefings"), &words(None, "Ennen käyntiä", "fi")).await.created();
        assert_eq!(again["version"], 2);
        assert_eq!(delete().await.status, StatusCode::NO_CONTENT);
        assert_eq!(delete().await.problem(404), "not_found");
        let last = format!("/v1/briefings/{}/withdraw", text(&again["id"]));
        assert_eq!(post(&last, &Value::Null).await.problem(409), "not_possible_in_state");
        let free = json!({"rotation_days": 0, "certification": false});
        let _ = send(&server, Method::PUT, &of("field-rules"), &free, coordinator).await.ok();
        assert_eq!(post(&last, &Value::Null).await.ok()["withdrawn"], true);
        let told = details(&server, "briefing.withdraw").await;
        assert!(told.contains(&json!({"programme": scene.programme, "version": 2})), "{told:?}");
    }

    async fn a_coordinator_gives_tries_back(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let (shopper, coordinator) = (server.north.shopper(), server.north.coordinator());
        let quiz = with_quiz(&server, &scene, 2).await;
        let back = format!("/v1/programmes/{}/trainees/{}/attempts", scene.programme, shopper.id);
        let give = async |path: &str| send(&server, Method::DELETE, path, &Value::Null, coordinator).await;
        assert_eq!(give(&back).await.problem(404), "not_found", "nothing was tried");
        let attempts = format!("{quiz}/attempts");
        let take = async |answers: Value| send(&server, Method::POST, &attempts, &answers, shopper).await;
        let _ = take(answers("no", "yes", "no", "no")).await.created();
        assert_eq!(take(answers("yes", "no", "no", "no")).await.created()["attempts_left"], 0);
        assert_eq!(take(answers("no", "yes", "no", "no")).await.problem(409), "not_possible_in_state");
        assert_eq!(give(&back).await.status, StatusCode::NO_CONTENT);
        let shown = send(&server, Method::GET, &quiz, &Value::Null, shopper).await.ok();
        assert_eq!(shown["attempts_left"], 2);
        assert!(shown["certified_until"].is_string(), "what they have passed they have passed");
        assert_eq!(take(answers("yes", "yes", "no", "no")).await.created()["attempts_left"], 1);
        let told = details(&server, "training.give_attempts_back").await;
        assert_eq!((told.len(), &told[0]["attempts"], &told[0]["shopper"]), (1, &json!(2), &json!(shopper.id)));
        let nobody = back.replace(&shopper.id.to_string(), &server.north.reviewer().id.to_string());
        assert_eq!(give(&nobody).await.problem(404), "not_found");
        let own = send(&server, Method::DELETE, &back, &Value::Null, shopper).await;
        assert_eq!(own.problem(403), "forbidden");
    }
}
