//! Trees over the locations of a client organisation.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use haamu_app::record::{HierarchyRecord, Unit};
use haamu_app::{App, UnitInput, UnitView};
use haamu_domain::{ClientOrganisationId, HierarchyId, LocalDate, LocationId, UnitId, UserId};
use haamu_wire::{
    HierarchiesOut, HierarchyIn, HierarchyOut, HierarchyPatch, MemberUnitOut, MemberUnitsIn, MemberUnitsOut,
    PlaceLocationsIn, UnitIn, UnitOut, UnitPatch, UnitsOut,
};
use serde::Deserialize;
use uuid::Uuid;

use super::extract::{Json, Path, Query, SignedIn};
use super::problem::Failure;
use super::programme_parts::{revision, tagged};

/// Make a tree over the locations of a client organisation; there may be several at once.
#[utoipa::path(post, path = "/v1/client-organisations/{id}/hierarchies", tag = "hierarchies",
    params(("id" = Uuid, Path, description = "The client organisation.")), request_body = HierarchyIn,
    responses((status = 201, description = "Made.", body = HierarchyOut)))]
pub(super) async fn create_hierarchy(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Json(input): Json<HierarchyIn>,
) -> Result<(StatusCode, axum::Json<HierarchyOut>), Failure> {
    let client = ClientOrganisationId::from_uuid(id);
    let made = app.create_hierarchy(&bearer.actor, client, &input.name).await?;
    Ok((StatusCode::CREATED, axum::Json(hierarchy_out(made))))
}

/// List the trees of a client organisation.
#[utoipa::path(get, path = "/v1/client-organisations/{id}/hierarchies", tag = "hierarchies",
    params(("id" = Uuid, Path, description = "The client organisation.")),
    responses((status = 200, description = "The trees.", body = HierarchiesOut)))]
pub(super) async fn list_hierarchies(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<HierarchiesOut>, Failure> {
    let client = ClientOrganisationId::from_uuid(id);
    let found = app.list_hierarchies(&bearer.actor, client).await?;
    Ok(axum::Json(HierarchiesOut {
        items: found.into_iter().map(hierarchy_out).collect(),
    }))
}

/// Read a tree; its units are listed on their own.
#[utoipa::path(get, path = "/v1/hierarchies/{id}", tag = "hierarchies",
    params(("id" = Uuid, Path, description = "The tree.")),
    responses((status = 200, description = "The tree; `ETag` is the revision of its name.", body = HierarchyOut)))]
pub(super) async fn read_hierarchy(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, Failure> {
    let found = app
        .read_hierarchy(&bearer.actor, HierarchyId::from_uuid(id))
        .await?;
    Ok(answer(found))
}

/// Rename a tree.
///
/// With `If-Match`, only if nobody has renamed it since.
#[utoipa::path(patch, path = "/v1/hierarchies/{id}", tag = "hierarchies",
    params(
        ("id" = Uuid, Path, description = "The tree."),
        ("if-match" = Option<String>, Header, description = "The `ETag` that the change is based on.")),
    request_body = HierarchyPatch,
    responses((status = 200, description = "Renamed; `ETag` is the revision of its name.", body = HierarchyOut)))]
pub(super) async fn update_hierarchy(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(patch): Json<HierarchyPatch>,
) -> Result<Response, Failure> {
    let based_on = revision(&headers)?;
    let id = HierarchyId::from_uuid(id);
    let renamed = app
        .rename_hierarchy(&bearer.actor, id, patch.name.as_deref(), based_on)
        .await?;
    Ok(answer(renamed))
}

/// Add a unit to a tree.
#[utoipa::path(post, path = "/v1/hierarchies/{id}/units", tag = "hierarchies",
    params(("id" = Uuid, Path, description = "The tree.")), request_body = UnitIn,
    responses((status = 201, description = "Added.", body = UnitOut)))]
pub(super) async fn create_unit(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Json(input): Json<UnitIn>,
) -> Result<(StatusCode, axum::Json<UnitOut>), Failure> {
    let input = UnitInput {
        name: input.name,
        external_id: input.external_id,
        parent: input.parent.map(UnitId::from_uuid),
        from: input.from,
    };
    let hierarchy = HierarchyId::from_uuid(id);
    let added = app.create_unit(&bearer.actor, hierarchy, &input).await?;
    Ok((StatusCode::CREATED, axum::Json(unit_out(added))))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DateQuery {
    /// The tree as it was, is or will be on this day; today if absent.
    #[param(value_type = Option<String>, format = Date)]
    on: Option<LocalDate>,
}

/// List the units of a tree on a date.
#[utoipa::path(get, path = "/v1/hierarchies/{id}/units", tag = "hierarchies",
    params(("id" = Uuid, Path, description = "The tree."), DateQuery),
    responses((status = 200, description = "The units that were there then.", body = UnitsOut)))]
