//! The rows of a location file.

use std::collections::BTreeMap;

use haamu_domain::opening::{Interval, OpeningHours};
use haamu_domain::opening_text::{parse_exceptions, parse_weekly};
use haamu_domain::{ClientOrganisationId, LocalDate, LocationId, OperatorKind, Weekday, Zone};
use haamu_store::repo::clients::Location;
use haamu_table::Table;

use crate::Error;
use crate::error::Checks;
use crate::imports::{Cells, Columns, Numbered, RowError, read_rows};

use super::locations::check_attributes;

const COLUMNS: Columns = Columns {
    required: &[
        "external_id",
        "name",
        "address",
        "postal_code",
        "city",
        "country",
        "time_zone",
    ],
    optional: &[
        "latitude",
        "longitude",
        "typical_staff_on_shift",
        "operator_kind",
        "opening_hours",
        "exceptions",
        "attributes",
        "closed_on",
    ],
};

/// A sound row.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) external_id: String,
    name: String,
    address: String,
    postal_code: String,
    city: String,
    country: String,
    /// None: the file does not say it.
    point: Option<Option<(String, String)>>,
    time_zone: String,
    /// None: the file does not say it.
    typical_staff_on_shift: Option<Option<u32>>,
    operator_kind: Option<OperatorKind>,
    weekly: Option<BTreeMap<Weekday, Vec<Interval>>>,
    exceptions: Option<BTreeMap<LocalDate, Vec<Interval>>>,
    attributes: Option<BTreeMap<String, String>>,
    /// None: the file does not say it.
    closed_on: Option<Option<LocalDate>>,
}

impl Row {
    /// The location as the row has it. What files do not say stays as it was.
    pub(super) fn location(
        &self,
        id: LocationId,
        client_organisation: ClientOrganisationId,
        before: Option<&Location>,
    ) -> Location {
        let (latitude, longitude) = match &self.point {
            Some(point) => point.clone().unzip(),
            None => before.map_or((None, None), |before| {
                (before.latitude.clone(), before.longitude.clone())
            }),
        };
        Location {
            id,
            client_organisation,
            external_id: self.external_id.clone(),
            name: self.name.clone(),
            address: self.address.clone(),
            postal_code: self.postal_code.clone(),
            city: self.city.clone(),
            country: self.country.clone(),
            latitude,
            longitude,
            time_zone: self.time_zone.clone(),
            typical_staff_on_shift: self
                .typical_staff_on_shift
                .unwrap_or_else(|| before.and_then(|before| before.typical_staff_on_shift)),
            operator_kind: self
                .operator_kind
                .or(before.map(|before| before.operator_kind))
                .unwrap_or_default(),
            opening_hours: self.hours(before),
            attributes: match &self.attributes {
                Some(attributes) => attributes.clone(),
                None => before.map(|before| before.attributes.clone()).unwrap_or_default(),
            },
            closed_on: self
                .closed_on
                .unwrap_or_else(|| before.and_then(|before| before.closed_on)),
        }
    }

    /// The hours of the week and their exceptions; a file may have only one of them.
    fn hours(&self, before: Option<&Location>) -> OpeningHours {
        let mut hours = before
            .map(|before| before.opening_hours.clone())
            .unwrap_or_default();
        if let Some(weekly) = &self.weekly {
            hours.weekly.clone_from(weekly);
        }
        if let Some(exceptions) = &self.exceptions {
            hours.exceptions.clone_from(exceptions);
        }
        hours
    }
}

/// Reads the table: sound rows, and what is wrong with the others.
pub(super) fn parse(table: &Table) -> Result<(Vec<Numbered<Row>>, Vec<RowError>), Error> {
    read_rows(table, &COLUMNS, row)
}

/// The row, if all of its cells are sound. All of them are checked.
fn row(cells: &mut Cells<'_>) -> Option<Row> {
    let external_id = cells.text("external_id", 100);
    let name = cells.text("name", 200);
    let address = cells.text("address", 300);
    let postal_code = cells.text("postal_code", 20);
    let city = cells.text("city", 100);
    let country = country(cells);
    let point = cells.point("latitude", "longitude");
    let point_said = cells.has("latitude") || cells.has("longitude");
    let staff_said = cells.has("typical_staff_on_shift");
    let time_zone = cells.text("time_zone", 100);
    if time_zone.as_ref().is_some_and(|name| Zone::named(name).is_none()) {
        let message = "not a time zone such as Europe/Helsinki";
        cells.error("time_zone", "unknown_time_zone", message);
    }
    let staff = staff(cells);
    let operator_kind = operator_kind(cells);
    let weekly = readable(cells, "opening_hours", "bad_hours", parse_weekly);
    let exceptions = readable(cells, "exceptions", "bad_hours", parse_exceptions);
    let attributes = readable(cells, "attributes", "bad_attributes", parse_attributes);
    let closed_on = cells.date("closed_on");
    let row = Row {
        external_id: external_id?,
        name: name?,
        address: address?,
        postal_code: postal_code?,
        city: city?,
        country: country?,
        point: point_said.then_some(point?),
        time_zone: time_zone?,
        typical_staff_on_shift: staff_said.then_some(staff?),
        operator_kind: operator_kind?,
        weekly: weekly?,
        exceptions: exceptions?,
        attributes: attributes?,
        closed_on: cells.has("closed_on").then_some(closed_on?),
    };
    cells.is_sound().then_some(row)
}

