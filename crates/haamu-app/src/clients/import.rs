//! Importing locations from a table.

use haamu_domain::{Actor, AuditEvent, ClientOrganisationId, LocationId, Verb};
use haamu_store::Tx;
use haamu_store::repo::clients;

use crate::imports::{ImportReport, Numbered, TableFile, refused};
use crate::{App, Error};

use super::location_rows::{Row, parse};
use super::manage::load_client;
use super::told::is_seen;

impl App {
    /// Adds and updates locations of a client organisation, by external id. With any error nothing is changed.
    ///
    /// # Errors
    /// There is no such client organisation, the file is no table with the right
    /// columns, or, unless this is a dry run, a row has an error.
    pub async fn import_locations(
        &self,
        actor: &Actor,
        client: ClientOrganisationId,
        file: &TableFile,
        is_dry_run: bool,
    ) -> Result<ImportReport, Error> {
        // Who may not import learns nothing of the file either.
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            load_client(tx, actor, Verb::ImportLocations, client).await
        })
        .await?;
        let table = self.read_table(file).await?;
        let (rows, errors) = parse(&table)?;
        if is_dry_run {
            let rows = &rows;
            let mut report = self
                .look(actor.agency, |tx: Tx| async move {
                    let tx = &tx;
                    self.preview(tx, actor, client, rows).await
                })
                .await?;
            report.errors.clone_from(&errors);
            return Ok(report);
        }
        if !errors.is_empty() {
            return Err(refused(errors));
        }
        let rows = &rows;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            load_client(tx, actor, Verb::ImportLocations, client).await?;
            clients::lock(tx, actor.agency, client).await?;
            let report = self.import(tx, actor, client, rows).await?;
            let event = AuditEvent::of(Verb::ImportLocations, "client_organisation", client);
            let event = event.with(report.counts());
            Ok((report, event))
        })
        .await
    }

    async fn preview(
        &self,
        tx: &Tx,
        actor: &Actor,
        client: ClientOrganisationId,
        rows: &[Numbered<Row>],
    ) -> Result<ImportReport, Error> {
        let mut report = ImportReport {
            is_dry_run: true,
            ..ImportReport::default()
        };
        for Numbered { row, .. } in rows {
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
        rows: &[Numbered<Row>],
    ) -> Result<ImportReport, Error> {
        let mut report = ImportReport::default();
        let mut seen = Vec::new();
        for Numbered { row, .. } in rows {
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
                        seen.extend(is_seen(&found, &wanted).then_some(wanted.id));
                    }
                }
            }
        }
        self.have_told_of_places(tx, actor.agency, &seen).await?;
        Ok(report)
    }
}
