//! Looking for shoppers: of the panel, and for one visit; and what becomes of those who asked or were asked.

use axum::extract::State;
use axum::http::StatusCode;
use haamu_app::record::Invited;
use haamu_app::{
    App, CandidateQuery, CandidateView, CandidatesView, OwnApplicationView, ShopperQuery, ShopperView,
};
use haamu_domain::eligibility::Point;
use haamu_domain::filling::EndReason;
use haamu_domain::{AssignmentId, LocalDate, Timestamp, UserId, VisitId};
use haamu_wire::{
    CandidateOut, CandidatesOut, ObstacleOut, OwnApplicationOut, OwnApplicationsOut, ReasonIn, ShopperOut,
    ShoppersOut,
};
use serde::Deserialize;
use uuid::Uuid;

use super::extract::{BeforeQuery, Json, Path, Query, SignedIn};
use super::jobs::location_out;
use super::panel::companion_out;
use super::problem::Failure;

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ShoppersQuery {
    /// Words, each of which is in the name, the e-mail address or the agency's own key, in whatever case.
    q: Option<String>,
    /// With this key of the agency's own.
    external_id: Option<String>,
    /// With this e-mail address.
    email: Option<String>,
    /// Who have this qualification today.
    qualification: Option<String>,
    /// Who speak this language, by its tag.
    language: Option<String>,
    /// Those who may be given visits: they take some, are not suspended and not kept out; or only others.
    active: Option<bool>,
    /// Degrees north and east of where they are to live, as `60.17,24.94`.
    near: Option<String>,
    /// Within so many kilometres of it, 1 to 20000; whose places nobody knows is left out.
    radius_km: Option<u32>,
    /// The `next` of the page before.
    after: Option<Uuid>,
}

/// Look for shoppers of the panel.
#[utoipa::path(get, path = "/v1/shoppers", tag = "panel", params(ShoppersQuery),
    responses((status = 200, description = "A page of the panel.", body = ShoppersOut)))]
pub(super) async fn list_shoppers(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Query(query): Query<ShoppersQuery>,
) -> Result<axum::Json<ShoppersOut>, Failure> {
    let query = ShopperQuery {
        words: query.q,
        external_id: query.external_id,
        email: query.email,
        qualification: query.qualification,
        language: query.language,
        is_active: query.active,
        near: query.near.as_deref().map(point).transpose()?,
        radius_km: query.radius_km,
        after: query.after,
    };
    let page = app.list_shoppers(&bearer.actor, &query).await?;
    Ok(axum::Json(ShoppersOut {
        items: page.items.into_iter().map(shopper_out).collect(),
        next: page.next,
    }))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct CandidatesQuery {
    /// About which day; about any of the visit's days, if absent.
    #[param(value_type = Option<String>, format = Date)]
    on: Option<LocalDate>,
    /// Only those in whose own way nothing stands.
    #[serde(default)]
    allowed: bool,
}

/// List the shoppers who live nearest to a visit, with what stands in their way.
#[utoipa::path(get, path = "/v1/visits/{id}/candidates", tag = "filling",
    params(("id" = Uuid, Path, description = "The visit."), CandidatesQuery),
    responses((status = 200, description = "At most 50 shoppers.", body = CandidatesOut)))]
pub(super) async fn list_candidates(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Query(query): Query<CandidatesQuery>,
) -> Result<axum::Json<CandidatesOut>, Failure> {
    let query = CandidateQuery {
        on: query.on,
        is_allowed_only: query.allowed,
    };
    let view = app
        .list_candidates(&bearer.actor, VisitId::from_uuid(id), query)
        .await?;
    Ok(axum::Json(candidates_out(view)))
}

/// Refuse an application. The applicant is told why by mail.
#[utoipa::path(post, path = "/v1/applications/{id}/decline", tag = "filling",
    params(("id" = Uuid, Path, description = "The assignment that it may become.")), request_body = ReasonIn,
    responses((status = 204, description = "Refused.")))]