pub(super) async fn list_units(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Query(query): Query<DateQuery>,
) -> Result<axum::Json<UnitsOut>, Failure> {
    let hierarchy = HierarchyId::from_uuid(id);
    let found = app.list_units(&bearer.actor, hierarchy, query.on).await?;
    Ok(axum::Json(UnitsOut {
        items: found.into_iter().map(unit_out).collect(),
    }))
}

/// Rename a unit, or let it hang elsewhere from a day on.
#[utoipa::path(patch, path = "/v1/units/{id}", tag = "hierarchies",
    params(("id" = Uuid, Path, description = "The unit.")), request_body = UnitPatch,
    responses((status = 200, description = "Changed; the unit as it is from that day on.", body = UnitOut)))]
pub(super) async fn update_unit(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Json(input): Json<UnitPatch>,
) -> Result<axum::Json<UnitOut>, Failure> {
    let patch = haamu_app::UnitPatch {
        name: input.name,
        parent: input
            .parent
            .into_option()
            .map(|parent| parent.map(UnitId::from_uuid)),
        from: input.from,
    };
    let changed = app
        .update_unit(&bearer.actor, UnitId::from_uuid(id), &patch)
        .await?;
    Ok(axum::Json(unit_out(changed)))
}

/// Let locations belong to a unit of a tree from a day on, or to none of it.
#[utoipa::path(post, path = "/v1/hierarchies/{id}/placements", tag = "hierarchies",
    params(("id" = Uuid, Path, description = "The tree.")), request_body = PlaceLocationsIn,
    responses((status = 204, description = "Placed. What was before that day stays as it was.")))]
pub(super) async fn place_locations(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Json(input): Json<PlaceLocationsIn>,
) -> Result<StatusCode, Failure> {
    let locations = input.locations.into_iter().map(LocationId::from_uuid).collect();
    let (hierarchy, unit) = (HierarchyId::from_uuid(id), input.unit.map(UnitId::from_uuid));
    app.place_locations(&bearer.actor, hierarchy, unit, &locations, input.from)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Read which units a client's person is responsible for.
#[utoipa::path(get, path = "/v1/users/{id}/units", tag = "hierarchies",
    params(("id" = Uuid, Path, description = "The person.")),
    responses((status = 200, description = "The units, with all below them; without any, all of the client organisation.", body = MemberUnitsOut)))]
pub(super) async fn list_member_units(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<MemberUnitsOut>, Failure> {
    let found = app
        .list_member_units(&bearer.actor, UserId::from_uuid(id))
        .await?;
    let item = |unit: Unit| MemberUnitOut {
        id: unit.id.uuid(),
        name: unit.name,
        external_id: unit.external_id,
        hierarchy: unit.hierarchy.uuid(),
    };
    Ok(axum::Json(MemberUnitsOut {
        items: found.into_iter().map(item).collect(),
    }))
}

/// Make a client's person responsible for units, and for no others.
#[utoipa::path(put, path = "/v1/users/{id}/units", tag = "hierarchies",
    params(("id" = Uuid, Path, description = "The person.")), request_body = MemberUnitsIn,
    responses((status = 204, description = "From now on they see these units and all below them; without any, all of their client organisation.")))]
pub(super) async fn set_member_units(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Json(input): Json<MemberUnitsIn>,
) -> Result<StatusCode, Failure> {
    let units = input.units.into_iter().map(UnitId::from_uuid).collect();
    app.set_member_units(&bearer.actor, UserId::from_uuid(id), &units)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

fn answer(tree: HierarchyRecord) -> Response {
    let revision = tree.row_version;
    tagged(&hierarchy_out(tree), revision)
}

fn hierarchy_out(record: HierarchyRecord) -> HierarchyOut {
    HierarchyOut {
        id: record.id.uuid(),
        name: record.name,
    }
}

fn unit_out(view: UnitView) -> UnitOut {
    let Unit {
        id,
        name,
        external_id,
        ..
    } = view.unit;
    UnitOut {
        id: id.uuid(),
        name,
        external_id,
        parent: view.parent.map(UnitId::uuid),
        locations: view.locations.into_iter().map(LocationId::uuid).collect(),
    }
}
