//! The HTTP API, version 1.

mod account;
mod agency_access;
mod blobs;
mod briefings;
mod checklists;
mod client_organisations;
mod deposits;
mod devices;
mod evaluations;
mod extract;
mod failed_jobs;
mod filling;
mod health;
mod hierarchies;
mod identity;
mod imports;
mod invitations;
mod jobs;
mod limits;
mod middleware;
mod origin;
mod panel;
mod part;
mod problem;
mod programme_parts;
mod programmes;
mod proposals;
mod route;
mod scenarios;
mod sessions;
mod set_aside;
mod sign_in;
mod sync;
mod tus;
mod users;
mod visit_reports;
mod visits;

use std::sync::LazyLock;
use std::time::Duration;

use axum::http::StatusCode;
use axum::middleware::from_fn;
use axum::{Extension, Router};
use haamu_app::App;
use haamu_domain::{Code, Verb};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::decompression::RequestDecompressionLayer;
use tower_http::timeout::TimeoutLayer;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContactBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder,
};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use limits::Limits;
use route::Operations;

pub use limits::RateLimits;
pub use origin::{BadNetwork, Network, ProxyHeader, TrustedProxies};

/// The longest body of ordinary requests; after decompression.
const MAX_BODY: usize = 1024 * 1024;
/// The longest sync frame: a batch of operations, and what else a request holds.
const MAX_FRAME: usize = 2 * 1024 * 1024;
/// The longest checklist or table.
const MAX_DOCUMENT: usize = 8 * 1024 * 1024;
/// The longest part of a file: the longest that a device sends, with room.
const MAX_PART: usize = 5 * 1024 * 1024;
/// No request takes longer.
const TIMEOUT: Duration = Duration::from_secs(60);

static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
    let document = operations().split_for_parts().1;
    let text = document.to_pretty_json().unwrap_or_default();
    format!("{text}\n")
});

/// What concerns HTTP alone.
#[derive(Clone, Debug, Default)]
pub struct HttpSettings {
    /// Which proxies are believed about where requests come from.
    pub proxies: TrustedProxies,
    /// How often an address may ask without having signed in.
    pub limits: RateLimits,
}

/// The router of the API. Requests have a `ConnectInfo<SocketAddr>`, or come from no address and under no limit.
pub fn router(app: App, settings: HttpSettings) -> Router {
    let (router, _) = operations().split_for_parts();
    let HttpSettings { proxies, limits } = settings;
    let limits = Limits::new(&app, limits);
    router
        .fallback(middleware::not_found)
        .method_not_allowed_fallback(middleware::method_not_allowed)
        .layer(CatchPanicLayer::new())
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            TIMEOUT,
        ))
        .layer(RequestDecompressionLayer::new())
        .layer(from_fn(middleware::problems))
        .layer(from_fn(middleware::headers))
        .layer(from_fn(middleware::trace))
        .layer(CompressionLayer::new())
        .layer(from_fn(move |request, next| {
            origin::note_address(proxies.clone(), request, next)
        }))
        .layer(Extension(limits))
        .layer(Extension(app.clone()))
        .with_state(app)
}

/// The OpenAPI document of the API, as JSON.
#[must_use]
pub fn openapi_document() -> &'static str {
    &DOCUMENT
}

fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(description())
        .merge(identity::identity())
        .merge(clients_and_checklists())
        .merge(programmes_and_visits())
        .merge(programme_documents())
        .merge(filling())
        .merge(jobs())
        .merge(panel())
        .merge(fieldwork())
        .merge(set_aside())
        .merge(failed_jobs())
        .merge(results())
}