pub(super) async fn decline_application(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Json(input): Json<ReasonIn>,
) -> Result<StatusCode, Failure> {
    app.decline_application(&bearer.actor, AssignmentId::from_uuid(id), &input.reason)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take an invitation to a visit back, also one that was declined; the shopper may be asked anew then.
#[utoipa::path(delete, path = "/v1/visits/{id}/invitations/{shopper}", tag = "filling",
    params(("id" = Uuid, Path, description = "The visit."), ("shopper" = Uuid, Path, description = "Who was asked.")),
    responses((status = 204, description = "Taken back.")))]
pub(super) async fn withdraw_job_invitation(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path((id, shopper)): Path<(Uuid, Uuid)>,
) -> Result<StatusCode, Failure> {
    app.withdraw_job_invitation(&bearer.actor, VisitId::from_uuid(id), UserId::from_uuid(shopper))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Say that one does not want a visit that one was asked about.
#[utoipa::path(delete, path = "/v1/jobs/{id}/invitation", tag = "jobs",
    params(("id" = Uuid, Path, description = "The visit.")),
    responses((status = 204, description = "Noted; no plan gives it to the shopper, unless they ask for it.")))]
pub(super) async fn decline_job_invitation(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Failure> {
    app.decline_job_invitation(&bearer.actor, VisitId::from_uuid(id))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List what one has asked for, and what became of it.
#[utoipa::path(get, path = "/v1/me/applications", tag = "jobs", params(BeforeQuery),
    responses((status = 200, description = "A page of one's applications.", body = OwnApplicationsOut)))]
pub(super) async fn list_own_applications(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Query(query): Query<BeforeQuery>,
) -> Result<axum::Json<OwnApplicationsOut>, Failure> {
    let page = app.list_own_applications(&bearer.actor, query.before).await?;
    Ok(axum::Json(OwnApplicationsOut {
        items: page.items.into_iter().map(application_out).collect(),
        next: page.next,
    }))
}

/// A place that is named by its degrees.
pub(super) fn point(near: &str) -> Result<Point, Failure> {
    let point = near
        .split_once(',')
        .and_then(|(north, east)| Point::parse(north.trim(), east.trim()));
    point.ok_or_else(|| Failure::issue("near", "bad_place", "degrees such as 60.17,24.94"))
}

fn shopper_out(view: ShopperView) -> ShopperOut {
    let profile = view.profile;
    ShopperOut {
        id: view.id.uuid(),
        email: view.email,
        display_name: view.display_name,
        external_id: view.external_id,
        active: profile.is_active,
        suspended: profile.is_suspended,
        disabled_at: view.disabled_at.map(Timestamp::to_rfc3339),
        languages: profile.languages,
        qualifications: profile.qualifications,
        qualification_ends: profile.qualification_ends,
        rating_tenths: profile.rating_tenths,
        distance_km: view.distance_km,
    }
}

fn candidates_out(view: CandidatesView) -> CandidatesOut {
    CandidatesOut {
        obstacles: view.obstacles.iter().map(ObstacleOut::from).collect(),
        items: view.candidates.into_iter().map(candidate_out).collect(),
        cut: view.is_cut,
    }
}

fn candidate_out(view: CandidateView) -> CandidateOut {
    CandidateOut {
        shopper: view.shopper.uuid(),
        shopper_name: view.shopper_name,
        external_id: view.external_id,
        distance_km: view.distance_km,
        rating_tenths: view.rating_tenths,
        applied: view.has_applied,
        invited: view.invited.is_some(),
        declined_invitation: view.invited == Some(Invited::Declined),
        has_it: view.has_it,
        obstacles: view.obstacles.iter().map(ObstacleOut::from).collect(),
        first_date: view.first_date,
    }
}

fn application_out(view: OwnApplicationView) -> OwnApplicationOut {
    let (reason, ended_at, words) = match view.end {
        None => (None, None, None),
        Some(end) => (Some(end.reason), Some(end.at.to_rfc3339()), end.detail),
    };
    OwnApplicationOut {
        assignment: view.assignment.uuid(),
        visit: view.visit.uuid(),
        round: view.round,
        location: location_out(view.location),
        state: view.state.to_string(),
        asked_at: view.asked_at.to_rfc3339(),
        due_on: view.due_on,
        companion: view.companion.map(companion_out),
        // Other words were not meant for the shopper.
        end_words: words.filter(|_| reason == Some(EndReason::Refused)),
        end_reason: reason,
        ended_at,
    }
}
