//! HTTP to the router, without a network: whole messages, with real headers and bodies.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use haamu_client::native::failure_of;
use haamu_sim::Invariant;
use haamu_sync::engine::Failure;
use haamu_wire::Problem;
use serde_json::Value;
use tower::ServiceExt;

use super::RealServer;

/// An answer of the router.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Exchange {
    /// What it means for a device, if it is no success.
    pub(super) fn failure(&self) -> Failure {
        let code = serde_json::from_slice::<Problem>(&self.body).map(|problem| problem.code);
        let retry_after = self.header("retry-after").and_then(|text| text.parse().ok());
        failure_of(self.status, &code.unwrap_or_default(), retry_after)
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

/// A request under construction.
#[derive(Debug)]
pub(super) struct Asking {
    request: axum::http::request::Builder,
    body: Body,
}

impl Asking {
    pub(super) fn new(method: Method, path: &str) -> Self {
        Self {
            request: Request::builder().method(method).uri(path),
            body: Body::empty(),
        }
    }

    /// A JSON body.
    pub(super) fn post(path: &str, body: &Value) -> Self {
        Self::new(Method::POST, path).body("application/json", Body::from(body.to_string()))
    }

    pub(super) fn header(self, name: &str, value: &str) -> Self {
        Self {
            request: self.request.header(name, value),
            ..self
        }
    }

    pub(super) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(super) fn body(self, media_type: &str, body: Body) -> Self {
        Self {
            body,
            ..self.header("content-type", media_type)
        }
    }
}

impl RealServer {
    /// Sends a request at a time of the world.
    pub(super) fn send(&mut self, asking: Asking, now: u64) -> Exchange {
        self.clock.tick(now);
        let request = asking.request.body(asking.body).expect("a request");
        let shown = format!("{} {}", request.method(), request.uri().path());
        let is_troubled = self.is_troubled();
        let router = self.running.router.clone();
        let exchange = self.runtime.block_on(async {
            let response = router.oneshot(request).await.expect("the router answers");
            let (parts, body) = response.into_parts();
            let body = to_bytes(body, usize::MAX).await.expect("a whole body");
            Exchange {
                status: parts.status,
                headers: parts.headers,
                body: body.to_vec(),
            }
        });
        self.trace(now, &shown, &exchange);
        if exchange.status.is_server_error() && !is_troubled {
            let text = String::from_utf8_lossy(&exchange.body);
            let what = format!("{shown}: {} {text}", exchange.status);
            self.violated(Invariant::NoFailure, what);
        }
        self.requests += 1;
        exchange
    }

    /// Prints what was exchanged, if that is asked for.
    #[expect(
        clippy::print_stdout,
        reason = "whoever replays a plan wants to see what happens"
    )]
    fn trace(&self, now: u64, shown: &str, exchange: &Exchange) {
        if !self.is_traced {
            return;
        }
        let is_success = exchange.status.is_success();
        let said: &[u8] = if is_success { b"" } else { &exchange.body };
        println!(
            "{now} {shown} {} {}",
            exchange.status,
            String::from_utf8_lossy(said)
        );
    }
}
