//! Shoppers who register by themselves.

use axum::http::{Method, StatusCode};
use haamu_domain::Role;
use haamu_tests::mail::secret;
use haamu_tests::{Answer, PASSWORD, TestAgency, TestServer, both_dbs};
use serde_json::{Value, json};

const OWN: &str = "kolme satunnaista sanaa";
const EMAIL: &str = "uusi@new.example";

async fn open(server: &TestServer, agency: &TestAgency, changes: &Value) -> Value {
    let mut body = json!({"open": true, "approval": "automatic", "slug": "pohjoinen"});
    let fields = body.as_object_mut().expect("an object");
    fields.extend(changes.as_object().expect("an object").clone());
    let call = server.request(Method::PUT, "/v1/agency/registration").json(&body);
    call.by(agency.person(Role::Administrator))
        .await
        .send()
        .await
        .ok()
}

fn person(email: &str, changes: &Value) -> Value {
    let mut body = json!({"email": email, "display_name": "Uusi Haamu", "born_on": "1990-05-17",
        "languages": ["fi"], "language": "fi", "password": OWN});
    let fields = body.as_object_mut().expect("an object");
    fields.extend(changes.as_object().expect("an object").clone());
    body
}

async fn register(server: &TestServer, email: &str, changes: &Value) -> Answer {
    let path = "/v1/agencies/pohjoinen/registrations";
    let answer = server.post(path, person(email, changes)).send().await;
    server.run_jobs().await;
    answer
}

async fn confirm(server: &TestServer, secret: &str, password: &str) -> Answer {
    let body = json!({"secret": secret, "password": password});
    server.post("/v1/registrations/confirm", body).send().await
}

async fn sign_in(server: &TestServer, agency: &TestAgency, email: &str, password: &str) -> Answer {
    let body = json!({"email": email, "password": password, "agency": agency.id.uuid()});
    server.post("/v1/sessions", body).send().await
}

async fn listed(server: &TestServer, state: &str) -> Vec<Value> {
    let path = format!("/v1/registrations?state={state}");
    server.list(&path, server.north.coordinator()).await
}

async fn decide(server: &TestServer, registration: &Value, what: &str, body: Value) -> Answer {
    let id = registration["id"].as_str().expect("an id");
    let path = format!("/v1/registrations/{id}/{what}");
    server
        .post(&path, body)
        .by(server.north.coordinator())
        .await
        .send()
        .await
}

async fn count(server: &TestServer, table: &str) -> i64 {
    let connection = server.database.connect().await;
    let sql = format!("SELECT COUNT(*) FROM {table}");
    let backend = sea_orm::ConnectionTrait::get_database_backend(&connection);
    let statement = sea_orm::Statement::from_string(backend, sql);
    let row = sea_orm::ConnectionTrait::query_one_raw(&connection, statement).await;
    row.expect("a query")
        .expect("a row")
        .try_get_by_index(0)
        .expect("a number")
}

