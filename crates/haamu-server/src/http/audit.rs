//! The audit trail.

use axum::extract::State;
use haamu_app::record::AuditFilter;
use haamu_app::{App, AuditView};
use haamu_domain::{ServiceTokenId, Timestamp, UserId};
use haamu_wire::{AuditActorOut, AuditEntryOut, AuditOut, AuditTargetOut};
use serde::Deserialize;
use uuid::Uuid;

use super::extract::{Query, SignedIn};
use super::problem::Failure;

/// Which entries of the audit trail are asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AuditQuery {
    /// The `next` of the page before.
    before: Option<Uuid>,
    /// Only what this person did, or the account that stands for an integration.
    actor: Option<Uuid>,
    /// Only this action, such as `evaluation.approve`.
    action: Option<String>,
    /// Only what was done to one thing: its kind, such as `visit`. It goes with `target_id`.
    target_kind: Option<String>,
    /// Only what was done to one thing: its id. It goes with `target_kind`.
    target_id: Option<String>,
    /// Only what was done at this moment or later, such as `2026-11-22T11:47:42Z`.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<String>,
    /// Only what was done before this moment.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<String>,
}

/// Read who did what to what, and when.
#[utoipa::path(get, path = "/v1/audit", tag = "agency", params(AuditQuery),
    responses((status = 200, description = "A page of entries.", body = AuditOut)))]
pub(super) async fn list_audit(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Query(query): Query<AuditQuery>,
) -> Result<axum::Json<AuditOut>, Failure> {
    let required = |path| Failure::issue(path, "required", "target_kind and target_id go together");
    let target = match (query.target_kind, query.target_id) {
        (Some(kind), Some(id)) => Some((kind, id)),
        (None, None) => None,
        (Some(_), None) => return Err(required("target_id")),
        (None, Some(_)) => return Err(required("target_kind")),
    };
    let filter = AuditFilter {
        actor: query.actor.map(UserId::from_uuid),
        action: query.action,
        target,
        from: moment("from", query.from.as_deref())?,
        to: moment("to", query.to.as_deref())?,
    };
    let page = app.list_audit(&bearer.actor, &filter, query.before).await?;
    let page = page.map(entry_out);
    Ok(axum::Json(AuditOut {
        items: page.items,
        next: page.next,
    }))
}

fn moment(path: &str, text: Option<&str>) -> Result<Option<Timestamp>, Failure> {
    let Some(text) = text else { return Ok(None) };
    let bad = || {
        Failure::issue(
            path,
            "bad_moment",
            "a moment in RFC 3339, such as 2026-11-22T11:47:42Z",
        )
    };
    Timestamp::parse(text).map(Some).ok_or_else(bad)
}

fn entry_out(view: AuditView) -> AuditEntryOut {
    let row = view.row;
    AuditEntryOut {
        id: row.id.uuid(),
        at: row.at.to_rfc3339(),
        actor: row.actor.map(|id| AuditActorOut {
            id,
            display_name: view.actor_name.unwrap_or_default(),
            role: view.role,
            service_token: row.token.map(ServiceTokenId::uuid),
        }),
        action: row.action,
        target: AuditTargetOut {
            kind: row.target_kind,
            id: row.target_id,
        },
        detail: view.detail,
    }
}
