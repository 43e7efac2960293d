//! What is done to every request.

use std::time::Instant;

use axum::Json;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use haamu_app::error_chain;
use haamu_domain::Code;
use haamu_wire::Problem;
use haamu_wire::sync::{PROTO, PROTO_HEADER};
use rand::RngExt;
use tracing::Instrument;

use super::problem::{Cause, Failure};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives the request an id and a span, logs its outcome once, and puts the id into a problem.
pub(super) async fn trace(request: Request, next: Next) -> Response {
    let id = format!("{:016x}", rand::rng().random::<u64>());
    // The route's pattern, not the path: ids of people and visits do not belong into logs.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("unmatched", MatchedPath::as_str)
        .to_owned();
    let method = request.method().clone();
    let span = tracing::info_span!("request", request.id = %id, http.method = %method, http.route = %route);
    let started = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let elapsed_ms = started.elapsed().as_millis();
    let status = response.status();
    span.in_scope(|| match response.extensions().get::<Cause>() {
        Some(Cause(error)) if status.is_server_error() => {
            tracing::error!(
                http.status = status.as_u16(),
                elapsed_ms,
                error = error_chain(error),
                "request failed"
            );
        }
        Some(Cause(error)) => {
            tracing::debug!(
                http.status = status.as_u16(),
                elapsed_ms,
                code = error.code().as_str(),
                "request refused"
            );
        }
        None => tracing::debug!(http.status = status.as_u16(), elapsed_ms, "request served"),
    });
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let with_id = Json(Problem {
            request_id: Some(id.clone()),
            ..problem
        })
        .into_response();
        let (mut parts, _) = response.into_parts();
        let (_, body) = with_id.into_parts();
        parts.headers.remove(header::CONTENT_LENGTH);
        response = Response::from_parts(parts, body);
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// Headers of every answer: who answers, and that browsers keep and guess nothing.
pub(super) async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(HeaderName::from_static(PROTO_HEADER), HeaderValue::from(PROTO));
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::CACHE_CONTROL, "no-store"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        ),
    ];
    for (name, value) in fixed {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// A path that nothing is at.
pub(super) async fn not_found() -> Failure {
    Failure::refused(Code::NotFound)
}

/// A method that a path does not have.
pub(super) async fn method_not_allowed() -> Failure {
    Failure::refused(Code::MethodNotAllowed)
}

/// Answers of layers below, which know no problem documents.
pub(super) async fn problems(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let is_ours = response.extensions().get::<Problem>().is_some();
    let code = match response.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Code::PayloadTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::UnsupportedMediaType,
        StatusCode::REQUEST_TIMEOUT | StatusCode::SERVICE_UNAVAILABLE => Code::Unavailable,
        StatusCode::INTERNAL_SERVER_ERROR => Code::Internal,
        _ => return response,
    };
    if is_ours {
        response
    } else {
        Failure::refused(code).into_response()
    }
}
