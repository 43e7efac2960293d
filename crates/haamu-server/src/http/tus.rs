//! tus 1.0, for ready-made clients: another way to the same uploads.
//!
//! Core, creation, creation-with-upload, checksum, termination and expiration,
//! as <https://tus.io/protocols/resumable-upload> has them. The metadata names
//! the file's `sha256` and its `submission`, and the upload's address follows
//! from them: whoever creates it again finds what has arrived.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use haamu_app::{App, Bearer, NewUpload, Turn, UploadPart, UploadState};
use haamu_domain::{Code, SubmissionId};
use haamu_wire::sync::BlobHash;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::blobs::{OFFSET, RECEIPT, add};
use super::extract::{Path, SignedIn};
use super::part::{Arrived, FileBytes, declared_length, hash, number, right_offset, take_in, text};
use super::problem::Failure;

const RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const VERSIONS: HeaderName = HeaderName::from_static("tus-version");
const EXTENSIONS: HeaderName = HeaderName::from_static("tus-extension");
const MAX_SIZE: HeaderName = HeaderName::from_static("tus-max-size");
const ALGORITHMS: HeaderName = HeaderName::from_static("tus-checksum-algorithm");
const LENGTH: HeaderName = HeaderName::from_static("upload-length");
const METADATA: HeaderName = HeaderName::from_static("upload-metadata");
const CHECKSUM: HeaderName = HeaderName::from_static("upload-checksum");
const EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
const METHOD_OVERRIDE: HeaderName = HeaderName::from_static("x-http-method-override");

const VERSION: &str = "1.0.0";
const SPOKEN: &str = "creation,creation-with-upload,checksum,termination,expiration";
const PART_MEDIA_TYPE: &str = "application/offset+octet-stream";
/// What a client may say about a file, in bytes.
const MAX_METADATA: usize = 4096;

/// Refuses other versions, and says ours in every answer.
pub(super) async fn protocol(request: Request, next: Next) -> Response {
    let is_spoken =
        request.method() == Method::OPTIONS || text(request.headers(), &RESUMABLE) == Some(VERSION);
    let mut response = if is_spoken {
        next.run(request).await
    } else {
        let detail = format!("`Tus-Resumable` must be {VERSION}.");
        let mut refusal = Failure::because(Code::TusVersion, detail).into_response();
        add(&mut refusal, VERSIONS, VERSION);
        refusal
    };
    add(&mut response, RESUMABLE, VERSION);
    response
}

/// What of tus is spoken here.
#[utoipa::path(options, path = "/v1/tus", tag = "tus",
    responses((status = 204, description = "`Tus-Version`, `Tus-Extension`, `Tus-Max-Size` and \
        `Tus-Checksum-Algorithm` tell.")))]
pub(super) async fn tus_options(State(app): State<App>) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    add(&mut response, VERSIONS, VERSION);
    add(&mut response, EXTENSIONS, SPOKEN);
    add(&mut response, ALGORITHMS, "sha1,sha256");
    add(
        &mut response,
        MAX_SIZE,
        &app.settings().max_file_bytes.to_string(),
    );
    response
}

/// The version of the protocol, as the API document has it.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
enum Version {
    #[schema(rename = "1.0.0")]
    One,
}

/// Create an upload, with its first bytes if the body has any.
///
/// `Upload-Metadata` must have `sha256` (hexadecimal) and `submission`. Creating
/// the same upload again finds what has arrived of it.
#[utoipa::path(post, path = "/v1/tus", tag = "tus",
    params(
        ("tus-resumable" = inline(Version), Header, description = "`1.0.0`."),
        ("upload-length" = u64, Header, description = "The file's length in bytes."),
        ("upload-metadata" = String, Header, description = "Pairs of a key and a base64 value, parted by commas."),
        ("upload-checksum" = Option<String>, Header, description = "`sha1` or `sha256` and the base64 checksum of the body.")),
    request_body(content = inline(FileBytes), content_type = "application/offset+octet-stream"),
    responses((status = 201, description = "`Location` says where the upload is, `Upload-Offset` what has arrived.")))]
pub(super) async fn create_tus_upload(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let length = number(&headers, &LENGTH);
    let length = length.ok_or_else(|| unreadable("`Upload-Length` must be a number of bytes."))?;
    let new = new_upload(&headers, length)?;
    let checksum = Checksum::of(&headers)?;
    let mut state = app.create_upload(&bearer.actor, &new).await?;
    if text(&headers, &header::CONTENT_TYPE) == Some(PART_MEDIA_TYPE) && !state.is_complete {
        let mut turn = app.upload_turn(&bearer.actor, new.submission, new.sha256).await;
        let arrived = Arrived::read(&headers, body, length, &mut turn).await?;
        let target = (new.submission, new.sha256);
        state = append(&app, &bearer, target, (0, length), (arrived, turn), checksum).await?;
    }
    let mut response = StatusCode::CREATED.into_response();
    let location = format!("/v1/tus/{}/{}", new.submission, new.sha256);
    add(&mut response, header::LOCATION, &location);
    describe(&mut response, &state);
    Ok(response)
}