fn clients_and_checklists() -> OpenApiRouter<App> {
    let create = &[Code::ValidationFailed, Code::AlreadyExists];
    let small = Operations::default()
        .verb(
            Verb::CreateClientOrganisation,
            create,
            routes!(client_organisations::create_client_organisation),
        )
        .with_body_limit(MAX_BODY);
    let found = &[Code::NotFound];
    let checklist = &[Code::ChecklistUnsound, Code::AlreadyExists];
    let publish = &[Code::NotFound, Code::NotPossibleInState];
    Operations::default()
        .verb(
            Verb::ReadClientOrganisations,
            &[],
            routes!(client_organisations::list_client_organisations),
        )
        .verb(
            Verb::ReadLocations,
            found,
            routes!(client_organisations::list_locations),
        )
        .verb(
            Verb::CreateChecklist,
            checklist,
            routes!(checklists::create_checklist),
        )
        .verb(Verb::ReadChecklists, &[], routes!(checklists::list_checklists))
        .verb(
            Verb::ReadChecklists,
            found,
            routes!(checklists::read_checklist_version),
        )
        .verb(
            Verb::PublishChecklist,
            publish,
            routes!(checklists::publish_checklist_version),
        )
        .verb(
            Verb::PublishChecklist,
            publish,
            routes!(checklists::withdraw_checklist_version),
        )
        .with_body_limit(MAX_DOCUMENT)
        .merge(small)
        .merge(tables())
        .merge(locations_and_hierarchies())
}

fn tables() -> OpenApiRouter<App> {
    let import = &[
        Code::ValidationFailed,
        Code::NotFound,
        Code::Conflict,
        Code::AlreadyExists,
    ];
    let people = &[Code::ValidationFailed, Code::Conflict, Code::AlreadyExists];
    Operations::default()
        .verb(Verb::ImportLocations, import, routes!(imports::import_locations))
        .verb(Verb::ImportShoppers, people, routes!(imports::import_shoppers))
        .verb(
            Verb::ImportPastVisits,
            import,
            routes!(imports::import_past_visits),
        )
        .with_body_limit(MAX_DOCUMENT)
}

fn locations_and_hierarchies() -> OpenApiRouter<App> {
    let found = &[Code::NotFound];
    let change = &[Code::ValidationFailed, Code::NotFound];
    let create = &[Code::ValidationFailed, Code::NotFound, Code::AlreadyExists];
    Operations::default()
        .verb(
            Verb::ReadLocations,
            found,
            routes!(client_organisations::read_location),
        )
        .verb(
            Verb::UpdateLocation,
            change,
            routes!(client_organisations::update_location),
        )
        .verb(
            Verb::ManageHierarchies,
            create,
            routes!(hierarchies::create_hierarchy),
        )
        .verb(
            Verb::ReadHierarchies,
            found,
            routes!(hierarchies::list_hierarchies),
        )
        .verb(Verb::ManageHierarchies, create, routes!(hierarchies::create_unit))
        .verb(Verb::ReadHierarchies, found, routes!(hierarchies::list_units))
        .verb(Verb::ManageHierarchies, change, routes!(hierarchies::update_unit))
        .verb(
            Verb::ManageHierarchies,
            change,
            routes!(hierarchies::place_locations),
        )
        .verb(Verb::AssignUnits, change, routes!(hierarchies::set_member_units))
        .with_body_limit(MAX_BODY)
}

