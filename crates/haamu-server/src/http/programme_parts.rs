//! The documents of a programme.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use haamu_app::{App, PartView, ProgrammePart};
use haamu_domain::ProgrammeId;
use haamu_domain::eligibility::FieldRules;
use haamu_domain::programme_parts::{Fees, Journey, Method, Standards};
use uuid::Uuid;

use super::extract::{Json, Path, SignedIn};
use super::problem::Failure;

/// A pair of handlers for each document: both are alike but for its type.
macro_rules! part {
    ($part:ty, $path:literal, $what:literal, $read:ident, $put:ident) => {
        #[doc = concat!("Read the ", $what, " of a programme.")]
        #[utoipa::path(get, path = $path, tag = "programmes",
            summary = concat!("Read the ", $what, " of a programme."),
            params(("id" = Uuid, Path, description = "The programme.")),
            responses((status = 200, description = "The document; `ETag` is its revision.", body = $part)))]
        pub(super) async fn $read(
            State(app): State<App>,
            SignedIn(bearer): SignedIn,
            Path(id): Path<Uuid>,
        ) -> Result<Response, Failure> {
            let view = app.read_part::<$part>(&bearer.actor, ProgrammeId::from_uuid(id)).await?;
            Ok(answer(&view))
        }

        #[doc = concat!("Replace the ", $what, " of a programme.\n\nWith `If-Match`, only if nobody has changed it since.")]
        #[utoipa::path(put, path = $path, tag = "programmes",
            summary = concat!("Replace the ", $what, " of a programme."),
            description = "With `If-Match`, only if nobody has changed it since.",
            params(
                ("id" = Uuid, Path, description = "The programme."),
                ("if-match" = Option<String>, Header, description = "The `ETag` that the change is based on.")),
            request_body = $part,
            responses((status = 200, description = "Replaced; `ETag` is its revision.", body = $part)))]
        pub(super) async fn $put(
            State(app): State<App>,
            SignedIn(bearer): SignedIn,
            Path(id): Path<Uuid>,
            headers: HeaderMap,
            Json(part): Json<$part>,
        ) -> Result<Response, Failure> {
            let based_on = revision(&headers)?;
            let id = ProgrammeId::from_uuid(id);
            let view = app.put_part(&bearer.actor, id, &part, based_on).await?;
            Ok(answer(&view))
        }
    };
}

part!(
    Journey,
    "/v1/programmes/{id}/journey",
    "journey",
    read_journey,
    put_journey
);
part!(
    Standards,
    "/v1/programmes/{id}/standards",
    "encounter standards",
    read_standards,
    put_standards
);
part!(
    Method,
    "/v1/programmes/{id}/method",
    "method",
    read_method,
    put_method
);
part!(
    FieldRules,
    "/v1/programmes/{id}/field-rules",
    "rules for fieldwork",
    read_field_rules,
    put_field_rules
);
part!(Fees, "/v1/programmes/{id}/fees", "fees", read_fees, put_fees);

fn answer<T: ProgrammePart>(view: &PartView<T>) -> Response {
    tagged(&view.part, view.revision)
}

/// A JSON body with its revision as its `ETag`.
pub(super) fn tagged(body: &impl serde::Serialize, revision: i64) -> Response {
    let mut response = axum::Json(body).into_response();
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{revision}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// The revision that a change is based on, if it says so.
pub(super) fn revision(headers: &HeaderMap) -> Result<Option<i64>, Failure> {
    let Some(value) = headers.get(header::IF_MATCH) else {
        return Ok(None);
    };
    let text = value.to_str().ok().map(|text| text.trim().trim_matches('"'));
    match text {
        Some("*") => Ok(None),
        text => text
            .and_then(|text| text.parse().ok())
            .map(Some)
            .ok_or_else(|| Failure::issue("if-match", "bad_revision", "the ETag of the document")),
    }
}
