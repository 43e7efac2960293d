//! What coordinators plan of visits, and who gets them.

use axum::extract::State;
use axum::http::StatusCode;
use haamu_app::record::VisitPlan;
use haamu_app::{
    App, AssignInput, EligibilityQuery, EligibilityView, ExtendInput, GenerateInput, OfferInput,
};
use haamu_domain::filling::Origin;
use haamu_domain::{
    AssignmentId, CompanionId, LocalDate, LocationId, RoundId, ScenarioId, UnitId, UserId, VisitId,
};
use haamu_wire::{
    AssignmentsIn, ChangedOut, EligibilityOut, ExtendIn, GenerateVisitsIn, GeneratedOut, InviteShoppersIn,
    ObstacleOut, PostVisitsIn, Quotas, ReasonIn, VisitOut, VisitPlanOut, VisitPlanPatch, VisitsOut,
};
use serde::Deserialize;
use uuid::Uuid;

use super::extract::{Json, Path, Query, SignedIn};
use super::problem::Failure;
use super::rounds::{quotas_in, quotas_out};
use super::visits::visit_out;

/// Change the days, the scenario or the place on the job board of a visit. While somebody has it, rules are judged for
/// the new plan, and more time is given by extending the assignment.
#[utoipa::path(patch, path = "/v1/visits/{id}/plan", tag = "filling",
    params(("id" = Uuid, Path, description = "The visit.")), request_body = VisitPlanPatch,
    responses((status = 200, description = "Changed.", body = VisitPlanOut)))]
pub(super) async fn update_visit_plan(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Json(patch): Json<VisitPlanPatch>,
) -> Result<axum::Json<VisitPlanOut>, Failure> {
    let patch = haamu_app::VisitPlanPatch {
        external_id: patch.external_id.into_option(),
        starts_on: patch.starts_on.into_option(),
        visit_by: patch.visit_by.into_option(),
        daypart: patch.daypart.into_option(),
        scenario: patch
            .scenario
            .into_option()
            .map(|id| id.map(ScenarioId::from_uuid)),
        board: patch.board.into_option(),
    };
    let plan = app
        .update_visit_plan(&bearer.actor, VisitId::from_uuid(id), &patch)
        .await?;
    Ok(axum::Json(plan_out(plan)))
}

/// Put visits of a round on the job board, or take them off it.
#[utoipa::path(post, path = "/v1/rounds/{id}/board", tag = "filling",
    params(("id" = Uuid, Path, description = "The round.")), request_body = PostVisitsIn,
    responses((status = 200, description = "How many visits were changed.", body = ChangedOut)))]
pub(super) async fn post_visits(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Json(input): Json<PostVisitsIn>,
) -> Result<axum::Json<ChangedOut>, Failure> {
    let of = input
        .visits
        .map(|ids| ids.into_iter().map(VisitId::from_uuid).collect::<Vec<_>>());
    let round = RoundId::from_uuid(id);
    let changed = app
        .post_visits(&bearer.actor, round, of.as_deref(), input.board)
        .await?;
    Ok(axum::Json(ChangedOut { changed }))
}

/// Plan the visits of a round at many locations; repeating it plans nothing twice.
#[utoipa::path(post, path = "/v1/rounds/{id}/visits/generate", tag = "filling",
    params(("id" = Uuid, Path, description = "The round.")), request_body = GenerateVisitsIn,
    responses((status = 200, description = "What was planned, or would be.", body = GeneratedOut)))]
pub(super) async fn generate_visits(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Json(input): Json<GenerateVisitsIn>,
) -> Result<axum::Json<GeneratedOut>, Failure> {
    let locations = input
        .locations
        .map(|ids| ids.into_iter().map(LocationId::from_uuid).collect());
    let input = GenerateInput {
        locations,
        unit: input.unit.map(UnitId::from_uuid),
        per_location: input.per_location,
        dayparts: input.dayparts,
        scenarios: input.scenarios.into_iter().map(ScenarioId::from_uuid).collect(),
        slices: input.slices,
        board: input.board,
        is_dry_run: input.dry_run,
    };
    let report = app
        .generate_visits(&bearer.actor, RoundId::from_uuid(id), &input)
        .await?;
    Ok(axum::Json(GeneratedOut {
        planned: report.planned,
        existing: report.existing,
        closed_locations: report.closed_locations,
    }))
}

