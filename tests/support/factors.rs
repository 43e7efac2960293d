//! Second factors of people: authenticator apps.

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

use crate::agency::{PASSWORD, Person};
use crate::server::{Answer, TestServer};

/// An authenticator app that was set up.
#[derive(Debug)]
pub struct AuthenticatorApp {
    secret: String,
    /// The recovery codes that came with it.
    pub recovery_codes: Vec<String>,
}

impl AuthenticatorApp {
    /// An app that knows a secret.
    #[must_use]
    pub fn knowing(secret: &Value) -> Self {
        Self {
            secret: secret.as_str().expect("a secret").to_owned(),
            recovery_codes: Vec::new(),
        }
    }

    /// The code that the app shows, so many steps of thirty seconds from now.
    ///
    /// # Panics
    /// The secret is none.
    #[must_use]
    pub fn code(&self, server: &TestServer, steps: i64) -> String {
        let secret = Secret::try_from_base32(&self.secret).expect("base 32");
        let totp = Builder::new().with_secret(secret).build().expect("a secret");
        let seconds = server.clock.millis() / 1_000 + steps * 30;
        totp.generate(u64::try_from(seconds).expect("after 1970"))
            .to_string()
    }
}

impl TestServer {
    /// Notes that a person has shown their address to be theirs, as a link would.
    ///
    /// # Panics
    /// The database fails.
    pub async fn prove_address(&self, person: &Person) {
        let (now, email) = (self.clock.millis(), &person.email);
        let sql = format!("UPDATE user_account SET email_verified_at = {now} WHERE email = '{email}'");
        let connection = self.database.connect().await;
        let done = connection.execute_unprepared(&sql).await.expect("noted");
        assert_eq!(done.rows_affected(), 1, "{email}");
    }

    /// Sets an authenticator app up in a session.
    pub async fn set_up_totp(&self, token: &str) -> AuthenticatorApp {
        let begun = self.post("/v1/me/second-factors/totp", Value::Null).bearer(token);
        let mut app = AuthenticatorApp::knowing(&begun.send().await.ok()["secret"]);
        let body = json!({"code": app.code(self, 0)});
        let confirmed = self
            .post("/v1/me/second-factors/totp/confirm", body)
            .bearer(token);
        let codes = confirmed.send().await.ok()["recovery_codes"].clone();
        app.recovery_codes = serde_json::from_value(codes).expect("codes");
        app
    }

    /// Signs a person in as far as the password goes.
    pub async fn first_factor(&self, person: &Person) -> Answer {
        let body = json!({"email": person.email, "password": PASSWORD});
        self.post("/v1/sessions", body).send().await
    }

    /// Signs a person in as far as the password goes, who has a second factor.
    pub async fn challenge(&self, person: &Person) -> Value {
        let answer = self.first_factor(person).await;
        answer.expect(axum::http::StatusCode::ACCEPTED).json()
    }

    /// Completes a sign-in with a second factor: `totp`, `recovery_code` or `passkey`.
    pub async fn second_factor(&self, challenge: &Value, kind: &str, proof: Value) -> Answer {
        let mut body = json!({"challenge": challenge["challenge"]});
        body[kind] = proof;
        self.post("/v1/sessions/second-factor", body).send().await
    }

    /// The session of an access token, as its person sees it.
    ///
    /// # Panics
    /// The token has none.
    pub async fn own_session(&self, token: &str) -> Value {
        let listed = self.get("/v1/sessions").bearer(token).send().await.ok();
        let mut sessions = listed["items"].as_array().expect("items").iter();
        let own = sessions.find(|session| session["current"] == true);
        own.expect("the session of the token").clone()
    }
}
