//! Invitations: mailed, accepted once, sent again, withdrawn, and run out.

use axum::http::StatusCode;
use haamu_domain::Role;
use haamu_tests::mail::secret;
use haamu_tests::{Answer, PASSWORD, TestServer, both_dbs};
use serde_json::{Value, json};

const NEW_PASSWORD: &str = "kolme satunnaista sanaa";

async fn invite(server: &TestServer, email: &str, role: &str) -> (Value, String) {
    let body = json!({"email": email, "role": role, "language": "fi"});
    let administrator = server.north.person(Role::Administrator);
    let made = server
        .post("/v1/invitations", body)
        .by(administrator)
        .await
        .send()
        .await
        .created();
    server.run_jobs().await;
    (made, secret(&server.mail.only()))
}

async fn accept(server: &TestServer, secret: &str, name: &str, password: &str) -> Answer {
    let body = json!({"secret": secret, "display_name": name, "password": password});
    server.post("/v1/invitations/accept", body).send().await
}

async fn change(server: &TestServer, invitation: &Value, what: &str) -> Answer {
    let path = format!(
        "/v1/invitations/{}/{what}",
        invitation["id"].as_str().expect("an id")
    );
    server
        .post(&path, Value::Null)
        .by(server.north.person(Role::Administrator))
        .await
        .send()
        .await
}

