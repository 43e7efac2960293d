//! Importing tables.

use axum::extract::State;
use haamu_app::{App, ImportReport, RowError};
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
/// `time_zone`, and where known `latitude`, `longitude`, `typical_staff_on_shift`, `operator_kind`,
/// `opening_hours`, `exceptions`, `attributes` and `closed_on`.
///
/// `opening_hours` are those of the week, such as `mon-fri 09:00-18:00; sat 10:00-12:00, 13:00-15:00`:
/// days (`mon` to `sun`, `mon-fri`, `mon,wed` or `daily`), then times separated by commas, or `closed`.
/// A time that ends before it starts ends on the next day, and `00:00-24:00` is all day. A weekday that
/// is not named is closed. `exceptions` are days on which other hours hold, such as
/// `2026-12-24 closed; 2026-12-31 10:00-14:00`. `attributes` are `name=value; name=value`.
/// `closed_on` is the first day on which the location is not there any more.
///
/// CSV is UTF-8, separated by commas or semicolons, and a cell that has such a sign is put into double
/// quotes; of a workbook the first visible sheet is read. A row with the `external_id` of a known
/// location changes it: a column that is not there leaves things as they are, an empty cell empties.
/// With any error nothing is changed.
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
/// separated by commas, semicolons or blanks), `qualification_ends` (the last days of those of the
/// row's qualifications that end, such as `first_aid=2027-01-31`), `born_on`, `home_latitude` and
/// `home_longitude`, `active`, and `suspended`: whether the agency gives them no visits, whatever they
/// say themselves. CSV is UTF-8, separated by commas or semicolons; of a workbook the first visible
/// sheet is read. A row means the shopper who has its `external_id`, or else its `email`; a
/// column that is not there leaves things as they are, an empty cell empties. New people
/// cannot sign in before they have chosen a password; the name and the address of whoever has one
/// do not change, and nobody's role does. A row whose shopper has another address by now, which they
/// chose themselves, is left as it is and told in `left`. With any error nothing is changed.
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
/// `external_id` at the client organisation), `date`, and where known `companion` (a shopper likewise,
/// or the name of somebody who came along) and `came_along`: `true` where the shopper of the row
/// only came along with somebody else. Rotation counts these visits. CSV is UTF-8, separated by
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
    let told = |errors: Vec<RowError>| -> Vec<RowErrorOut> {
        let told = errors.into_iter().map(|error| RowErrorOut {
            row: error.row,
            column: error.column,
            code: error.code.to_owned(),
            message: error.message,
        });
        told.collect()
    };
    ImportOut {
        dry_run: report.is_dry_run,
        created: report.created,
        updated: report.updated,
        unchanged: report.unchanged,
        errors: told(report.errors),
        left: told(report.left),
    }
}