both_dbs! {
    async fn whoever_registers_and_shows_the_address_to_be_theirs_is_a_shopper(server) {
        let _ = open(&server, &server.north, &json!({})).await;
        let _ = register(&server, "Uusi@New.example", &json!({})).await.expect(StatusCode::ACCEPTED);
        let mail = server.mail.only();
        assert_eq!((mail.recipient.as_str(), mail.content.subject.as_str()),
            (EMAIL, "Vahvista rekisteröitymisesi: Agency north"));
        // Until then there is no account.
        assert_eq!(sign_in(&server, &server.north, EMAIL, OWN).await.problem(401), "invalid_credentials");
        let done = confirm(&server, &secret(&mail), OWN).await.ok();
        assert_eq!(done, json!({"state": "approved"}));
        let session = sign_in(&server, &server.north, EMAIL, OWN).await.created();
        assert_eq!((&session["me"]["role"], &session["me"]["email_verified"], &session["me"]["display_name"]),
            (&json!("shopper"), &json!(true), &json!("Uusi Haamu")));
        let token = session["access_token"].as_str().expect("a token");
        let profile = server.get("/v1/me/profile").bearer(token).send().await.ok();
        assert_eq!((&profile["born_on"], &profile["languages"], &profile["active"]),
            (&json!("1990-05-17"), &json!(["fi"]), &json!(true)));
        assert_eq!(confirm(&server, &secret(&mail), OWN).await.problem(410), "no_longer_good");
        assert_eq!(listed(&server, "approved").await[0].get("email"), None);
    }

    async fn nobody_registers_where_registration_is_closed_or_was_never_open(server) {
        let path = format!("/v1/agencies/{}/registrations", server.north.id);
        let try_it = async || server.post(&path, person(EMAIL, &json!({}))).send().await;
        assert_eq!(try_it().await.problem(404), "not_found");
        let _ = open(&server, &server.north, &json!({"open": false})).await;
        assert_eq!(try_it().await.problem(409), "registration_closed");
        let seen = server.get("/v1/agencies/pohjoinen/registration").send().await.ok();
        assert_eq!((&seen["open"], &seen["agency_name"]), (&json!(false), &json!("Agency north")));
        let _ = open(&server, &server.north, &json!({})).await;
        let _ = try_it().await.expect(StatusCode::ACCEPTED);
        assert_eq!(server.get("/v1/agencies/etela/registration").send().await.problem(404), "not_found");
    }

    async fn a_name_in_addresses_belongs_to_one_agency(server) {
        let _ = open(&server, &server.north, &json!({})).await;
        let body = json!({"open": true, "approval": "automatic", "slug": "pohjoinen"});
        let call = server.request(Method::PUT, "/v1/agency/registration").json(&body);
        let taken = call.by(server.south.person(Role::Administrator)).await.send().await;
        assert_eq!(taken.problem(409), "already_exists");
    }

    async fn conditions_hold_for_everybody(server) {
        let words = json!({"fi": "Tervetuloa haamuksi!"});
        let _ = open(&server, &server.north, &json!({"languages": ["fi", "sv"], "words": words})).await;
        let seen = server.get("/v1/agencies/pohjoinen/registration").send().await.ok();
        assert_eq!((&seen["least_age"], &seen["words"], &seen["by_staff"]), (&json!(18), &words, &json!(false)));
        let wrong = json!({"born_on": "2008-11-21", "languages": ["de"], "password": "short", "display_name": " "});
        let issues = register(&server, "not an address", &wrong).await.issues(422);
        assert_eq!(issues, ["email bad_email", "display_name required", "password too_short",
            "born_on too_young", "languages language_missing"]);
        // The birthday is enough.
        let _ = register(&server, EMAIL, &json!({"born_on": "2008-11-20"})).await.expect(StatusCode::ACCEPTED);
        let _ = open(&server, &server.north, &json!({"least_age": 15})).await;
        let young = json!({"born_on": "2011-11-20"});
        let _ = register(&server, "nuori@new.example", &young).await.expect(StatusCode::ACCEPTED);
        let body = json!({"open": true, "approval": "automatic", "least_age": 14, "slug": "A b"});
        let call = server.request(Method::PUT, "/v1/agency/registration").json(&body);
        let refused = call.by(server.north.person(Role::Administrator)).await.send().await;
        assert_eq!(refused.issues(422), ["slug bad_name", "least_age out_of_range"]);
    }

    async fn the_agreement_in_force_is_accepted_with_the_registration(server) {
        let _ = open(&server, &server.north, &json!({})).await;
        let write = async |words: &str| {
            let call = server.post("/v1/shopper-agreements", json!({"texts": {"fi": words}}));
            call.by(server.north.coordinator()).await.send().await.created()["texts"][0]["id"].clone()
        };
        let old = write("Vanhat sanat.").await;
        let new = write("Uudet sanat.").await;
        let seen = server.get("/v1/agencies/pohjoinen/registration").send().await.ok();
        assert_eq!((&seen["agreement"][0]["id"], &seen["agreement"][0]["body"]), (&new, &json!("Uudet sanat.")));
        assert_eq!(register(&server, EMAIL, &json!({})).await.issues(422), ["agreement required"]);
        assert_eq!(register(&server, EMAIL, &json!({"agreement": old})).await.issues(422), ["agreement not_found"]);
        let _ = register(&server, EMAIL, &json!({"agreement": new})).await.expect(StatusCode::ACCEPTED);
        let _ = confirm(&server, &secret(&server.mail.only()), OWN).await.ok();
        let session = sign_in(&server, &server.north, EMAIL, OWN).await.created();
        let token = session["access_token"].as_str().expect("a token");
        let agreement = server.get("/v1/me/agreement").bearer(token).send().await.ok();
        assert_eq!(agreement["accepted"], true);
    }

    async fn the_answer_does_not_tell_whether_an_address_has_an_account(server) {
        let _ = open(&server, &server.north, &json!({})).await;
        server.prove_address(server.south.reviewer()).await;
        let mut answers = Vec::new();
        for email in [EMAIL, "reviewer@south.example", "reviewer@north.example"] {
            let answer = register(&server, email, &json!({})).await;
            let ids = ["x-request-id", "date"];
            let headers = answer.headers.iter().filter(|(name, _)| !ids.contains(&name.as_str()));
            let headers: Vec<_> = headers.map(|(name, value)| format!("{name}: {value:?}")).collect();
            answers.push((answer.status, headers, answer.text().to_owned()));
        }
        assert_eq!(answers[0].0, StatusCode::ACCEPTED);
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        let subjects: Vec<_> = server.mail.take().into_iter().map(|mail| mail.content.subject).collect();
        assert_eq!(subjects, ["Vahvista rekisteröitymisesi: Agency north", "Liity mukaan: Agency north",
            "Olet jo mukana: Agency north"]);
    }

    async fn somebody_of_another_agency_joins_with_the_password_of_their_account(server) {
        let _ = open(&server, &server.north, &json!({})).await;
        let email = "reviewer@south.example";
        server.prove_address(server.south.reviewer()).await;
        let _ = register(&server, email, &json!({})).await.expect(StatusCode::ACCEPTED);
        let secret = secret(&server.mail.only());
        // What somebody chose who registered the address of another person opens nothing.
        assert_eq!(confirm(&server, &secret, OWN).await.problem(401), "invalid_credentials");
        assert_eq!(confirm(&server, &secret, PASSWORD).await.ok()["state"], "approved");
        let north = sign_in(&server, &server.north, email, PASSWORD).await.created();
        assert_eq!((&north["me"]["role"], &north["me"]["display_name"]), (&json!("shopper"), &json!("reviewer Virtasaari")));
        let south = sign_in(&server, &server.south, email, PASSWORD).await.created();
        assert_eq!(south["me"]["role"], "reviewer");
        assert_eq!(sign_in(&server, &server.south, email, OWN).await.problem(401), "invalid_credentials");
    }

    async fn a_member_gets_no_link_and_stays_what_they_are(server) {
        let _ = open(&server, &server.north, &json!({})).await;
        let _ = register(&server, "reviewer@north.example", &json!({})).await.expect(StatusCode::ACCEPTED);
        assert!(!server.mail.only().content.text.contains('#'));
        assert_eq!(count(&server, "registration").await, 0);
    }

    async fn whoever_follows_a_strangers_link_makes_no_account(server) {
        let _ = open(&server, &server.north, &json!({})).await;
        let _ = register(&server, EMAIL, &json!({})).await.expect(StatusCode::ACCEPTED);
        let secret = secret(&server.mail.only());
        for _ in 0..4 {
            assert_eq!(confirm(&server, &secret, "another password").await.problem(401), "invalid_credentials");
        }
        assert_eq!(confirm(&server, &secret, OWN).await.problem(429), "sign_in_locked");
        server.clock.advance_seconds(60);
        assert_eq!(confirm(&server, &secret, OWN).await.ok()["state"], "approved");
    }

    async fn staff_decide_where_the_agency_wants_that(server) {
        let _ = open(&server, &server.north, &json!({"approval": "by_staff"})).await;
        for email in [EMAIL, "toinen@new.example"] {
            let _ = register(&server, email, &json!({})).await.expect(StatusCode::ACCEPTED);
            assert_eq!(confirm(&server, &secret(&server.mail.only()), OWN).await.ok()["state"], "waiting");
            // Ids sort by time.
            server.clock.advance_seconds(1);
            assert_eq!(sign_in(&server, &server.north, email, OWN).await.problem(401), "invalid_credentials");
        }
        // Whoever waits does not wait twice, and gets no other link.
        let _ = register(&server, EMAIL, &json!({})).await.expect(StatusCode::ACCEPTED);
        assert!(server.mail.take().is_empty());
        let waiting = listed(&server, "waiting").await;
        let seen = |field: &str| waiting.iter().map(|it| it[field].clone()).collect::<Vec<_>>();
        assert_eq!(seen("email"), [EMAIL, "toinen@new.example"]);
        assert_eq!(seen("born_on"), ["1990-05-17", "1990-05-17"]);
        assert_eq!(decide(&server, &waiting[0], "approve", Value::Null).await.ok()["state"], "approved");
        assert_eq!(decide(&server, &waiting[1], "decline", json!({"reason": " "})).await.issues(422), ["reason required"]);
        let reason = json!({"reason": "Meillä on jo tarpeeksi haamuja Oulussa."});
        let declined = decide(&server, &waiting[1], "decline", reason.clone()).await.ok();
        assert_eq!((&declined["state"], declined.get("email"), &declined["reason"]),
            (&json!("declined"), None, &reason["reason"]));
        assert_eq!(decide(&server, &waiting[1], "approve", Value::Null).await.problem(409), "not_possible_in_state");
        server.run_jobs().await;
        let told: Vec<_> = server.mail.take().into_iter().map(|mail| (mail.recipient, mail.content)).collect();
        assert_eq!((told[0].0.as_str(), told[0].1.subject.as_str()), (EMAIL, "Tervetuloa mukaan: Agency north"));
        assert!(told[1].1.text.contains("tarpeeksi haamuja"), "{}", told[1].1.text);
        let session = sign_in(&server, &server.north, EMAIL, OWN).await.created();
        assert_eq!(session["me"]["role"], "shopper");
        let other = sign_in(&server, &server.north, "toinen@new.example", OWN).await;
        assert_eq!(other.problem(401), "invalid_credentials");
        assert_eq!(server.get("/v1/registrations?state=unverified").by(server.north.coordinator()).await.send().await.problem(422), "validation_failed");
    }

    async fn what_comes_to_nothing_is_removed(server) {
        let _ = open(&server, &server.north, &json!({"approval": "by_staff"})).await;
        let _ = register(&server, EMAIL, &json!({})).await.expect(StatusCode::ACCEPTED);
        let first = secret(&server.mail.only());
        let _ = register(&server, "toinen@new.example", &json!({})).await.expect(StatusCode::ACCEPTED);
        let second = secret(&server.mail.only());
        let _ = confirm(&server, &second, OWN).await.ok();
        server.clock.advance_seconds(48 * 3_600);
        assert_eq!(confirm(&server, &first, OWN).await.problem(410), "no_longer_good");
        server.run_jobs().await;
        assert_eq!(count(&server, "registration").await, 1);
        server.clock.advance_seconds(60 * 24 * 3_600);
        server.run_jobs().await;
        assert_eq!(count(&server, "registration").await, 0);
        assert_eq!(count(&server, "user_account WHERE email LIKE '%@new.example'").await, 0);
    }

    async fn who_somebody_is_stands_nowhere_in_the_database(server) {
        let _ = open(&server, &server.north, &json!({"approval": "by_staff"})).await;
        let _ = register(&server, EMAIL, &json!({})).await.expect(StatusCode::ACCEPTED);
        let _ = confirm(&server, &secret(&server.mail.only()), OWN).await.ok();
        let connection = server.database.connect().await;
        let backend = sea_orm::ConnectionTrait::get_database_backend(&connection);
        let statement = sea_orm::Statement::from_string(backend, "SELECT content FROM registration");
        let row = sea_orm::ConnectionTrait::query_one_raw(&connection, statement).await.expect("a query");
        let content: Vec<u8> = row.expect("a row").try_get_by_index(0).expect("content");
        for known in [EMAIL, "1990-05-17", "Uusi Haamu", "argon2"] {
            assert!(!String::from_utf8_lossy(&content).contains(known), "{known}");
        }
    }

    async fn an_agency_takes_so_many_registrations_on_one_day(server) {
        let _ = open(&server, &server.north, &json!({"per_day": 2})).await;
        for number in 0..2 {
            let email = format!("uusi{number}@new.example");
            let _ = register(&server, &email, &json!({})).await.expect(StatusCode::ACCEPTED);
        }
        let third = register(&server, EMAIL, &json!({})).await;
        // It is noon: the day is over in twelve hours.
        assert_eq!(third.headers["retry-after"], "43201");
        assert_eq!(third.problem(429), "too_many_requests");
        server.clock.advance_seconds(12 * 3_600);
        let _ = register(&server, EMAIL, &json!({})).await.expect(StatusCode::ACCEPTED);
    }

    async fn nobody_has_an_address_flooded(server) {
        let _ = open(&server, &server.north, &json!({})).await;
        for _ in 0..5 {
            let _ = register(&server, EMAIL, &json!({})).await.expect(StatusCode::ACCEPTED);
        }
        let mails = server.mail.take();
        assert_eq!(mails.len(), 3);
        // Each of the links is good: a stranger cannot make the right one worthless.
        assert_eq!(confirm(&server, &secret(&mails[0]), OWN).await.ok()["state"], "approved");
        assert_eq!(confirm(&server, &secret(&mails[1]), OWN).await.ok()["state"], "approved");
    }

    async fn of_many_who_follow_a_link_at_once_one_becomes_a_shopper(server) {
        let _ = open(&server, &server.north, &json!({})).await;
        let _ = register(&server, EMAIL, &json!({})).await.expect(StatusCode::ACCEPTED);
        let secret = secret(&server.mail.only());
        let answers = futures::future::join_all((0..3).map(|_| confirm(&server, &secret, OWN))).await;
        let statuses: Vec<_> = answers.iter().map(|answer| answer.status.as_u16()).collect();
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert!(statuses.iter().all(|status| matches!(status, 200 | 409 | 410)), "{statuses:?}");
        assert_eq!(count(&server, "user_account WHERE email LIKE '%@new.example'").await, 1);
    }

    async fn what_happens_to_registrations_is_in_the_audit_trail(server) {
        let _ = open(&server, &server.north, &json!({})).await;
        let _ = register(&server, EMAIL, &json!({})).await.expect(StatusCode::ACCEPTED);
        let _ = confirm(&server, &secret(&server.mail.only()), OWN).await.ok();
        for action in ["registration.manage", "registration.create", "registration.confirm"] {
            assert_eq!(count(&server, &format!("audit WHERE action = '{action}'")).await, 1, "{action}");
        }
        assert_eq!(count(&server, "audit WHERE detail LIKE '%new.example%'").await, 0);
    }
}
