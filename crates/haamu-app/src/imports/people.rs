//! People of the shopper panel from a table.

use std::collections::{BTreeMap, BTreeSet};

use haamu_domain::panel::{OwnPlace, Profile};
use haamu_domain::{Actor, AuditEvent, LocalDate, Role, Verb};
use haamu_form::Language;
use haamu_store::Tx;
use haamu_table::Table;

use crate::context::require_in_agency;
use crate::identity::InvitationInput;
use crate::{App, Error};

use super::people_plan::{Plan, Stranger};
use super::{Cells, Columns, ImportReport, Numbered, RowError, TableFile, read_rows};

/// What the place is called that imports write; shoppers have others of their own.
const HOME: &str = "home";

/// The column of the last days of qualifications.
const ENDS: &str = "qualification_ends";

const COLUMNS: Columns = Columns {
    required: &["external_id", "email", "name"],
    optional: &[
        "languages",
        "born_on",
        "qualifications",
        ENDS,
        "home_latitude",
        "home_longitude",
        "active",
        "language",
        "suspended",
    ],
};

/// A sound row. What is none was not said: the table has no such column, or `active` or `suspended` is empty.
#[derive(Debug)]
pub(super) struct PersonRow {
    pub(super) external_id: String,
    pub(super) email: String,
    pub(super) name: String,
    languages: Option<BTreeSet<String>>,
    born_on: Option<Option<LocalDate>>,
    qualifications: Option<BTreeSet<String>>,
    /// The last days of those of the row's qualifications that end.
    qualification_ends: Option<BTreeMap<String, LocalDate>>,
    home: Option<Option<(String, String)>>,
    is_active: Option<bool>,
    /// The language of mails, where the row names one.
    pub(super) language: Option<Language>,
    is_suspended: Option<bool>,
}

impl PersonRow {
    /// The profile as the row has it.
    pub(super) fn profile(&self, before: &Profile) -> Profile {
        let mut profile = before.clone();
        if let Some(home) = &self.home {
            profile
                .places
                .retain(|place| !place.name.eq_ignore_ascii_case(HOME));
            let home = home.as_ref().map(|(latitude, longitude)| OwnPlace {
                name: HOME.to_owned(),
                latitude: latitude.clone(),
                longitude: longitude.clone(),
            });
            profile.places.splice(0..0, home);
        }
        if let Some(qualifications) = &self.qualifications {
            let ends = &mut profile.qualification_ends;
            ends.retain(|name, _| qualifications.contains(name));
        }
        Profile {
            is_active: self.is_active.unwrap_or(profile.is_active),
            is_suspended: self.is_suspended.unwrap_or(profile.is_suspended),
            born_on: self.born_on.unwrap_or(profile.born_on),
            languages: self.languages.clone().unwrap_or(profile.languages),
            qualifications: self.qualifications.clone().unwrap_or(profile.qualifications),
            qualification_ends: self
                .qualification_ends
                .clone()
                .unwrap_or(profile.qualification_ends),
            ..profile
        }
    }
}

impl App {
    /// Adds and updates people of the shopper panel: those who have the row's `external_id` in the agency, or else its
    /// e-mail address. New people have no password, and nobody's role changes. An address that is somebody's of other
    /// agencies looks as if it were nobody's, and gets an invitation. With any error nothing is changed.
    ///
    /// # Errors
    /// The file is no table with the right columns, or, unless this is a dry run, a row has an error, or there are more
    /// invitations than [`Code::DailyLimit`](haamu_domain::Code::DailyLimit) allows.
    pub async fn import_shoppers(
        &self,
        actor: &Actor,
        file: &TableFile,
        is_dry_run: bool,
    ) -> Result<ImportReport, Error> {
        require_in_agency(actor, Verb::ImportShoppers)?;
        let table = self.read_table(file).await?;
        let (rows, errors) = &parse(&table, self.today())?;
        if is_dry_run {
            return self
                .look(actor.agency, |tx: Tx| async move {
                    let plan = Plan::make(self, &tx, actor.agency, rows).await?;
                    plan.report.checked(errors, plan.errors, true)
                })
                .await;
        }
        self.act(actor, |tx: Tx| async move {
            let mut plan = Plan::make(self, &tx, actor.agency, rows).await?;
            let found = std::mem::take(&mut plan.errors);
            let report = std::mem::take(&mut plan.report).checked(errors, found, false)?;
            plan.write(&tx, actor.agency, self.now()).await?;
            self.invite_strangers(&tx, actor, &plan.invited).await?;
            let event = AuditEvent::of(Verb::ImportShoppers, "agency", actor.agency);
            let event = event.with(report.counts());
            Ok((report, event))
        })
        .await
    }

    async fn invite_strangers(&self, tx: &Tx, actor: &Actor, strangers: &[Stranger]) -> Result<(), Error> {
        for Stranger { email, language } in strangers {
            let input = InvitationInput {
                email: email.clone(),
                role: Role::Shopper,
                client_organisation: None,
                language: *language,
            };
            self.make_invitation(tx, actor, email, &input).await?;
        }
        Ok(())
    }
}

fn parse(table: &Table, today: LocalDate) -> Result<(Vec<Numbered<PersonRow>>, Vec<RowError>), Error> {
    read_rows(table, &COLUMNS, |cells| person(cells, today))
}

