//! Tokens of integrations: what they may do, and as whom it is noted.

use axum::http::{Method, StatusCode};
use haamu_domain::{Role, Verb};
use haamu_store::repo::audit;
use haamu_store::{Reach, Tx};
use haamu_sync::DeviceId;
use haamu_tests::agency::ProgrammeOptions;
use haamu_tests::{Answer, TestServer, both_dbs};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::authorisation::{operations, send_with, things};

async fn create(server: &TestServer, body: Value) -> Answer {
    let administrator = server.north.person(Role::Administrator);
    server
        .post("/v1/service-tokens", body)
        .by(administrator)
        .await
        .send()
        .await
}

fn token(role: &str, scopes: &[&str]) -> Value {
    json!({"name": "Tuonti", "role": role, "scopes": scopes, "good_for_days": 30})
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

both_dbs! {
    async fn a_token_does_what_it_was_made_for_and_nothing_else(server) {
        let made = create(&server, token("coordinator", &["client_organisation.create"])).await.created();
        let secret = text(&made["token"]);
        let call = |body: Value| server.post("/v1/client-organisations", body).bearer(&secret);
        let _ = call(json!({"name": "Uusi ketju"})).send().await.created();
        assert_eq!(server.get("/v1/users").bearer(&secret).send().await.problem(403), "scope_missing");
        assert_eq!(server.get("/v1/mails").bearer(&secret).send().await.problem(403), "forbidden");
    }

    async fn a_session_that_has_ended_gives_out_no_access(server) {
        let administrator = server.north.person(Role::Administrator);
        let session = server.sign_in(administrator).await;
        let access = text(&session["access_token"]);
        let registration = json!({"open": true, "approval": "automatic", "slug": "pohjoinen"});
        let (nobody, device) = (uuid::Uuid::nil(), DeviceId::from_bytes([7; 16]));
        let give = || async {
            let invitation = json!({"email": "uusi@new.example", "role": "shopper"});
            let user = json!({"email": "uusi@new.example", "display_name": "Uusi", "role": "shopper", "password": "kolme satunnaista sanaa"});
            [
                server.post("/v1/service-tokens", token("coordinator", &["user.list"])).bearer(&access).send().await,
                server.post("/v1/invitations", invitation).bearer(&access).send().await,
                server.post("/v1/users", user).bearer(&access).send().await,
                server.post("/v1/me/second-factors/totp", Value::Null).bearer(&access).send().await,
                server.request(Method::PUT, "/v1/agency/registration").json(&registration).bearer(&access).send().await,
                server.post(&format!("/v1/registrations/{nobody}/approve"), Value::Null).bearer(&access).send().await,
                server.post(&format!("/v1/devices/{device}/revoke"), Value::Null).bearer(&access).send().await,
            ]
        };
        let _ = server.request(Method::DELETE, "/v1/sessions/current").bearer(&access).send().await.expect(StatusCode::NO_CONTENT);
        // The token itself is good for some minutes more.
        let _ = server.get("/v1/users").bearer(&access).send().await.ok();
        for answer in give().await {
            assert_eq!(answer.problem(401), "unauthenticated");
        }
    }

    async fn a_session_that_has_ended_imports_nobody(server) {
        let session = server.sign_in(server.north.coordinator()).await;
        let access = text(&session["access_token"]);
        let _ = server.request(Method::DELETE, "/v1/sessions/current").bearer(&access).send().await.expect(StatusCode::NO_CONTENT);
        let rows = "external_id,email,name\nS1,uusi@new.example,Uusi\n";
        let import = server.request(Method::POST, "/v1/shoppers/import").body("text/csv", rows);
        assert_eq!(import.bearer(&access).send().await.problem(401), "unauthenticated");
    }

    async fn what_a_token_does_is_noted_as_the_tokens(server) {
        let made = create(&server, token("coordinator", &["client_organisation.create"])).await.created();
        let body = json!({"name": "Uusi ketju"});
        let _ = server.post("/v1/client-organisations", body).bearer(&text(&made["token"])).send().await.created();
        let (north, db) = (server.north.id, server.database.open().await);
        let rows = db.read(Reach::Agency(north), |tx: Tx| async move { audit::list(&tx, north).await }).await.expect("the trail");
        let row = rows.iter().rev().find(|row| row.action == "client_organisation.create").expect("an entry");
        assert_eq!(row.token.map(|id| id.to_string()), made["service_token"]["id"].as_str().map(str::to_owned));
        assert_eq!(row.actor.map(|id| id.to_string()), made["service_token"]["user"].as_str().map(str::to_owned));
        assert_eq!(row.actor_role.as_deref(), Some("coordinator"));
        let made_by = rows.iter().find(|row| row.action == "service_token.create").expect("an entry");
        assert_eq!(made_by.token, None);
    }

    async fn a_token_knows_who_it_is_and_nobody_signs_in_as_it(server) {
        let made = create(&server, token("reviewer", &["me.read"])).await.created();
        let me = server.get("/v1/me").bearer(&text(&made["token"])).send().await.ok();
        assert_eq!((&me["role"], &me["display_name"], &me["second_factor_missing"]), (&json!("reviewer"), &json!("Tuonti"), &json!(false)));
        let body = json!({"email": me["email"], "password": ""});
        assert_eq!(server.post("/v1/sessions", body).send().await.problem(401), "invalid_credentials");
        let people = server.get("/v1/users").by(server.north.coordinator()).await.send().await.text();
        assert!(!people.contains("Tuonti") && !people.contains("service.invalid"));
    }

    async fn a_revoked_token_is_worth_nothing_at_once_and_an_old_one_runs_out(server) {
        let administrator = server.north.person(Role::Administrator);
        let made = create(&server, token("reviewer", &["me.read"])).await.created();
        let other = create(&server, token("reviewer", &["me.read"])).await.created();
        let path = format!("/v1/service-tokens/{}/revoke", text(&made["service_token"]["id"]));
        let revoke = || async { server.post(&path, Value::Null).by(administrator).await.send().await.ok() };
        let revoked = revoke().await;
        assert!(revoked["revoked_at"].is_string());
        server.clock.advance_seconds(60);
        assert_eq!(revoke().await["revoked_at"], revoked["revoked_at"]);
        let me = |made: &Value| server.get("/v1/me").bearer(made["token"].as_str().expect("a token"));
        assert_eq!(me(&made).send().await.problem(401), "unauthenticated");
        let _ = me(&other).send().await.ok();
        server.clock.advance_seconds(31 * 24 * 3_600);
        assert_eq!(me(&other).send().await.problem(401), "unauthenticated");
    }

    async fn it_is_known_when_a_token_was_used_and_never_what_it_is(server) {
        let made = create(&server, token("reviewer", &["me.read"])).await.created();
        let secret = text(&made["token"]);
        let listed = || async {
            let listed = server.get("/v1/service-tokens").by(server.north.person(Role::Administrator)).await.send().await;
            assert!(!listed.text().contains(&secret));
            listed.ok()["items"][0].clone()
        };
        assert_eq!(listed().await["last_used_at"], Value::Null);
        let _ = server.get("/v1/me").bearer(&secret).send().await.ok();
        assert_eq!(listed().await["last_used_at"], "2026-11-20T12:00:00Z");
        server.clock.advance_seconds(30);
        let _ = server.get("/v1/me").bearer(&secret).send().await.ok();
        assert_eq!(listed().await["last_used_at"], "2026-11-20T12:00:00Z");
    }

    async fn a_token_has_scopes_of_its_role_that_need_no_person(server) {
        let scopes = ["visit.read", "evaluation.approve", "user.create", "fly"];
        let issues = create(&server, token("reviewer", &scopes)).await.issues(422);
        assert_eq!(issues, ["scopes[1] not_allowed", "scopes[2] not_allowed", "scopes[3] unknown_value"]);
        assert_eq!(create(&server, token("reviewer", &[])).await.issues(422), ["scopes required"]);
        let shopper = create(&server, token("shopper", &["me.read"])).await.issues(422);
        assert_eq!(shopper, ["role not_allowed"]);
        let client = create(&server, token("client_viewer", &["me.read"])).await.issues(422);
        assert_eq!(client, ["client_organisation required"]);
        let long = json!({"name": " ", "role": "reviewer", "scopes": ["me.read"], "good_for_days": 400});
        assert_eq!(create(&server, long).await.issues(422), ["name required", "good_for_days out_of_range"]);
    }

    async fn a_token_gives_out_no_more_than_an_administrator_would_let_it(server) {
        let made = create(&server, token("administrator", &["user.create", "invitation.manage"])).await.created();
        let secret = text(&made["token"]);
        let person = |role: &str| json!({"email": format!("{role}@new.example"), "display_name": "Uusi", "role": role});
        let refused = server.post("/v1/users", person("administrator")).bearer(&secret).send().await;
        assert_eq!(refused.issues(422), ["role not_allowed"]);
        let invite = json!({"email": "boss@new.example", "role": "administrator"});
        let refused = server.post("/v1/invitations", invite).bearer(&secret).send().await;
        assert_eq!(refused.issues(422), ["role not_allowed"]);
        let mut client = person("client_viewer");
        client["client_organisation"] = json!(server.north.client.uuid());
        let refused = server.post("/v1/users", client).bearer(&secret).send().await;
        assert_eq!(refused.issues(422), ["role not_allowed"]);
    }

    async fn a_token_chooses_nobodys_password(server) {
        let made = create(&server, token("coordinator", &["user.create"])).await.created();
        let secret = text(&made["token"]);
        let own = "kolme satunnaista sanaa";
        let mut person = json!({"email": "uusi@new.example", "display_name": "Uusi", "role": "shopper", "password": own});
        let refused = server.post("/v1/users", person.clone()).bearer(&secret).send().await;
        assert_eq!(refused.issues(422), ["password not_allowed"]);
        person.as_object_mut().expect("an object").remove("password");
        let _ = server.post("/v1/users", person).bearer(&secret).send().await.created();
        server.run_jobs().await;
        let mail = server.mail.only();
        assert_eq!((mail.recipient.as_str(), mail.content.subject.as_str()), ("uusi@new.example", "Your account with Agency north"));
        let sign_in = || server.post("/v1/sessions", json!({"email": "uusi@new.example", "password": own}));
        assert_eq!(sign_in().send().await.problem(401), "invalid_credentials");
        server.clock.advance_seconds(6 * 24 * 3_600);
        let body = json!({"secret": haamu_tests::mail::secret(&mail), "password": own});
        let _ = server.post("/v1/password-resets/complete", body).send().await.expect(StatusCode::NO_CONTENT);
        let session = sign_in().send().await.created();
        assert_eq!((&session["me"]["role"], &session["me"]["email_verified"]), (&json!("shopper"), &json!(true)));
    }

    async fn a_clients_token_sees_its_own_client_only(server) {
        let scene = server.released(ProgrammeOptions::default()).await;
        let mut body = token("client_viewer", &["visit_report.read"]);
        body["client_organisation"] = json!(server.north.other_client.uuid());
        let secret = text(&create(&server, body.clone()).await.created()["token"]);
        let path = format!("/v1/visit-reports/{}", scene.visit);
        assert_eq!(server.get(&path).bearer(&secret).send().await.problem(404), "not_found");
        body["client_organisation"] = json!(server.north.client.uuid());
        let secret = text(&create(&server, body.clone()).await.created()["token"]);
        let _ = server.get(&path).bearer(&secret).send().await.ok();
        body["client_organisation"] = json!(server.south.client.uuid());
        assert_eq!(create(&server, body).await.problem(404), "not_found");
    }

    async fn what_somebody_has_to_answer_for_no_token_does(server) {
        for (role, scope) in [("reviewer", "evaluation.release"), ("coordinator", "plan.apply")] {
            assert_eq!(create(&server, token(role, &[scope])).await.issues(422), ["scopes[0] not_allowed"]);
        }
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let made = create(&server, token("coordinator", &["programme.design"])).await.created();
        let secret = text(&made["token"]);
        let scenario = json!({"name": "Osta kengät", "scenario": {"script": "Kysy kenkiä.", "difficulty": 1}});
        let path = format!("/v1/programmes/{}/scenarios", scene.programme);
        let scenario = server.post(&path, scenario).bearer(&secret).send().await.created();
        let path = format!("/v1/scenarios/{}", text(&scenario["id"]));
        let patch = |body: Value| server.request(Method::PATCH, &path).json(&body);
        let ticks = json!({"ethics": scenario["ethics"]});
        assert_eq!(patch(ticks.clone()).bearer(&secret).send().await.problem(403), "scope_missing");
        let _ = patch(json!({"name": "Kysy kenkiä"})).bearer(&secret).send().await.ok();
        let _ = patch(ticks).by(server.north.coordinator()).await.send().await.ok();
    }

    async fn a_scope_that_needs_a_person_by_now_is_none_any_more(server) {
        let made = create(&server, token("reviewer", &["me.read"])).await.created();
        let sql = "UPDATE service_token SET scopes = '[\"me.read\",\"evaluation.release\"]'";
        let _ = server.database.connect().await.execute_unprepared(sql).await.expect("an older token");
        let (scene, _) = server.in_review(ProgrammeOptions::default()).await;
        let release = server.post(&format!("/v1/visits/{}/release", scene.visit), Value::Null);
        let secret = text(&made["token"]);
        assert_eq!(release.bearer(&secret).send().await.problem(403), "scope_missing");
        let _ = server.get("/v1/me").bearer(&secret).send().await.ok();
    }

    async fn every_operation_takes_the_tokens_that_were_made_for_it(server) {
        let scene = server.released(ProgrammeOptions::default()).await;
        let things = things(&server, &scene).await;
        for operation in operations() {
            let (Some(roles), Some(verb)) = (&operation.roles, &operation.verb) else { continue };
            let is_personal = Verb::from_name(verb).expect("a verb").needs_a_person();
            assert_eq!(operation.needs_a_person, is_personal, "{}", operation.id);
            for role in Role::ALL.into_iter().filter(|role| *role != Role::Shopper) {
                let may = roles.contains(role.as_str());
                if !may || is_personal {
                    continue;
                }
                let mut body = token(role.as_str(), &[verb]);
                if role.is_client() {
                    body["client_organisation"] = json!(server.north.client.uuid());
                }
                let made = create(&server, body).await.created();
                let sample = things.sample(&operation);
                let answer = send_with(&server, &operation, &sample, made["token"].as_str()).await;
                let shown = format!("{} as {}: {} {}", operation.id, role.as_str(), answer.status, answer.text());
                assert!(!matches!(answer.status.as_u16(), 401 | 403 | 500..), "{shown}");
            }
        }
    }

    async fn no_operation_for_people_takes_a_token(server) {
        let scene = server.released(ProgrammeOptions::default()).await;
        let things = things(&server, &scene).await;
        let made = create(&server, token("administrator", &["me.read"])).await.created();
        for operation in operations().iter().filter(|operation| operation.needs_a_person) {
            let sample = things.sample(operation);
            let answer = send_with(&server, operation, &sample, made["token"].as_str()).await;
            assert_eq!(answer.status, 403, "{}: {}", operation.id, answer.text());
        }
    }
}
