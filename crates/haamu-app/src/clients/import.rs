//! Importing locations from CSV.

use haamu_domain::{Actor, AuditEvent, ClientOrganisationId, Code, LocationId, Verb};
use haamu_store::Tx;
use haamu_store::repo::clients;
use serde_json::json;

use crate::error::Issue;
use crate::{App, Error};

use super::location_rows::{Row, parse};
use super::manage::load_client;

/// What an import did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// Whether nothing was to be changed.
    pub is_dry_run: bool,
    /// Rows that became new locations.
    pub created: u32,
    /// Rows that changed a location.
    pub updated: u32,
    /// Rows that were as they are already.
    pub unchanged: u32,
    /// What is wrong with rows, in a dry run.
    pub errors: Vec<RowError>,
}

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowError {
    /// The line of the file, the heading being 1.
    pub row: u64,
    /// The column.
    pub column: String,
    /// A stable code.
    pub code: &'static str,
    /// One sentence for a person.
    pub message: String,
}

impl App {
    /// Adds and updates locations of a client organisation, by external id. With any error nothing is changed.
    ///
    /// # Errors
    /// There is no such client organisation, the file is not CSV with the right
    /// columns, or, unless this is a dry run, a row has an error.
    pub async fn import_locations(
        &self,
        actor: &Actor,
        client: ClientOrganisationId,
        csv: &[u8],
        is_dry_run: bool,
    ) -> Result<ImportReport, Error> {
        // Who may not import learns nothing of the file either.
        self.look(|tx: Tx| async move {
            let tx = &tx;
            load_client(tx, actor, Verb::ImportLocations, client).await
        })
        .await?;
        let (rows, errors) = parse(csv)?;
        if is_dry_run {
            let rows = &rows;
            let mut report = self
                .look(|tx: Tx| async move {
                    let tx = &tx;
                    self.preview(tx, actor, client, rows).await
                })
                .await?;
            report.errors.clone_from(&errors);
            return Ok(report);
        }
        if !errors.is_empty() {
            return Err(Error::with_issues(
                Code::ValidationFailed,
                errors.into_iter().map(issue).collect(),
            ));
        }
        let rows = &rows;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            load_client(tx, actor, Verb::ImportLocations, client).await?;
            let report = self.import(tx, actor, client, rows).await?;
            let detail = json!({"created": report.created, "updated": report.updated});
            let event = AuditEvent::of(Verb::ImportLocations, "client_organisation", client).with(detail);
            Ok((report, event))
        })
        .await
    }

    async fn preview(
        &self,
        tx: &Tx,
        actor: &Actor,
        client: ClientOrganisationId,
        rows: &[Row],
    ) -> Result<ImportReport, Error> {
        let mut report = ImportReport {
            is_dry_run: true,
            ..ImportReport::default()
        };
        for row in rows {
            let found =
                clients::find_location_by_external_id(tx, actor.agency, client, &row.external_id).await?;
            match found {
                None => report.created += 1,
                Some(found) if row.location(found.id, client, Some(&found)) == found => report.unchanged += 1,
                Some(_) => report.updated += 1,
            }
        }
        Ok(report)
    }

    async fn import(
        &self,
        tx: &Tx,
        actor: &Actor,
        client: ClientOrganisationId,
        rows: &[Row],
    ) -> Result<ImportReport, Error> {
        let mut report = ImportReport::default();
        for row in rows {
            let found =
                clients::find_location_by_external_id(tx, actor.agency, client, &row.external_id).await?;
            match found {
                None => {
                    let id = LocationId::from_uuid(self.fresh_uuid());
                    let new = row.location(id, client, None);
                    clients::insert_location(tx, actor.agency, &new, self.now()).await?;
                    report.created += 1;
                }
                Some(found) => {
                    let wanted = row.location(found.id, client, Some(&found));
                    if wanted == found {
                        report.unchanged += 1;
                    } else {
                        clients::update_location(tx, &wanted).await?;
                        report.updated += 1;
                    }
                }
            }
        }
        Ok(report)
    }
}

fn issue(error: RowError) -> Issue {
    let path = format!("rows[{}].{}", error.row, error.column);
    Issue {
        path,
        code: error.code.to_owned(),
        message: error.message,
    }
}