fn programmes_and_visits() -> OpenApiRouter<App> {
    let found = &[Code::NotFound];
    let programme = &[Code::ValidationFailed, Code::NotFound];
    let activate = &[Code::NotFound, Code::NotPossibleInState, Code::StaffNoticeMissing];
    let round = &[
        Code::ValidationFailed,
        Code::NotFound,
        Code::NotPossibleInState,
        Code::ChecklistNotPublished,
    ];
    let plan = &[
        Code::ValidationFailed,
        Code::NotFound,
        Code::NotPossibleInState,
        Code::NotEligible,
    ];
    let assign = &[
        Code::ValidationFailed,
        Code::NotFound,
        Code::NotPossibleInState,
        Code::NotEligible,
        Code::Conflict,
    ];
    let accept = &[
        Code::ValidationFailed,
        Code::NotFound,
        Code::NotPossibleInState,
        Code::NotEligible,
        Code::Conflict,
    ];
    Operations::default()
        .verb(
            Verb::CreateProgramme,
            programme,
            routes!(programmes::create_programme),
        )
        .verb(Verb::ReadProgrammes, &[], routes!(programmes::list_programmes))
        .verb(
            Verb::RecordStaffNotice,
            programme,
            routes!(programmes::record_staff_notice),
        )
        .verb(
            Verb::ActivateProgramme,
            activate,
            routes!(programmes::activate_programme),
        )
        .verb(
            Verb::CloseProgramme,
            &[Code::NotFound, Code::NotPossibleInState],
            routes!(programmes::close_programme),
        )
        .verb(
            Verb::CloseProgramme,
            &[Code::NotFound, Code::NotPossibleInState],
            routes!(programmes::finish_programme),
        )
        .verb(Verb::CreateRound, round, routes!(programmes::create_round))
        .verb(Verb::ReadProgrammes, found, routes!(programmes::list_rounds))
        .verb(Verb::CreateVisits, plan, routes!(visits::create_visits))
        .verb(
            Verb::ReadVisits,
            &[Code::ValidationFailed],
            routes!(visits::list_visits),
        )
        .verb(Verb::ReadVisits, found, routes!(visits::read_visit))
        .verb(Verb::AssignVisit, assign, routes!(visits::create_assignment))
        .verb(Verb::AcceptAssignment, accept, routes!(jobs::accept_assignment))
        .with_body_limit(MAX_BODY)
}

fn programme_documents() -> OpenApiRouter<App> {
    let found = &[Code::NotFound];
    let put = &[Code::ValidationFailed, Code::NotFound, Code::Conflict];
    Operations::default()
        .verb(
            Verb::ReadProgrammes,
            found,
            routes!(programme_parts::read_journey),
        )
        .verb(Verb::DesignProgramme, put, routes!(programme_parts::put_journey))
        .verb(
            Verb::ReadProgrammes,
            found,
            routes!(programme_parts::read_standards),
        )
        .verb(
            Verb::DesignProgramme,
            put,
            routes!(programme_parts::put_standards),
        )
        .verb(Verb::ReadProgrammes, found, routes!(programme_parts::read_method))
        .verb(Verb::DesignProgramme, put, routes!(programme_parts::put_method))
        .verb(
            Verb::ReadProgrammes,
            found,
            routes!(programme_parts::read_field_rules),
        )
        .verb(
            Verb::DesignProgramme,
            put,
            routes!(programme_parts::put_field_rules),
        )
        .verb(Verb::ReadProgrammes, found, routes!(programme_parts::read_fees))
        .verb(Verb::DesignProgramme, put, routes!(programme_parts::put_fees))
        .verb(
            Verb::DesignProgramme,
            &[Code::ValidationFailed, Code::NotFound],
            routes!(scenarios::create_scenario),
        )
        .verb(Verb::ReadProgrammes, found, routes!(scenarios::list_scenarios))
        .verb(Verb::DesignProgramme, put, routes!(scenarios::update_scenario))
        .with_body_limit(MAX_BODY)
        .merge(briefings())
}

fn briefings() -> OpenApiRouter<App> {
    let found = &[Code::NotFound];
    let create = &[Code::ValidationFailed, Code::NotFound];
    let quiz = &[
        Code::ValidationFailed,
        Code::NotFound,
        Code::ChecklistNotPublished,
    ];
    let attempt = &[Code::ValidationFailed, Code::NotFound, Code::NotPossibleInState];
    Operations::default()
        .verb(Verb::DesignProgramme, create, routes!(briefings::create_briefing))
        .verb(Verb::ReadBriefings, found, routes!(briefings::list_briefings))
        .verb(Verb::ConfirmBriefing, found, routes!(briefings::confirm_briefing))
        .verb(
            Verb::ReadProgrammes,
            found,
            routes!(briefings::list_briefing_receipts),
        )
        .verb(Verb::DesignProgramme, quiz, routes!(briefings::put_certification))
        .verb(
            Verb::ReadProgrammes,
            found,
            routes!(briefings::read_certification),
        )
        .verb(Verb::TakeQuiz, found, routes!(briefings::read_quiz))
        .verb(Verb::TakeQuiz, attempt, routes!(briefings::create_quiz_attempt))
        .with_body_limit(MAX_BODY)
}

