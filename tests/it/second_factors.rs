//! Authenticator apps, recovery codes, and roles that need a second factor.

use axum::http::{Method, StatusCode};
use haamu_domain::Role;
use haamu_tests::{Answer, Person, TestServer, both_dbs};
use serde_json::{Value, json};

fn token(session: &Value) -> &str {
    session["access_token"].as_str().expect("a token")
}

async fn refresh(server: &TestServer, session: &Value) -> Value {
    let body = json!({"refresh_token": session["refresh_token"]});
    server.post("/v1/sessions/refresh", body).send().await.ok()
}

async fn require(server: &TestServer, roles: &[&str]) {
    let path = "/v1/agency/second-factor";
    let call = server.request(Method::PUT, path).json(&json!({"roles": roles}));
    let _ = call
        .by(server.north.person(Role::Administrator))
        .await
        .send()
        .await
        .ok();
}

async fn remove_totp(server: &TestServer, session: &Value) -> Answer {
    let call = server.request(Method::DELETE, "/v1/me/second-factors/totp");
    call.bearer(token(session)).send().await
}

fn reviewer(server: &TestServer) -> &Person {
    server.north.person(Role::Reviewer)
}

both_dbs! {
    async fn whoever_has_an_app_is_asked_for_its_code(server) {
        let session = server.sign_in(reviewer(&server)).await;
        let app = server.set_up_totp(token(&session)).await;
        let challenge = server.challenge(reviewer(&server)).await;
        assert_eq!(challenge["methods"], json!(["totp", "recovery_code"]));
        assert!(challenge.get("access_token").is_none());
        server.clock.advance_seconds(30);
        let session = server.second_factor(&challenge, "totp", json!(app.code(&server, 0))).await.created();
        assert_eq!(session["me"]["role"], "reviewer");
        assert_eq!(server.own_session(token(&session)).await["second_factor"], true);
        let factors = server.get("/v1/me/second-factors").bearer(token(&session)).send().await.ok();
        assert_eq!((&factors["recovery_codes_left"], &factors["required"]), (&json!(10), &json!(false)));
        server.run_jobs().await;
        assert_eq!(server.mail.only().content.subject, "A second factor was added");
    }

    async fn an_app_counts_for_nothing_before_it_has_shown_a_code(server) {
        let session = server.sign_in(reviewer(&server)).await;
        let begun = server.post("/v1/me/second-factors/totp", Value::Null).bearer(token(&session)).send().await.ok();
        assert!(begun["otpauth_url"].as_str().expect("an address").starts_with("otpauth://totp/Agency%20north"), "{begun}");
        let confirm = |code: &str| server.post("/v1/me/second-factors/totp/confirm", json!({"code": code})).bearer(token(&session));
        assert_eq!(confirm("000000").send().await.problem(422), "second_factor_wrong");
        let _ = server.first_factor(reviewer(&server)).await.created();
        // Begun anew, it has another secret.
        let again = server.post("/v1/me/second-factors/totp", Value::Null).bearer(token(&session)).send().await.ok();
        assert_ne!(again["secret"], begun["secret"]);
    }

    async fn a_code_is_good_once_and_for_its_time(server) {
        let session = server.sign_in(reviewer(&server)).await;
        let app = server.set_up_totp(token(&session)).await;
        // The code that confirmed the app is used up as well.
        let challenge = server.challenge(reviewer(&server)).await;
        let used = server.second_factor(&challenge, "totp", json!(app.code(&server, 0))).await;
        assert_eq!(used.problem(422), "second_factor_wrong");
        let far = server.second_factor(&challenge, "totp", json!(app.code(&server, 3))).await;
        assert_eq!(far.problem(422), "second_factor_wrong");
        let next = app.code(&server, 1);
        let _ = server.second_factor(&challenge, "totp", json!(next)).await.created();
        server.clock.advance_seconds(30);
        let challenge = server.challenge(reviewer(&server)).await;
        let again = server.second_factor(&challenge, "totp", json!(next)).await;
        assert_eq!(again.problem(422), "second_factor_wrong");
    }

    async fn of_two_who_send_one_code_at_once_one_is_let_in(server) {
        let session = server.sign_in(reviewer(&server)).await;
        let app = server.set_up_totp(token(&session)).await;
        server.clock.advance_seconds(30);
        let code = app.code(&server, 0);
        let (one, other) = (server.challenge(reviewer(&server)).await, server.challenge(reviewer(&server)).await);
        let answers = futures::future::join(
            server.second_factor(&one, "totp", json!(code)),
            server.second_factor(&other, "totp", json!(code)),
        ).await;
        let mut statuses = [answers.0.status.as_u16(), answers.1.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 422]);
    }

    async fn a_challenge_is_good_for_a_few_attempts_and_minutes(server) {
        let session = server.sign_in(reviewer(&server)).await;
        let app = server.set_up_totp(token(&session)).await;
        let challenge = server.challenge(reviewer(&server)).await;
        server.clock.advance_seconds(5 * 60);
        let late = server.second_factor(&challenge, "totp", json!(app.code(&server, 0))).await;
        assert_eq!(late.problem(410), "no_longer_good");
        let challenge = server.challenge(reviewer(&server)).await;
        for wait in [0, 0, 0, 0, 2] {
            server.clock.advance_seconds(wait);
            let wrong = server.second_factor(&challenge, "totp", json!("000000")).await;
            assert_eq!(wrong.problem(422), "second_factor_wrong");
        }
        server.clock.advance_seconds(60);
        let spent = server.second_factor(&challenge, "totp", json!(app.code(&server, 0))).await;
        assert_eq!(spent.problem(410), "no_longer_good");
        // A new challenge does not wipe out what was guessed before.
        let challenge = server.challenge(reviewer(&server)).await;
        for expected in [422, 429] {
            assert_eq!(server.second_factor(&challenge, "totp", json!("000000")).await.status, expected);
        }
    }

    async fn exactly_one_proof_is_taken(server) {
        for body in [json!({"challenge": "x"}), json!({"challenge": "x", "totp": "1", "recovery_code": "2"})] {
            let answer = server.post("/v1/sessions/second-factor", body).send().await;
            assert_eq!(answer.issues(422), ["totp one_of"]);
        }
        let unknown = server.second_factor(&json!({"challenge": "x"}), "totp", json!("000000")).await;
        assert_eq!(unknown.problem(410), "no_longer_good");
    }

    async fn a_recovery_code_stands_in_once(server) {
        let session = server.sign_in(reviewer(&server)).await;
        let app = server.set_up_totp(token(&session)).await;
        assert_eq!(app.recovery_codes.len(), 10);
        let code = app.recovery_codes[3].to_uppercase().replace('-', " ");
        let challenge = server.challenge(reviewer(&server)).await;
        let session = server.second_factor(&challenge, "recovery_code", json!(code)).await.created();
        let challenge = server.challenge(reviewer(&server)).await;
        let again = server.second_factor(&challenge, "recovery_code", json!(code)).await;
        assert_eq!(again.problem(422), "second_factor_wrong");
        let factors = server.get("/v1/me/second-factors").bearer(token(&session)).send().await.ok();
        assert_eq!(factors["recovery_codes_left"], 9);
        let renewed = server.post("/v1/me/second-factors/recovery-codes", Value::Null).bearer(token(&session)).send().await.ok();
        assert_eq!(renewed["recovery_codes"].as_array().map(Vec::len), Some(10));
        let old = server.second_factor(&challenge, "recovery_code", json!(app.recovery_codes[4])).await;
        assert_eq!(old.problem(422), "second_factor_wrong");
        let _ = server.second_factor(&challenge, "recovery_code", renewed["recovery_codes"][0].clone()).await.created();
    }

    async fn a_removed_app_is_asked_for_no_more(server) {
        let session = server.sign_in(reviewer(&server)).await;
        let app = server.set_up_totp(token(&session)).await;
        let again = server.post("/v1/me/second-factors/totp", Value::Null).bearer(token(&session)).send().await;
        assert_eq!(again.problem(409), "not_possible_in_state");
        let _ = remove_totp(&server, &session).await.expect(StatusCode::NO_CONTENT);
        let _ = server.first_factor(reviewer(&server)).await.created();
        let codes = server.post("/v1/me/second-factors/recovery-codes", Value::Null).bearer(token(&session)).send().await;
        assert_eq!(codes.problem(409), "not_possible_in_state");
        assert!(!app.recovery_codes.is_empty());
    }

    async fn factors_are_changed_by_whoever_has_just_shown_them(server) {
        let old = server.sign_in(reviewer(&server)).await;
        let session = server.sign_in(reviewer(&server)).await;
        let _app = server.set_up_totp(token(&session)).await;
        // A session from before the app has not shown it.
        assert_eq!(remove_totp(&server, &old).await.problem(403), "sign_in_again");
        server.clock.advance_seconds(14 * 60);
        let session = refresh(&server, &session).await;
        server.clock.advance_seconds(2 * 60);
        assert_eq!(remove_totp(&server, &session).await.problem(403), "sign_in_again");
        let late = server.sign_in(server.north.coordinator()).await;
        server.clock.advance_seconds(14 * 60);
        let late = refresh(&server, &late).await;
        server.clock.advance_seconds(2 * 60);
        let begin = server.post("/v1/me/second-factors/totp", Value::Null).bearer(token(&late)).send().await;
        assert_eq!(begin.problem(403), "sign_in_again");
    }

    async fn a_role_that_needs_a_factor_may_only_set_one_up(server) {
        let before = server.sign_in(reviewer(&server)).await;
        require(&server, &["reviewer", "administrator", "reviewer"]).await;
        let session = server.sign_in(reviewer(&server)).await;
        assert_eq!(session["me"]["second_factor_missing"], true);
        let get = |path: &str, session: &Value| server.get(path).bearer(token(session));
        assert_eq!(get("/v1/visits", &session).send().await.problem(403), "second_factor_required");
        assert_eq!(get("/v1/users", &session).send().await.problem(403), "forbidden");
        let factors = get("/v1/me/second-factors", &session).send().await.ok();
        assert_eq!(factors["required"], true);
        // A session that was there before goes on until it is renewed.
        let _ = get("/v1/visits", &before).send().await.ok();
        let renewed = refresh(&server, &before).await;
        assert_eq!(get("/v1/visits", &renewed).send().await.problem(403), "second_factor_required");
        let _app = server.set_up_totp(token(&session)).await;
        let renewed = refresh(&server, &session).await;
        assert_eq!(renewed["me"]["second_factor_missing"], false);
        let _ = get("/v1/visits", &renewed).send().await.ok();
        assert_eq!(remove_totp(&server, &renewed).await.problem(409), "not_possible_in_state");
        // Other roles and other agencies are left alone.
        let shopper = server.sign_in(server.north.shopper()).await;
        assert_eq!(shopper["me"]["second_factor_missing"], false);
        let south = server.sign_in(server.south.person(Role::Reviewer)).await;
        assert_eq!(south["me"]["second_factor_missing"], false);
        let read = server.get("/v1/agency/second-factor").by(server.south.person(Role::Administrator)).await.send().await.ok();
        assert_eq!(read["roles"], json!([]));
    }

    async fn an_administrator_helps_whoever_has_lost_their_phone(server) {
        let session = server.sign_in(reviewer(&server)).await;
        let _app = server.set_up_totp(token(&session)).await;
        server.run_jobs().await;
        let _ = server.mail.take();
        let administrator = server.north.person(Role::Administrator);
        let path = format!("/v1/users/{}/second-factors", reviewer(&server).id);
        let _ = server.request(Method::DELETE, &path).by(administrator).await.send().await.expect(StatusCode::NO_CONTENT);
        let body = json!({"refresh_token": session["refresh_token"]});
        assert_eq!(server.post("/v1/sessions/refresh", body).send().await.problem(401), "invalid_refresh_token");
        let _ = server.first_factor(reviewer(&server)).await.created();
        server.run_jobs().await;
        assert_eq!(server.mail.only().recipient, reviewer(&server).email);
        let own = format!("/v1/users/{}/second-factors", administrator.id);
        let refused = server.request(Method::DELETE, &own).by(administrator).await.send().await;
        assert_eq!(refused.problem(409), "not_possible_in_state");
    }

    async fn a_new_password_does_not_take_the_second_factor_away(server) {
        server.prove_address(reviewer(&server)).await;
        let session = server.sign_in(reviewer(&server)).await;
        let _app = server.set_up_totp(token(&session)).await;
        let _ = server.post("/v1/password-resets", json!({"email": reviewer(&server).email})).send().await;
        server.run_jobs().await;
        let mails = server.mail.take();
        let link = haamu_tests::mail::secret(mails.last().expect("a mail"));
        let body = json!({"secret": link, "password": "kolme satunnaista sanaa"});
        let _ = server.post("/v1/password-resets/complete", body).send().await.expect(StatusCode::NO_CONTENT);
        let body = json!({"email": reviewer(&server).email, "password": "kolme satunnaista sanaa"});
        assert_eq!(server.post("/v1/sessions", body).send().await.status, 202);
    }
}