/// How much of an upload has arrived.
#[utoipa::path(head, path = "/v1/tus/{id}/{sha256}", tag = "tus",
    params(
        ("id" = Uuid, Path, description = "The submission."),
        ("sha256" = String, Path, description = "The file's SHA-256, hexadecimal.", pattern = "^[0-9a-f]{64}$"),
        ("tus-resumable" = inline(Version), Header, description = "`1.0.0`.")),
    responses((status = 204, description = "`Upload-Offset`, `Upload-Length` and `Upload-Metadata` tell.")))]
pub(super) async fn head_tus_upload(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(path): Path<(Uuid, String)>,
) -> Result<Response, Failure> {
    look(&app, &bearer, target(&path)?).await
}

/// Add bytes to an upload, from where it ends.
#[utoipa::path(patch, path = "/v1/tus/{id}/{sha256}", tag = "tus",
    params(
        ("id" = Uuid, Path, description = "The submission."),
        ("sha256" = String, Path, description = "The file's SHA-256, hexadecimal.", pattern = "^[0-9a-f]{64}$"),
        ("tus-resumable" = inline(Version), Header, description = "`1.0.0`."),
        ("upload-offset" = u64, Header, description = "Where the upload ends."),
        ("upload-checksum" = Option<String>, Header, description = "`sha1` or `sha256` and the base64 checksum of the body.")),
    request_body(content = inline(FileBytes), content_type = "application/offset+octet-stream"),
    responses((status = 204, description = "`Upload-Offset` says how much has arrived; `Haamu-Receipt` is the \
        receipt of a file that is complete.")))]
pub(super) async fn patch_tus_upload(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(path): Path<(Uuid, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    patch(&app, &bearer, target(&path)?, &headers, body).await
}

/// Give up an upload that is under way. A file that has arrived stays.
#[utoipa::path(delete, path = "/v1/tus/{id}/{sha256}", tag = "tus",
    params(
        ("id" = Uuid, Path, description = "The submission."),
        ("sha256" = String, Path, description = "The file's SHA-256, hexadecimal.", pattern = "^[0-9a-f]{64}$"),
        ("tus-resumable" = inline(Version), Header, description = "`1.0.0`.")),
    responses((status = 204, description = "What had arrived is forgotten.")))]
pub(super) async fn delete_tus_upload(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(path): Path<(Uuid, String)>,
) -> Result<Response, Failure> {
    terminate(&app, &bearer, target(&path)?).await
}

/// Do what `X-HTTP-Method-Override` says, for clients that can only post.
#[utoipa::path(post, path = "/v1/tus/{id}/{sha256}", tag = "tus",
    params(
        ("id" = Uuid, Path, description = "The submission."),
        ("sha256" = String, Path, description = "The file's SHA-256, hexadecimal.", pattern = "^[0-9a-f]{64}$"),
        ("tus-resumable" = inline(Version), Header, description = "`1.0.0`."),
        ("x-http-method-override" = String, Header, description = "`HEAD`, `PATCH` or `DELETE`.", pattern = "^(HEAD|PATCH|DELETE)$")),
    request_body(content = inline(FileBytes), content_type = "application/offset+octet-stream"),
    responses((status = 204, description = "As the method itself answers.")))]