fn filling() -> OpenApiRouter<App> {
    let found = &[Code::NotFound];
    let plan = &[
        Code::ValidationFailed,
        Code::NotFound,
        Code::NotPossibleInState,
        Code::AlreadyExists,
    ];
    let assign = &[
        Code::ValidationFailed,
        Code::NotFound,
        Code::NotPossibleInState,
        Code::NotEligible,
        Code::Conflict,
    ];
    let quotas = &[Code::ValidationFailed, Code::NotFound];
    let propose = &[Code::NotFound, Code::NotPossibleInState];
    Operations::default()
        .verb(Verb::CreateVisits, plan, routes!(filling::update_visit_plan))
        .verb(Verb::CreateVisits, quotas, routes!(filling::post_visits))
        .verb(Verb::CreateVisits, plan, routes!(filling::generate_visits))
        .verb(Verb::CreateVisits, plan, routes!(filling::cancel_visit))
        .verb(
            Verb::CreateVisits,
            &[Code::NotFound, Code::NotPossibleInState],
            routes!(filling::reopen_visit),
        )
        .verb(Verb::AssignVisit, assign, routes!(filling::create_assignments))
        .verb(Verb::AssignVisit, assign, routes!(filling::withdraw_assignment))
        .verb(Verb::ProposePlan, propose, routes!(proposals::create_proposal))
        .verb(Verb::ProposePlan, found, routes!(proposals::read_proposal))
        .verb(Verb::AssignVisit, propose, routes!(proposals::apply_proposal))
        .verb(Verb::AskEligibility, quotas, routes!(filling::read_eligibility))
        .verb(Verb::ReadApplications, found, routes!(filling::list_applications))
        .verb(Verb::InviteShoppers, plan, routes!(filling::invite_shoppers))
        .verb(Verb::ReadProgrammes, found, routes!(filling::read_quotas))
        .verb(Verb::CreateRound, quotas, routes!(filling::put_quotas))
        .with_body_limit(MAX_BODY)
}

fn jobs() -> OpenApiRouter<App> {
    let take = &[
        Code::ValidationFailed,
        Code::NotFound,
        Code::NotPossibleInState,
        Code::NotEligible,
        Code::JobTaken,
        Code::Conflict,
    ];
    let end = &[
        Code::ValidationFailed,
        Code::NotFound,
        Code::NotPossibleInState,
        Code::Conflict,
    ];
    Operations::default()
        .verb(
            Verb::FindJobs,
            &[Code::ValidationFailed],
            routes!(jobs::list_jobs),
        )
        .verb(Verb::ApplyForJob, take, routes!(jobs::put_application))
        .verb(
            Verb::ApplyForJob,
            &[Code::NotFound],
            routes!(jobs::delete_application),
        )
        .verb(Verb::ApplyForJob, take, routes!(jobs::take_job))
        .verb(Verb::ChangeOwnAssignment, end, routes!(jobs::decline_assignment))
        .verb(
            Verb::ChangeOwnAssignment,
            end,
            routes!(jobs::give_back_assignment),
        )
        .verb(
            Verb::ChangeOwnAssignment,
            take,
            routes!(jobs::reschedule_assignment),
        )
        .verb(Verb::ChangeOwnAssignment, end, routes!(jobs::report_obstacle))
        .with_body_limit(MAX_BODY)
}

