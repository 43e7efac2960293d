//! Work that comes under a device's own key.

use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, HeaderName, Method};
use axum::response::Response;
use bytes::Bytes;
use haamu_app::{App, UploadPart};
use haamu_domain::signature::{SignatureFields, SignedParts};
use haamu_domain::{Actor, Code, SubmissionId};
use haamu_wire::sync::{DepositResponse, SyncRequest};

use super::blobs::{self, BlobQuery};
use super::extract::{Body, Path, Query};
use super::part::{FileBytes, hash, text};
use super::problem::Failure;
use super::sync::Encoding;

const SIGNATURE: HeaderName = HeaderName::from_static("signature");
const SIGNATURE_INPUT: HeaderName = HeaderName::from_static("signature-input");

/// Deposit work under a device's own key, when its person cannot sign in any more.
///
/// The frame is that of `/v1/sync`; its cursor is not looked at. All operations are kept and
/// acknowledged, and none takes effect: somebody at the agency decides about them. The
/// request is signed as RFC 9421 has it, with the key that the device was enrolled with.
#[utoipa::path(post, path = "/v1/deposits", tag = "sync",
    params(
        ("content-digest" = String, Header, description = "`sha-256=:…:` of the body (RFC 9530)."),
        ("signature-input" = String, Header, description = "What is signed (RFC 9421).")),
    request_body(content((Value = "application/cbor"), (Value = "application/json"))),
    responses((status = 200, description = "How far the log is kept, and which files are wanted.",
        content((Value = "application/cbor"), (Value = "application/json")))))]
pub(super) async fn create_deposit(
    State(app): State<App>,
    method: Method,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<Response, Failure> {
    let encoding = Encoding::of(&headers)?;
    let actor = signed(&app, &method, &uri, &headers, &body).await?;
    let request: SyncRequest = encoding.read(&body)?;
    let response: DepositResponse = app.deposit(&actor, &request).await?;
    Ok(encoding.answer(&response))
}

/// Deposit a part of a file under a device's own key, as for `PATCH /v1/blobs/{sha256}`.
#[utoipa::path(patch, path = "/v1/deposits/blobs/{sha256}", tag = "sync",
    params(
        ("sha256" = String, Path, description = "The file's SHA-256, hexadecimal.", pattern = "^[0-9a-f]{64}$"),
        BlobQuery,
        ("upload-offset" = u64, Header, description = "Where the part starts."),
        ("upload-complete" = Option<String>, Header, description = "`?1` with the last part."),
        ("content-digest" = String, Header, description = "`sha-256=:…:` of the part (RFC 9530)."),
        ("signature-input" = String, Header, description = "What is signed (RFC 9421).")),
    request_body(content = inline(FileBytes), content_type = "application/partial-upload"),
    responses((status = 204, description = "`Upload-Offset` says how much has arrived.")))]
pub(super) async fn patch_deposit_blob(
    State(app): State<App>,
    Path(sha256): Path<String>,
    Query(query): Query<BlobQuery>,
    method: Method,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<Response, Failure> {
    let part = UploadPart {
        submission: SubmissionId::from_uuid(query.submission),
        sha256: hash(&sha256)?,
        offset: blobs::part_offset(&headers)?,
        bytes: body.clone(),
        is_last: blobs::is_last_part(&headers),
        // It is that of the signature, and verified with it.
        digest: None,
    };
    let actor = signed(&app, &method, &uri, &headers, &body).await?;
    // The body is here already: whoever waits for the turn waits no longer than it takes to store it.
    let turn = app.upload_turn(&actor, part.submission, part.sha256).await;
    blobs::take(&app, &actor, part, turn).await
}

/// The person whose device signed the request.
async fn signed(
    app: &App,
    method: &Method,
    uri: &axum::http::Uri,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Actor, Failure> {
    let field = |name: &HeaderName| text(headers, name).map(str::to_owned);
    let (Some(input), Some(signature), Some(digest)) = (
        field(&SIGNATURE_INPUT),
        field(&SIGNATURE),
        field(&blobs::CONTENT_DIGEST),
    ) else {
        let detail = "Content-Digest, Signature-Input and Signature are required.";
        return Err(Failure::because(Code::DeviceSignature, detail));
    };
    let parts = SignedParts {
        method: method.as_str(),
        path: uri.path(),
        query: uri.query().unwrap_or_default(),
        content_digest: &digest,
    };
    let fields = SignatureFields { input, signature };
    Ok(app.authenticate_device(&fields, parts, body).await?)
}
