//! Importing tables.

use axum::extract::State;
use haamu_app::{App, ImportReport};
use haamu_domain::ClientOrganisationId;
use haamu_wire::{ImportOut, RowErrorOut};
use serde::Deserialize;
use uuid::Uuid;

use super::extract::{Path, Query, SignedIn, TableBody};
use super::problem::Failure;

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ImportQuery {
    /// Whether only to say what would be done.
    #[serde(default)]
    pub(super) dry_run: bool,
}

/// Import locations from CSV or XLSX.
///
/// Columns: `external_id`, `name`, `address`, `postal_code`, `city`, `country`,
/// `time_zone`, and where known `latitude`, `longitude`, `typical_staff_on_shift` and
/// `operator_kind`. CSV is UTF-8, separated by commas or semicolons; of a workbook the first
/// visible sheet is read. A row with the `external_id` of a known location changes it. With
/// any error nothing is changed.
#[utoipa::path(post, path = "/v1/client-organisations/{id}/locations/import", tag = "client organisations",
    params(("id" = Uuid, Path, description = "The client organisation."), ImportQuery),
    request_body(content((String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
    responses((status = 200, description = "What was done, or would be.", body = ImportOut)))]
pub(super) async fn import_locations(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Query(query): Query<ImportQuery>,
    TableBody(file): TableBody,
) -> Result<axum::Json<ImportOut>, Failure> {
    let client = ClientOrganisationId::from_uuid(id);
    let report = app
        .import_locations(&bearer.actor, client, &file, query.dry_run)
        .await?;
    Ok(axum::Json(import_out(report)))
}

/// Import people of the shopper panel from CSV or XLSX.
///
/// Columns: `external_id`, `email`, `name`, and where known `languages` and `qualifications` (words
/// separated by commas, semicolons or blanks), `born_on`, `home_latitude` and `home_longitude`,
/// and `active`. CSV is UTF-8, separated by commas or semicolons; of a workbook the first visible
/// sheet is read. A row means the shopper who has its `external_id`, or else its `email`; a
/// column that is not there leaves things as they are, an empty cell empties. New people
/// cannot sign in before they have chosen a password; the name and the address of whoever has one
/// do not change, and nobody's role does. With any error nothing is changed.
#[utoipa::path(post, path = "/v1/shoppers/import", tag = "panel", params(ImportQuery),
    request_body(content((String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
    responses((status = 200, description = "What was done, or would be.", body = ImportOut)))]
pub(super) async fn import_shoppers(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Query(query): Query<ImportQuery>,
    TableBody(file): TableBody,
) -> Result<axum::Json<ImportOut>, Failure> {
    let report = app.import_shoppers(&bearer.actor, &file, query.dry_run).await?;
    Ok(axum::Json(import_out(report)))
}

/// Import visits from before Haamu from CSV or XLSX.
///
/// Columns: `external_id`, `shopper` (their `external_id` or e-mail address), `location` (its
/// `external_id` at the client organisation), `date`, and `companion`: a shopper likewise, or the
/// name of somebody who came along. Rotation counts these visits. CSV is UTF-8, separated by
/// commas or semicolons; of a workbook the first visible sheet is read. A row with the
/// `external_id` of a known visit changes it. With any error nothing is changed.
#[utoipa::path(post, path = "/v1/client-organisations/{id}/past-visits/import", tag = "client organisations",
    params(("id" = Uuid, Path, description = "The client organisation."), ImportQuery),
    request_body(content((String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
    responses((status = 200, description = "What was done, or would be.", body = ImportOut)))]
pub(super) async fn import_past_visits(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Query(query): Query<ImportQuery>,
    TableBody(file): TableBody,
) -> Result<axum::Json<ImportOut>, Failure> {
    let client = ClientOrganisationId::from_uuid(id);
    let report = app
        .import_past_visits(&bearer.actor, client, &file, query.dry_run)
        .await?;
    Ok(axum::Json(import_out(report)))
}

fn import_out(report: ImportReport) -> ImportOut {
    let errors = report.errors.into_iter().map(|error| RowErrorOut {
        row: error.row,
        column: error.column,
        code: error.code.to_owned(),
        message: error.message,
    });
    ImportOut {
        dry_run: report.is_dry_run,
        created: report.created,
        updated: report.updated,
        unchanged: report.unchanged,
        errors: errors.collect(),
    }
}
