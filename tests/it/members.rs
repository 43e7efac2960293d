//! What administrators and coordinators do about members.

use axum::http::{Method, StatusCode};
use haamu_domain::{Actor, Code, Role, UserId};
use haamu_tests::{Answer, PASSWORD, Person, TestServer, WireDevice, both_dbs};
use serde_json::{Value, json};

async fn act(server: &TestServer, by: &Person, method: Method, path: &str, body: Value) -> Answer {
    let call = server.request(method, path);
    let call = if body.is_null() { call } else { call.json(&body) };
    call.by(by).await.send().await
}

async fn refresh(server: &TestServer, session: &Value) -> Answer {
    let body = json!({"refresh_token": session["refresh_token"]});
    server.post("/v1/sessions/refresh", body).send().await
}

fn boss(server: &TestServer) -> &Person {
    server.north.person(Role::Administrator)
}

fn path(of: &Person, what: &str) -> String {
    format!("/v1/users/{}/{what}", of.id)
}

both_dbs! {
    async fn a_disabled_person_is_out_and_may_come_back(server) {
        let person = server.north.person(Role::Reviewer);
        let session = server.sign_in(person).await;
        let disable = async || act(&server, boss(&server), Method::POST, &path(person, "disable"), Value::Null).await;
        let disabled = disable().await.ok();
        assert_eq!(disabled["disabled_at"], "2026-11-20T12:00:00Z");
        server.clock.advance_seconds(60);
        assert_eq!(disable().await.ok()["disabled_at"], "2026-11-20T12:00:00Z");
        assert_eq!(refresh(&server, &session).await.problem(401), "invalid_refresh_token");
        assert_eq!(server.first_factor(person).await.problem(401), "invalid_credentials");
        let listed = act(&server, boss(&server), Method::GET, "/v1/users", Value::Null).await.ok();
        let shown = listed["items"].as_array().expect("items").iter().find(|item| item["id"] == person.id.to_string());
        assert_eq!(shown.expect("listed")["disabled_at"], "2026-11-20T12:00:00Z");
        let enabled = act(&server, boss(&server), Method::POST, &path(person, "enable"), Value::Null).await.ok();
        assert_eq!(enabled.get("disabled_at"), None);
        let _ = server.first_factor(person).await.created();
        assert_eq!(refresh(&server, &session).await.problem(401), "invalid_refresh_token");
    }

    async fn a_disabled_shoppers_device_stays_and_gets_no_new_work(server) {
        let person = server.north.shopper();
        let device = WireDevice::enrol(&server, person).await;
        let _ = act(&server, boss(&server), Method::POST, &path(person, "disable"), Value::Null).await.ok();
        let devices = act(&server, server.north.coordinator(), Method::GET, &path(person, "devices"), Value::Null).await.ok();
        assert_eq!((&devices["items"][0]["device"], devices["items"][0].get("revoked_at")), (&json!(device.id.to_string()), None));
        let location = server.import_location(&server.north, 8).await;
        let version = server.publish(&server.north, &haamu_tests::agency::small_checklist()).await;
        let (_, round) = server.open_round(&server.north, &version, 0).await;
        let body = json!({"visits": [{"location": location, "shopper": person.id}]});
        let refused = server.post(&format!("/v1/rounds/{round}/visits"), body).by(server.north.coordinator()).await.send().await;
        assert_eq!(refused.issues(422), ["visits[0].shopper not_found"]);
    }

    async fn a_disabled_person_gets_no_mail_to_come_back(server) {
        let person = server.north.person(Role::Reviewer);
        let _ = act(&server, boss(&server), Method::POST, &path(person, "disable"), Value::Null).await.ok();
        let _ = server.post("/v1/password-resets", json!({"email": person.email})).send().await.expect(StatusCode::ACCEPTED);
        server.run_jobs().await;
        assert!(server.mail.take().is_empty());
    }

    async fn a_role_is_changed_with_what_goes_with_it(server) {
        let person = server.north.person(Role::Reviewer);
        let session = server.sign_in(person).await;
        let change = |body: Value| async { act(&server, boss(&server), Method::PUT, &path(person, "role"), body).await };
        assert_eq!(change(json!({"role": "client_viewer"})).await.issues(422), ["client_organisation required"]);
        let foreign = json!({"role": "client_viewer", "client_organisation": server.south.client.uuid()});
        assert_eq!(change(foreign).await.problem(404), "not_found");
        let own = json!({"role": "client_viewer", "client_organisation": server.north.client.uuid()});
        let changed = change(own).await.ok();
        assert_eq!((&changed["role"], &changed["client_organisation"]), (&json!("client_viewer"), &json!(server.north.client.uuid())));
        assert_eq!(refresh(&server, &session).await.problem(401), "invalid_refresh_token");
        let session = server.sign_in(person).await;
        assert_eq!(session["me"]["role"], "client_viewer");
        let unchanged = json!({"role": "client_viewer", "client_organisation": server.north.client.uuid()});
        let _ = change(unchanged).await.ok();
        let _ = refresh(&server, &session).await.ok();
    }

    async fn whoever_is_of_no_client_any_more_is_responsible_for_no_unit_of_it(server) {
        let (manager, office) = (server.north.manager(), server.north.coordinator());
        let trees = format!("/v1/client-organisations/{}/hierarchies", server.north.client);
        let tree = act(&server, office, Method::POST, &trees, json!({"name": "Alueet"})).await.created();
        let units = format!("/v1/hierarchies/{}/units", tree["id"].as_str().expect("an id"));
        let unit = act(&server, office, Method::POST, &units, json!({"name": "Etelä", "external_id": "E"})).await.created();
        let own = path(manager, "units");
        let _ = act(&server, office, Method::PUT, &own, json!({"units": [unit["id"]]})).await.expect(StatusCode::NO_CONTENT);
        let listed = [json!({"id": unit["id"], "name": "Etelä", "external_id": "E", "hierarchy": tree["id"]})];
        assert_eq!(server.list(&own, office).await, listed);
        let change = |role: &'static str, client: uuid::Uuid| {
            let (server, path) = (&server, path(manager, "role"));
            async move { act(server, boss(server), Method::PUT, &path, json!({"role": role, "client_organisation": client})).await.ok() }
        };
        let _ = change("client_viewer", server.north.client.uuid()).await;
        assert_eq!(server.list(&own, office).await, listed, "another role at the same client changes nothing");
        let _ = change("client_viewer", server.north.other_client.uuid()).await;
        assert_eq!(server.list(&own, office).await, Vec::<Value>::new());
        let _ = change("client_manager", server.north.client.uuid()).await;
        assert_eq!(server.list(&own, office).await, Vec::<Value>::new(), "they do not come back");
        for nobody in [server.north.shopper(), server.south.manager()] {
            assert_eq!(server.get(&path(nobody, "units")).by(office).await.send().await.problem(404), "not_found");
        }
    }

    async fn an_agency_is_never_without_an_administrator(server) {
        let other = json!({"email": "toinen@north.example", "display_name": "Toinen", "role": "administrator", "password": "kolme satunnaista sanaa"});
        assert_eq!(act(&server, boss(&server), Method::POST, &path(boss(&server), "disable"), Value::Null).await.problem(409), "not_possible_in_state");
        let role = json!({"role": "reviewer"});
        assert_eq!(act(&server, boss(&server), Method::PUT, &path(boss(&server), "role"), role.clone()).await.problem(409), "not_possible_in_state");
        let made = act(&server, boss(&server), Method::POST, "/v1/users", other).await.created();
        let second = Person { id: made["id"].as_str().expect("an id").parse().expect("an id"), email: "toinen@north.example".to_owned() };
        let body = json!({"email": second.email, "password": "kolme satunnaista sanaa"});
        let session = server.post("/v1/sessions", body).send().await.created();
        let token = session["access_token"].as_str().expect("a token").to_owned();
        // Each keeps the other out, when both were let as far as that.
        let administrator = |person: &Person| Actor::person(UserId::from_uuid(person.id), server.north.id, Role::Administrator, None);
        let (first, second) = (administrator(boss(&server)), administrator(&second));
        let (one, other) = futures::future::join(
            server.app.set_user_disabled(&second, first.user, true),
            server.app.set_user_disabled(&first, second.user, true),
        )
        .await;
        let is_second_in = one.is_ok();
        let refused = [one.err(), other.err()].into_iter().flatten().map(|error| error.code());
        assert_eq!(refused.collect::<Vec<_>>(), [Code::LastAdministrator]);
        // Whoever is out keeps nobody out any more, though their token is good for a while.
        let path = path(server.north.person(Role::Reviewer), "disable");
        let by_second = server.post(&path, Value::Null).bearer(&token).send().await;
        let by_first = act(&server, boss(&server), Method::POST, &path, Value::Null).await;
        let expected = if is_second_in { (200, 401) } else { (401, 200) };
        assert_eq!((by_second.status.as_u16(), by_first.status.as_u16()), expected);
    }

    async fn sessions_of_a_person_are_seen_and_ended(server) {
        let person = server.north.person(Role::Reviewer);
        let (one, other) = (server.sign_in(person).await, server.sign_in(person).await);
        let listed = act(&server, boss(&server), Method::GET, &path(person, "sessions"), Value::Null).await.ok();
        assert_eq!(listed["items"].as_array().map(Vec::len), Some(2));
        let _ = act(&server, boss(&server), Method::DELETE, &path(person, "sessions"), Value::Null).await.expect(StatusCode::NO_CONTENT);
        for session in [&one, &other] {
            assert_eq!(refresh(&server, session).await.problem(401), "invalid_refresh_token");
        }
        let _ = server.sign_in(person).await;
    }

    async fn what_one_agency_does_leaves_the_other_alone(server) {
        let person = server.south.person(Role::Reviewer);
        server.prove_address(person).await;
        let invite = json!({"email": person.email, "role": "reviewer"});
        let _ = act(&server, boss(&server), Method::POST, "/v1/invitations", invite).await.created();
        server.run_jobs().await;
        let secret = haamu_tests::mail::secret(&server.mail.only());
        let accept = json!({"secret": secret, "password": PASSWORD});
        let _ = server.post("/v1/invitations/accept", accept).send().await.expect(StatusCode::NO_CONTENT);
        let sign_in = |agency: haamu_domain::AgencyId| {
            server.post("/v1/sessions", json!({"email": person.email, "password": PASSWORD, "agency": agency.uuid()}))
        };
        let (north, south) = (sign_in(server.north.id).send().await.created(), sign_in(server.south.id).send().await.created());
        let _ = act(&server, boss(&server), Method::POST, &path(person, "disable"), Value::Null).await.ok();
        assert_eq!(refresh(&server, &north).await.problem(401), "invalid_refresh_token");
        let _ = refresh(&server, &south).await.ok();
        assert_eq!(sign_in(server.north.id).send().await.problem(401), "invalid_credentials");
        // Whoever belongs elsewhere too keeps the factors that guard the other agency.
        let refused = act(&server, boss(&server), Method::DELETE, &path(person, "second-factors"), Value::Null).await;
        assert_eq!(refused.problem(409), "not_possible_in_state");
        for (method, what) in [(Method::POST, "disable"), (Method::GET, "sessions"), (Method::GET, "devices")] {
            let foreign = act(&server, boss(&server), method, &path(server.south.shopper(), what), Value::Null).await;
            assert_eq!(foreign.problem(404), "not_found", "{what}");
        }
    }
}
