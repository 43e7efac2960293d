//! Passkeys: made and used by an authenticator in software.

use axum::http::{Method, StatusCode};
use haamu_app::AppSettings;
use haamu_domain::Role;
use haamu_tests::authenticator::Authenticator;
use haamu_tests::{Answer, Person, TestDatabase, TestServer, both_dbs};
use serde_json::{Value, json};

const ORIGIN: &str = "http://localhost:8080";
const KEYS: &str = "/v1/me/second-factors/passkeys";

fn token(session: &Value) -> &str {
    session["access_token"].as_str().expect("a token")
}

fn reviewer(server: &TestServer) -> &Person {
    server.north.person(Role::Reviewer)
}

async fn begin(server: &TestServer, session: &Value) -> Value {
    let path = format!("{KEYS}/options");
    server
        .post(&path, Value::Null)
        .bearer(token(session))
        .send()
        .await
        .ok()
}

async fn keep(server: &TestServer, session: &Value, ceremony: &Value, credential: Value) -> Answer {
    let body = json!({"ceremony": ceremony["ceremony"], "name": "Puhelin", "credential": credential});
    server.post(KEYS, body).bearer(token(session)).send().await
}

/// A person with a passkey, and the session in which they made it.
pub(crate) async fn with_passkey(server: &TestServer, person: &Person) -> (Authenticator, Value, Value) {
    let session = server.sign_in(person).await;
    let mut authenticator = Authenticator::at(ORIGIN);
    let ceremony = begin(server, &session).await;
    let made = authenticator.create(&ceremony["options"]);
    let kept = keep(server, &session, &ceremony, made).await.created();
    (authenticator, session, kept)
}

pub(crate) async fn ceremony(server: &TestServer) -> Value {
    server
        .post("/v1/sessions/passkey/options", Value::Null)
        .send()
        .await
        .ok()
}

pub(crate) async fn sign_in(server: &TestServer, ceremony: &Value, credential: Value) -> Answer {
    let body = json!({"ceremony": ceremony["ceremony"], "credential": credential});
    server.post("/v1/sessions/passkey", body).send().await
}