fn panel() -> OpenApiRouter<App> {
    let found = &[Code::NotFound];
    let create = &[Code::ValidationFailed];
    let own = &[Code::ValidationFailed, Code::NotPossibleInState, Code::Conflict];
    let change = &[Code::ValidationFailed, Code::NotFound, Code::Conflict];
    Operations::default()
        .verb(Verb::ManageOwnProfile, &[], routes!(panel::read_own_profile))
        .verb(Verb::ManageOwnProfile, own, routes!(panel::update_own_profile))
        .verb(Verb::ManagePanel, found, routes!(panel::read_profile))
        .verb(Verb::ManagePanel, change, routes!(panel::update_profile))
        .verb(Verb::ManageOwnProfile, create, routes!(panel::create_companion))
        .verb(Verb::ManageOwnProfile, &[], routes!(panel::list_companions))
        .verb(Verb::ManageOwnProfile, found, routes!(panel::delete_companion))
        .verb(Verb::ManageOwnProfile, create, routes!(panel::create_tie))
        .verb(Verb::ManageOwnProfile, &[], routes!(panel::list_ties))
        .verb(Verb::ManageOwnProfile, found, routes!(panel::delete_tie))
        .verb(Verb::ManagePanel, create, routes!(panel::create_agreement))
        .verb(Verb::ReadAgreement, &[], routes!(panel::read_agreement))
        .verb(Verb::ManageOwnProfile, found, routes!(panel::accept_agreement))
        .with_body_limit(MAX_BODY)
}

fn fieldwork() -> OpenApiRouter<App> {
    let sync = &[Code::SyncFrame, Code::UpgradeRequired, Code::DeviceNotEnrolled];
    let upload = &[
        Code::ValidationFailed,
        Code::NotFound,
        Code::WrongOffset,
        Code::DigestMismatch,
        Code::QuotaExceeded,
    ];
    let cancel = &[Code::NotFound, Code::NotPossibleInState];
    let frames = Operations::default()
        .verb(Verb::Sync, sync, routes!(sync::sync))
        .with_body_limit(MAX_FRAME);
    Operations::default()
        .verb(Verb::UploadBlob, &[Code::NotFound], routes!(blobs::head_blob))
        .verb(Verb::UploadBlob, upload, routes!(blobs::patch_blob))
        .verb(Verb::UploadBlob, cancel, routes!(blobs::delete_blob))
        .verb(Verb::ReadReceipt, &[Code::NotFound], routes!(blobs::read_receipt))
        .open(&[], routes!(blobs::read_receipt_keys))
        .with_body_limit(MAX_PART)
        .merge(frames)
        .merge(deposits())
        .merge(tus_uploads())
}

fn deposits() -> OpenApiRouter<App> {
    let deposit = &[
        Code::SyncFrame,
        Code::UpgradeRequired,
        Code::DeviceNotEnrolled,
        Code::QuotaExceeded,
    ];
    let upload = &[
        Code::ValidationFailed,
        Code::NotFound,
        Code::WrongOffset,
        Code::DigestMismatch,
        Code::QuotaExceeded,
    ];
    let frames = Operations::default()
        .device(deposit, routes!(deposits::create_deposit))
        .with_body_limit(MAX_FRAME);
    Operations::default()
        .device(upload, routes!(deposits::patch_deposit_blob))
        .with_body_limit(MAX_PART)
        .merge(frames)
}

fn tus_uploads() -> OpenApiRouter<App> {
    let look = &[Code::InvalidRequest, Code::NotFound, Code::TusVersion];
    let cancel = &[Code::NotFound, Code::NotPossibleInState, Code::TusVersion];
    let create = &[
        Code::ValidationFailed,
        Code::NotFound,
        Code::Conflict,
        Code::WrongOffset,
        Code::DigestMismatch,
        Code::ChecksumMismatch,
        Code::QuotaExceeded,
        Code::TusVersion,
    ];
    let append = &[
        Code::NotFound,
        Code::Conflict,
        Code::WrongOffset,
        Code::DigestMismatch,
        Code::ChecksumMismatch,
        Code::QuotaExceeded,
        Code::TusVersion,
    ];
    let any = &[
        Code::NotFound,
        Code::MethodNotAllowed,
        Code::Conflict,
        Code::NotPossibleInState,
        Code::WrongOffset,
        Code::DigestMismatch,
        Code::ChecksumMismatch,
        Code::QuotaExceeded,
        Code::TusVersion,
    ];
    Operations::default()
        .open(&[], routes!(tus::tus_options))
        .verb(Verb::UploadBlob, create, routes!(tus::create_tus_upload))
        .verb(Verb::UploadBlob, look, routes!(tus::head_tus_upload))
        .verb(Verb::UploadBlob, append, routes!(tus::patch_tus_upload))
        .verb(Verb::UploadBlob, cancel, routes!(tus::delete_tus_upload))
        .verb(Verb::UploadBlob, any, routes!(tus::override_tus_method))
        .with_body_limit(MAX_PART)
        .layer(from_fn(tus::protocol))
}

