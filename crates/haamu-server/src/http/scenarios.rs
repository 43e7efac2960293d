//! Scenarios of programmes.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use haamu_app::record::ScenarioRecord;
use haamu_app::{App, ScenarioInput};
use haamu_domain::{ProgrammeId, ScenarioId};
use haamu_wire::{ScenarioIn, ScenarioOut, ScenarioPatch, ScenariosOut};
use uuid::Uuid;

use super::extract::{Json, Path, SignedIn};
use super::problem::Failure;
use super::programme_parts::{revision, tagged};

/// Add a scenario to a programme.
#[utoipa::path(post, path = "/v1/programmes/{id}/scenarios", tag = "programmes",
    params(("id" = Uuid, Path, description = "The programme.")), request_body = ScenarioIn,
    responses((status = 201, description = "Added, with nothing ticked.", body = ScenarioOut)))]
pub(super) async fn create_scenario(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Json(input): Json<ScenarioIn>,
) -> Result<(StatusCode, axum::Json<ScenarioOut>), Failure> {
    let input = ScenarioInput {
        name: input.name,
        scenario: input.scenario,
    };
    let of = ProgrammeId::from_uuid(id);
    let added = app.create_scenario(&bearer.actor, of, &input).await?;
    Ok((StatusCode::CREATED, axum::Json(scenario_out(added))))
}

/// List the scenarios of a programme.
#[utoipa::path(get, path = "/v1/programmes/{id}/scenarios", tag = "programmes",
    params(("id" = Uuid, Path, description = "The programme.")),
    responses((status = 200, description = "The scenarios.", body = ScenariosOut)))]
pub(super) async fn list_scenarios(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<ScenariosOut>, Failure> {
    let found = app
        .list_scenarios(&bearer.actor, ProgrammeId::from_uuid(id))
        .await?;
    Ok(axum::Json(ScenariosOut {
        items: found.into_iter().map(scenario_out).collect(),
    }))
}

/// Change a scenario, tick its ethics, or take it out of use.
#[utoipa::path(patch, path = "/v1/scenarios/{id}", tag = "programmes",
    params(
        ("id" = Uuid, Path, description = "The scenario."),
        ("if-match" = Option<String>, Header, description = "The `ETag` that the change is based on.")),
    request_body = ScenarioPatch,
    responses((status = 200, description = "Changed; `ETag` is its revision.", body = ScenarioOut)))]
pub(super) async fn update_scenario(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(patch): Json<ScenarioPatch>,
) -> Result<Response, Failure> {
    let based_on = revision(&headers)?;
    let patch = haamu_app::ScenarioPatch {
        name: patch.name,
        scenario: patch.scenario,
        ethics: patch.ethics,
        is_retired: patch.retired,
    };
    let id = ScenarioId::from_uuid(id);
    let changed = app.update_scenario(&bearer.actor, id, &patch, based_on).await?;
    let revision = changed.row_version;
    Ok(tagged(&scenario_out(changed), revision))
}

fn scenario_out(record: ScenarioRecord) -> ScenarioOut {
    ScenarioOut {
        id: record.id.uuid(),
        programme: record.programme.uuid(),
        name: record.name,
        usable: record.ethics.is_complete() && record.retired_at.is_none(),
        scenario: record.scenario,
        ethics: record.ethics,
        ethics_by: record.ethics_by.map(|(by, _)| by.uuid()),
        ethics_at: record.ethics_by.map(|(_, at)| at.to_rfc3339()),
        retired_at: record.retired_at.map(|at| at.to_rfc3339()),
        revision: record.row_version,
    }
}