both_dbs! {
    async fn a_passkey_is_a_second_factor(server) {
        let (mut authenticator, _, kept) = with_passkey(&server, reviewer(&server)).await;
        assert_eq!((&kept["passkey"]["name"], kept["recovery_codes"].as_array().map(Vec::len)), (&json!("Puhelin"), Some(10)));
        let challenge = server.challenge(reviewer(&server)).await;
        assert_eq!(challenge["methods"], json!(["recovery_code", "passkey"]));
        let signed = authenticator.get(&challenge["passkey"]);
        let session = server.second_factor(&challenge, "passkey", signed.clone()).await.created();
        let factors = server.get("/v1/me/second-factors").bearer(token(&session)).send().await.ok();
        assert_eq!(factors["passkeys"][0]["last_used_at"], "2026-11-20T12:00:00Z");
        // What was signed for one challenge proves nothing for another.
        let challenge = server.challenge(reviewer(&server)).await;
        assert_eq!(server.second_factor(&challenge, "passkey", signed).await.problem(422), "second_factor_wrong");
    }

    async fn a_passkey_signs_in_without_a_password(server) {
        let (mut authenticator, _, _) = with_passkey(&server, reviewer(&server)).await;
        let begun = ceremony(&server).await;
        let signed = authenticator.get(&begun["options"]);
        let session = sign_in(&server, &begun, signed.clone()).await.created();
        assert_eq!(session["me"]["email"], reviewer(&server).email);
        let own = server.own_session(token(&session)).await;
        assert_eq!((&own["method"], &own["second_factor"]), (&json!("passkey"), &json!(true)));
        // A ceremony is used up, and its signature with it.
        assert_eq!(sign_in(&server, &begun, signed.clone()).await.problem(410), "no_longer_good");
        let other = ceremony(&server).await;
        assert_eq!(sign_in(&server, &other, signed).await.problem(401), "invalid_credentials");
        assert_eq!(sign_in(&server, &other, json!({})).await.problem(410), "no_longer_good");
    }

    async fn a_ceremony_runs_out_and_belongs_to_whoever_began_it(server) {
        let session = server.sign_in(reviewer(&server)).await;
        let stranger = server.sign_in(server.north.coordinator()).await;
        let mut authenticator = Authenticator::at(ORIGIN);
        let begun = begin(&server, &session).await;
        let made = authenticator.create(&begun["options"]);
        assert_eq!(keep(&server, &stranger, &begun, made.clone()).await.problem(410), "no_longer_good");
        let begun = begin(&server, &session).await;
        let made = authenticator.create(&begun["options"]);
        server.clock.advance_seconds(5 * 60);
        assert_eq!(keep(&server, &session, &begun, made).await.problem(410), "no_longer_good");
        let sign_in_begun = ceremony(&server).await;
        server.clock.advance_seconds(5 * 60);
        assert_eq!(sign_in(&server, &sign_in_begun, json!({})).await.problem(410), "no_longer_good");
    }

    async fn a_passkey_of_another_web_address_or_without_its_person_is_none(server) {
        let session = server.sign_in(reviewer(&server)).await;
        let begun = begin(&server, &session).await;
        let mut elsewhere = Authenticator::at("http://localhost:9999");
        let made = elsewhere.create(&begun["options"]);
        assert_eq!(keep(&server, &session, &begun, made).await.problem(422), "second_factor_wrong");
        let begun = begin(&server, &session).await;
        let mut careless = Authenticator::at(ORIGIN);
        careless.verifies_user = false;
        let made = careless.create(&begun["options"]);
        assert_eq!(keep(&server, &session, &begun, made).await.problem(422), "second_factor_wrong");
        let begun = begin(&server, &session).await;
        assert_eq!(keep(&server, &session, &begun, json!({"id": 1})).await.problem(422), "second_factor_wrong");
        let _ = server.first_factor(reviewer(&server)).await.created();
    }

    async fn a_passkey_without_its_person_does_not_sign_in(server) {
        let (mut authenticator, _, _) = with_passkey(&server, reviewer(&server)).await;
        authenticator.verifies_user = false;
        let begun = ceremony(&server).await;
        let signed = authenticator.get(&begun["options"]);
        assert_eq!(sign_in(&server, &begun, signed).await.problem(401), "invalid_credentials");
    }

    async fn a_copy_of_a_key_is_found_out_by_its_counter(server) {
        let (mut authenticator, _, _) = with_passkey(&server, reviewer(&server)).await;
        let begun = ceremony(&server).await;
        let signed = authenticator.get(&begun["options"]);
        let _ = sign_in(&server, &begun, signed).await.created();
        authenticator.counter -= 1;
        let begun = ceremony(&server).await;
        let signed = authenticator.get(&begun["options"]);
        assert_eq!(sign_in(&server, &begun, signed).await.problem(401), "invalid_credentials");
    }

    async fn a_key_is_registered_once(server) {
        let (mut authenticator, _, _) = with_passkey(&server, reviewer(&server)).await;
        let other = server.sign_in(server.north.coordinator()).await;
        let begun = begin(&server, &other).await;
        let made = authenticator.create(&begun["options"]);
        assert_eq!(keep(&server, &other, &begun, made).await.problem(409), "already_exists");
    }

    async fn a_removed_passkey_is_of_no_use(server) {
        let (mut authenticator, session, kept) = with_passkey(&server, reviewer(&server)).await;
        let path = format!("{KEYS}/{}", kept["passkey"]["id"].as_str().expect("an id"));
        let remove = |session: &Value| server.request(Method::DELETE, &path).bearer(token(session));
        let stranger = server.sign_in(server.north.coordinator()).await;
        assert_eq!(remove(&stranger).send().await.problem(404), "not_found");
        let _ = remove(&session).send().await.expect(StatusCode::NO_CONTENT);
        assert_eq!(remove(&session).send().await.problem(404), "not_found");
        let begun = ceremony(&server).await;
        let signed = authenticator.get(&begun["options"]);
        assert_eq!(sign_in(&server, &begun, signed).await.problem(401), "invalid_credentials");
        let _ = server.first_factor(reviewer(&server)).await.created();
    }

    async fn a_disabled_person_signs_in_with_no_passkey(server) {
        let (mut authenticator, _, _) = with_passkey(&server, reviewer(&server)).await;
        let path = format!("/v1/users/{}/disable", reviewer(&server).id);
        let _ = server.post(&path, Value::Null).by(server.north.person(Role::Administrator)).await.send().await.ok();
        let begun = ceremony(&server).await;
        let signed = authenticator.get(&begun["options"]);
        assert_eq!(sign_in(&server, &begun, signed).await.problem(401), "invalid_credentials");
    }

    async fn the_last_factor_of_a_role_that_needs_one_stays(server) {
        let call = server.request(Method::PUT, "/v1/agency/second-factor").json(&json!({"roles": ["reviewer"]}));
        let _ = call.by(server.north.person(Role::Administrator)).await.send().await.ok();
        let (_, session, kept) = with_passkey(&server, reviewer(&server)).await;
        let path = format!("{KEYS}/{}", kept["passkey"]["id"].as_str().expect("an id"));
        let refused = server.request(Method::DELETE, &path).bearer(token(&session)).send().await;
        assert_eq!(refused.problem(409), "not_possible_in_state");
    }
}

#[tokio::test]
async fn an_address_without_a_name_has_no_passkeys() {
    let settings = AppSettings {
        public_url: "http://192.0.2.1".to_owned(),
        ..AppSettings::default()
    };
    let server = TestServer::start_with(TestDatabase::sqlite().await, settings).await;
    let begun = server
        .post("/v1/sessions/passkey/options", Value::Null)
        .send()
        .await;
    assert_eq!(begun.problem(409), "passkeys_unavailable");
    let session = server.sign_in(reviewer(&server)).await;
    let path = format!("{KEYS}/options");
    let begun = server
        .post(&path, Value::Null)
        .bearer(token(&session))
        .send()
        .await;
    assert_eq!(begun.problem(409), "passkeys_unavailable");
}
