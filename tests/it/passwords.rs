//! Changing a password, setting a new one by mail, and hashing it better.

use axum::http::StatusCode;
use haamu_app::{AppSettings, Hashing, IdentitySettings};
use haamu_domain::Role;
use haamu_store::repo::identity;
use haamu_store::{Reach, Tx};
use haamu_tests::mail::secret;
use haamu_tests::{Answer, PASSWORD, TestDatabase, TestServer, both_dbs};
use serde_json::{Value, json};

const EMAIL: &str = "reviewer@north.example";
const NEW_PASSWORD: &str = "kolme satunnaista sanaa";

async fn sign_in(server: &TestServer, password: &str) -> Answer {
    let body = json!({"email": EMAIL, "password": password});
    server.post("/v1/sessions", body).send().await
}

async fn ask(server: &TestServer, email: &str) -> Answer {
    server
        .post("/v1/password-resets", json!({"email": email, "language": "sv"}))
        .send()
        .await
}

async fn set(server: &TestServer, secret: &str, password: &str) -> Answer {
    let body = json!({"secret": secret, "password": password});
    server.post("/v1/password-resets/complete", body).send().await
}

async fn refresh(server: &TestServer, session: &Value) -> Answer {
    let body = json!({"refresh_token": session["refresh_token"]});
    server.post("/v1/sessions/refresh", body).send().await
}

async fn hash_of(server: &TestServer) -> String {
    let db = server.database.open().await;
    let user = db
        .read(Reach::Common, |tx: Tx| async move {
            identity::find_user_by_email(&tx, EMAIL).await
        })
        .await;
    user.expect("read")
        .expect("an account")
        .password_hash
        .expect("a hash")
}

