//! One's own account: sessions, e-mail address, and a verified one.

use axum::http::{Method, StatusCode};
use haamu_domain::Role;
use haamu_tests::mail::secret;
use haamu_tests::{Answer, PASSWORD, Person, TestServer, both_dbs};
use serde_json::{Value, json};

async fn refresh(server: &TestServer, session: &Value) -> Answer {
    let body = json!({"refresh_token": session["refresh_token"]});
    server.post("/v1/sessions/refresh", body).send().await
}

fn token(session: &Value) -> &str {
    session["access_token"].as_str().expect("a token")
}

async fn sessions(server: &TestServer, session: &Value) -> Vec<Value> {
    let listed = server
        .get("/v1/sessions")
        .bearer(token(session))
        .send()
        .await
        .ok();
    listed["items"].as_array().expect("items").clone()
}

async fn link(server: &TestServer) -> String {
    server.run_jobs().await;
    secret(&server.mail.only())
}

async fn confirm(server: &TestServer, secret: &str) -> Answer {
    server
        .post(
            "/v1/email-confirmations",
            json!({"secret": secret, "password": PASSWORD}),
        )
        .send()
        .await
}

async fn move_to(server: &TestServer, person: &Person, email: &str, password: &str) -> Answer {
    let body = json!({"email": email, "password": password});
    server.post("/v1/me/email", body).by(person).await.send().await
}

