//! What happens to an account while somebody signs in to it.

use axum::http::{Method, StatusCode};
use haamu_app::{Error, Origin, ShownPassword, SignInInput, SignedIn};
use haamu_domain::{Code, Role};
use haamu_tests::mail::secret;
use haamu_tests::{PASSWORD, Person, TestServer, both_dbs};
use serde_json::{Value, json};

const NEW_PASSWORD: &str = "kolme satunnaista sanaa";

fn reviewer(server: &TestServer) -> &Person {
    server.north.reviewer()
}

/// A sign-in whose password was found to be right, and that goes on later.
async fn half_way(server: &TestServer) -> ShownPassword {
    let input = SignInInput {
        email: reviewer(server).email.clone(),
        password: PASSWORD.to_owned(),
        agency: None,
    };
    let shown = server.app.show_password(&input, &Origin::default()).await;
    shown.expect("the right password")
}

async fn go_on(server: &TestServer, shown: &ShownPassword) -> Result<SignedIn, Error> {
    server.app.sign_in_with(shown, &Origin::default()).await
}

fn code(outcome: Result<SignedIn, Error>) -> Option<Code> {
    outcome.err().map(|error| error.code())
}

async fn sessions(server: &TestServer) -> usize {
    let path = format!("/v1/users/{}/sessions", reviewer(server).id);
    let administrator = server.north.person(Role::Administrator);
    server.list(&path, administrator).await.len()
}

async fn as_administrator(server: &TestServer, method: Method, what: &str, body: &Value) {
    let path = format!("/v1/users/{}/{what}", reviewer(server).id);
    let call = server.request(method, &path).json(body);
    let call = call.by(server.north.person(Role::Administrator)).await;
    let _ = call.send().await.ok();
}

both_dbs! {
    async fn a_sign_in_does_not_outlive_a_changed_password(server) {
        let shown = half_way(&server).await;
        let own = server.sign_in(reviewer(&server)).await;
        let change = json!({"current_password": PASSWORD, "password": NEW_PASSWORD});
        let token = own["access_token"].as_str().expect("a token");
        let changed = server.post("/v1/me/password", change).bearer(token).send().await;
        let _ = changed.expect(StatusCode::NO_CONTENT);
        assert_eq!(code(go_on(&server, &shown).await), Some(Code::Conflict));
        assert_eq!(sessions(&server).await, 1);
    }

    async fn a_sign_in_does_not_outlive_a_password_that_was_set_by_mail(server) {
        let shown = half_way(&server).await;
        let ask = json!({"email": reviewer(&server).email});
        let _ = server.post("/v1/password-resets", ask).send().await.expect(StatusCode::ACCEPTED);
        server.run_jobs().await;
        let body = json!({"secret": secret(&server.mail.only()), "password": NEW_PASSWORD});
        let set = server.post("/v1/password-resets/complete", body).send().await;
        let _ = set.expect(StatusCode::NO_CONTENT);
        assert_eq!(code(go_on(&server, &shown).await), Some(Code::Conflict));
        assert_eq!(sessions(&server).await, 0);
    }

    async fn whoever_is_kept_out_meanwhile_does_not_get_in(server) {
        let shown = half_way(&server).await;
        as_administrator(&server, Method::POST, "disable", &json!({})).await;
        assert_eq!(code(go_on(&server, &shown).await), Some(Code::InvalidCredentials));
        assert_eq!(sessions(&server).await, 0);
    }

    async fn whoever_becomes_something_else_meanwhile_signs_in_as_that(server) {
        let shown = half_way(&server).await;
        let client = json!({"role": "client_viewer", "client_organisation": server.north.client.uuid()});
        as_administrator(&server, Method::PUT, "role", &client).await;
        let Ok(SignedIn::Done(issued)) = go_on(&server, &shown).await else { panic!("no session") };
        assert_eq!(issued.me.actor.role, Role::ClientViewer);
        assert_eq!(issued.me.actor.client_organisation, Some(server.north.client));
    }
}
