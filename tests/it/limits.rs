//! How often an address may ask, and which address it is.

use std::net::SocketAddr;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::Request;
use haamu_server::{HttpSettings, ProxyHeader, RateLimits, TrustedProxies};
use haamu_tests::{PASSWORD, TestDatabase, TestServer};
use serde_json::{Value, json};
use tower::ServiceExt;

struct Limited {
    server: TestServer,
    router: Router,
}

impl Limited {
    async fn start(proxies: &[&str]) -> Self {
        let server = TestServer::start(TestDatabase::sqlite().await).await;
        let settings = HttpSettings {
            proxies: TrustedProxies {
                networks: proxies
                    .iter()
                    .map(|text| text.parse().expect("a network"))
                    .collect(),
                header: ProxyHeader::XForwardedFor,
            },
            limits: RateLimits {
                public_per_minute: 20,
                credentials_per_minute: 5,
            },
        };
        let router = haamu_server::router(server.app.clone(), settings);
        Self { server, router }
    }

    /// Asks from an address: the status, when to ask again, and the body.
    async fn ask(
        &self,
        from: &str,
        forwarded: &str,
        method: &str,
        path: &str,
        body: Value,
    ) -> (u16, Option<u64>, Value) {
        let peer: SocketAddr = from.parse().expect("an address");
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json")
            .header("x-forwarded-for", forwarded)
            .body(Body::from(body))
            .expect("a request");
        request.extensions_mut().insert(ConnectInfo(peer));
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let status = response.status().as_u16();
        let wait = response.headers().get("retry-after");
        let wait = wait.map(|value| value.to_str().expect("text").parse().expect("seconds"));
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        (status, wait, serde_json::from_slice(&body).unwrap_or_default())
    }

    async fn sign_in(&self, from: &str, forwarded: &str) -> (u16, Option<u64>, Value) {
        let body = json!({"email": "coordinator@north.example", "password": PASSWORD});
        self.ask(from, forwarded, "POST", "/v1/sessions", body).await
    }
}

#[tokio::test]
async fn an_address_signs_in_so_often_and_others_are_not_held_up() {
    let limited = Limited::start(&[]).await;
    for _ in 0..5 {
        assert_eq!(limited.sign_in("192.0.2.1:1000", "").await.0, 201);
    }
    // Another port and a made-up header are the same address.
    let (status, wait, body) = limited.sign_in("192.0.2.1:1001", "203.0.113.7").await;
    assert_eq!(
        (status, wait, &body["code"]),
        (429, Some(12), &json!("too_many_requests"))
    );
    assert_eq!(limited.sign_in("192.0.2.2:1000", "").await.0, 201);
    limited.server.clock.advance_seconds(12);
    assert_eq!(limited.sign_in("192.0.2.1:1000", "").await.0, 201);
    assert_eq!(limited.sign_in("192.0.2.1:1000", "").await.0, 429);
}

#[tokio::test]
async fn everything_that_could_be_guessed_is_counted_together() {
    let limited = Limited::start(&[]).await;
    let from = "192.0.2.1:1000";
    let secret = json!({"secret": "x"});
    for (path, body) in [
        ("/v1/setup", json!({})),
        ("/v1/password-resets", json!({"email": "a@b.example"})),
        ("/v1/invitations/look", secret.clone()),
        ("/v1/email-confirmations", secret.clone()),
        (
            "/v1/sessions/second-factor",
            json!({"challenge": "x", "totp": "1"}),
        ),
    ] {
        assert_ne!(limited.ask(from, "", "POST", path, body).await.0, 429, "{path}");
    }
    assert_eq!(limited.sign_in(from, "").await.0, 429);
    // What anybody may read has a limit of its own, and what watches over the server has none.
    for _ in 0..20 {
        assert_eq!(limited.ask(from, "", "GET", "/v1/jwks", Value::Null).await.0, 200);
    }
    assert_eq!(limited.ask(from, "", "GET", "/v1/jwks", Value::Null).await.0, 429);
    for _ in 0..30 {
        assert_eq!(
            limited.ask(from, "", "GET", "/health/live", Value::Null).await.0,
            204
        );
    }
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_client_counts() {
    let limited = Limited::start(&["10.0.0.0/8"]).await;
    for _ in 0..5 {
        assert_eq!(limited.sign_in("10.0.0.1:1000", "203.0.113.1").await.0, 201);
    }
    assert_eq!(limited.sign_in("10.0.0.1:1000", "203.0.113.1").await.0, 429);
    assert_eq!(limited.sign_in("10.0.0.1:1000", "203.0.113.2").await.0, 201);
    // Whoever makes up an address before the proxy's own entry is still themselves.
    assert_eq!(
        limited
            .sign_in("10.0.0.1:1000", "198.51.100.9, 203.0.113.1")
            .await
            .0,
        429
    );
}

#[tokio::test]
async fn an_address_that_guesses_at_many_accounts_is_slowed() {
    let server = TestServer::start(TestDatabase::sqlite().await).await;
    let router = haamu_server::router(server.app.clone(), HttpSettings::default());
    let limited = Limited { server, router };
    let guess = async |number: u32, from: &'static str| {
        let body = json!({"email": format!("person{number}@north.example"), "password": "not the right one"});
        limited.ask(from, "", "POST", "/v1/sessions", body).await
    };
    for number in 0..21 {
        assert_eq!(guess(number, "192.0.2.1:1000").await.0, 401);
    }
    let (status, wait, body) = guess(21, "192.0.2.1:1000").await;
    assert_eq!(
        (status, wait, &body["code"]),
        (429, Some(2), &json!("sign_in_locked"))
    );
    assert_eq!(limited.sign_in("192.0.2.1:1000", "").await.0, 429);
    assert_eq!(guess(21, "192.0.2.2:1000").await.0, 401);
    // A success of one's own does not wipe out the guesses at others.
    limited.server.clock.advance_seconds(2);
    assert_eq!(limited.sign_in("192.0.2.1:1000", "").await.0, 201);
    limited.server.clock.advance_seconds(1);
    assert_eq!(guess(22, "192.0.2.1:1000").await.0, 429);
}
