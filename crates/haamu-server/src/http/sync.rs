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
    let encoding = Encoding::of(&headers)?;
    let request: SyncRequest = encoding.read(&body)?;
    let response = app.sync(&bearer.actor, &request).await?;
    Ok(encoding.answer(&response))
}

/// How frames are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Cbor,
    Json,
}

impl Encoding {
    /// That of a request; its answer has the same.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Failure> {
        match media_type(headers) {
            CBOR => Ok(Self::Cbor),
            JSON => Ok(Self::Json),
            _ => Err(Failure::because(
                Code::UnsupportedMediaType,
                "The body must be CBOR or JSON.",
            )),
        }
    }

    pub(super) fn read<T: Frame>(self, body: &[u8]) -> Result<T, Failure> {
        let frame = match self {
            Self::Cbor => T::from_cbor(body),
            Self::Json => T::from_json(body),
        };
        frame.map_err(|error| Failure::because(Code::SyncFrame, error.to_string()))
    }

    pub(super) fn answer(self, frame: &impl Frame) -> Response {
        let (media_type, body) = match self {
            Self::Cbor => (CBOR, frame.to_cbor()),
            Self::Json => (JSON, frame.to_json()),
        };
        let media_type = HeaderValue::from_static(media_type);
        ([(header::CONTENT_TYPE, media_type)], body).into_response()
    }
}

fn media_type(headers: &HeaderMap) -> &str {
    let value = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim()
}
