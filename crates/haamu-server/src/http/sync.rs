//! The sync endpoint.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use haamu_app::App;
use haamu_domain::Code;
use haamu_wire::sync::{Frame, SyncRequest};

use super::extract::{Body, SignedIn};
use super::problem::Failure;

const CBOR: &str = "application/cbor";
const JSON: &str = "application/json";

/// Exchange work with a device: push operations, pull what is new, and learn which files are wanted.
///
/// The frames are described in ARCHITECTURE.md. A frame is CBOR, or JSON for
/// debugging and for other clients; the answer has the encoding of the
/// request. `ops` are encoded operations, each kept whatever it holds.
#[utoipa::path(post, path = "/v1/sync", tag = "sync",
    request_body(content((Value = "application/cbor"), (Value = "application/json"))),
    responses((status = 200, description = "What the device lacks.",
        content((Value = "application/cbor"), (Value = "application/json")))))]
pub(super) async fn sync(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<Response, Failure> {
    let is_json = match media_type(&headers) {
        CBOR => false,
        JSON => true,
        _ => {
            return Err(Failure::because(
                Code::UnsupportedMediaType,
                "The body must be CBOR or JSON.",
            ));
        }
    };
    let request = if is_json {
        SyncRequest::from_json(&body)
    } else {
        SyncRequest::from_cbor(&body)
    };
    let request = request.map_err(|error| Failure::because(Code::SyncFrame, error.to_string()))?;
    let response = app.sync(&bearer.actor, &request).await?;
    let (media_type, body) = if is_json {
        (JSON, response.to_json())
    } else {
        (CBOR, response.to_cbor())
    };
    Ok((
        [(header::CONTENT_TYPE, HeaderValue::from_static(media_type))],
        body,
    )
        .into_response())
}

fn media_type(headers: &HeaderMap) -> &str {
    let value = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim()
}
