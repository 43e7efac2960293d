//! The rows of a location file.

use std::collections::BTreeMap;

use haamu_domain::{ClientOrganisationId, Code, LocationId, OperatorKind, Zone};
use haamu_store::repo::clients::Location;

use crate::Error;
use crate::error::Issue;

use super::RowError;

/// At most so many rows at once.
const MAX_ROWS: usize = 10_000;
const COLUMNS: [&str; 11] = [
    "external_id",
    "name",
    "address",
    "postal_code",
    "city",
    "country",
    "latitude",
    "longitude",
    "time_zone",
    "typical_staff_on_shift",
    "operator_kind",
];
const REQUIRED: [&str; 7] = [
    "external_id",
    "name",
    "address",
    "postal_code",
    "city",
    "country",
    "time_zone",
];

/// A sound row.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) external_id: String,
    name: String,
    address: String,
    postal_code: String,
    city: String,
    country: String,
    latitude: Option<String>,
    longitude: Option<String>,
    time_zone: String,
    typical_staff_on_shift: Option<u32>,
    operator_kind: Option<OperatorKind>,
}

impl Row {
    /// The location as the row has it. What files do not say stays as it was.
    pub(super) fn location(
        &self,
        id: LocationId,
        client_organisation: ClientOrganisationId,
        before: Option<&Location>,
    ) -> Location {
        Location {
            id,
            client_organisation,
            external_id: self.external_id.clone(),
            name: self.name.clone(),
            address: self.address.clone(),
            postal_code: self.postal_code.clone(),
            city: self.city.clone(),
            country: self.country.clone(),
            latitude: self.latitude.clone(),
            longitude: self.longitude.clone(),
            time_zone: self.time_zone.clone(),
            typical_staff_on_shift: self.typical_staff_on_shift,
            operator_kind: self
                .operator_kind
                .or(before.map(|before| before.operator_kind))
                .unwrap_or_default(),
            opening_hours: before
                .map(|before| before.opening_hours.clone())
                .unwrap_or_default(),
            attributes: before.map(|before| before.attributes.clone()).unwrap_or_default(),
            closed_on: before.and_then(|before| before.closed_on),
        }
    }
}

