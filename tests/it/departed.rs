//! Shoppers who are none any more, or are suspended: what becomes of what they have, and who hears of it.

use axum::http::Method;
use haamu_domain::Role;
use haamu_tests::agency::Person;
use haamu_tests::{TestServer, both_dbs};
use serde_json::{Value, json};

use crate::filling::Field;

fn free() -> Value {
    json!({"rotation_days": 0, "location_visits_per_day": 99})
}

async fn change(server: &TestServer, who: &Person, how: &str) {
    let (method, path, body) = match how {
        "role" => {
            let client = server.north.client.to_string();
            let viewer = json!({"role": "client_viewer", "client_organisation": client});
            (Method::PUT, "role", viewer)
        }
        how => (Method::POST, how, Value::Null),
    };
    let path = format!("/v1/users/{}/{path}", who.id);
    let call = server.request(method, &path).json(&body);
    let boss = server.north.person(Role::Administrator);
    let _ = call.by(boss).await.send().await.ok();
}

/// What coordinators are told within the next quarter of an hour.
async fn staff_hears(server: &TestServer) -> String {
    server.run_jobs().await;
    server.clock.advance_seconds(15 * 60);
    server.forget_tokens();
    server.run_jobs().await;
    let mails = server.mail.take().into_iter();
    let coordinator = &server.north.coordinator().email;
    let texts = mails.filter(|mail| mail.recipient == *coordinator);
    texts.map(|mail| mail.content.text).collect()
}

/// A visit that is offered, one that is accepted, one that is begun and one that is asked for; then something happens
/// to whoever has them.
async fn with_all<'a>(server: &'a TestServer, how: &str) -> (Field<'a>, [String; 4], String) {
    let field = Field::open(server, free()).await;
    let shopper = server.north.shopper();
    let begun = field.plan(0).await;
    let assignment = field.offered(&begun, shopper, None).await;
    field.accept(&assignment, shopper).await;
    let mut device = server.device(shopper).await;
    device.answer("greeted", "\"yes\"").await;
    device.sync().await;
    assert_eq!(field.state(&begun).await, "in_progress accepted");
    let (offered, accepted, asked) = (field.plan(1).await, field.plan(2).await, field.plan(0).await);
    let _ = field.offered(&offered, shopper, None).await;
    let assignment = field.offered(&accepted, shopper, None).await;
    field.accept(&assignment, shopper).await;
    field.post_all(json!("apply")).await;
    field.apply_for(&asked, "2026-11-25", shopper).await;
    let _ = staff_hears(server).await;
    change(server, shopper, how).await;
    let said = staff_hears(server).await;
    (field, [offered, accepted, begun, asked], said)
}

async fn gives_up(server: &TestServer, how: &str) {
    let (field, [offered, accepted, begun, asked], said) = with_all(server, how).await;
    let (other, coordinator) = (&server.north.other_shopper, server.north.coordinator());
    assert_eq!(field.state(&offered).await, "planned free");
    assert_eq!(field.state(&accepted).await, "planned free");
    assert_eq!(
        field.state(&begun).await,
        "in_progress accepted",
        "it is on their device"
    );
    let listed = field
        .get(&format!("/v1/visits/{asked}/applications"), coordinator)
        .await
        .ok();
    assert_eq!(listed["items"], json!([]));
    for (visit, reason) in [
        (&accepted, "cancelled"),
        (&offered, "cancelled"),
        (&asked, "withdrawn"),
    ] {
        let path = format!("/v1/visits/{visit}/assignments");
        let ended = field.get(&path, coordinator).await.ok();
        let end = &ended["items"][0]["terms"]["end"];
        assert_eq!(end["reason"], reason, "{ended}");
        assert!(
            end["words"]
                .as_str()
                .is_some_and(|words| words.contains("no shopper"))
        );
    }
    let (open, kept) = said
        .split_once("Whoever has begun these visits is no shopper any more")
        .expect("both are told");
    assert!(open.contains("they are open again") && open.contains("Paikka 1") && open.contains("Paikka 2"));
    assert!(!open.contains("Paikka 0") && kept.contains("Paikka 0"), "{said}");
    // Somebody else gets what is free.
    let _ = field.offered(&accepted, other, None).await;
}

both_dbs! {
    async fn what_somebody_has_not_begun_is_free_when_they_are_kept_out(server) {
        gives_up(&server, "disable").await;
    }

    async fn what_somebody_has_not_begun_is_free_when_they_become_something_else(server) {
        gives_up(&server, "role").await;
    }

    async fn whoever_is_let_in_again_at_once_keeps_all(server) {
        let field = Field::open(&server, free()).await;
        let shopper = server.north.shopper();
        let visit = field.plan(0).await;
        let _ = field.offered(&visit, shopper, None).await;
        change(&server, shopper, "disable").await;
        change(&server, shopper, "enable").await;
        let said = staff_hears(&server).await;
        assert_eq!((field.state(&visit).await.as_str(), said.as_str()), ("planned assigned", ""));
    }

    async fn nothing_is_taken_from_whoever_is_suspended_and_coordinators_hear_what_they_have(server) {
        let field = Field::open(&server, free()).await;
        let shopper = server.north.shopper();
        let (offered, accepted, ended) = (field.plan(0).await, field.plan(1).await, field.plan(2).await);
        let _ = field.offered(&offered, shopper, None).await;
        let assignment = field.offered(&accepted, shopper, None).await;
        field.accept(&assignment, shopper).await;
        let gone = field.offered(&ended, shopper, None).await;
        let path = format!("/v1/assignments/{gone}/decline");
        assert_eq!(field.send(Method::POST, &path, &json!({"reason": "En ehdi."}), shopper).await.status, 204);
        let _ = staff_hears(&server).await;
        let suspend = async || {
            let path = format!("/v1/shoppers/{}/profile", shopper.id);
            let _ = field.send(Method::PATCH, &path, &json!({"suspended": true}), server.north.coordinator()).await.ok();
        };
        suspend().await;
        let said = staff_hears(&server).await;
        assert!(said.contains("was suspended") && said.contains("Paikka 0") && said.contains("Paikka 1"), "{said}");
        assert!(!said.contains("Paikka 2"), "{said}");
        assert_eq!(field.state(&offered).await, "planned assigned");
        assert_eq!(field.state(&accepted).await, "accepted accepted");
        // Saying so once more is no news.
        suspend().await;
        assert_eq!(staff_hears(&server).await, "");
    }
}