fn set_aside() -> OpenApiRouter<App> {
    let list = &[Code::ValidationFailed, Code::NotFound];
    let adopt = &[
        Code::ValidationFailed,
        Code::NotFound,
        Code::NotPossibleInState,
        Code::Conflict,
        Code::NotAdoptable,
        Code::AlreadyDecided,
    ];
    let discard = &[Code::ValidationFailed, Code::NotFound, Code::AlreadyDecided];
    Operations::default()
        .verb(Verb::ReadSetAside, list, routes!(set_aside::list_set_aside))
        .verb(Verb::ReadSetAside, &[], routes!(set_aside::count_set_aside))
        .verb(
            Verb::ReadSetAside,
            &[Code::NotFound],
            routes!(set_aside::read_set_aside),
        )
        .verb(Verb::AdoptSetAside, adopt, routes!(set_aside::adopt_set_aside))
        .verb(
            Verb::DiscardSetAside,
            discard,
            routes!(set_aside::discard_set_aside),
        )
        .with_body_limit(MAX_BODY)
}

fn failed_jobs() -> OpenApiRouter<App> {
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

fn results() -> OpenApiRouter<App> {
    let found = &[Code::NotFound];
    let confirm = &[Code::ValidationFailed, Code::NotFound, Code::NotPossibleInState];
    let approve = &[
        Code::ValidationFailed,
        Code::NotFound,
        Code::NotPossibleInState,
        Code::Conflict,
        Code::ConflictUnresolved,
        Code::PhotosMissing,
    ];
    let give_back = &[
        Code::ValidationFailed,
        Code::NotFound,
        Code::NotPossibleInState,
        Code::Conflict,
    ];
    let release = &[
        Code::NotFound,
        Code::NotPossibleInState,
        Code::Conflict,
        Code::ReleaseTooEarly,
        Code::CriticalUnconfirmed,
    ];
    let report = &[Code::ValidationFailed, Code::NotFound];
    Operations::default()
        .verb(Verb::ReadEvaluation, found, routes!(evaluations::read_evaluation))
        .verb(
            Verb::ReadEvaluation,
            found,
            routes!(evaluations::read_evaluation_photo),
        )
        .verb(
            Verb::ConfirmCritical,
            confirm,
            routes!(evaluations::confirm_critical),
        )
        .verb(
            Verb::ApproveEvaluation,
            approve,
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
            found,
            routes!(visit_reports::read_visit_report_photo),
        )
        .with_body_limit(MAX_BODY)
}

fn description() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Haamu")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "The API of Haamu, an open-source mystery-shopping platform. Failures are problem documents \
             (RFC 9457) with a stable `code`; `x-haamu-codes` lists the codes of each status.",
        ))
        .license(Some(
            LicenseBuilder::new()
                .name("Apache-2.0 OR MIT")
                .identifier(Some("Apache-2.0 OR MIT"))
                .build(),
        ))
        .contact(Some(
            ContactBuilder::new().name(Some("The Haamu contributors")).build(),
        ))
        .build();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .build();
    let signature = "The field `Signature` of RFC 9421, with `Signature-Input` and `Content-Digest`: Ed25519 with the \
                     key of an enrolled device over `@method`, `@path`, `@query` and `content-digest`.";
    let signature = ApiKey::Header(ApiKeyValue::with_description("Signature", signature));
    let components = ComponentsBuilder::new()
        .security_scheme("bearer", SecurityScheme::Http(bearer))
        .security_scheme("device_signature", SecurityScheme::ApiKey(signature))
        .build();
    OpenApiBuilder::new()
        .info(info)
        .components(Some(components))
        .build()
}
