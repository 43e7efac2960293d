//! Evaluations and reports, and what failed in the background.

use haamu_app::App;
use haamu_domain::{Code, Verb};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::route::Operations;
use crate::http::{MAX_BODY, evaluations, failed_jobs, visit_reports};

/// What an approval may fail with.
const APPROVE: &[Code] = &[
    Code::ValidationFailed,
    Code::OwnWork,
    Code::NotFound,
    Code::NotPossibleInState,
    Code::Conflict,
    Code::ConflictUnresolved,
    Code::PhotosMissing,
    Code::DeletedByRetention,
];

pub(super) fn failed_jobs() -> OpenApiRouter<App> {
    Operations::default()
        .verb(
            Verb::ManageFailedJobs,
            &[],
            routes!(failed_jobs::list_failed_jobs),
        )
        .verb(
            Verb::ManageFailedJobs,
            &[Code::NotFound],
            routes!(failed_jobs::retry_job),
        )
        .with_body_limit(MAX_BODY)
}

pub(super) fn results() -> OpenApiRouter<App> {
    let found = &[Code::NotFound];
    let confirm = &[
        Code::ValidationFailed,
        Code::OwnWork,
        Code::NotFound,
        Code::NotPossibleInState,
    ];
    let give_back = &[
        Code::ValidationFailed,
        Code::OwnWork,
        Code::NotFound,
        Code::NotPossibleInState,
        Code::Conflict,
        Code::DeletedByRetention,
    ];
    let release = &[
        Code::OwnWork,
        Code::NotFound,
        Code::NotPossibleInState,
        Code::Conflict,
        Code::ReleaseTooEarly,
        Code::CriticalUnconfirmed,
    ];
    let report = &[Code::ValidationFailed, Code::NotFound, Code::DeletedByRetention];
    let photo = &[Code::NotFound, Code::DeletedByRetention];
    Operations::default()
        .verb(Verb::ReadEvaluation, found, routes!(evaluations::read_evaluation))
        .verb(
            Verb::ReadEvaluation,
            photo,
            routes!(evaluations::read_evaluation_photo),
        )
        .verb(
            Verb::ConfirmCritical,
            confirm,
            routes!(evaluations::confirm_critical),
        )
        .verb(
            Verb::ApproveEvaluation,
            APPROVE,
            routes!(evaluations::approve_evaluation),
        )
        .verb(
            Verb::ReturnEvaluation,
            give_back,
            routes!(evaluations::return_evaluation),
        )
        .verb(
            Verb::ReleaseEvaluation,
            release,
            routes!(evaluations::release_evaluation),
        )
        .verb(
            Verb::ReadReport,
            found,
            routes!(visit_reports::list_visit_reports),
        )
        .verb(
            Verb::ReadReport,
            report,
            routes!(visit_reports::read_visit_report),
        )
        .verb(
            Verb::ReadReport,
            report,
            routes!(visit_reports::read_visit_report_html),
        )
        .verb(
            Verb::ReadReport,
            photo,
            routes!(visit_reports::read_visit_report_photo),
        )
        .with_body_limit(MAX_BODY)
}
