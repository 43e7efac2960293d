//! Files of submissions, sent resumably.
//!
//! The address of an upload follows from the file's hash and its submission,
//! so that nothing is lost when an answer is: creating and resuming are the
//! same request. The fields are those of draft-ietf-httpbis-resumable-upload-12
//! (interop version 8); its `104` interim response is not needed.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use haamu_app::{App, UploadPart, UploadState};
use haamu_domain::{Code, SubmissionId};
use haamu_wire::sync::BlobHash;
use serde::Deserialize;
use uuid::Uuid;

use super::extract::{Body, Path, Query, SignedIn};
use super::problem::Failure;

const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const COMPLETE: HeaderName = HeaderName::from_static("upload-complete");
const INTEROP: HeaderName = HeaderName::from_static("upload-draft-interop-version");
const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");
/// The interop version of the draft.
const INTEROP_VERSION: HeaderValue = HeaderValue::from_static("8");
const PART_MEDIA_TYPE: &str = "application/partial-upload";

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct BlobQuery {
    /// The submission that the file is sent for.
    submission: Uuid,
}

/// How much of a file has arrived.
#[utoipa::path(head, path = "/v1/blobs/{sha256}", tag = "sync",
    params(("sha256" = String, Path, description = "The file's SHA-256, hexadecimal."), BlobQuery),
    responses((status = 204, description = "`Upload-Offset` and `Upload-Complete` tell.")))]
pub(super) async fn head_blob(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(sha256): Path<String>,
    Query(query): Query<BlobQuery>,
) -> Result<Response, Failure> {
    let submission = SubmissionId::from_uuid(query.submission);
    let state = app
        .upload_state(&bearer.actor, submission, hash(&sha256)?)
        .await?;
    Ok(answer(state))
}

/// Send a part of a file. A part that is here already is accepted once more.
///
/// `Upload-Offset` says where the part starts, `Upload-Complete: ?1` that the
/// file ends with it, and `Content-Digest` may carry the part's SHA-256. With
/// `409 wrong_offset`, `Upload-Offset` says where to go on.
#[utoipa::path(patch, path = "/v1/blobs/{sha256}", tag = "sync",
    params(
        ("sha256" = String, Path, description = "The file's SHA-256, hexadecimal."),
        BlobQuery,
        ("upload-offset" = u64, Header, description = "Where the part starts."),
        ("upload-complete" = Option<String>, Header, description = "`?1` with the last part."),
        ("content-digest" = Option<String>, Header, description = "`sha-256=:…:` of the part (RFC 9530).")),
    request_body(content = Vec<u8>, content_type = "application/partial-upload"),
    responses((status = 204, description = "`Upload-Offset` says how much has arrived.")))]
pub(super) async fn patch_blob(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(sha256): Path<String>,
    Query(query): Query<BlobQuery>,
    headers: HeaderMap,
    Body(bytes): Body,
) -> Result<Response, Failure> {
    if text(&headers, &header::CONTENT_TYPE) != Some(PART_MEDIA_TYPE) {
        let detail = format!("The body must be {PART_MEDIA_TYPE}.");
        return Err(Failure::because(Code::UnsupportedMediaType, detail));
    }
    let offset = text(&headers, &OFFSET).and_then(|text| text.parse().ok());
    let offset = offset.ok_or_else(|| Failure::issue("upload-offset", "required", "a number of bytes"))?;
    let part = UploadPart {
        submission: SubmissionId::from_uuid(query.submission),
        sha256: hash(&sha256)?,
        offset,
        bytes,
        is_last: text(&headers, &COMPLETE) == Some("?1"),
        digest: digest(&headers)?,
    };
    match app.upload(&bearer.actor, part).await.map_err(Failure::from) {
        Ok(state) => Ok(answer(state)),
        Err(failure) => Ok(with_offset(failure)),
    }
}

fn hash(text: &str) -> Result<BlobHash, Failure> {
    text.parse().map_err(|_| Failure::refused(Code::NotFound))
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// The SHA-256 of `Content-Digest: sha-256=:<base64>:`; other algorithms are left alone.
fn digest(headers: &HeaderMap) -> Result<Option<[u8; 32]>, Failure> {
    let Some(value) = text(headers, &CONTENT_DIGEST) else {
        return Ok(None);
    };
    let members = value.split(',').map(str::trim);
    let Some(member) = members
        .into_iter()
        .find_map(|member| member.strip_prefix("sha-256="))
    else {
        return Ok(None);
    };
    let encoded = member.strip_prefix(':').and_then(|rest| rest.strip_suffix(':'));
    let bytes = encoded.and_then(|encoded| STANDARD.decode(encoded).ok());
    let digest = bytes.and_then(|bytes| bytes.try_into().ok());
    digest
        .map(Some)
        .ok_or_else(|| Failure::issue("content-digest", "bad_digest", "sha-256=:<base64>:"))
}

fn answer(state: UploadState) -> Response {
    let complete = if state.is_complete { "?1" } else { "?0" };
    let headers = [
        (OFFSET, HeaderValue::from(state.offset)),
        (COMPLETE, HeaderValue::from_static(complete)),
        (INTEROP, INTEROP_VERSION),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// A refusal; where the offset was wrong, with the right one.
fn with_offset(failure: Failure) -> Response {
    let held = match failure.error() {
        haamu_app::Error::Refused(refusal) if refusal.code == Code::WrongOffset => refusal
            .detail
            .as_deref()
            .and_then(|detail| detail.parse::<u64>().ok()),
        _ => None,
    };
    let mut response = failure.into_response();
    if let Some(held) = held {
        response.headers_mut().insert(OFFSET, HeaderValue::from(held));
        response
            .headers_mut()
            .insert(COMPLETE, HeaderValue::from_static("?0"));
    }
    response.headers_mut().insert(INTEROP, INTEROP_VERSION);
    response
}
