//! Failures as problem documents (RFC 9457).

use std::sync::Arc;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use haamu_app::{Error, Issue, Refusal};
use haamu_domain::Code;
use haamu_wire::{IssueOut, ObstacleOut, Problem};

/// The prefix of a problem's `type`.
pub(super) const TYPE_PREFIX: &str = "urn:haamu:problem:";

/// A failed request.
#[derive(Debug)]
pub(crate) struct Failure(Error);

/// The error behind a response, for the log; it does not leave the server.
#[derive(Clone, Debug)]
pub(super) struct Cause(pub(super) Arc<Error>);

impl Failure {
    pub(super) fn refused(code: Code) -> Self {
        Self(Error::refused(code))
    }

    pub(super) fn because(code: Code, detail: impl Into<String>) -> Self {
        Self(Error::because(code, detail))
    }

    pub(super) fn issue(path: &str, code: &str, message: impl Into<String>) -> Self {
        let issue = Issue {
            path: path.to_owned(),
            code: code.to_owned(),
            message: message.into(),
        };
        Self(Error::with_issues(Code::ValidationFailed, vec![issue]))
    }

    pub(super) const fn error(&self) -> &Error {
        &self.0
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let code = self.0.code();
        let status = status_of(code);
        let mut problem = Problem {
            kind: format!("{TYPE_PREFIX}{}", code.as_str()),
            title: code.title().to_owned(),
            status: status.as_u16(),
            code: code.as_str().to_owned(),
            detail: None,
            request_id: None,
            issues: Vec::new(),
            min_build: None,
            obstacles: Vec::new(),
        };
        if let Error::Refused(refusal) = &self.0 {
            let Refusal {
                detail,
                issues,
                min_build,
                obstacles,
                ..
            } = refusal.as_ref();
            problem.obstacles = obstacles.iter().map(ObstacleOut::from).collect();
            problem.detail.clone_from(detail);
            problem.min_build.clone_from(min_build);
            problem.issues = issues.iter().map(issue_out).collect();
        }
        let retry_after = match &self.0 {
            Error::Refused(refusal) => refusal.retry_after,
            _ => None,
        };
        let mut response = (status, Json(&problem)).into_response();
        if let Some(seconds) = retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        let media_type = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, media_type);
        if status == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(Cause(Arc::new(self.0)));
        response.extensions_mut().insert(problem);
        response
    }
}

fn issue_out(issue: &Issue) -> IssueOut {
    IssueOut {
        path: issue.path.clone(),
        code: issue.code.clone(),
        message: issue.message.clone(),
    }
}

/// The HTTP status of a code.
pub(super) fn status_of(code: Code) -> StatusCode {
    match code {
        Code::InvalidRequest | Code::SyncFrame => StatusCode::BAD_REQUEST,
        Code::ValidationFailed | Code::ChecklistUnsound => StatusCode::UNPROCESSABLE_ENTITY,
        Code::Unauthenticated
        | Code::InvalidCredentials
        | Code::InvalidRefreshToken
        | Code::DeviceSignature => StatusCode::UNAUTHORIZED,
        Code::Forbidden
        | Code::DeviceNotEnrolled
        | Code::SetupCodeWrong
        | Code::SecondFactorRequired
        | Code::SignInAgain
        | Code::NotVouchedFor
        | Code::OwnWork
        | Code::ScopeMissing => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Code::AlreadyExists
        | Code::Conflict
        | Code::NotPossibleInState
        | Code::SetupClosed
        | Code::ChecklistNotPublished
        | Code::NotEligible
        | Code::JobTaken
        | Code::StaffNoticeMissing
        | Code::ReleaseTooEarly
        | Code::CriticalUnconfirmed
        | Code::ConflictUnresolved
        | Code::PhotosMissing
        | Code::NotAdoptable
        | Code::AlreadyDecided
        | Code::PasskeysUnavailable
        | Code::LastAdministrator
        | Code::RegistrationClosed
        | Code::WrongOffset => StatusCode::CONFLICT,
        Code::NoLongerGood | Code::DeletedByRetention => StatusCode::GONE,
        Code::IdentityProviderFailed => StatusCode::BAD_GATEWAY,
        Code::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Code::TooManyRequests | Code::SignInLocked | Code::DailyLimit => StatusCode::TOO_MANY_REQUESTS,
        Code::UpgradeRequired => StatusCode::UPGRADE_REQUIRED,
        Code::DigestMismatch | Code::SecondFactorWrong => StatusCode::UNPROCESSABLE_ENTITY,
        Code::ChecksumMismatch => checksum_mismatch(),
        Code::TusVersion => StatusCode::PRECONDITION_FAILED,
        Code::QuotaExceeded => StatusCode::INSUFFICIENT_STORAGE,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// What tus answers to a part that was damaged on its way; HTTP has no name for it.
fn checksum_mismatch() -> StatusCode {
    StatusCode::from_u16(460).unwrap_or(StatusCode::BAD_REQUEST)
}