/// What a cell says; `Some(None)` where the file has no such column.
fn readable<T>(
    cells: &mut Cells<'_>,
    column: &str,
    code: &'static str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Option<Option<T>> {
    if !cells.has(column) {
        return Some(None);
    }
    match parse(cells.cell(column)) {
        Ok(read) => Some(Some(read)),
        Err(message) => {
            cells.error(column, code, message);
            None
        }
    }
}

/// Attributes as `name=value; name=value`.
fn parse_attributes(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut attributes = BTreeMap::new();
    let parts = text.split(['\n', ';']).map(str::trim);
    for part in parts.filter(|part| !part.is_empty()) {
        let (name, value) = part
            .split_once('=')
            .ok_or_else(|| format!("{part:?} is not a name with its value, such as drive_in=yes"))?;
        let (name, value) = (name.trim().to_owned(), value.trim().to_owned());
        if attributes.insert(name.clone(), value).is_some() {
            return Err(format!("{name} is there twice"));
        }
    }
    let mut checks = Checks::default();
    check_attributes(&mut checks, &attributes);
    match checks.finish() {
        Ok(()) => Ok(attributes),
        Err(Error::Refused(refusal)) => {
            let issues = refusal.issues.iter();
            let told: Vec<_> = issues
                .map(|issue| format!("{}: {}", issue.path, issue.message))
                .collect();
            Err(told.join("; "))
        }
        Err(other) => Err(other.to_string()),
    }
}

fn country(cells: &mut Cells<'_>) -> Option<String> {
    let code = cells.text("country", 2)?.to_uppercase();
    if code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Some(code);
    }
    let message = "a country is a code of two letters such as FI";
    cells.error("country", "bad_country", message);
    None
}

/// How many usually serve; `Some(None)` where nobody knows.
fn staff(cells: &mut Cells<'_>) -> Option<Option<u32>> {
    let count = match cells.cell("typical_staff_on_shift") {
        "" => return Some(None),
        text => text.parse().ok().filter(|count| (1..=10_000).contains(count)),
    };
    if count.is_none() {
        let message = "a whole number between 1 and 10 000";
        cells.error("typical_staff_on_shift", "out_of_range", message);
    }
    count.map(Some)
}

fn operator_kind(cells: &mut Cells<'_>) -> Option<Option<OperatorKind>> {
    let kind = match cells.cell("operator_kind") {
        "" => return Some(None),
        name => OperatorKind::from_name(&name.to_lowercase()),
    };
    if kind.is_none() {
        let names = OperatorKind::ALL.map(OperatorKind::as_str).join(", ");
        cells.error("operator_kind", "unknown_value", format!("one of {names}"));
    }
    kind.map(Some)
}

#[cfg(test)]
mod tests {
    use haamu_domain::Code;
    use haamu_table::{Limits, read};

    use super::*;

    fn parse(csv: &[u8]) -> Result<(Vec<Row>, Vec<RowError>), Error> {
        let table = read(csv, None, &Limits::default())?;
        let (rows, errors) = super::parse(&table)?;
        Ok((rows.into_iter().map(|row| row.row).collect(), errors))
    }

    const HEADING: &str = "external_id,name,address,postal_code,city,country,latitude,longitude,time_zone,typical_staff_on_shift";

    #[test]
    fn sound_rows_are_read_whatever_the_spreadsheet() {
        let csv = format!("\u{feff}{}\n", HEADING.replace(',', ";"))
            + "T1;Torikauppa;Tori 1;00100;Helsinki;fi;60,17;24,94;Europe/Helsinki;\n";
        let (rows, errors) = parse(csv.as_bytes()).expect("readable");
        assert_eq!(errors, []);
        let point = rows[0].point.clone().flatten();
        assert_eq!(point, Some(("60.17".to_owned(), "24.94".to_owned())));
        assert_eq!(rows[0].country, "FI");
    }

