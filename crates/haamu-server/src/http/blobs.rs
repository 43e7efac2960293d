//! Files of submissions, sent resumably.
//!
//! The address of an upload follows from the file's hash and its submission,
//! so that nothing is lost when an answer is: creating and resuming are the
//! same request. The fields are those of draft-ietf-httpbis-resumable-upload-12
//! (interop version 8); its `104` interim response is not needed.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use haamu_app::{App, Turn, UploadPart, UploadState};
use haamu_domain::{Actor, Code, SubmissionId};
use serde::Deserialize;
use uuid::Uuid;

use super::MAX_PART;
use super::extract::{Path, Query, SignedIn};
use super::part::{Arrived, FileBytes, hash, number, right_offset, take_in, text};
use super::problem::Failure;

pub(super) const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
/// The receipt of a file that is complete.
pub(super) const RECEIPT: HeaderName = HeaderName::from_static("haamu-receipt");
const COMPLETE: HeaderName = HeaderName::from_static("upload-complete");
const LIMIT: HeaderName = HeaderName::from_static("upload-limit");
const INTEROP: HeaderName = HeaderName::from_static("upload-draft-interop-version");
pub(super) const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");
/// The interop version of the draft.
const INTEROP_VERSION: HeaderValue = HeaderValue::from_static("8");
const PART_MEDIA_TYPE: &str = "application/partial-upload";

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct BlobQuery {
    /// The submission that the file is sent for.
    pub(super) submission: Uuid,
}

/// How much of a file has arrived.
#[utoipa::path(head, path = "/v1/blobs/{sha256}", tag = "sync",
    params(("sha256" = String, Path, description = "The file's SHA-256, hexadecimal.", pattern = "^[0-9a-f]{64}$"), BlobQuery),
    responses((status = 204, description = "`Upload-Offset` and `Upload-Complete` tell.")))]
pub(super) async fn head_blob(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(sha256): Path<String>,
    Query(query): Query<BlobQuery>,
) -> Result<Response, Failure> {
    let submission = SubmissionId::from_uuid(query.submission);
    let sha256 = hash(&sha256)?;
    // What an earlier request has of the file is staged before this one looks.
    let _turn = app.upload_turn(&bearer.actor, submission, sha256).await;
    let state = app.upload_state(&bearer.actor, submission, sha256).await?;
    Ok(answer(&app, &state))
}

/// Send a part of a file. A part that is here already is accepted once more.
///
/// `Upload-Offset` says where the part starts, `Upload-Complete: ?1` that the
/// file ends with it, and `Content-Digest` may carry the part's SHA-256. With
/// `409 wrong_offset`, `Upload-Offset` says where to go on. Of a part without a
/// digest that is cut off on its way, what has arrived is kept. Once the file is
/// complete, `Haamu-Receipt` holds its receipt.
#[utoipa::path(patch, path = "/v1/blobs/{sha256}", tag = "sync",
    params(
        ("sha256" = String, Path, description = "The file's SHA-256, hexadecimal.", pattern = "^[0-9a-f]{64}$"),
        BlobQuery,
        ("upload-offset" = u64, Header, description = "Where the part starts."),
        ("upload-complete" = Option<String>, Header, description = "`?1` with the last part."),
        ("content-digest" = Option<String>, Header, description = "`sha-256=:…:` of the part (RFC 9530).")),
    request_body(content = inline(FileBytes), content_type = "application/partial-upload"),
    responses((status = 204, description = "`Upload-Offset` says how much has arrived.")))]
pub(super) async fn patch_blob(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(sha256): Path<String>,
    Query(query): Query<BlobQuery>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let offset = part_offset(&headers)?;
    let sha256 = hash(&sha256)?;
    let digest = digest(&headers)?;
    let submission = SubmissionId::from_uuid(query.submission);
    let mut turn = app.upload_turn(&bearer.actor, submission, sha256).await;
    let arrived = Arrived::read(&headers, body, MAX_PART as u64, &mut turn).await?;
    if digest.is_some() && !arrived.is_whole {
        // It cannot be checked, and is left to the device to send again.
        return Err(Failure::because(Code::InvalidRequest, "The body was cut off."));
    }
    let part = UploadPart {
        submission,
        sha256,
        offset,
        bytes: arrived.bytes,
        is_last: arrived.is_whole && is_last_part(&headers),
        digest,
    };
    take(&app, &bearer.actor, part, turn).await
}

