//! Accounts that others have made, and what is left of their makers once an address is shown to be its person's.

use axum::http::{Method, StatusCode};
use haamu_domain::Role;
use haamu_tests::authenticator::Authenticator;
use haamu_tests::mail::secret;
use haamu_tests::{Answer, PASSWORD, Person, TestAgency, TestServer, both_dbs};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::passkeys;

const EMAIL: &str = "uusi@new.example";
const OWN: &str = "kolme satunnaista sanaa";

/// An account that a coordinator of the northern agency has made, with what they have put into it.
struct Planted {
    person: Person,
    session: Value,
    passkey: Authenticator,
}

async fn plant(server: &TestServer) -> Planted {
    let body = json!({"email": EMAIL, "display_name": "Joku", "role": "shopper", "password": PASSWORD});
    let made = server
        .post("/v1/users", body)
        .by(server.north.coordinator())
        .await;
    let made = made.send().await.created();
    let id = made["id"].as_str().expect("an id");
    let person = Person {
        id: id.parse().expect("an id"),
        email: EMAIL.to_owned(),
    };
    let (passkey, session, _) = passkeys::with_passkey(server, &person).await;
    let _app = server.set_up_totp(token(&session)).await;
    server.run_jobs().await;
    let _ = server.mail.take();
    Planted {
        person,
        session,
        passkey,
    }
}

fn token(session: &Value) -> &str {
    session["access_token"].as_str().expect("a token")
}

impl Planted {
    async fn passkey_sign_in(&mut self, server: &TestServer) -> Answer {
        let begun = passkeys::ceremony(server).await;
        let signed = self.passkey.get(&begun["options"]);
        passkeys::sign_in(server, &begun, signed).await
    }

    /// Nothing that was planted opens anything.
    async fn is_worthless(&mut self, server: &TestServer) {
        let renewed = json!({"refresh_token": self.session["refresh_token"]});
        let renewed = server.post("/v1/sessions/refresh", renewed).send().await;
        assert_eq!(renewed.problem(401), "invalid_refresh_token");
        assert_eq!(
            self.passkey_sign_in(server).await.problem(401),
            "invalid_credentials"
        );
    }
}

async fn sign_in(server: &TestServer, agency: &TestAgency, password: &str) -> Answer {
    let body = json!({"email": EMAIL, "password": password, "agency": agency.id.uuid()});
    server.post("/v1/sessions", body).send().await
}

/// The secret of the last mail.
async fn link(server: &TestServer) -> String {
    server.run_jobs().await;
    secret(server.mail.take().last().expect("a mail"))
}

async fn confirm(server: &TestServer, secret: &str, password: &str) -> Answer {
    let body = json!({"secret": secret, "password": password});
    server.post("/v1/email-confirmations", body).send().await
}

/// Registers the address with the southern agency; the link that came by mail.
async fn register(server: &TestServer, approval: &str) -> String {
    let conditions = json!({"open": true, "approval": approval, "slug": "etela"});
    let call = server
        .request(Method::PUT, "/v1/agency/registration")
        .json(&conditions);
    let call = call.by(server.south.person(Role::Administrator)).await;
    let _ = call.send().await.ok();
    let body = json!({"email": EMAIL, "display_name": "Uusi Haamu", "born_on": "1990-05-17",
        "languages": ["fi"], "language": "fi", "password": OWN});
    let sent = server.post("/v1/agencies/etela/registrations", body).send().await;
    let _ = sent.expect(StatusCode::ACCEPTED);
    link(server).await
}

async fn confirm_registration(server: &TestServer, secret: &str, password: &str) -> Answer {
    let body = json!({"secret": secret, "password": password});
    server.post("/v1/registrations/confirm", body).send().await
}

/// Lets the only registration of the southern agency in that waits.
async fn approve(server: &TestServer) {
    let waiting = server.list("/v1/registrations", server.south.coordinator()).await;
    let id = waiting[0]["id"].as_str().expect("an id");
    let path = format!("/v1/registrations/{id}/approve");
    let call = server
        .post(&path, Value::Null)
        .by(server.south.coordinator())
        .await;
    let _ = call.send().await.ok();
}