    #[test]
    fn what_a_file_does_not_say_stays_as_it_was() {
        let full =
            format!("{HEADING}\n") + "T1,Torikauppa,Tori 1,00100,Helsinki,FI,60.17,24.94,Europe/Helsinki,8\n";
        let (rows, _) = parse(full.as_bytes()).expect("readable");
        let (id, client) = (
            LocationId::from_uuid(uuid::Uuid::nil()),
            ClientOrganisationId::from_uuid(uuid::Uuid::nil()),
        );
        let before = rows[0].location(id, client, None);
        let short = "external_id,name,address,postal_code,city,country,time_zone\n\
                     T1,Uusi nimi,Tori 1,00100,Helsinki,FI,Europe/Helsinki\n";
        let (rows, _) = parse(short.as_bytes()).expect("readable");
        let after = rows[0].location(id, client, Some(&before));
        assert_eq!(
            (after.latitude.as_deref(), after.typical_staff_on_shift),
            (Some("60.17"), Some(8))
        );
        assert_eq!(after.name, "Uusi nimi");
        let emptied = format!("{HEADING}\n") + "T1,Torikauppa,Tori 1,00100,Helsinki,FI,,,Europe/Helsinki,\n";
        let (rows, _) = parse(emptied.as_bytes()).expect("readable");
        let after = rows[0].location(id, client, Some(&before));
        assert_eq!(
            (after.latitude, after.typical_staff_on_shift),
            (None, None),
            "an empty cell empties"
        );
    }

    #[test]
    fn hours_attributes_and_the_end_of_a_location_are_read_from_its_row() {
        let heading = "external_id;name;address;postal_code;city;country;time_zone;opening_hours;exceptions;\
                       attributes;closed_on\n";
        let csv = format!(
            "{heading}T1;Tori;Tori 1;00100;Helsinki;FI;Europe/Helsinki;\"mon-fri 09:00-18:00; sat 10:00-15:00\";\
             2026-12-24 closed;drive_in=yes;2027-01-01\n"
        );
        let (rows, errors) = parse(csv.as_bytes()).expect("readable");
        assert_eq!(errors, []);
        let (id, client) = (
            LocationId::from_uuid(uuid::Uuid::nil()),
            ClientOrganisationId::from_uuid(uuid::Uuid::nil()),
        );
        let before = rows[0].location(id, client, None);
        assert_eq!(
            (
                before.opening_hours.weekly.len(),
                before.opening_hours.exceptions.len()
            ),
            (6, 1)
        );
        assert_eq!(before.attributes["drive_in"], "yes");
        assert_eq!(before.closed_on, LocalDate::parse("2027-01-01"));
        let some = "external_id,name,address,postal_code,city,country,time_zone,exceptions\n\
                    T1,Tori,Tori 1,00100,Helsinki,FI,Europe/Helsinki,\n";
        let (rows, _) = parse(some.as_bytes()).expect("readable");
        let after = rows[0].location(id, client, Some(&before));
        assert_eq!(
            after.opening_hours.weekly, before.opening_hours.weekly,
            "the file does not say them"
        );
        assert!(after.opening_hours.exceptions.is_empty(), "an empty cell empties");
        assert_eq!(after.closed_on, before.closed_on);
        let csv = format!(
            "{heading}T1;Tori;Tori 1;00100;Helsinki;FI;Europe/Helsinki;mon 9-18;24.12. closed;Drive In=1;soon\n"
        );
        let (_, errors) = parse(csv.as_bytes()).expect("readable");
        let told: Vec<_> = errors
            .iter()
            .map(|error| (error.column.as_str(), error.code))
            .collect();
        let expected = [
            ("opening_hours", "bad_hours"),
            ("exceptions", "bad_hours"),
            ("attributes", "bad_attributes"),
            ("closed_on", "bad_date"),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn every_error_has_its_row_and_column() {
        let csv = format!("{HEADING}\n")
            + "T1,Torikauppa,Tori 1,00100,Helsinki,FI,160.1,24.9,Europe/Nowhere,0\n"
            + "T2,,Tori 1,00100,Helsinki,Finland,60.1,24.9,Europe/Helsinki,3\n"
            + "T3,Kolmas,Tori 3,00100,Helsinki,FI,,,Europe/Helsinki,\n"
            + "T3,Kolmas,Tori 3,00100,Helsinki,FI,,,Europe/Helsinki,\n";
        let (rows, errors) = parse(csv.as_bytes()).expect("readable");
        let places: Vec<(u64, &str)> = errors
            .iter()
            .map(|error| (error.row, error.column.as_str()))
            .collect();
        assert_eq!(
            places,
            [
                (2, "latitude"),
                (2, "time_zone"),
                (2, "typical_staff_on_shift"),
                (3, "name"),
                (3, "country"),
                (5, "external_id"),
            ]
        );
        assert_eq!(rows.len(), 1);
    }

    #[test]
    fn files_that_are_no_such_csv_are_refused() {
        assert_eq!(
            parse(b"\xff\xfe").expect_err("not UTF-8").code(),
            Code::InvalidRequest
        );
        assert_eq!(
            parse(b"name,colour\nA,red\n").expect_err("columns").code(),
            Code::ValidationFailed
        );
        let ragged = format!("{HEADING}\nT1,only two\n");
        let (rows, errors) = parse(ragged.as_bytes()).expect("readable");
        assert_eq!((rows.len(), errors.len()), (0, 1), "that is one row's fault");
        assert_eq!((errors[0].row, errors[0].code), (2, "wrong_length"));
    }
}
