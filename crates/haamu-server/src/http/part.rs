//! Bodies that are parts of files: what has arrived of one that is cut off counts too.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, header};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use haamu_app::{App, Turn, UploadPart, UploadState};
use haamu_domain::{Actor, Code};
use haamu_wire::sync::BlobHash;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument;

use super::problem::Failure;

/// A body that takes longer is cut off here: what has arrived is kept, before the request runs out of time.
const PATIENCE: Duration = Duration::from_secs(45);
/// Once another request waits for the turn, only what is on its last way through this machine still counts.
const GRACE: Duration = Duration::from_millis(100);

/// The bytes of a file, as the API document has them.
#[derive(utoipa::ToSchema)]
#[schema(value_type = String, format = Binary)]
pub(super) struct FileBytes(#[expect(dead_code, reason = "only its schema is used")] Vec<u8>);

/// As much of a body as has arrived.
#[derive(Debug)]
pub(super) struct Arrived {
    pub(super) bytes: Bytes,
    /// Whether that is all of it.
    pub(super) is_whole: bool,
}

impl Arrived {
    /// Reads a body of at most so many bytes. It ends early when another request takes the turn.
    ///
    /// # Errors
    /// It is longer; nothing of it is kept then.
    pub(super) async fn read(
        headers: &HeaderMap,
        body: axum::body::Body,
        most: u64,
        turn: &mut Turn,
    ) -> Result<Self, Failure> {
        let declared = declared_length(headers);
        if declared.is_some_and(|declared| declared > most) {
            return Err(Failure::refused(Code::PayloadTooLarge));
        }
        let mut until = Instant::now() + PATIENCE;
        let mut is_superseded = false;
        let mut stream = body.into_data_stream();
        let mut bytes = BytesMut::new();
        let mut is_whole = false;
        loop {
            let next = tokio::select! {
                next = timeout_at(until, stream.next()) => next,
                () = turn.superseded(), if !is_superseded => {
                    is_superseded = true;
                    until = until.min(Instant::now() + GRACE);
                    continue;
                }
            };
            let Ok(next) = next else { break };
            match next {
                Some(Ok(more)) => bytes.extend_from_slice(&more),
                Some(Err(_)) => break,
                None => {
                    is_whole = declared.is_none_or(|declared| declared == bytes.len() as u64);
                    break;
                }
            }
            if bytes.len() as u64 > most {
                return Err(Failure::refused(Code::PayloadTooLarge));
            }
        }
        Ok(Self {
            bytes: bytes.freeze(),
            is_whole,
        })
    }
}

/// Takes in a part. A client that goes away meanwhile changes nothing about it: a
/// request ends with its connection, and what has arrived would be lost.
pub(super) async fn take_in(
    app: &App,
    actor: &Actor,
    part: UploadPart,
    turn: Turn,
) -> Result<UploadState, Failure> {
    let (app, actor) = (app.clone(), *actor);
    let work = async move {
        let taken = app.upload(&actor, part).await;
        drop(turn);
        taken
    };
    let done = tokio::spawn(work.in_current_span()).await;
    done.map_err(|_| Failure::refused(Code::Internal))?
        .map_err(Failure::from)
}

/// The length of a body, where the client says it.
pub(super) fn declared_length(headers: &HeaderMap) -> Option<u64> {
    number(headers, &header::CONTENT_LENGTH)
}

/// A number in a header.
pub(super) fn number(headers: &HeaderMap, name: &HeaderName) -> Option<u64> {
    // `parse` would take a sign.
    text(headers, name)
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|text| text.parse().ok())
}

/// The text of a header.
pub(super) fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// The name of a file in a path.
pub(super) fn hash(text: &str) -> Result<BlobHash, Failure> {
    text.parse().map_err(|_| Failure::refused(Code::NotFound))
}

/// The offset that a part should have had, if that is what was wrong.
pub(super) fn right_offset(failure: &Failure) -> Option<u64> {
    match failure.error() {
        haamu_app::Error::Refused(refusal) if refusal.code == Code::WrongOffset => {
            refusal.detail.as_deref()?.parse().ok()
        }
        _ => None,
    }
}
