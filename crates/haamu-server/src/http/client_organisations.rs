//! Client organisations and their locations.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use haamu_app::App;
use haamu_app::record::{ClientOrganisation, Location};
use haamu_domain::opening::OpeningHours;
use haamu_domain::{ClientOrganisationId, LocationId};
use haamu_wire::{
    ClientOrganisationIn, ClientOrganisationOut, ClientOrganisationPatch, ClientOrganisationsOut,
    LocationOut, LocationPatch, LocationsOut,
};
use uuid::Uuid;

use super::extract::{Json, PageQuery, Path, Query, SignedIn};
use super::problem::Failure;
use super::programme_parts::{revision, tagged};

/// Add a client organisation.
#[utoipa::path(post, path = "/v1/client-organisations", tag = "client organisations",
    request_body = ClientOrganisationIn,
    responses((status = 201, description = "Added.", body = ClientOrganisationOut)))]
pub(super) async fn create_client_organisation(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Json(input): Json<ClientOrganisationIn>,
) -> Result<(StatusCode, axum::Json<ClientOrganisationOut>), Failure> {
    let client = app.create_client_organisation(&bearer.actor, &input.name).await?;
    Ok((StatusCode::CREATED, axum::Json(client_out(client))))
}

/// List client organisations.
#[utoipa::path(get, path = "/v1/client-organisations", tag = "client organisations", params(PageQuery),
    responses((status = 200, description = "A page of client organisations.", body = ClientOrganisationsOut)))]
pub(super) async fn list_client_organisations(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Query(query): Query<PageQuery>,
) -> Result<axum::Json<ClientOrganisationsOut>, Failure> {
    let page = app
        .list_client_organisations(&bearer.actor, query.after)
        .await?
        .map(client_out);
    Ok(axum::Json(ClientOrganisationsOut {
        items: page.items,
        next: page.next,
    }))
}

/// Read a client organisation.
#[utoipa::path(get, path = "/v1/client-organisations/{id}", tag = "client organisations",
    params(("id" = Uuid, Path, description = "The client organisation.")),
    responses((status = 200, description = "The client organisation; `ETag` is its revision.",
        body = ClientOrganisationOut)))]
pub(super) async fn read_client_organisation(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, Failure> {
    let id = ClientOrganisationId::from_uuid(id);
    let client = app.read_client_organisation(&bearer.actor, id).await?;
    Ok(answer(client))
}

/// Rename a client organisation.
///
/// Whoever has a visit of it to make sees its new name. With `If-Match`, only if nobody has changed it since.
#[utoipa::path(patch, path = "/v1/client-organisations/{id}", tag = "client organisations",
    params(
        ("id" = Uuid, Path, description = "The client organisation."),
        ("if-match" = Option<String>, Header, description = "The `ETag` that the change is based on.")),
    request_body = ClientOrganisationPatch,
    responses((status = 200, description = "Renamed; `ETag` is its revision.", body = ClientOrganisationOut)))]
pub(super) async fn update_client_organisation(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(patch): Json<ClientOrganisationPatch>,
) -> Result<Response, Failure> {
    let based_on = revision(&headers)?;
    let id = ClientOrganisationId::from_uuid(id);
    let client = app
        .rename_client_organisation(&bearer.actor, id, patch.name.as_deref(), based_on)
        .await?;
    Ok(answer(client))
}

/// List locations of a client organisation.
#[utoipa::path(get, path = "/v1/client-organisations/{id}/locations", tag = "client organisations",
    params(("id" = Uuid, Path, description = "The client organisation."), PageQuery),
    responses((status = 200, description = "A page of locations.", body = LocationsOut)))]
pub(super) async fn list_locations(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Query(query): Query<PageQuery>,
) -> Result<axum::Json<LocationsOut>, Failure> {
    let client = ClientOrganisationId::from_uuid(id);
    let page = app
        .list_locations(&bearer.actor, client, query.after)
        .await?
        .map(location_out);
    Ok(axum::Json(LocationsOut {
        items: page.items,
        next: page.next,
    }))
}

/// Read a location.
#[utoipa::path(get, path = "/v1/locations/{id}", tag = "client organisations",
    params(("id" = Uuid, Path, description = "The location.")),
    responses((status = 200, description = "The location.", body = LocationOut)))]
pub(super) async fn read_location(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<LocationOut>, Failure> {
    let location = app
        .read_location(&bearer.actor, LocationId::from_uuid(id))
        .await?;
    Ok(axum::Json(location_out(location)))
}

/// Change what is known of a location.
#[utoipa::path(patch, path = "/v1/locations/{id}", tag = "client organisations",
    params(("id" = Uuid, Path, description = "The location.")), request_body = LocationPatch,
    responses((status = 200, description = "Changed.", body = LocationOut)))]
pub(super) async fn update_location(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Json(input): Json<LocationPatch>,
) -> Result<axum::Json<LocationOut>, Failure> {
    let patch = haamu_app::LocationPatch {
        name: input.name,
        operator_kind: input.operator_kind,
        opening_hours: input.opening_hours,
        attributes: input.attributes,
        typical_staff_on_shift: input.typical_staff_on_shift.into_option(),
        closed_on: input.closed_on.into_option(),
    };
    let id = LocationId::from_uuid(id);
    let location = app.update_location(&bearer.actor, id, &patch).await?;
    Ok(axum::Json(location_out(location)))
}

fn answer(client: ClientOrganisation) -> Response {
    let revision = client.row_version;
    tagged(&client_out(client), revision)
}

fn client_out(client: ClientOrganisation) -> ClientOrganisationOut {
    ClientOrganisationOut {
        id: client.id.uuid(),
        name: client.name,
    }
}

fn location_out(location: Location) -> LocationOut {
    LocationOut {
        id: location.id.uuid(),
        external_id: location.external_id,
        name: location.name,
        address: location.address,
        postal_code: location.postal_code,
        city: location.city,
        country: location.country,
        latitude: location.latitude,
        longitude: location.longitude,
        time_zone: location.time_zone,
        typical_staff_on_shift: location.typical_staff_on_shift,
        operator_kind: location.operator_kind,
        opening_hours: Some(location.opening_hours).filter(OpeningHours::is_known),
        attributes: location.attributes,
        closed_on: location.closed_on,
    }
}