/// Call a visit off that nobody has handed in.
#[utoipa::path(post, path = "/v1/visits/{id}/cancel", tag = "filling",
    params(("id" = Uuid, Path, description = "The visit.")), request_body = ReasonIn,
    responses((status = 200, description = "Called off, with whatever was offered of it.", body = VisitPlanOut)))]
pub(super) async fn cancel_visit(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Json(input): Json<ReasonIn>,
) -> Result<axum::Json<VisitPlanOut>, Failure> {
    let plan = app
        .cancel_visit(&bearer.actor, VisitId::from_uuid(id), &input.reason)
        .await?;
    Ok(axum::Json(plan_out(plan)))
}

/// Let a visit be made after all that was called off, or whose place was reported closed.
#[utoipa::path(post, path = "/v1/visits/{id}/reopen", tag = "filling",
    params(("id" = Uuid, Path, description = "The visit.")),
    responses((status = 200, description = "It can be offered again.", body = VisitPlanOut)))]
pub(super) async fn reopen_visit(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<VisitPlanOut>, Failure> {
    let plan = app.reopen_visit(&bearer.actor, VisitId::from_uuid(id)).await?;
    Ok(axum::Json(plan_out(plan)))
}

/// Offer visits of a round to shoppers, all of them or none. Repeating it changes nothing.
#[utoipa::path(post, path = "/v1/rounds/{id}/assignments", tag = "filling",
    params(("id" = Uuid, Path, description = "The round.")), request_body = AssignmentsIn,
    responses((status = 201, description = "Offered.", body = VisitsOut)))]
pub(super) async fn create_assignments(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Json(input): Json<AssignmentsIn>,
) -> Result<(StatusCode, axum::Json<VisitsOut>), Failure> {
    let offers = input.assignments.into_iter().map(|one| {
        let offer = OfferInput {
            shopper: UserId::from_uuid(one.shopper),
            due_on: one.due_on,
            companion: None,
        };
        let replaces = one.replaces.map(AssignmentId::from_uuid);
        (VisitId::from_uuid(one.visit), AssignInput { offer, replaces })
    });
    let offers: Vec<_> = offers.collect();
    let round = RoundId::from_uuid(id);
    let views = app
        .assign_visits(&bearer.actor, round, &offers, Origin::Coordinator)
        .await?;
    let items = views.into_iter().map(visit_out).collect();
    Ok((StatusCode::CREATED, axum::Json(VisitsOut { items, next: None })))
}

/// Take a visit back from whoever has it, without offering it to somebody else.
#[utoipa::path(post, path = "/v1/visits/{id}/withdraw", tag = "filling",
    params(("id" = Uuid, Path, description = "The visit.")), request_body = ReasonIn,
    responses((status = 200, description = "Taken back. What the shopper recorded is set aside.", body = VisitOut)))]
pub(super) async fn withdraw_assignment(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Json(input): Json<ReasonIn>,
) -> Result<axum::Json<VisitOut>, Failure> {
    let view = app
        .withdraw_assignment(&bearer.actor, VisitId::from_uuid(id), &input.reason)
        .await?;
    Ok(axum::Json(visit_out(view)))
}

/// Give a shopper more time for a visit, within the time of its round or beyond it. Rules are judged for the new days.
#[utoipa::path(post, path = "/v1/assignments/{id}/extend", tag = "filling",
    params(("id" = Uuid, Path, description = "The assignment.")), request_body = ExtendIn,
    responses((status = 200, description = "What is planned of the visit now; the shopper's devices learn of it.",
        body = VisitPlanOut)))]
