//! Filling a round: offers, the job board and the panel.

use haamu_app::App;
use haamu_domain::{Code, Verb};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::route::Operations;
use crate::http::{
    MAX_BODY, MAX_DOCUMENT, agreements, applications, filling, imports, jobs, panel, proposals,
    shopper_records, shoppers,
};

pub(super) fn filling() -> OpenApiRouter<App> {
    let found = &[Code::NotFound];
    let plan = &[
        Code::ValidationFailed,
        Code::NotFound,
        Code::NotPossibleInState,
        Code::AlreadyExists,
    ];
    let change = &[
        Code::ValidationFailed,
        Code::NotFound,
        Code::NotPossibleInState,
        Code::NotEligible,
        Code::AlreadyExists,
    ];
    let assign = &[
        Code::ValidationFailed,
        Code::NotFound,
        Code::NotPossibleInState,
        Code::NotEligible,
        Code::Conflict,
    ];
    let offer = &[
        Code::ValidationFailed,
        Code::NotFound,
        Code::NotPossibleInState,
        Code::NotEligible,
        Code::JobTaken,
        Code::Conflict,
    ];
    let ask = &[Code::ValidationFailed, Code::NotFound];
    let put_quotas = &[Code::ValidationFailed, Code::NotFound, Code::NotPossibleInState];
    let propose = &[Code::NotFound, Code::NotPossibleInState];
    Operations::default()
        .verb(Verb::CreateVisits, change, routes!(filling::update_visit_plan))
        .verb(Verb::CreateVisits, ask, routes!(filling::post_visits))
        .verb(Verb::CreateVisits, plan, routes!(filling::generate_visits))
        .verb(Verb::CreateVisits, plan, routes!(filling::cancel_visit))
        .verb(
            Verb::CreateVisits,
            &[Code::NotFound, Code::NotPossibleInState],
            routes!(filling::reopen_visit),
        )
        .verb(Verb::AssignVisit, offer, routes!(filling::create_assignments))
        .verb(Verb::AssignVisit, assign, routes!(filling::withdraw_assignment))
        .verb(Verb::AssignVisit, assign, routes!(filling::extend_assignment))
        .verb(Verb::ProposePlan, propose, routes!(proposals::create_proposal))
        .verb(Verb::ProposePlan, found, routes!(proposals::list_proposals))
        .verb(Verb::ProposePlan, found, routes!(proposals::read_proposal))
        .verb(Verb::ApplyPlan, propose, routes!(proposals::apply_proposal))
        .verb(Verb::AskEligibility, ask, routes!(filling::read_eligibility))
        .verb(Verb::ReadVisits, found, routes!(applications::read_visit_plan))
        .verb(
            Verb::ReadApplications,
            found,
            routes!(applications::list_visit_assignments),
        )
        .verb(Verb::ReadProgrammes, found, routes!(filling::read_quotas))
        .verb(Verb::UpdateRound, put_quotas, routes!(filling::put_quotas))
        .with_body_limit(MAX_BODY)
        .merge(choosing())
}

/// Who asked, who is asked, and who might be.
fn choosing() -> OpenApiRouter<App> {
    let found = &[Code::NotFound];
    let invite = &[
        Code::ValidationFailed,
        Code::NotFound,
        Code::NotPossibleInState,
        Code::DailyLimit,
    ];
    let refuse = &[
        Code::ValidationFailed,
        Code::NotFound,
        Code::NotPossibleInState,
        Code::Conflict,
    ];
    Operations::default()
        .verb(
            Verb::ReadApplications,
            found,
            routes!(applications::list_applications),
        )
        .verb(
            Verb::ReadApplications,
            found,
            routes!(applications::list_round_applications),
        )
        .verb(Verb::InviteShoppers, invite, routes!(filling::invite_shoppers))
        .verb(
            Verb::InviteShoppers,
            found,
            routes!(shoppers::withdraw_job_invitation),
        )
        .verb(Verb::AssignVisit, found, routes!(shoppers::list_candidates))
        .verb(Verb::AssignVisit, refuse, routes!(shoppers::decline_application))
        .with_body_limit(MAX_BODY)
}