/// Where a part starts.
pub(super) fn part_offset(headers: &HeaderMap) -> Result<u64, Failure> {
    if text(headers, &header::CONTENT_TYPE) != Some(PART_MEDIA_TYPE) {
        let detail = format!("The body must be {PART_MEDIA_TYPE}.");
        return Err(Failure::because(Code::UnsupportedMediaType, detail));
    }
    let offset = number(headers, &OFFSET);
    offset.ok_or_else(|| Failure::issue("upload-offset", "required", "a number of bytes"))
}

/// Whether the file ends with the part.
pub(super) fn is_last_part(headers: &HeaderMap) -> bool {
    text(headers, &COMPLETE) == Some("?1")
}

/// Takes in a part, and answers how much has arrived.
pub(super) async fn take(
    app: &App,
    actor: &Actor,
    part: UploadPart,
    turn: Turn,
) -> Result<Response, Failure> {
    match take_in(app, actor, part, turn).await {
        Ok(state) => Ok(answer(app, &state)),
        Err(failure) => Ok(with_offset(failure)),
    }
}

/// Give up an upload that is under way. A file that has arrived stays.
#[utoipa::path(delete, path = "/v1/blobs/{sha256}", tag = "sync",
    params(("sha256" = String, Path, description = "The file's SHA-256, hexadecimal.", pattern = "^[0-9a-f]{64}$"), BlobQuery),
    responses((status = 204, description = "What had arrived is forgotten.")))]
pub(super) async fn delete_blob(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(sha256): Path<String>,
    Query(query): Query<BlobQuery>,
) -> Result<StatusCode, Failure> {
    let submission = SubmissionId::from_uuid(query.submission);
    app.cancel_upload(&bearer.actor, submission, hash(&sha256)?)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The receipt of a file: the server's signed word that it has it.
///
/// `haamu receipt verify` checks it against the keys of `/v1/receipt-keys`.
#[utoipa::path(get, path = "/v1/blobs/{sha256}/receipt", tag = "sync",
    params(("sha256" = String, Path, description = "The file's SHA-256, hexadecimal.", pattern = "^[0-9a-f]{64}$"), BlobQuery),
    responses((status = 200, description = "The receipt, `haamu-receipt/1`.", body = serde_json::Value)))]
pub(super) async fn read_receipt(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(sha256): Path<String>,
    Query(query): Query<BlobQuery>,
) -> Result<Response, Failure> {
    let submission = SubmissionId::from_uuid(query.submission);
    let receipt = app
        .read_receipt(&bearer.actor, submission, hash(&sha256)?)
        .await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], receipt).into_response())
}

/// The public keys of receipts, as a JSON Web Key Set.
#[utoipa::path(get, path = "/v1/receipt-keys", tag = "sync",
    responses((status = 200, description = "The keys; the last one signs.", body = serde_json::Value,
        content_type = "application/jwk-set+json")))]
pub(super) async fn read_receipt_keys(State(app): State<App>) -> Result<Response, Failure> {
    let keys = axum::Json(app.receipt_keys().await?);
    Ok(([(header::CONTENT_TYPE, "application/jwk-set+json")], keys).into_response())
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

fn answer(app: &App, state: &UploadState) -> Response {
    let complete = if state.is_complete { "?1" } else { "?0" };
    let headers = [
        (OFFSET, HeaderValue::from(state.offset)),
        (COMPLETE, HeaderValue::from_static(complete)),
        (INTEROP, INTEROP_VERSION),
    ];
    let mut response = (StatusCode::NO_CONTENT, headers).into_response();
    let mut limit = format!(
        "max-size={}, max-append-size={MAX_PART}",
        app.settings().max_file_bytes
    );
    if let Some(expires_at) = state.expires_at {
        let left = (expires_at.millis() - app.now().millis()).max(0) / 1000;
        limit.push_str(&format!(", max-age={left}"));
    }
    add(&mut response, LIMIT, &limit);
    if let Some(receipt) = &state.receipt {
        add(&mut response, RECEIPT, receipt);
    }
    response
}

/// Adds a header; a text that cannot be one is left out.
pub(super) fn add(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// A refusal; where the offset was wrong, with the right one.
fn with_offset(failure: Failure) -> Response {
    let held = right_offset(&failure);
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