both_dbs! {
    async fn whoever_is_invited_becomes_a_member_with_a_verified_address(server) {
        let (_, secret) = invite(&server, "Uusi@New.example", "reviewer").await;
        let look = server.post("/v1/invitations/look", json!({"secret": secret})).send().await.ok();
        assert_eq!(look, json!({"agency_name": "Agency north", "email": "uusi@new.example", "role": "reviewer", "has_account": false}));
        let _ = accept(&server, &secret, "Uusi Tarkastaja", NEW_PASSWORD).await.expect(StatusCode::NO_CONTENT);
        let body = json!({"email": "uusi@new.example", "password": NEW_PASSWORD});
        let session = server.post("/v1/sessions", body).send().await.created();
        assert_eq!((&session["me"]["role"], &session["me"]["email_verified"]), (&json!("reviewer"), &json!(true)));
        assert_eq!(accept(&server, &secret, "Toinen", NEW_PASSWORD).await.problem(410), "no_longer_good");
    }

    async fn the_secret_of_a_link_is_nowhere_but_in_the_mail(server) {
        let (made, secret) = invite(&server, "uusi@new.example", "shopper").await;
        let listed = server.get("/v1/invitations").by(server.north.coordinator()).await.send().await.text();
        assert!(listed.contains(made["id"].as_str().expect("an id")));
        assert!(!made.to_string().contains(&secret) && !listed.contains(&secret));
    }

    async fn a_name_and_a_good_password_are_asked_for(server) {
        let (_, secret) = invite(&server, "uusi.tarkastaja@new.example", "shopper").await;
        assert_eq!(accept(&server, &secret, " ", "short").await.issues(422), ["display_name required", "password too_short"]);
        let named = accept(&server, &secret, "Uusi", "tarkastaja-2026").await;
        assert_eq!(named.issues(422), ["password personal_password"]);
        // What was refused has used nothing up.
        let _ = accept(&server, &secret, "Uusi", NEW_PASSWORD).await.expect(StatusCode::NO_CONTENT);
    }

    async fn an_invitation_runs_out(server) {
        let (made, secret) = invite(&server, "uusi@new.example", "shopper").await;
        assert_eq!(made["expires_at"], "2026-11-27T12:00:00Z");
        server.clock.advance_seconds(7 * 24 * 3_600);
        let look = server.post("/v1/invitations/look", json!({"secret": secret})).send().await;
        assert_eq!(look.problem(410), "no_longer_good");
        assert_eq!(accept(&server, &secret, "Uusi", NEW_PASSWORD).await.problem(410), "no_longer_good");
    }

    async fn sent_again_it_has_another_link_and_more_time(server) {
        let (made, first) = invite(&server, "uusi@new.example", "shopper").await;
        server.forget_tokens();
        server.clock.advance_seconds(6 * 24 * 3_600);
        let renewed = change(&server, &made, "resend").await.ok();
        assert_eq!(renewed["expires_at"], "2026-12-03T12:00:00Z");
        server.run_jobs().await;
        let second = secret(&server.mail.only());
        assert_eq!(accept(&server, &first, "Uusi", NEW_PASSWORD).await.problem(410), "no_longer_good");
        let _ = accept(&server, &second, "Uusi", NEW_PASSWORD).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(change(&server, &made, "resend").await.problem(409), "not_possible_in_state");
        assert_eq!(change(&server, &made, "withdraw").await.problem(409), "not_possible_in_state");
    }

    async fn a_withdrawn_one_is_worth_nothing(server) {
        let (made, secret) = invite(&server, "uusi@new.example", "shopper").await;
        assert_eq!(change(&server, &made, "withdraw").await.ok()["state"], "withdrawn");
        assert_eq!(change(&server, &made, "withdraw").await.ok()["state"], "withdrawn");
        assert_eq!(accept(&server, &secret, "Uusi", NEW_PASSWORD).await.problem(410), "no_longer_good");
        assert_eq!(change(&server, &made, "resend").await.problem(409), "not_possible_in_state");
        // The address can be invited anew.
        let _ = invite(&server, "uusi@new.example", "shopper").await;
    }

    async fn nobody_is_invited_twice_or_as_a_member(server) {
        let _ = invite(&server, "uusi@new.example", "shopper").await;
        let again = |email: &str| server.post("/v1/invitations", json!({"email": email, "role": "shopper"}));
        let administrator = server.north.person(Role::Administrator);
        assert_eq!(again("uusi@new.example").by(administrator).await.send().await.problem(409), "already_exists");
        assert_eq!(again("reviewer@north.example").by(administrator).await.send().await.problem(409), "already_exists");
    }

    async fn coordinators_invite_shoppers_and_clients_only(server) {
        let invite = |role: &str| server.post("/v1/invitations", json!({"email": "uusi@new.example", "role": role}));
        let coordinator = server.north.coordinator();
        assert_eq!(invite("reviewer").by(coordinator).await.send().await.issues(422), ["role not_allowed"]);
        assert_eq!(invite("client_viewer").by(coordinator).await.send().await.issues(422), ["client_organisation required"]);
        let _ = invite("shopper").by(coordinator).await.send().await.created();
        // Nor do they send an administrator's invitation again, which would give the role.
        let (made, _) = {
            let body = json!({"email": "boss@new.example", "role": "administrator"});
            let made = server.post("/v1/invitations", body).by(server.north.person(Role::Administrator)).await.send().await.created();
            (made, ())
        };
        let path = format!("/v1/invitations/{}/resend", made["id"].as_str().expect("an id"));
        let again = server.post(&path, Value::Null).by(coordinator).await.send().await;
        assert_eq!(again.issues(422), ["role not_allowed"]);
    }

    async fn somebody_of_another_agency_joins_with_their_own_password(server) {
        server.prove_address(server.south.reviewer()).await;
        let (_, secret) = invite(&server, "reviewer@south.example", "coordinator").await;
        let look = server.post("/v1/invitations/look", json!({"secret": secret})).send().await.ok();
        assert_eq!(look["has_account"], true);
        let wrong = accept(&server, &secret, "Somebody", "not the right one").await;
        assert_eq!(wrong.problem(401), "invalid_credentials");
        let _ = accept(&server, &secret, "Somebody", PASSWORD).await.expect(StatusCode::NO_CONTENT);
        let body = json!({"email": "reviewer@south.example", "password": PASSWORD, "agency": server.north.id.uuid()});
        let session = server.post("/v1/sessions", body).send().await.created();
        assert_eq!((&session["me"]["role"], &session["me"]["agency_name"]), (&json!("coordinator"), &json!("Agency north")));
        let body = json!({"email": "reviewer@south.example", "password": PASSWORD, "agency": server.south.id.uuid()});
        let session = server.post("/v1/sessions", body).send().await.created();
        assert_eq!((&session["me"]["role"], &session["me"]["display_name"]), (&json!("reviewer"), &json!("reviewer Virtasaari")));
    }

    async fn of_two_who_accept_at_once_one_does(server) {
        let (_, secret) = invite(&server, "uusi@new.example", "shopper").await;
        let calls = (0..8).map(|_| accept(&server, &secret, "Uusi", NEW_PASSWORD));
        let answers = futures::future::join_all(calls).await;
        let accepted = answers.iter().filter(|answer| answer.status == 204).count();
        assert_eq!(accepted, 1, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
        assert!(answers.iter().all(|answer| matches!(answer.status.as_u16(), 204 | 409 | 410)));
    }
}
