//! Set-up, signing in, refreshing, signing out.

use axum::http::Method;
use haamu_domain::Role;
use haamu_sync::DeviceId;
use haamu_tests::wire::PUBLIC_KEY;
use haamu_tests::{PASSWORD, both_dbs};
use sea_orm::ConnectionTrait;
use serde_json::json;

both_dbs! {
    async fn me_says_who_and_as_what(server) {
        let me = server.get("/v1/me").by(server.north.person(Role::Reviewer)).await.send().await.ok();
        assert_eq!(me["role"], "reviewer");
        assert_eq!(me["agency_name"], "Agency north");
    }

    async fn sign_in_tells_nothing_about_who_exists(server) {
        for email in ["reviewer@north.example", "nobody@north.example"] {
            let body = json!({"email": email, "password": "not the right one"});
            assert_eq!(server.post("/v1/sessions", body).send().await.problem(401), "invalid_credentials");
        }
    }

    async fn sign_in_ignores_the_case_of_the_address(server) {
        let body = json!({"email": " Reviewer@North.Example ", "password": PASSWORD});
        let session = server.post("/v1/sessions", body).send().await.created();
        assert_eq!(session["me"]["role"], "reviewer");
    }

    async fn refresh_token_is_good_once(server) {
        let session = server.sign_in(server.north.shopper()).await;
        let first = json!({"refresh_token": session["refresh_token"]});
        let second = server.post("/v1/sessions/refresh", first.clone()).send().await.ok();
        server.clock.advance_seconds(120);
        // Whoever comes with a used token has stolen it, or was robbed: both are out.
        let again = server.post("/v1/sessions/refresh", first).send().await;
        assert_eq!(again.problem(401), "invalid_refresh_token");
        let next = json!({"refresh_token": second["refresh_token"]});
        let robbed = server.post("/v1/sessions/refresh", next).send().await;
        assert_eq!(robbed.problem(401), "invalid_refresh_token");
    }

    async fn who_is_in_a_session_that_a_restored_server_lost_must_sign_in_again(server) {
        let shopper = server.north.shopper();
        let session = server.sign_in(shopper).await;
        let token = session["access_token"].as_str().expect("a token");
        let connection = server.database.connect().await;
        for table in ["refresh_token", "session"] {
            connection.execute_unprepared(&format!("DELETE FROM {table}")).await.expect("deleted");
        }
        let device = json!({"device": DeviceId::from_bytes([7; 16]).to_string(), "public_key": PUBLIC_KEY,
            "platform": "test", "build": "test/1"});
        let enrolled = server.post("/v1/devices", device).bearer(token).send().await;
        assert_eq!(enrolled.problem(401), "unauthenticated");
        let signed_out = server.request(Method::DELETE, "/v1/sessions/current").bearer(token).send().await;
        assert_eq!(signed_out.problem(401), "unauthenticated");
        let refreshed = json!({"refresh_token": session["refresh_token"]});
        let refreshed = server.post("/v1/sessions/refresh", refreshed).send().await;
        assert_eq!(refreshed.problem(401), "invalid_refresh_token");
        connection.execute_unprepared("DELETE FROM membership").await.expect("deleted");
        assert_eq!(server.get("/v1/me").bearer(token).send().await.problem(401), "unauthenticated");
    }

    async fn a_lost_answer_does_not_sign_a_device_out(server) {
        let session = server.sign_in(server.north.shopper()).await;
        let first = json!({"refresh_token": session["refresh_token"]});
        let _ = server.post("/v1/sessions/refresh", first.clone()).send().await.ok();
        server.clock.advance_seconds(5);
        let again = server.post("/v1/sessions/refresh", first).send().await.ok();
        let next = json!({"refresh_token": again["refresh_token"]});
        let _ = server.post("/v1/sessions/refresh", next).send().await.ok();
    }

    async fn a_token_whose_answer_was_lost_is_worth_nothing_to_whoever_found_it(server) {
        let session = server.sign_in(server.north.shopper()).await;
        let first = json!({"refresh_token": session["refresh_token"]});
        let found = server.post("/v1/sessions/refresh", first.clone()).send().await.ok();
        let mine = server.post("/v1/sessions/refresh", first).send().await.ok();
        let thief = json!({"refresh_token": found["refresh_token"]});
        assert_eq!(server.post("/v1/sessions/refresh", thief).send().await.problem(401), "invalid_refresh_token");
        // Which of the two stole, nobody knows: the session is over for both.
        let mine = json!({"refresh_token": mine["refresh_token"]});
        assert_eq!(server.post("/v1/sessions/refresh", mine).send().await.problem(401), "invalid_refresh_token");
    }

    async fn an_ended_session_enrols_no_device(server) {
        let session = server.sign_in(server.north.shopper()).await;
        let token = session["access_token"].as_str().expect("a token").to_owned();
        let current = server.request(Method::DELETE, "/v1/sessions/current");
        let _ = current.bearer(&token).send().await.expect(axum::http::StatusCode::NO_CONTENT);
        let device = json!({"device": DeviceId::from_bytes([7; 16]).to_string(),
            "public_key": PUBLIC_KEY, "platform": "test", "build": "test/1"});
        let answer = server.post("/v1/devices", device).bearer(&token).send().await;
        assert_eq!(answer.problem(401), "unauthenticated");
    }

    async fn tokens_run_out(server) {
        let session = server.sign_in(server.north.shopper()).await;
        let token = session["access_token"].as_str().expect("a token").to_owned();
        let _ = server.get("/v1/me").bearer(&token).send().await.ok();
        server.clock.advance_seconds(16 * 60);
        assert_eq!(server.get("/v1/me").bearer(&token).send().await.problem(401), "unauthenticated");
        server.clock.advance_seconds(31 * 24 * 3600);
        let refresh = json!({"refresh_token": session["refresh_token"]});
        let late = server.post("/v1/sessions/refresh", refresh).send().await;
        assert_eq!(late.problem(401), "invalid_refresh_token");
    }

    async fn signing_out_ends_the_session(server) {
        let session = server.sign_in(server.north.shopper()).await;
        let token = session["access_token"].as_str().expect("a token").to_owned();
        let out = server.request(Method::DELETE, "/v1/sessions/current").bearer(&token).send().await;
        assert_eq!(out.status, 204);
        let refresh = json!({"refresh_token": session["refresh_token"]});
        let after = server.post("/v1/sessions/refresh", refresh).send().await;
        assert_eq!(after.problem(401), "invalid_refresh_token");
    }

    async fn foreign_and_broken_tokens_are_refused(server) {
        for token in ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0."] {
            assert_eq!(server.get("/v1/me").bearer(token).send().await.problem(401), "unauthenticated");
        }
        assert_eq!(server.get("/v1/me").send().await.problem(401), "unauthenticated");
    }

    async fn set_up_takes_the_printed_code_once(server) {
        let code = server.app.prepare_setup().await.expect("asked").expect("not set up");
        let body = |code: &str, password: &str| json!({"code": code, "agency_name": "East", "email": "boss@east.example",
            "display_name": "Boss", "password": password});
        let wrong = server.post("/v1/setup", body("nonsense", PASSWORD)).send().await;
        assert_eq!(wrong.problem(403), "setup_code_wrong");
        let short = server.post("/v1/setup", body(&code, "short")).send().await;
        assert_eq!(short.issues(422), ["password too_short"]);
        let session = server.post("/v1/setup", body(&code, PASSWORD)).send().await.created();
        assert_eq!(session["me"]["role"], "administrator");
        let again = server.post("/v1/setup", body(&code, PASSWORD)).send().await;
        assert_eq!(again.problem(409), "setup_closed");
        assert_eq!(server.app.prepare_setup().await.expect("asked"), None);
    }
}