both_dbs! {
    async fn ones_sessions_are_listed_and_ended_one_by_one(server) {
        let person = server.north.person(Role::Reviewer);
        let body = json!({"email": person.email, "password": PASSWORD});
        let old = server.post("/v1/sessions", body).header("user-agent", "Browser of an old phone").send().await.created();
        server.clock.advance_seconds(60);
        let new = server.sign_in(person).await;
        server.clock.advance_seconds(60);
        let new = refresh(&server, &new).await.ok();
        let listed = sessions(&server, &new).await;
        assert_eq!(listed.len(), 2);
        assert_eq!((&listed[0]["current"], &listed[1]["current"]), (&json!(true), &json!(false)));
        assert_eq!((&listed[0]["created_at"], &listed[0]["last_used_at"]), (&json!("2026-11-20T12:01:00Z"), &json!("2026-11-20T12:02:00Z")));
        assert_eq!((&listed[1]["user_agent"], &listed[1]["method"]), (&json!("Browser of an old phone"), &json!("password")));
        let path = format!("/v1/sessions/{}", listed[1]["id"].as_str().expect("an id"));
        let end = || async { server.request(Method::DELETE, &path).bearer(token(&new)).send().await };
        let _ = end().await.expect(StatusCode::NO_CONTENT);
        let _ = end().await.expect(StatusCode::NO_CONTENT);
        assert_eq!(refresh(&server, &old).await.problem(401), "invalid_refresh_token");
        let other = server.request(Method::DELETE, &path).by(server.north.coordinator()).await.send().await;
        assert_eq!(other.problem(404), "not_found");
        assert_eq!(sessions(&server, &new).await.len(), 1);
    }

    async fn a_session_that_has_run_out_is_not_listed(server) {
        let person = server.north.person(Role::Reviewer);
        let _ = server.sign_in(person).await;
        server.clock.advance_seconds(31 * 24 * 3_600);
        let new = server.sign_in(person).await;
        assert_eq!(sessions(&server, &new).await.len(), 1);
    }

    async fn signing_out_everywhere_ends_all_of_them(server) {
        let person = server.north.person(Role::Reviewer);
        let (one, other) = (server.sign_in(person).await, server.sign_in(person).await);
        let stranger = server.sign_in(server.north.coordinator()).await;
        let all = server.request(Method::DELETE, "/v1/sessions").bearer(token(&one));
        let _ = all.send().await.expect(StatusCode::NO_CONTENT);
        for session in [&one, &other] {
            assert_eq!(refresh(&server, session).await.problem(401), "invalid_refresh_token");
        }
        let _ = refresh(&server, &stranger).await.ok();
    }

    async fn whoever_is_signed_out_signs_nobody_else_out(server) {
        let person = server.north.person(Role::Reviewer);
        let (stolen, own) = (server.sign_in(person).await, server.sign_in(person).await);
        let path = |session: &Value| format!("/v1/sessions/{}", session["id"].as_str().expect("an id"));
        let listed = sessions(&server, &own).await;
        let [current, other] = [true, false].map(|is_own| {
            listed.iter().find(|session| session["current"] == is_own).expect("a session").clone()
        });
        let end = |path: &str, by: &Value| server.request(Method::DELETE, path).bearer(token(by));
        let _ = end(&path(&other), &own).send().await.expect(StatusCode::NO_CONTENT);
        // Its token is good for some minutes more.
        let all = end("/v1/sessions", &stolen).send().await;
        assert_eq!(all.problem(401), "unauthenticated");
        let one = end(&path(&current), &stolen).send().await;
        assert_eq!(one.problem(401), "unauthenticated");
        let _ = refresh(&server, &own).await.ok();
        let _ = end(&path(&other), &stolen).send().await.expect(StatusCode::NO_CONTENT);
        let _ = end("/v1/sessions/current", &stolen).send().await.expect(StatusCode::NO_CONTENT);
    }

    async fn an_address_is_verified_by_the_link_that_came_to_it(server) {
        let person = server.north.person(Role::Reviewer);
        let me = || async { server.get("/v1/me").by(person).await.send().await.ok() };
        assert_eq!(me().await["email_verified"], false);
        let ask = || async { server.post("/v1/me/email-verification", Value::Null).by(person).await.send().await };
        let _ = ask().await.expect(StatusCode::ACCEPTED);
        let first = link(&server).await;
        let _ = ask().await.expect(StatusCode::ACCEPTED);
        let second = link(&server).await;
        assert_eq!(confirm(&server, &first).await.problem(410), "no_longer_good");
        let _ = confirm(&server, &second).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(me().await["email_verified"], true);
        assert_eq!(confirm(&server, &second).await.problem(410), "no_longer_good");
        server.forget_tokens();
        assert_eq!(ask().await.problem(409), "not_possible_in_state");
    }

    async fn a_link_runs_out(server) {
        let person = server.north.person(Role::Reviewer);
        let _ = server.post("/v1/me/email-verification", Value::Null).by(person).await.send().await.expect(StatusCode::ACCEPTED);
        let link = link(&server).await;
        server.clock.advance_seconds(24 * 3_600);
        assert_eq!(confirm(&server, &link).await.problem(410), "no_longer_good");
    }

    async fn an_account_moves_to_an_address_that_is_its_persons(server) {
        let person = server.north.person(Role::Reviewer);
        let _ = move_to(&server, person, "Uusi@New.example", PASSWORD).await.expect(StatusCode::ACCEPTED);
        server.run_jobs().await;
        let mail = server.mail.only();
        assert_eq!(mail.recipient, "uusi@new.example");
        // Nothing has happened before the link is taken.
        let _ = server.sign_in(person).await;
        let _ = confirm(&server, &secret(&mail)).await.expect(StatusCode::NO_CONTENT);
        server.run_jobs().await;
        let notice = server.mail.only();
        assert_eq!((notice.recipient.as_str(), notice.content.subject.as_str()), (person.email.as_str(), "Your e-mail address was changed"));
        let body = |email: &str| json!({"email": email, "password": PASSWORD});
        assert_eq!(server.post("/v1/sessions", body(&person.email)).send().await.problem(401), "invalid_credentials");
        let session = server.post("/v1/sessions", body("uusi@new.example")).send().await.created();
        assert_eq!((&session["me"]["email"], &session["me"]["email_verified"]), (&json!("uusi@new.example"), &json!(true)));
    }

    async fn whether_an_address_is_taken_is_told_to_its_owner_only(server) {
        let person = server.north.person(Role::Reviewer);
        let taken = move_to(&server, person, "coordinator@north.example", PASSWORD).await;
        let free = move_to(&server, person, "uusi@new.example", PASSWORD).await;
        assert_eq!((taken.status, taken.body), (free.status, free.body));
        server.run_jobs().await;
        let mails = server.mail.take();
        let subjects: Vec<_> = mails.iter().map(|mail| (mail.recipient.as_str(), mail.content.subject.as_str())).collect();
        assert_eq!(subjects, [
            ("coordinator@north.example", "This address has an account already"),
            ("uusi@new.example", "Confirm your new e-mail address"),
        ]);
        assert!(!mails[0].content.text.contains('#'));
    }

    async fn an_address_that_was_taken_meanwhile_is_not_taken_over(server) {
        let person = server.north.person(Role::Reviewer);
        let _ = move_to(&server, person, "uusi@new.example", PASSWORD).await.expect(StatusCode::ACCEPTED);
        let link = link(&server).await;
        let body = json!({"email": "uusi@new.example", "display_name": "Uusi", "role": "shopper", "password": "kolme satunnaista sanaa"});
        let _ = server.post("/v1/users", body).by(server.north.coordinator()).await.send().await.created();
        assert_eq!(confirm(&server, &link).await.problem(409), "already_exists");
    }

    async fn a_new_password_makes_a_move_under_way_worthless(server) {
        let person = server.north.person(Role::Reviewer);
        let new = "kolme satunnaista sanaa";
        let moving = async |password: &str| {
            server.forget_tokens();
            let body = json!({"email": person.email, "password": password});
            let session = server.post("/v1/sessions", body).send().await.created();
            let body = json!({"email": "varas@new.example", "password": password});
            let asked = server.post("/v1/me/email", body).bearer(token(&session)).send().await;
            let _ = asked.expect(StatusCode::ACCEPTED);
            link(&server).await
        };
        let stolen = moving(PASSWORD).await;
        let body = json!({"current_password": PASSWORD, "password": new});
        let _ = server.post("/v1/me/password", body).by(person).await.send().await.expect(StatusCode::NO_CONTENT);
        server.run_jobs().await;
        let _ = server.mail.take();
        assert_eq!(confirm(&server, &stolen).await.problem(410), "no_longer_good");
        let stolen = moving(new).await;
        let _ = server.post("/v1/password-resets", json!({"email": person.email})).send().await.expect(StatusCode::ACCEPTED);
        let body = json!({"secret": link(&server).await, "password": PASSWORD});
        let _ = server.post("/v1/password-resets/complete", body).send().await.expect(StatusCode::NO_CONTENT);
        assert_eq!(confirm(&server, &stolen).await.problem(410), "no_longer_good");
    }

    async fn moving_needs_the_password_and_a_session_of_now(server) {
        let person = server.north.person(Role::Reviewer);
        assert_eq!(move_to(&server, person, "no address", PASSWORD).await.issues(422), ["email bad_email"]);
        assert_eq!(move_to(&server, person, "uusi@new.example", "not the right one").await.issues(422), ["password wrong"]);
        let session = server.sign_in(person).await;
        server.clock.advance_seconds(14 * 60);
        let session = refresh(&server, &session).await.ok();
        server.clock.advance_seconds(2 * 60);
        let body = json!({"email": "uusi@new.example", "password": PASSWORD});
        let late = server.post("/v1/me/email", body).bearer(token(&session)).send().await;
        assert_eq!(late.problem(403), "sign_in_again");
    }
}
