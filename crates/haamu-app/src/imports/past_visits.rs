//! Visits from before Haamu from a table: rotation counts them.

use std::collections::{BTreeMap, BTreeSet};

use haamu_domain::panel::is_same_name;
use haamu_domain::{
    Actor, AgencyId, AuditEvent, ClientOrganisationId, CompanionId, LocalDate, LocationId, Role, UserId, Verb,
};
use haamu_store::Tx;
use haamu_store::repo::panel::{self, Companion};
use haamu_store::repo::past_visits::{self, PastVisit};
use haamu_store::repo::{clients, imports};
use haamu_table::Table;

use crate::clients::load_client;
use crate::{App, Error};

use super::{Cells, Columns, ImportReport, Numbered, RowError, TableFile, read_rows};

const COLUMNS: Columns = Columns {
    required: &["external_id", "shopper", "location", "date"],
    optional: &["companion", "came_along"],
};

/// A sound row.
#[derive(Debug)]
struct VisitRow {
    external_id: String,
    shopper: String,
    location: String,
    date: LocalDate,
    /// Who came along; the outer none where the table has no such column.
    companion: Option<Option<String>>,
    /// Whether the shopper only came along with somebody else; none where the table does not say it.
    came_along: Option<bool>,
}

impl App {
    /// Adds and updates visits that shoppers made to locations of a client organisation before Haamu, by external id.
    /// With any error nothing is changed.
    ///
    /// # Errors
    /// There is no such client organisation, the file is no table with the right columns, or, unless this is a dry
    /// run, a row has an error.
    pub async fn import_past_visits(
        &self,
        actor: &Actor,
        client: ClientOrganisationId,
        file: &TableFile,
        is_dry_run: bool,
    ) -> Result<ImportReport, Error> {
        // Who may not import learns nothing of the file either.
        self.look(actor.agency, |tx: Tx| async move {
            load_client(&tx, actor, Verb::ImportPastVisits, client).await
        })
        .await?;
        let table = self.read_table(file).await?;
        let (rows, errors) = &parse(&table, self.today())?;
        if is_dry_run {
            return self
                .look(actor.agency, |tx: Tx| async move {
                    let plan = Plan::make(self, &tx, actor, client, rows).await?;
                    plan.report.checked(errors, plan.errors, true)
                })
                .await;
        }
        self.act(actor, |tx: Tx| async move {
            let plan = Plan::make(self, &tx, actor, client, rows).await?;
            let report = plan.report.checked(errors, plan.errors, false)?;
            for companion in &plan.companions {
                panel::insert_companion(&tx, actor.agency, companion, self.now()).await?;
            }
            past_visits::put(&tx, actor.agency, &plan.visits, self.now()).await?;
            let event = AuditEvent::of(Verb::ImportPastVisits, "client_organisation", client);
            let event = event.with(report.counts());
            Ok((report, event))
        })
        .await
    }
}

fn parse(table: &Table, today: LocalDate) -> Result<(Vec<Numbered<VisitRow>>, Vec<RowError>), Error> {
    read_rows(table, &COLUMNS, |cells| visit(cells, today))
}

/// The row, if all of its cells are sound. All of them are checked.
fn visit(cells: &mut Cells<'_>, today: LocalDate) -> Option<VisitRow> {
    let external_id = cells.text("external_id", 100);
    let shopper = cells.text("shopper", 254);
    let location = cells.text("location", 100);
    let date = cells.date("date");
    match date {
        Some(None) => cells.error("date", "required", "this cell is required"),
        Some(Some(date)) if date > today => {
            cells.error(
                "date",
                "in_the_future",
                "a visit from before is not still to come",
            );
        }
        _ => {}
    }
    let companion = cells.optional_text("companion", 200);
    let came_along = cells.flag("came_along");
    if came_along == Some(Some(true)) && !cells.cell("companion").is_empty() {
        let message = "whoever only came along has nobody along";
        cells.error("companion", "unknown_value", message);
    }
    let row = VisitRow {
        external_id: external_id?,
        shopper: shopper?,
        location: location?,
        date: date??,
        companion: Some(companion?).filter(|_| cells.has("companion")),
        // An empty cell is no, where there is the column.
        came_along: cells.has("came_along").then_some(came_along?.unwrap_or(false)),
    };
    cells.is_sound().then_some(row)
}