/// Reads the file: sound rows, and what is wrong with the others.
pub(super) fn parse(csv: &[u8]) -> Result<(Vec<Row>, Vec<RowError>), Error> {
    let text = std::str::from_utf8(csv).map_err(|error| {
        Error::because(
            Code::InvalidRequest,
            format!("The file is not UTF-8 (byte {}).", error.valid_up_to()),
        )
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // A spreadsheet may say first what it separates by.
    let text = match text.split_once('\n') {
        Some((first, rest)) if first.starts_with("sep=") => rest,
        _ => text,
    };
    let heading = text.lines().next().unwrap_or_default();
    // Spreadsheets of countries that write 1,5 separate by semicolons.
    let delimiters = [',', ';', '\t'];
    let delimiter = delimiters
        .into_iter()
        .max_by_key(|delimiter| heading.matches(*delimiter).count());
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(match delimiter {
            Some(';') => b';',
            Some('\t') => b'\t',
            _ => b',',
        })
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let unreadable =
        |error: csv::Error| Error::because(Code::InvalidRequest, format!("Not readable as CSV: {error}."));
    let headings: Vec<String> = reader
        .headers()
        .map_err(unreadable)?
        .iter()
        .map(str::to_lowercase)
        .collect();
    check_headings(&headings)?;

    let mut rows = Vec::new();
    let mut errors = Vec::new();
    let mut seen = BTreeMap::new();
    for record in reader.records() {
        let record = record.map_err(unreadable)?;
        // Where a spreadsheet was wider or longer once, its file still is.
        if record.iter().all(str::is_empty) {
            continue;
        }
        let line = record.position().map_or(0, csv::Position::line);
        if rows.len() + errors.len() >= MAX_ROWS {
            return Err(Error::because(
                Code::PayloadTooLarge,
                format!("At most {MAX_ROWS} rows at once."),
            ));
        }
        let mut cells = Cells {
            line,
            headings: &headings,
            record: &record,
            errors: &mut errors,
        };
        let Some(row) = cells.row() else { continue };
        if let Some(first) = seen.insert(row.external_id.clone(), line) {
            cells.error(
                "external_id",
                "repeated",
                format!("this external_id stands in row {first} already"),
            );
            continue;
        }
        rows.push(row);
    }
    Ok((rows, errors))
}

fn check_headings(headings: &[String]) -> Result<(), Error> {
    let mut issues = Vec::new();
    for column in REQUIRED {
        if !headings.iter().any(|heading| heading == column) {
            let message = format!("the column {column} is required");
            issues.push(Issue {
                path: format!("columns.{column}"),
                code: "missing_column".to_owned(),
                message,
            });
        }
    }
    for heading in headings
        .iter()
        .filter(|heading| !heading.is_empty() && !COLUMNS.contains(&heading.as_str()))
    {
        let message = format!("unknown column; known are {}", COLUMNS.join(", "));
        issues.push(Issue {
            path: format!("columns.{heading}"),
            code: "unknown_column".to_owned(),
            message,
        });
    }
    if issues.is_empty() {
        Ok(())
    } else {
        Err(Error::with_issues(Code::ValidationFailed, issues))
    }
}

/// The cells of one record, and where to note what is wrong with them.
struct Cells<'a> {
    line: u64,
    headings: &'a [String],
    record: &'a csv::StringRecord,
    errors: &'a mut Vec<RowError>,
}

impl Cells<'_> {
    fn error(&mut self, column: &str, code: &'static str, message: impl Into<String>) {
        self.errors.push(RowError {
            row: self.line,
            column: column.to_owned(),
            code,
            message: message.into(),
        });
    }

    fn cell(&self, column: &str) -> &str {
        let index = self.headings.iter().position(|heading| heading == column);
        index.and_then(|index| self.record.get(index)).unwrap_or_default()
    }

    fn text(&mut self, column: &str, longest: usize) -> Option<String> {
        let text = self.cell(column).to_owned();
        if text.is_empty() {
            self.error(column, "required", "this cell is required");
            return None;
        }
        if text.chars().count() > longest || text.chars().any(char::is_control) {
            let message = format!("at most {longest} characters, none of them a control character");
            self.error(column, "bad_text", message);
            return None;
        }
        Some(text)
    }

    /// Degrees as a decimal, a comma allowed; `Some(None)` where the cell is empty.
    fn degrees(&mut self, column: &str, limit: f64) -> Option<Option<String>> {
        let text = self.cell(column).replace(',', ".");
        if text.is_empty() {
            return Some(None);
        }
        let is_decimal =
            text.len() <= 20 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-'));
        let is_inside = text
            .parse::<f64>()
            .is_ok_and(|degrees| (-limit..=limit).contains(&degrees));
        if is_decimal && is_inside {
            return Some(Some(text));
        }
        self.error(
            column,
            "out_of_range",
            format!("degrees between −{limit} and {limit} as a decimal"),
        );
        None
    }

    /// The row, if all of its cells are sound. All of them are checked.
    fn row(&mut self) -> Option<Row> {
        let external_id = self.text("external_id", 100);
        let name = self.text("name", 200);
        let address = self.text("address", 300);
        let postal_code = self.text("postal_code", 20);
        let city = self.text("city", 100);
        let country = self.text("country", 2).map(|code| code.to_uppercase());
        if country
            .as_ref()
            .is_some_and(|code| code.len() != 2 || !code.bytes().all(|byte| byte.is_ascii_uppercase()))
        {
            self.error(
                "country",
                "bad_country",
                "a country is a code of two letters such as FI",
            );
        }
        let latitude = self.degrees("latitude", 90.0);
        let longitude = self.degrees("longitude", 180.0);
        match (&latitude, &longitude) {
            (Some(Some(_)), Some(None)) => {
                self.error("longitude", "required", "a latitude needs its longitude")
            }
            (Some(None), Some(Some(_))) => {
                self.error("latitude", "required", "a longitude needs its latitude")
            }
            _ => {}
        }
        let time_zone = self.text("time_zone", 100);
        if time_zone.as_ref().is_some_and(|name| Zone::named(name).is_none()) {
            self.error(
                "time_zone",
                "unknown_time_zone",
                "not a time zone such as Europe/Helsinki",
            );
        }
        let staff = match self.cell("typical_staff_on_shift") {
            "" => Some(None),
            text => text
                .parse()
                .ok()
                .filter(|count| (1..=10_000).contains(count))
                .map(Some),
        };
        if staff.is_none() {
            self.error(
                "typical_staff_on_shift",
                "out_of_range",
                "a whole number between 1 and 10 000",
            );
        }
        let operator_kind = match self.cell("operator_kind") {
            "" => Some(None),
            name => OperatorKind::from_name(&name.to_lowercase()).map(Some),
        };
        if operator_kind.is_none() {
            let names = OperatorKind::ALL.map(OperatorKind::as_str).join(", ");
            self.error("operator_kind", "unknown_value", format!("one of {names}"));
        }
        let is_sound = !self.errors.iter().any(|error| error.row == self.line);
        let row = Row {
            external_id: external_id?,
            name: name?,
            address: address?,
            postal_code: postal_code?,
            city: city?,
            country: country?,
            latitude: latitude?,
            longitude: longitude?,
            time_zone: time_zone?,
            typical_staff_on_shift: staff?,
            operator_kind: operator_kind?,
        };
        is_sound.then_some(row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADING: &str = "external_id,name,address,postal_code,city,country,latitude,longitude,time_zone,typical_staff_on_shift";

    #[test]
    fn sound_rows_are_read_whatever_the_spreadsheet() {
        let csv = format!("\u{feff}{}\n", HEADING.replace(',', ";"))
            + "T1;Torikauppa;Tori 1;00100;Helsinki;fi;60,17;24,94;Europe/Helsinki;\n";
        let (rows, errors) = parse(csv.as_bytes()).expect("readable");
        assert_eq!(errors, []);
        assert_eq!(
            (rows[0].latitude.as_deref(), rows[0].country.as_str()),
            (Some("60.17"), "FI")
        );
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
        assert_eq!(
            parse(ragged.as_bytes()).expect_err("ragged").code(),
            Code::InvalidRequest
        );
    }
}