both_dbs! {
    async fn a_password_that_is_set_by_mail_ends_what_was_planted(server) {
        let mut planted = plant(&server).await;
        let _ = planted.passkey_sign_in(&server).await.created();
        let _ = server.post("/v1/password-resets", json!({"email": EMAIL})).send().await;
        let body = json!({"secret": link(&server).await, "password": OWN});
        let set = server.post("/v1/password-resets/complete", body).send().await;
        let _ = set.expect(StatusCode::NO_CONTENT);
        planted.is_worthless(&server).await;
        // No second factor of somebody else's is asked for.
        let _ = sign_in(&server, &server.north, OWN).await.created();
        server.run_jobs().await;
        let subjects: Vec<_> = server.mail.take().into_iter().map(|mail| mail.content.subject).collect();
        assert_eq!(subjects, ["Your second factors were removed", "Your password was changed"]);
    }

    async fn an_address_is_proven_with_the_password_and_that_ends_what_was_planted(server) {
        let mut planted = plant(&server).await;
        let call = server.post("/v1/me/email-verification", Value::Null).bearer(token(&planted.session));
        let _ = call.send().await.expect(StatusCode::ACCEPTED);
        let link = link(&server).await;
        // Whoever did not ask for it does not vouch for a stranger's account.
        assert_eq!(confirm(&server, &link, OWN).await.problem(401), "invalid_credentials");
        assert_eq!(confirm(&server, "no link", OWN).await.problem(410), "no_longer_good");
        let _ = confirm(&server, &link, PASSWORD).await.expect(StatusCode::NO_CONTENT);
        planted.is_worthless(&server).await;
        let session = sign_in(&server, &server.north, PASSWORD).await.created();
        assert_eq!(session["me"]["email_verified"], true);
    }

    async fn nobody_moves_a_strangers_account_to_their_own_address(server) {
        let thief = server.north.reviewer();
        let body = json!({"email": EMAIL, "password": PASSWORD});
        let _ = server.post("/v1/me/email", body).by(thief).await.send().await.expect(StatusCode::ACCEPTED);
        let link = link(&server).await;
        assert_eq!(confirm(&server, &link, OWN).await.problem(401), "invalid_credentials");
        let _ = confirm(&server, &link, PASSWORD).await.expect(StatusCode::NO_CONTENT);
    }

    async fn an_invitation_hands_over_an_account_that_nobody_has_proven(server) {
        let mut planted = plant(&server).await;
        let invite = json!({"email": EMAIL, "role": "reviewer"});
        let call = server.post("/v1/invitations", invite).by(server.south.person(Role::Administrator)).await;
        let _ = call.send().await.created();
        let link = link(&server).await;
        let look = server.post("/v1/invitations/look", json!({"secret": link})).send().await.ok();
        assert_eq!(look["has_account"], false);
        let accept = |body: Value| server.post("/v1/invitations/accept", body);
        let nameless = json!({"secret": link, "password": OWN});
        assert_eq!(accept(nameless).send().await.issues(422), ["display_name required"]);
        let body = json!({"secret": link, "display_name": "Uusi Tarkastaja", "password": OWN});
        let _ = accept(body).send().await.expect(StatusCode::NO_CONTENT);
        planted.is_worthless(&server).await;
        assert_eq!(sign_in(&server, &server.south, PASSWORD).await.problem(401), "invalid_credentials");
        let session = sign_in(&server, &server.south, OWN).await.created();
        assert_eq!((&session["me"]["role"], &session["me"]["display_name"]), (&json!("reviewer"), &json!("Uusi Tarkastaja")));
        let _ = sign_in(&server, &server.north, OWN).await.created();
    }

    async fn what_a_person_has_added_since_stays(server) {
        let planted = plant(&server).await;
        server.prove_address(&planted.person).await;
        let _ = server.post("/v1/password-resets", json!({"email": EMAIL})).send().await;
        let body = json!({"secret": link(&server).await, "password": OWN});
        let set = server.post("/v1/password-resets/complete", body).send().await;
        let _ = set.expect(StatusCode::NO_CONTENT);
        assert_eq!(sign_in(&server, &server.north, OWN).await.status, StatusCode::ACCEPTED);
    }

    async fn a_registration_takes_over_an_account_that_nobody_has_proven(server) {
        let mut planted = plant(&server).await;
        let link = register(&server, "automatic").await;
        assert_eq!(confirm_registration(&server, &link, PASSWORD).await.problem(401), "invalid_credentials");
        assert_eq!(confirm_registration(&server, &link, OWN).await.ok()["state"], "approved");
        planted.is_worthless(&server).await;
        assert_eq!(sign_in(&server, &server.south, PASSWORD).await.problem(401), "invalid_credentials");
        let session = sign_in(&server, &server.south, OWN).await.created();
        assert_eq!(session["me"]["display_name"], "Uusi Haamu");
    }

    async fn an_account_that_is_made_while_staff_decide_is_not_let_in(server) {
        let link = register(&server, "by_staff").await;
        assert_eq!(confirm_registration(&server, &link, OWN).await.ok()["state"], "waiting");
        let mut planted = plant(&server).await;
        approve(&server).await;
        planted.is_worthless(&server).await;
        assert_eq!(sign_in(&server, &server.south, PASSWORD).await.problem(401), "invalid_credentials");
        let _ = sign_in(&server, &server.south, OWN).await.created();
    }

    async fn whoever_confirmed_with_their_account_is_let_in_with_it(server) {
        let planted = plant(&server).await;
        server.prove_address(&planted.person).await;
        let link = register(&server, "by_staff").await;
        assert_eq!(confirm_registration(&server, &link, PASSWORD).await.ok()["state"], "waiting");
        // Meanwhile the account moves elsewhere, and somebody else makes one for its old address.
        let moved = "muualla@new.example";
        let sql = format!("UPDATE user_account SET email = '{moved}' WHERE email = '{EMAIL}'");
        let done = server.database.connect().await.execute_unprepared(&sql).await.expect("moved");
        assert_eq!(done.rows_affected(), 1);
        let body = json!({"email": EMAIL, "display_name": "Joku", "role": "shopper", "password": PASSWORD});
        let _ = server.post("/v1/users", body).by(server.north.coordinator()).await.send().await.created();
        approve(&server).await;
        assert_eq!(sign_in(&server, &server.south, PASSWORD).await.problem(401), "invalid_credentials");
        let body = json!({"email": moved, "password": PASSWORD, "agency": server.south.id.uuid()});
        assert_eq!(server.post("/v1/sessions", body).send().await.status, StatusCode::ACCEPTED);
    }

    async fn nobody_works_for_the_agency_before_their_address_is_proven(server) {
        let planted = plant(&server).await;
        let path = format!("/v1/users/{}/role", planted.person.id);
        let promote = || server.request(Method::PUT, &path).json(&json!({"role": "reviewer"}));
        let administrator = server.north.person(Role::Administrator);
        assert_eq!(promote().by(administrator).await.send().await.problem(409), "not_possible_in_state");
        server.prove_address(&planted.person).await;
        assert_eq!(promote().by(administrator).await.send().await.ok()["role"], "reviewer");
    }
}