/// The row, if all of its cells are sound. All of them are checked.
fn person(cells: &mut Cells<'_>, today: LocalDate) -> Option<PersonRow> {
    let external_id = cells.text("external_id", 100);
    let email = cells.email("email");
    let name = cells.text("name", 200);
    let languages = words(cells, "languages", today);
    let qualifications = words(cells, "qualifications", today);
    let qualification_ends = ends(cells, qualifications.as_ref());
    let born_on = cells.date("born_on");
    if let Some(Some(date)) = born_on {
        let born = Profile {
            born_on: Some(date),
            ..Profile::unknown()
        };
        check(cells, "born_on", &born, today);
    }
    let home = cells.point("home_latitude", "home_longitude");
    let has_home = cells.has("home_latitude") || cells.has("home_longitude");
    let is_active = cells.flag("active");
    let language = cells.language("language");
    let is_suspended = cells.flag("suspended");
    let row = PersonRow {
        external_id: external_id?,
        email: email?,
        name: name?,
        languages,
        born_on: Some(born_on?).filter(|_| cells.has("born_on")),
        qualifications,
        qualification_ends,
        home: Some(home?).filter(|_| has_home),
        is_active: is_active?,
        language: language?,
        is_suspended: is_suspended?,
    };
    cells.is_sound().then_some(row)
}

/// The words of a column, as far as they can be names; none where there is no such column.
fn words(cells: &mut Cells<'_>, column: &str, today: LocalDate) -> Option<BTreeSet<String>> {
    if !cells.has(column) {
        return None;
    }
    let words = cells.words(column);
    let named = Profile {
        languages: words.clone(),
        ..Profile::unknown()
    };
    check(cells, column, &named, today);
    Some(words)
}

/// The last days of qualifications, such as `first_aid=2027-01-31`; none where there is no such column. Only what the
/// row names as a qualification ends.
fn ends(
    cells: &mut Cells<'_>,
    qualifications: Option<&BTreeSet<String>>,
) -> Option<BTreeMap<String, LocalDate>> {
    if !cells.has(ENDS) {
        return None;
    }
    let mut ends = BTreeMap::new();
    for word in cells.words(ENDS) {
        let end = word.split_once('=');
        let end = end.and_then(|(name, day)| Some((name.to_owned(), LocalDate::parse(day)?)));
        match end {
            None => cells.error(ENDS, "bad_date", "last days such as first_aid=2027-01-31"),
            Some((name, _)) if !qualifications.is_some_and(|held| held.contains(&name)) => {
                let message = "only what the row names in qualifications ends";
                cells.error(ENDS, "not_found", message);
            }
            Some((name, _)) if ends.contains_key(&name) => {
                cells.error(ENDS, "repeated", "a qualification ends once");
            }
            Some((name, day)) => {
                ends.insert(name, day);
            }
        }
    }
    Some(ends)
}

/// Notes what is wrong with a profile that has nothing but what stands in the column.
fn check(cells: &mut Cells<'_>, column: &str, profile: &Profile, today: LocalDate) {
    if let Some((_, code, message)) = profile.problem(today) {
        cells.error(column, code, message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_table_does_not_say_stays() {
        let read = |csv: &str| {
            let table =
                haamu_table::read(csv.as_bytes(), None, &haamu_table::Limits::default()).expect("a table");
            let today = LocalDate::parse("2026-11-29").expect("a date");
            let (mut rows, errors) = parse(&table, today).expect("the columns");
            (rows.pop().map(|row| row.row), errors)
        };
        let cottage = OwnPlace {
            name: "Mökki".to_owned(),
            latitude: "61.5".to_owned(),
            longitude: "23.8".to_owned(),
        };
        let before = Profile {
            is_active: false,
            born_on: LocalDate::parse("1990-05-17"),
            languages: BTreeSet::from(["fi".to_owned()]),
            places: vec![cottage.clone()],
            ..Profile::unknown()
        };
        let (row, _) = read("external_id,email,name\n7,a@north.example,Aino\n");
        assert_eq!(row.expect("sound").profile(&before), before);
        let heading = "external_id,email,name,languages,born_on,home_latitude,home_longitude,active\n";
        let (row, _) = read(&format!(
            "{heading}7,a@north.example,Aino,\"sv; en\",,60.17,24.94,yes\n"
        ));
        let after = row.expect("sound").profile(&before);
        assert_eq!((after.is_active, after.born_on), (true, None));
        assert_eq!(
            after.languages,
            BTreeSet::from(["en".to_owned(), "sv".to_owned()])
        );
        assert_eq!((after.places.len(), after.places[0].name.as_str()), (2, HOME));
        let (row, _) = read(&format!("{heading}7,a@north.example,Aino,,,,,\n"));
        assert_eq!(row.expect("sound").profile(&after).places, [cottage]);
        let (row, errors) = read(&format!("{heading}7,nobody,,,2030-01-01,60.17,,maybe\n"));
        assert!(row.is_none());
        let codes: Vec<_> = errors
            .iter()
            .map(|error| (error.column.as_str(), error.code))
            .collect();
        let expected = [
            ("email", "bad_email"),
            ("name", "required"),
            ("born_on", "out_of_range"),
            ("home_longitude", "required"),
            ("active", "unknown_value"),
        ];
        assert_eq!(codes, expected);
    }
}