pub(super) async fn override_tus_method(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(path): Path<(Uuid, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let target = target(&path)?;
    match text(&headers, &METHOD_OVERRIDE) {
        Some("HEAD") => look(&app, &bearer, target).await,
        Some("PATCH") => patch(&app, &bearer, target, &headers, body).await,
        Some("DELETE") => terminate(&app, &bearer, target).await,
        _ => Err(Failure::refused(Code::MethodNotAllowed)),
    }
}

/// The submission and the file of an upload.
type Target = (SubmissionId, BlobHash);

fn target((submission, sha256): &(Uuid, String)) -> Result<Target, Failure> {
    Ok((SubmissionId::from_uuid(*submission), hash(sha256)?))
}

async fn look(app: &App, bearer: &Bearer, (submission, sha256): Target) -> Result<Response, Failure> {
    let _turn = app.upload_turn(&bearer.actor, submission, sha256).await;
    let state = app.created_upload(&bearer.actor, submission, sha256).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    describe(&mut response, &state);
    let length = state.length.unwrap_or(state.offset);
    add(&mut response, LENGTH, &length.to_string());
    let metadata = state.metadata.unwrap_or_else(|| {
        let encode = |text: String| STANDARD.encode(text);
        format!(
            "sha256 {},submission {}",
            encode(sha256.to_string()),
            encode(submission.to_string())
        )
    });
    add(&mut response, METADATA, &metadata);
    Ok(response)
}

async fn patch(
    app: &App,
    bearer: &Bearer,
    target: Target,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    if text(headers, &header::CONTENT_TYPE) != Some(PART_MEDIA_TYPE) {
        let detail = format!("The body must be {PART_MEDIA_TYPE}.");
        return Err(Failure::because(Code::UnsupportedMediaType, detail));
    }
    let offset = number(headers, &OFFSET);
    let offset = offset.ok_or_else(|| unreadable("`Upload-Offset` must be a number of bytes."))?;
    let checksum = Checksum::of(headers)?;
    let (submission, sha256) = target;
    let mut turn = app.upload_turn(&bearer.actor, submission, sha256).await;
    let declared = declared_length(headers);
    let room = app.room_for_part(&bearer.actor, submission, sha256, offset, declared);
    let room = match room.await.map_err(Failure::from) {
        Ok(room) => room,
        Err(failure) => return Ok(with_offset(failure)),
    };
    let arrived = Arrived::read(headers, body, room, &mut turn).await?;
    let appended = append(
        app,
        bearer,
        target,
        (offset, offset + room),
        (arrived, turn),
        checksum,
    );
    match appended.await {
        Ok(state) => {
            let mut response = StatusCode::NO_CONTENT.into_response();
            describe(&mut response, &state);
            Ok(response)
        }
        Err(failure) => Ok(with_offset(failure)),
    }
}

async fn terminate(app: &App, bearer: &Bearer, (submission, sha256): Target) -> Result<Response, Failure> {
    app.cancel_upload(&bearer.actor, submission, sha256).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Adds what has arrived of a body, from an offset, to an upload of a length.
async fn append(
    app: &App,
    bearer: &Bearer,
    (submission, sha256): Target,
    (offset, length): (u64, u64),
    (arrived, turn): (Arrived, Turn),
    checksum: Option<Checksum>,
) -> Result<UploadState, Failure> {
    if checksum.is_some_and(|checksum| !arrived.is_whole || !checksum.is_of(&arrived.bytes)) {
        return Err(Failure::refused(Code::ChecksumMismatch));
    }
    let is_last = offset + arrived.bytes.len() as u64 == length;
    let part = UploadPart {
        submission,
        sha256,
        offset,
        bytes: arrived.bytes,
        is_last,
        digest: None,
    };
    take_in(app, &bearer.actor, part, turn).await
}

fn describe(response: &mut Response, state: &UploadState) {
    add(response, OFFSET, &state.offset.to_string());
    if let Some(expires_at) = state.expires_at {
        add(response, EXPIRES, &expires_at.to_http_date());
    }
    if let Some(receipt) = &state.receipt {
        add(response, RECEIPT, receipt);
    }
}

fn with_offset(failure: Failure) -> Response {
    let held = right_offset(&failure);
    let mut response = failure.into_response();
    if let Some(held) = held {
        response.headers_mut().insert(OFFSET, HeaderValue::from(held));
    }
    response
}

fn unreadable(detail: &str) -> Failure {
    Failure::because(Code::InvalidRequest, detail)
}

/// The file that the metadata names.
fn new_upload(headers: &HeaderMap, length: u64) -> Result<NewUpload, Failure> {
    let metadata = text(headers, &METADATA).unwrap_or_default();
    if metadata.len() > MAX_METADATA {
        return Err(Failure::issue(
            "upload-metadata",
            "too_long",
            "at most 4096 bytes are allowed",
        ));
    }
    let value = |key: &str| {
        let pairs = metadata.split(',').map(str::trim);
        let encoded = pairs
            .filter_map(|pair| pair.split_once(' '))
            .find(|(name, _)| *name == key)?
            .1;
        String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()
    };
    let missing = |path: &str, code: &str| Failure::issue(path, "required", code);
    let sha256 = value("sha256").and_then(|text| text.parse().ok());
    let submission = value("submission").and_then(|text| text.parse().ok());
    Ok(NewUpload {
        sha256: sha256.ok_or_else(|| missing("upload-metadata.sha256", "the file's SHA-256, hexadecimal"))?,
        submission: submission.ok_or_else(|| missing("upload-metadata.submission", "a submission's id"))?,
        length,
        metadata: metadata.to_owned(),
    })
}

/// The checksum of a part.
#[derive(Debug)]
enum Checksum {
    Sha1(Vec<u8>),
    Sha256(Vec<u8>),
}

impl Checksum {
    fn of(headers: &HeaderMap) -> Result<Option<Self>, Failure> {
        let Some(value) = text(headers, &CHECKSUM) else {
            return Ok(None);
        };
        let (algorithm, encoded) = value.split_once(' ').unwrap_or((value, ""));
        let digest = STANDARD
            .decode(encoded.trim())
            .map_err(|_| unreadable("`Upload-Checksum` must have a base64 checksum."))?;
        match algorithm {
            "sha1" => Ok(Some(Self::Sha1(digest))),
            "sha256" => Ok(Some(Self::Sha256(digest))),
            _ => Err(unreadable("`Upload-Checksum` must be of sha1 or sha256.")),
        }
    }

    fn is_of(&self, bytes: &[u8]) -> bool {
        match self {
            Self::Sha1(digest) => Sha1::digest(bytes)[..] == digest[..],
            Self::Sha256(digest) => Sha256::digest(bytes)[..] == digest[..],
        }
    }
}
