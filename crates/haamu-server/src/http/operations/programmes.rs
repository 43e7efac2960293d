//! Programmes, their documents, rounds and visits.

use haamu_app::App;
use haamu_domain::{Code, Verb};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::route::Operations;
use crate::http::{
    MAX_BODY, briefings, jobs, programme_parts, programmes, rounds, scenarios, staff_notices, training,
    visits,
};

pub(super) fn programmes_and_visits() -> OpenApiRouter<App> {
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
        Code::JobTaken,
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
        .merge(amendments())
        .merge(rounds())
}

/// One programme with its notices to staff, and what is corrected about it.
fn amendments() -> OpenApiRouter<App> {
    let found = &[Code::NotFound];
    let programme = &[Code::ValidationFailed, Code::NotFound];
    let correct = &[
        Code::ValidationFailed,
        Code::NotFound,
        Code::NotPossibleInState,
        Code::Conflict,
    ];
    Operations::default()
        .verb(
            Verb::RecordStaffNotice,
            programme,
            routes!(staff_notices::record_staff_notice),
        )
        .verb(
            Verb::ReadProgrammes,
            found,
            routes!(staff_notices::list_staff_notices),
        )
        .verb(
            Verb::RecordStaffNotice,
            correct,
            routes!(staff_notices::withdraw_staff_notice),
        )
        .verb(Verb::ReadProgrammes, found, routes!(programmes::read_programme))
        .verb(
            Verb::UpdateProgramme,
            correct,
            routes!(programmes::update_programme),
        )
        .with_body_limit(MAX_BODY)
}

fn rounds() -> OpenApiRouter<App> {
    let found = &[Code::NotFound];
    let update = &[
        Code::ValidationFailed,
        Code::NotFound,
        Code::NotPossibleInState,
        Code::Conflict,
    ];
    Operations::default()
        .verb(Verb::ReadProgrammes, found, routes!(rounds::read_round))
        .verb(Verb::UpdateRound, update, routes!(rounds::update_round))
        .verb(Verb::CancelRound, update, routes!(rounds::cancel_round))
        .verb(Verb::ReadVisits, found, routes!(rounds::read_round_progress))
        .with_body_limit(MAX_BODY)
}

pub(super) fn programme_documents() -> OpenApiRouter<App> {
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
    let withdraw = &[Code::NotFound, Code::NotPossibleInState];
    let attempt = &[Code::ValidationFailed, Code::NotFound, Code::NotPossibleInState];
    Operations::default()
        .verb(Verb::DesignProgramme, create, routes!(briefings::create_briefing))
        .verb(Verb::ReadBriefings, found, routes!(briefings::list_briefings))
        .verb(
            Verb::DesignProgramme,
            withdraw,
            routes!(briefings::withdraw_briefing),
        )
        .verb(
            Verb::DesignProgramme,
            withdraw,
            routes!(briefings::delete_certification),
        )
        .verb(Verb::OpenTraining, found, routes!(training::give_attempts_back))
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
        .verb(Verb::OpenTraining, create, routes!(training::open_training))
        .verb(Verb::OpenTraining, found, routes!(training::close_training))
        .verb(Verb::ReadProgrammes, found, routes!(training::list_trainees))
        .verb(Verb::TakeQuiz, &[], routes!(training::list_own_training))
        .verb(Verb::TakeQuiz, found, routes!(briefings::read_quiz))
        .verb(Verb::TakeQuiz, attempt, routes!(briefings::create_quiz_attempt))
        .with_body_limit(MAX_BODY)
}