pub(super) fn jobs() -> OpenApiRouter<App> {
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
        .verb(Verb::ApplyForJob, &[], routes!(shoppers::list_own_applications))
        .verb(
            Verb::ApplyForJob,
            &[Code::NotFound],
            routes!(shoppers::decline_job_invitation),
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

pub(super) fn panel() -> OpenApiRouter<App> {
    let found = &[Code::NotFound];
    let create = &[Code::ValidationFailed];
    let own = &[Code::ValidationFailed, Code::NotPossibleInState, Code::Conflict];
    let end = &[Code::NotFound, Code::NotPossibleInState];
    let change = &[Code::ValidationFailed, Code::NotFound, Code::Conflict];
    Operations::default()
        .verb(Verb::ManageOwnProfile, &[], routes!(panel::read_own_profile))
        .verb(Verb::ManageOwnProfile, own, routes!(panel::update_own_profile))
        .verb(Verb::ManagePanel, create, routes!(shoppers::list_shoppers))
        .verb(Verb::ManagePanel, found, routes!(panel::read_profile))
        .verb(Verb::ManagePanel, change, routes!(panel::update_profile))
        .verb(Verb::ManageOwnProfile, create, routes!(panel::create_companion))
        .verb(Verb::ManageOwnProfile, &[], routes!(panel::list_companions))
        .verb(Verb::ManageOwnProfile, found, routes!(panel::delete_companion))
        .verb(Verb::ManageOwnProfile, create, routes!(panel::create_tie))
        .verb(Verb::ManageOwnProfile, &[], routes!(panel::list_ties))
        .verb(Verb::ManageOwnProfile, end, routes!(panel::delete_tie))
        .verb(Verb::ManagePanel, create, routes!(panel::create_agreement))
        .verb(Verb::ReadAgreement, &[], routes!(panel::read_agreement))
        .verb(Verb::ManageOwnProfile, found, routes!(panel::accept_agreement))
        .verb(Verb::ManagePanel, &[], routes!(agreements::list_agreements))
        .verb(
            Verb::ReadAgreement,
            found,
            routes!(agreements::read_agreement_text),
        )
        .verb(
            Verb::ManagePanel,
            found,
            routes!(agreements::list_agreement_acceptances),
        )
        .verb(
            Verb::ManagePanel,
            found,
            routes!(agreements::list_shopper_acceptances),
        )
        .with_body_limit(MAX_BODY)
}

pub(super) fn shoppers() -> OpenApiRouter<App> {
    let found = &[Code::NotFound];
    let create = &[Code::ValidationFailed, Code::NotFound];
    Operations::default()
        .verb(
            Verb::ManagePanel,
            found,
            routes!(shopper_records::list_companions_of_shopper),
        )
        .verb(
            Verb::ManagePanel,
            found,
            routes!(shopper_records::list_ties_of_shopper),
        )
        .verb(
            Verb::ManagePanel,
            create,
            routes!(shopper_records::create_tie_of_shopper),
        )
        .verb(
            Verb::ManagePanel,
            found,
            routes!(shopper_records::delete_tie_of_shopper),
        )
        .verb(
            Verb::ImportPastVisits,
            found,
            routes!(shopper_records::list_past_visits_of_shopper),
        )
        .verb(
            Verb::ImportPastVisits,
            found,
            routes!(shopper_records::list_past_visits_at_location),
        )
        .verb(
            Verb::ImportPastVisits,
            found,
            routes!(shopper_records::delete_past_visit),
        )
        .with_body_limit(MAX_BODY)
}

pub(super) fn tables() -> OpenApiRouter<App> {
    let import = &[
        Code::ValidationFailed,
        Code::NotFound,
        Code::Conflict,
        Code::AlreadyExists,
    ];
    let people = &[
        Code::ValidationFailed,
        Code::Conflict,
        Code::AlreadyExists,
        Code::DailyLimit,
    ];
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
