//! Work that was set aside.

use axum::extract::State;
use haamu_app::record::Decision;
use haamu_app::{App, DecidedView, OperationView, SetAsideChoice, SetAsideQuery, SetAsideView};
use haamu_domain::{SetAsideId, Timestamp, VisitId};
use haamu_wire::sync::Disposition;
use haamu_wire::{
    AdoptIn, DecidedOut, DiscardIn, LeftOut, OperationContentOut, SetAsideCountOut, SetAsideDecisionOut,
    SetAsideDetailOut, SetAsideOperationOut, SetAsideOut, SetAsideVisitOut, SetAsidesOut,
};
use serde::Deserialize;
use uuid::Uuid;

use super::extract::{Json, Path, Query, SignedIn};
use super::problem::Failure;

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct SetAsidesQuery {
    /// Only what was put there: `late`, `orphaned`, `unknown_form` or `unparseable`.
    disposition: Option<String>,
    /// Only work about this visit.
    visit: Option<Uuid>,
    /// Also tasks about which all is decided.
    #[serde(default)]
    decided: bool,
    /// The `next` of the page before.
    after: Option<Uuid>,
}

/// List work that was set aside, the latest first: the tasks of coordinators, and of reviewers as far as it came late.
#[utoipa::path(get, path = "/v1/set-aside", tag = "set aside", params(SetAsidesQuery),
    responses((status = 200, description = "A page of tasks.", body = SetAsidesOut)))]
pub(super) async fn list_set_aside(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Query(query): Query<SetAsidesQuery>,
) -> Result<axum::Json<SetAsidesOut>, Failure> {
    let disposition = query
        .disposition
        .map(|name| Disposition::from_name(&name).ok_or(name))
        .transpose()
        .map_err(|name| {
            Failure::issue(
                "disposition",
                "unknown_value",
                format!("{name:?} is no disposition"),
            )
        })?;
    let query = SetAsideQuery {
        disposition,
        visit: query.visit.map(VisitId::from_uuid),
        with_decided: query.decided,
        after: query.after,
    };
    let page = app.list_set_aside(&bearer.actor, query).await?.map(task_out);
    Ok(axum::Json(SetAsidesOut {
        items: page.items,
        next: page.next,
    }))
}

/// Count what waits to be decided about.
#[utoipa::path(get, path = "/v1/set-aside/count", tag = "set aside",
    responses((status = 200, description = "The count.", body = SetAsideCountOut)))]
pub(super) async fn count_set_aside(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
) -> Result<axum::Json<SetAsideCountOut>, Failure> {
    let (tasks, operations) = app.count_set_aside(&bearer.actor).await?;
    Ok(axum::Json(SetAsideCountOut { tasks, operations }))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct OperationsQuery {
    /// The `next` of the page before.
    #[serde(default)]
    skip: u64,
}

/// Read one task with what its operations say.
#[utoipa::path(get, path = "/v1/set-aside/{id}", tag = "set aside",
    params(("id" = Uuid, Path, description = "The task."), OperationsQuery),
    responses((status = 200, description = "The task.", body = SetAsideDetailOut)))]
pub(super) async fn read_set_aside(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Query(query): Query<OperationsQuery>,
) -> Result<axum::Json<SetAsideDetailOut>, Failure> {
    let page = app
        .read_set_aside(&bearer.actor, SetAsideId::from_uuid(id), query.skip)
        .await?;
    Ok(axum::Json(SetAsideDetailOut {
        task: task_out(page.view),
        items: page.operations.into_iter().map(operation_out).collect(),
        next: page.next,
    }))
}

/// Take work over that was set aside. Testimony stays as it is: values go beside it, as a reviewer's do. An
/// approved evaluation goes back to review.
#[utoipa::path(post, path = "/v1/set-aside/{id}/adopt", tag = "set aside",
    params(("id" = Uuid, Path, description = "The task.")), request_body = AdoptIn,
    responses((status = 200, description = "Taken over.", body = DecidedOut)))]
