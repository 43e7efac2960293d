//! In which language people get mails.

use axum::http::{Method, StatusCode};
use haamu_domain::Role;
use haamu_tests::mail::secret;
use haamu_tests::{PASSWORD, Person, TestServer, both_dbs};
use serde_json::{Value, json};

use crate::imports::{counts, send};

const EMAIL: &str = "uusi@new.example";
const OWN: &str = "kolme satunnaista sanaa";
const RESETS: [(&str, &str); 3] = [
    ("fi", "lang=\"fi\""),
    ("sv", "lang=\"sv\""),
    ("en", "lang=\"en\""),
];

/// The language of the next mail to an address that asks for another password.
async fn language_of(server: &TestServer, email: &str) -> &'static str {
    server.run_jobs().await;
    let _ = server.mail.take();
    // Nobody gets two such mails within a short time.
    server.clock.advance_seconds(3_600);
    let sent = server
        .post("/v1/password-resets", json!({ "email": email }))
        .send()
        .await;
    let _ = sent.expect(StatusCode::ACCEPTED);
    server.run_jobs().await;
    let mail = server.mail.only();
    let found = RESETS
        .into_iter()
        .find(|(_, mark)| mail.content.html.contains(mark));
    found.expect("a language").0
}

async fn patch(server: &TestServer, by: &Person, body: Value) -> haamu_tests::Answer {
    let call = server.request(Method::PATCH, "/v1/me").json(&body);
    call.by(by).await.send().await
}