pub(super) async fn extend_assignment(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Json(input): Json<ExtendIn>,
) -> Result<axum::Json<VisitPlanOut>, Failure> {
    let input = ExtendInput {
        visit_by: input.visit_by,
        report_by: input.report_by,
        due_on: input.due_on,
        reason: input.reason,
    };
    let id = AssignmentId::from_uuid(id);
    let plan = app.extend_assignment(&bearer.actor, id, &input).await?;
    Ok(axum::Json(plan_out(plan)))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AskQuery {
    /// About whom; a shopper asks about themselves and leaves it away.
    shopper: Option<Uuid>,
    /// About which day; about any of the visit's days, if absent.
    #[param(value_type = Option<String>, format = Date)]
    on: Option<LocalDate>,
    /// With which companion along.
    companion: Option<Uuid>,
}

/// Ask what stands in the way of a shopper making a visit, and from when on it would be allowed.
#[utoipa::path(get, path = "/v1/visits/{id}/eligibility", tag = "filling",
    params(("id" = Uuid, Path, description = "The visit."), AskQuery),
    responses((status = 200, description = "Whether they may, and if not, why not.", body = EligibilityOut)))]
pub(super) async fn read_eligibility(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Query(query): Query<AskQuery>,
) -> Result<axum::Json<EligibilityOut>, Failure> {
    let query = EligibilityQuery {
        shopper: query.shopper.map(UserId::from_uuid),
        on: query.on,
        companion: query.companion.map(CompanionId::from_uuid),
    };
    let view = app
        .ask_why_not(&bearer.actor, VisitId::from_uuid(id), query)
        .await?;
    Ok(axum::Json(eligibility_out(&view)))
}

/// Ask shoppers whether they want a visit; it goes on the job board if it is not there.
#[utoipa::path(post, path = "/v1/visits/{id}/invitations", tag = "filling",
    params(("id" = Uuid, Path, description = "The visit.")), request_body = InviteShoppersIn,
    responses((status = 204, description = "Asked.")))]
pub(super) async fn invite_shoppers(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Json(input): Json<InviteShoppersIn>,
) -> Result<StatusCode, Failure> {
    let shoppers: Vec<_> = input.shoppers.into_iter().map(UserId::from_uuid).collect();
    app.invite_shoppers(&bearer.actor, VisitId::from_uuid(id), &shoppers)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Read how many visits of a round are to fall on weekdays, parts of the day and weeks.
#[utoipa::path(get, path = "/v1/rounds/{id}/quotas", tag = "filling",
    params(("id" = Uuid, Path, description = "The round.")),
    responses((status = 200, description = "The quotas; cells without one take any number.", body = Quotas)))]
pub(super) async fn read_quotas(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<Quotas>, Failure> {
    let found = app.read_quotas(&bearer.actor, RoundId::from_uuid(id)).await?;
    Ok(axum::Json(quotas_out(found)))
}

/// Give a round quotas, in place of those that it had.
#[utoipa::path(put, path = "/v1/rounds/{id}/quotas", tag = "filling",
    params(("id" = Uuid, Path, description = "The round.")), request_body = Quotas,
    responses((status = 204, description = "They hold for offers from now on.")))]
pub(super) async fn put_quotas(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Json(input): Json<Quotas>,
) -> Result<StatusCode, Failure> {
    app.put_quotas(&bearer.actor, RoundId::from_uuid(id), &quotas_in(input))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) fn plan_out(plan: VisitPlan) -> VisitPlanOut {
    VisitPlanOut {
        visit: plan.visit.uuid(),
        external_id: plan.external_id,
        starts_on: plan.starts_on,
        visit_by: plan.visit_by,
        daypart: plan.daypart,
        scenario: plan.scenario.map(ScenarioId::uuid),
        board: plan.board,
        closed_reason: plan.closed_reason,
        report_by: plan.report_by,
        extension_reason: plan.extension_reason,
    }
}

fn eligibility_out(view: &EligibilityView) -> EligibilityOut {
    EligibilityOut {
        shopper: view.shopper.uuid(),
        allowed: view.obstacles.is_empty(),
        obstacles: view.obstacles.iter().map(ObstacleOut::from).collect(),
        first_date: view.first_date,
        free_from: view.free_from,
        unsteered: view.unsteered,
    }
}