/// What is to be written, and what cannot be.
#[derive(Debug, Default)]
struct Plan {
    companions: Vec<Companion>,
    visits: Vec<PastVisit>,
    report: ImportReport,
    errors: Vec<RowError>,
}

/// What the rows may name.
struct Known {
    /// Shoppers by the agency's keys and by their addresses.
    shoppers: BTreeMap<String, UserId>,
    names: BTreeMap<UserId, String>,
    locations: BTreeMap<String, LocationId>,
    companions: Vec<Companion>,
    visits: BTreeMap<String, PastVisit>,
    /// Keys of visits at other client organisations.
    taken: BTreeSet<String>,
}

/// What stands against a row: the column, a code, and why.
type Against = (&'static str, &'static str, &'static str);

impl Known {
    async fn load(
        tx: &Tx,
        agency: AgencyId,
        client: ClientOrganisationId,
        rows: &[Numbered<VisitRow>],
    ) -> Result<Self, Error> {
        let (shoppers, names) = load_shoppers(tx, agency, rows).await?;
        let ids: Vec<_> = names.keys().copied().collect();
        let keys: BTreeSet<_> = rows.iter().map(|row| row.row.location.as_str()).collect();
        let keys: Vec<_> = keys.into_iter().collect();
        let places = imports::list_locations_by_external_id(tx, agency, client, &keys).await?;
        let keys: Vec<_> = rows.iter().map(|row| row.row.external_id.as_str()).collect();
        let visits = past_visits::list_by_keys(tx, agency, &keys).await?;
        let there: BTreeSet<_> = visits.iter().map(|visit| visit.location).collect();
        let there: Vec<_> = there.into_iter().collect();
        let there = clients::list_locations_by_ids(tx, agency, &there).await?;
        let is_here = |visit: &PastVisit| {
            let place = there.get(&visit.location);
            place.is_some_and(|place| place.client_organisation == client)
        };
        let (here, elsewhere): (Vec<_>, Vec<_>) = visits.into_iter().partition(is_here);
        let locations = places.into_iter().map(|place| (place.external_id, place.id));
        Ok(Self {
            shoppers,
            names,
            locations: locations.collect(),
            companions: imports::list_companions(tx, agency, &ids).await?,
            visits: here
                .into_iter()
                .map(|visit| (visit.external_id.clone(), visit))
                .collect(),
            taken: elsewhere.into_iter().map(|visit| visit.external_id).collect(),
        })
    }

    /// A shopper of the agency by their key, or else by their address.
    fn shopper(&self, text: &str) -> Option<UserId> {
        let by_email = || {
            self.shoppers
                .get(&text.to_lowercase())
                .filter(|_| text.contains('@'))
        };
        self.shoppers.get(text).or_else(by_email).copied()
    }
}

/// The shoppers whom rows name as such or as companions, by key and address, and their names.
async fn load_shoppers(
    tx: &Tx,
    agency: AgencyId,
    rows: &[Numbered<VisitRow>],
) -> Result<(BTreeMap<String, UserId>, BTreeMap<UserId, String>), Error> {
    let companions = rows
        .iter()
        .filter_map(|row| row.row.companion.as_ref()?.as_deref());
    let texts: BTreeSet<_> = rows
        .iter()
        .map(|row| row.row.shopper.as_str())
        .chain(companions)
        .collect();
    let keys: Vec<_> = texts.iter().copied().collect();
    let keyed = imports::list_profiles_by_external_id(tx, agency, &keys).await?;
    let emails: BTreeSet<_> = texts
        .iter()
        .filter(|text| text.contains('@'))
        .map(|text| text.to_lowercase())
        .collect();
    let emails: Vec<_> = emails.iter().map(String::as_str).collect();
    let mut users = imports::list_users_by_email(tx, &emails).await?;
    let mut shoppers: BTreeMap<_, _> = users.iter().map(|user| (user.email.clone(), user.id)).collect();
    // A key goes before an address that looks the same.
    shoppers.extend(
        keyed
            .iter()
            .filter_map(|record| Some((record.external_id.clone()?, record.user))),
    );
    let ids: Vec<_> = keyed.iter().map(|record| record.user).collect();
    users.extend(imports::list_users(tx, &ids).await?);
    let ids: Vec<_> = users.iter().map(|user| user.id).collect();
    let members = imports::list_members(tx, agency, &ids).await?;
    let of_panel = members.into_iter().filter(|member| member.role == Role::Shopper);
    let of_panel: BTreeSet<_> = of_panel.map(|member| member.user).collect();
    shoppers.retain(|_, user| of_panel.contains(user));
    let names = users.into_iter().filter(|user| of_panel.contains(&user.id));
    let names = names.map(|user| (user.id, user.display_name)).collect();
    Ok((shoppers, names))
}

impl Plan {
    async fn make(
        app: &App,
        tx: &Tx,
        actor: &Actor,
        client: ClientOrganisationId,
        rows: &[Numbered<VisitRow>],
    ) -> Result<Self, Error> {
        load_client(tx, actor, Verb::ImportPastVisits, client).await?;
        let mut known = Known::load(tx, actor.agency, client, rows).await?;
        let mut plan = Self::default();
        for Numbered { number, row } in rows {
            if let Err(against) = plan.add(app, &mut known, row) {
                let errors = against.into_iter();
                let errors = errors.map(|(column, code, why)| RowError::new(*number, column, code, why));
                plan.errors.extend(errors);
            }
        }
        Ok(plan)
    }

    fn add(&mut self, app: &App, known: &mut Known, row: &VisitRow) -> Result<(), Vec<Against>> {
        let mut against = Vec::new();
        if known.taken.contains(&row.external_id) {
            let why = "a visit at another client organisation has this external_id";
            against.push(("external_id", "already_exists", why));
        }
        let shopper = known.shopper(&row.shopper);
        if shopper.is_none() {
            let why = "there is no shopper with this external_id or e-mail address";
            against.push(("shopper", "not_found", why));
        }
        let location = known.locations.get(&row.location).copied();
        if location.is_none() {
            let why = "the client organisation has no location with this external_id";
            against.push(("location", "not_found", why));
        }
        let along = row.companion.as_ref().and_then(Option::as_deref);
        if shopper.is_some() && along.and_then(|text| known.shopper(text)) == shopper {
            against.push(("companion", "unknown_value", "nobody comes along with themselves"));
        }
        let (Some(shopper), Some(location), true) = (shopper, location, against.is_empty()) else {
            return Err(against);
        };
        let before = known.visits.get(&row.external_id).cloned();
        let companion = match &row.companion {
            None => before
                .as_ref()
                .filter(|visit| visit.user == shopper)
                .and_then(|visit| visit.companion),
            Some(along) => along
                .as_ref()
                .map(|text| self.companion(app, known, shopper, text)),
        };
        let was_companion = before.as_ref().is_some_and(|visit| visit.as_companion);
        let as_companion = row.came_along.unwrap_or(was_companion && companion.is_none());
        let visit = PastVisit {
            id: before.as_ref().map_or_else(|| app.fresh_uuid(), |visit| visit.id),
            external_id: row.external_id.clone(),
            user: shopper,
            location,
            visited_on: row.date,
            as_companion,
            companion: companion.filter(|_| !as_companion),
        };
        let count = match before {
            None => &mut self.report.created,
            Some(before) if before == visit => &mut self.report.unchanged,
            Some(_) => &mut self.report.updated,
        };
        *count += 1;
        self.visits.push(visit);
        Ok(())
    }

    /// The companion of a shopper: a shopper of the agency by key or address, or somebody by name. Whoever is not
    /// known yet becomes one.
    fn companion(&mut self, app: &App, known: &mut Known, shopper: UserId, text: &str) -> CompanionId {
        let user = known.shopper(text);
        let is_same = |companion: &&Companion| {
            companion.shopper == shopper
                && match user {
                    Some(user) => companion.user == Some(user),
                    None => is_same_name(&companion.name, text),
                }
        };
        if let Some(found) = known.companions.iter().find(is_same) {
            return found.id;
        }
        let name = user.and_then(|user| known.names.get(&user)).cloned();
        let new = Companion {
            id: CompanionId::from_uuid(app.fresh_uuid()),
            shopper,
            name: name.unwrap_or_else(|| text.to_owned()),
            user,
        };
        known.companions.push(new.clone());
        self.companions.push(new.clone());
        new.id
    }
}