both_dbs! {
    async fn an_account_that_is_handed_over_gets_the_language_of_the_invitation(server) {
        let body = json!({"email": EMAIL, "display_name": "Joku", "role": "shopper", "password": PASSWORD});
        let _ = server.post("/v1/users", body).by(server.north.coordinator()).await.send().await.created();
        assert_eq!(language_of(&server, EMAIL).await, "en");
        server.forget_tokens();
        let invite = json!({"email": EMAIL, "role": "reviewer", "language": "sv"});
        let call = server.post("/v1/invitations", invite).by(server.south.person(Role::Administrator)).await;
        let _ = call.send().await.created();
        server.run_jobs().await;
        let link = secret(&server.mail.only());
        let body = json!({"secret": link, "display_name": "Uusi", "password": OWN});
        let _ = server.post("/v1/invitations/accept", body).send().await.expect(StatusCode::NO_CONTENT);
        server.run_jobs().await;
        // That the password was changed is told in the language of whoever has the account now.
        assert!(server.mail.only().content.html.contains("lang=\"sv\""));
        assert_eq!(language_of(&server, EMAIL).await, "sv");
    }

    async fn an_invitation_without_a_language_leaves_the_one_that_is_known(server) {
        let body = json!({"email": EMAIL, "display_name": "Joku", "role": "shopper", "password": PASSWORD, "language": "fi"});
        let _ = server.post("/v1/users", body).by(server.north.coordinator()).await.send().await.created();
        let invite = json!({"email": EMAIL, "role": "reviewer"});
        let call = server.post("/v1/invitations", invite).by(server.south.person(Role::Administrator)).await;
        let _ = call.send().await.created();
        server.run_jobs().await;
        let body = json!({"secret": secret(&server.mail.only()), "display_name": "Uusi", "password": OWN});
        let _ = server.post("/v1/invitations/accept", body).send().await.expect(StatusCode::NO_CONTENT);
        assert_eq!(language_of(&server, EMAIL).await, "fi");
    }

    async fn a_registration_that_takes_an_account_over_chooses_its_language(server) {
        let body = json!({"email": EMAIL, "display_name": "Joku", "role": "shopper", "password": PASSWORD});
        let _ = server.post("/v1/users", body).by(server.north.coordinator()).await.send().await.created();
        let conditions = json!({"open": true, "approval": "automatic", "slug": "etela"});
        let call = server.request(Method::PUT, "/v1/agency/registration").json(&conditions);
        let _ = call.by(server.south.person(Role::Administrator)).await.send().await.ok();
        let body = json!({"email": EMAIL, "display_name": "Uusi Haamu", "born_on": "1990-05-17",
            "languages": ["fi"], "language": "fi", "password": OWN});
        let sent = server.post("/v1/agencies/etela/registrations", body).send().await;
        let _ = sent.expect(StatusCode::ACCEPTED);
        server.run_jobs().await;
        let link = secret(server.mail.take().last().expect("a mail"));
        let body = json!({"secret": link, "password": OWN});
        let _ = server.post("/v1/registrations/confirm", body).send().await;
        assert_eq!(language_of(&server, EMAIL).await, "fi");
    }

    async fn people_choose_their_language_and_name_themselves(server) {
        let person = server.north.reviewer();
        let changed = patch(&server, person, json!({"language": "fi", "display_name": " Tarkka Tarkastaja "})).await.ok();
        assert_eq!((&changed["language"], &changed["display_name"]), (&json!("fi"), &json!("Tarkka Tarkastaja")));
        let me = server.read("/v1/me", person).await;
        assert_eq!((&me["language"], &me["display_name"]), (&json!("fi"), &json!("Tarkka Tarkastaja")));
        assert_eq!(language_of(&server, &person.email).await, "fi");
        server.forget_tokens();
        assert_eq!(patch(&server, person, json!({})).await.ok()["language"], "fi");
        // Entries of the same millisecond have no order.
        server.clock.advance_seconds(60);
        assert_eq!(patch(&server, person, json!({"language": null})).await.ok().get("language"), None);
        assert_eq!(patch(&server, person, json!({"language": "xx"})).await.issues(422), ["language unknown_value"]);
        assert_eq!(patch(&server, person, json!({"display_name": " "})).await.issues(422), ["display_name required"]);
        assert_eq!(patch(&server, person, json!({"email": "toinen@north.example"})).await.problem(400), "invalid_request");
        let query = format!("/v1/audit?action=account.manage&target_kind=user&target_id={}", person.id);
        let trail = server.list(&query, server.north.person(Role::Administrator)).await;
        let changes: Vec<_> = trail.iter().map(|one| one["detail"]["changed"].clone()).collect();
        assert_eq!(changes, [json!(["language"]), json!([]), json!(["display_name", "language"])]);
    }

    async fn whoever_is_added_is_written_to_in_the_language_that_was_named(server) {
        let add = |body: Value| async { server.post("/v1/users", body).by(server.north.coordinator()).await.send().await };
        let wrong = json!({"email": EMAIL, "display_name": "Uusi", "role": "shopper", "language": "de"});
        assert_eq!(add(wrong).await.issues(422), ["language unknown_value"]);
        let _ = add(json!({"email": EMAIL, "display_name": "Uusi", "role": "shopper", "language": "sv"})).await.created();
        server.run_jobs().await;
        assert!(server.mail.only().content.html.contains("lang=\"sv\""));
    }

    async fn an_import_names_the_language_of_each_person(server) {
        let stranger = &server.south.shopper().email;
        let rows = |language: &str| format!(
            "external_id,email,name,language\nL1,{EMAIL},Uusi,{language}\nL2,toinen@new.example,Toinen,\nL3,{stranger},Kolmas,fi\n"
        );
        let path = "/v1/shoppers/import";
        assert_eq!(send(&server, path, "text/csv", rows("de")).await.issues(422), ["rows[2].language unknown_value"]);
        assert_eq!(counts(send(&server, path, "text/csv", rows("sv")).await), [3, 0, 0, 0]);
        server.run_jobs().await;
        let invited = server.mail.only();
        assert!(invited.recipient == *stranger && invited.content.html.contains("lang=\"fi\""));
        assert_eq!(counts(send(&server, path, "text/csv", rows("sv")).await), [0, 0, 3, 0]);
        // Until somebody has made an account theirs, the agency's table says in which language it writes.
        assert_eq!(counts(send(&server, path, "text/csv", rows("fi")).await), [0, 1, 2, 0]);
        assert_eq!(counts(send(&server, path, "text/csv", rows("")).await), [0, 0, 3, 0], "what is not said stays");
        assert_eq!(language_of(&server, EMAIL).await, "fi");
        assert_eq!(language_of(&server, "toinen@new.example").await, "en");
    }
}