pub(super) async fn adopt_set_aside(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Json(input): Json<AdoptIn>,
) -> Result<axum::Json<DecidedOut>, Failure> {
    let choice = choice(input.operations)?;
    let view = app
        .adopt_set_aside(
            &bearer.actor,
            SetAsideId::from_uuid(id),
            &choice,
            input.note.as_deref(),
        )
        .await?;
    Ok(axum::Json(decided_out(view)))
}

/// Decide that work that was set aside is of no use. It is kept as it came.
#[utoipa::path(post, path = "/v1/set-aside/{id}/discard", tag = "set aside",
    params(("id" = Uuid, Path, description = "The task.")), request_body = DiscardIn,
    responses((status = 200, description = "Discarded.", body = DecidedOut)))]
pub(super) async fn discard_set_aside(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Json(input): Json<DiscardIn>,
) -> Result<axum::Json<DecidedOut>, Failure> {
    let choice = choice(input.operations)?;
    let view = app
        .discard_set_aside(&bearer.actor, SetAsideId::from_uuid(id), &choice, &input.reason)
        .await?;
    Ok(axum::Json(decided_out(view)))
}

fn choice(operations: Option<Vec<String>>) -> Result<SetAsideChoice, Failure> {
    let Some(operations) = operations else {
        return Ok(SetAsideChoice::Rest);
    };
    let id = |(index, text): (usize, &String)| {
        let path = format!("operations[{index}]");
        text.parse()
            .map_err(|_| Failure::issue(&path, "bad_id", "this is not the id of an operation"))
    };
    let ids: Result<Vec<_>, _> = operations.iter().enumerate().map(id).collect();
    Ok(SetAsideChoice::These(ids?))
}

fn task_out(view: SetAsideView) -> SetAsideOut {
    SetAsideOut {
        id: view.task.id.uuid(),
        disposition: view.task.disposition.as_str().to_owned(),
        reason: view.task.reason,
        visit: view.visit.map(|visit| SetAsideVisitOut {
            id: visit.id.uuid(),
            state: visit.state.to_string(),
            location: visit.location.uuid(),
            location_name: visit.location_name,
        }),
        submission: view.submission.map(|id| id.uuid()),
        device: view.device.map(|id| id.to_string()),
        shopper: view.shopper.uuid(),
        shopper_name: view.shopper_name,
        operations: view.task.operations,
        undecided: view.task.undecided,
        first_received_at: Timestamp::to_rfc3339(view.task.first_received_at),
        last_received_at: Timestamp::to_rfc3339(view.task.last_received_at),
    }
}

fn operation_out(operation: OperationView) -> SetAsideOperationOut {
    SetAsideOperationOut {
        id: operation.id.to_string(),
        device: operation.device.to_string(),
        number: operation.number,
        written_at: operation.written_at.to_rfc3339(),
        received_at: operation.received_at.to_rfc3339(),
        content: operation.content.map(|content| OperationContentOut {
            action: content.action.to_owned(),
            register: content.register,
            instance: content.instance.iter().map(ToString::to_string).collect(),
            value: content.value,
            author: content.author.uuid(),
        }),
        decision: operation.decision.map(decision_out),
    }
}

fn decision_out(decision: Decision) -> SetAsideDecisionOut {
    SetAsideDecisionOut {
        outcome: decision.outcome.as_str().to_owned(),
        cited_by: decision.cited_by.map(|id| id.to_string()),
        note: decision.note,
        decided_by: decision.decided_by.uuid(),
        decided_at: decision.decided_at.to_rfc3339(),
    }
}

fn decided_out(view: DecidedView) -> DecidedOut {
    let left = view.left.into_iter().map(|(id, obstacle)| LeftOut {
        operation: id.to_string(),
        code: obstacle.code.to_owned(),
        message: obstacle.message.to_owned(),
    });
    DecidedOut {
        task: task_out(view.view),
        decided: view.decided.iter().map(ToString::to_string).collect(),
        left: left.collect(),
    }
}