both_dbs! {
    async fn a_changed_password_ends_other_sessions(server) {
        let (other, own) = (sign_in(&server, PASSWORD).await.created(), sign_in(&server, PASSWORD).await.created());
        let token = own["access_token"].as_str().expect("a token");
        let change = |present: &str, new: &str| {
            let body = json!({"current_password": present, "password": new});
            server.post("/v1/me/password", body).bearer(token)
        };
        assert_eq!(change("not the right one", NEW_PASSWORD).send().await.issues(422), ["current_password wrong"]);
        assert_eq!(change(PASSWORD, "salasana12345").send().await.issues(422), ["password common_password"]);
        assert_eq!(change(PASSWORD, "reviewer-virtasaari").send().await.issues(422), ["password personal_password"]);
        let _ = change(PASSWORD, NEW_PASSWORD).send().await.expect(StatusCode::NO_CONTENT);
        assert_eq!(refresh(&server, &other).await.problem(401), "invalid_refresh_token");
        let _ = refresh(&server, &own).await.ok();
        assert_eq!(sign_in(&server, PASSWORD).await.problem(401), "invalid_credentials");
        let _ = sign_in(&server, NEW_PASSWORD).await.created();
        server.run_jobs().await;
        assert_eq!(server.mail.only().content.subject, "Your password was changed");
    }

    async fn a_forgotten_password_is_set_by_mail(server) {
        let session = sign_in(&server, PASSWORD).await.created();
        let _ = ask(&server, " Reviewer@North.example ").await.expect(StatusCode::ACCEPTED);
        server.run_jobs().await;
        let mail = server.mail.only();
        assert_eq!((mail.recipient.as_str(), mail.content.subject.as_str()), (EMAIL, "Välj ett nytt lösenord"));
        let link = secret(&mail);
        assert_eq!(set(&server, &link, "short").await.issues(422), ["password too_short"]);
        assert_eq!(set(&server, &link, "Reviewer Virtasaari").await.issues(422), ["password personal_password"]);
        let _ = set(&server, &link, NEW_PASSWORD).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(set(&server, &link, NEW_PASSWORD).await.problem(410), "no_longer_good");
        assert_eq!(refresh(&server, &session).await.problem(401), "invalid_refresh_token");
        assert_eq!(sign_in(&server, PASSWORD).await.problem(401), "invalid_credentials");
        let session = sign_in(&server, NEW_PASSWORD).await.created();
        assert_eq!(session["me"]["email_verified"], true);
    }

    async fn asking_tells_nothing_about_who_exists(server) {
        let known = ask(&server, EMAIL).await;
        let unknown = ask(&server, "nobody@north.example").await;
        assert_eq!((known.status, known.body), (unknown.status, unknown.body));
        // Both have left the same behind until a job looks at them.
        assert_eq!(server.app.count_due_jobs().await.expect("jobs"), 2);
        server.run_jobs().await;
        assert_eq!(server.mail.only().recipient, EMAIL);
        assert_eq!(ask(&server, "no address").await.issues(422), ["email bad_email"]);
    }

    async fn nobody_is_flooded_with_links(server) {
        for _ in 0..5 {
            let _ = ask(&server, EMAIL).await.expect(StatusCode::ACCEPTED);
        }
        server.run_jobs().await;
        let first = secret(&server.mail.only());
        server.clock.advance_seconds(5 * 60);
        let _ = ask(&server, EMAIL).await.expect(StatusCode::ACCEPTED);
        server.run_jobs().await;
        let second = secret(&server.mail.only());
        assert_eq!(set(&server, &first, NEW_PASSWORD).await.problem(410), "no_longer_good");
        server.clock.advance_seconds(3_600);
        assert_eq!(set(&server, &second, NEW_PASSWORD).await.problem(410), "no_longer_good");
    }

    async fn a_new_password_opens_a_locked_account(server) {
        for _ in 0..4 {
            assert_eq!(sign_in(&server, "not the right one").await.problem(401), "invalid_credentials");
        }
        assert_eq!(sign_in(&server, PASSWORD).await.problem(429), "sign_in_locked");
        let _ = ask(&server, EMAIL).await.expect(StatusCode::ACCEPTED);
        server.run_jobs().await;
        let _ = set(&server, &secret(&server.mail.only()), NEW_PASSWORD).await.expect(StatusCode::NO_CONTENT);
        let _ = sign_in(&server, NEW_PASSWORD).await.created();
    }

    async fn a_link_for_one_thing_does_nothing_else(server) {
        let person = server.north.person(Role::Reviewer);
        let _ = server.post("/v1/me/email-verification", Value::Null).by(person).await.send().await.expect(StatusCode::ACCEPTED);
        server.run_jobs().await;
        let verification = secret(&server.mail.only());
        assert_eq!(set(&server, &verification, NEW_PASSWORD).await.problem(410), "no_longer_good");
        let _ = ask(&server, EMAIL).await.expect(StatusCode::ACCEPTED);
        server.run_jobs().await;
        let reset = secret(&server.mail.only());
        let confirm = |secret: &str| server.post("/v1/email-confirmations", json!({"secret": secret, "password": PASSWORD}));
        assert_eq!(confirm(&reset).send().await.problem(410), "no_longer_good");
        let _ = confirm(&verification).send().await.expect(StatusCode::NO_CONTENT);
        let _ = set(&server, &reset, NEW_PASSWORD).await.expect(StatusCode::NO_CONTENT);
    }

    async fn new_people_have_good_passwords_too(server) {
        for (password, code) in [("Password12345!", "common_password"), ("uusi.henkilo 77", "personal_password"), ("ÄÄÄÄÄÄÄÄÄÄÄÄÄÄ", "common_password")] {
            let body = json!({"email": "uusi.henkilo@north.example", "display_name": "Uusi Henkilö", "role": "shopper", "password": password});
            let answer = server.post("/v1/users", body).by(server.north.coordinator()).await.send().await;
            assert_eq!(answer.issues(422), [format!("password {code}")], "{password}");
        }
    }
}

#[tokio::test]
async fn a_hash_is_made_anew_when_more_is_asked_for() {
    let settings = AppSettings {
        identity: IdentitySettings {
            hashing: Hashing {
                memory_kib: 20_480,
                passes: 2,
                lanes: 1,
            },
            ..IdentitySettings::default()
        },
        ..AppSettings::default()
    };
    let server = TestServer::start_with(TestDatabase::sqlite().await, settings).await;
    let before = hash_of(&server).await;
    assert!(before.contains("m=19456,"));
    assert_eq!(sign_in(&server, "not the right one").await.status, 401);
    assert_eq!(hash_of(&server).await, before);
    let _ = sign_in(&server, PASSWORD).await.created();
    let after = hash_of(&server).await;
    assert!(after.contains("m=20480,"), "{after}");
    let _ = sign_in(&server, PASSWORD).await.created();
    assert_eq!(hash_of(&server).await, after);
}
