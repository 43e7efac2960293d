//! What answers of a server mean that are no success.

use haamu_sync::engine::{Failure, UploadFailure};
use haamu_wire::Problem;
use reqwest::StatusCode;

use crate::offers::{BrokenRule, Refusal};

/// What an answer of the server that is no success means for the engine: by its status, the code of its
/// problem, and after how many seconds the server wants to be asked again.
#[must_use]
pub fn failure_of(status: StatusCode, code: &str, retry_after: Option<u64>) -> Failure {
    match status {
        StatusCode::UNAUTHORIZED => Failure::Unauthorised,
        StatusCode::FORBIDDEN if code == "device_not_enrolled" => Failure::NotEnrolled,
        StatusCode::FORBIDDEN => Failure::Forbidden,
        StatusCode::PAYLOAD_TOO_LARGE => Failure::TooLarge,
        StatusCode::UPGRADE_REQUIRED => Failure::UpgradeRequired,
        StatusCode::BAD_REQUEST if code == "sync_frame" => Failure::FrameRefused,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            Failure::Busy(retry_after.unwrap_or(1).saturating_mul(1_000))
        }
        _ => Failure::Server,
    }
}

/// What an answer to a part of a file that is no success means for the engine; `offset` is how much the
/// server has, where it says so, and `failure` what the answer would mean for any other request.
#[must_use]
pub fn upload_failure_of(status: StatusCode, offset: Option<u64>, failure: Failure) -> UploadFailure {
    match (status, offset) {
        (StatusCode::CONFLICT, Some(offset)) => UploadFailure::WrongOffset(offset),
        (StatusCode::UNPROCESSABLE_ENTITY, _) => UploadFailure::DigestMismatch,
        (StatusCode::NOT_FOUND | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::CONFLICT, _) => {
            UploadFailure::Refused
        }
        _ => UploadFailure::Request(failure),
    }
}

/// Whether a server has understood what a person asked, and refuses it for a reason of theirs.
pub(super) const fn is_refusal(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::NOT_FOUND | StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY
    )
}

/// Why a server refuses something.
pub(super) fn refusal(problem: Problem) -> Refusal {
    let mut said = vec![problem.detail.unwrap_or(problem.title)];
    let issues = problem.issues.iter();
    said.extend(issues.map(|issue| format!("{}: {}", issue.path, issue.message)));
    said.extend(problem.obstacles.iter().map(|rule| match rule.allowed_from {
        Some(date) => format!("{} ({date})", rule.code),
        None => rule.code.clone(),
    }));
    let rules = problem.obstacles.into_iter().map(|rule| BrokenRule {
        code: rule.code,
        allowed_from: rule.allowed_from,
    });
    Refusal {
        code: problem.code,
        said: said.join("; "),
        rules: rules.collect(),
    }
}
