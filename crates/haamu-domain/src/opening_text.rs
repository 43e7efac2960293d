//! Opening hours as a person writes them into the cell of a table.
//!
//! Hours of the week are `mon-fri 09:00-18:00; sat 10:00-12:00, 13:00-15:00`, and exceptions
//! `2026-12-24 closed; 2026-12-31 10:00-14:00`. Parts are separated by semicolons, times of a day by commas.

use std::collections::BTreeMap;

use crate::opening::{Interval, OpeningHours};
use crate::{LocalDate, Weekday};

/// What says that a place is closed.
const CLOSED: &str = "closed";
/// What stands for all days of the week.
const DAILY: &str = "daily";

/// Reads the hours of the week. A weekday that is not named is closed; an empty text has no hours.
///
/// # Errors
/// In one sentence, what cannot be read.
pub fn parse_weekly(text: &str) -> Result<BTreeMap<Weekday, Vec<Interval>>, String> {
    let mut weekly = BTreeMap::new();
    for part in parts(text) {
        let (days, times) = split(part);
        let open = intervals(times, part)?;
        for day in
            weekdays(days).ok_or_else(|| format!("{part:?} begins with no day such as mon or mon-fri"))?
        {
            if weekly.insert(day, open.clone()).is_some() {
                return Err(format!("{} is there twice", day.as_str()));
            }
        }
    }
    let all_closed = weekly.values().all(Vec::is_empty);
    weekly.retain(|_, open| all_closed || !open.is_empty());
    checked(OpeningHours {
        weekly,
        exceptions: BTreeMap::new(),
    })
    .map(|hours| hours.weekly)
}

/// Reads days on which other hours hold.
///
/// # Errors
/// In one sentence, what cannot be read.
pub fn parse_exceptions(text: &str) -> Result<BTreeMap<LocalDate, Vec<Interval>>, String> {
    let mut exceptions = BTreeMap::new();
    for part in parts(text) {
        let (date, times) = split(part);
        let open = intervals(times, part)?;
        let date = LocalDate::parse(date);
        let date = date.ok_or_else(|| format!("{part:?} begins with no date such as 2026-12-24"))?;
        if exceptions.insert(date, open).is_some() {
            return Err(format!("{date} is there twice"));
        }
    }
    checked(OpeningHours {
        weekly: BTreeMap::new(),
        exceptions,
    })
    .map(|hours| hours.exceptions)
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split(['\n', ';']).map(str::trim);
    parts.filter(|part| !part.is_empty())
}

/// What stands before the first blank, and what after it.
fn split(part: &str) -> (&str, &str) {
    let (head, rest) = part.split_once(char::is_whitespace).unwrap_or((part, ""));
    (head, rest.trim())
}

fn intervals(times: &str, part: &str) -> Result<Vec<Interval>, String> {
    if times.eq_ignore_ascii_case(CLOSED) {
        return Ok(Vec::new());
    }
    let times = times.split(',').map(|time| {
        // Word processors make dashes of hyphens.
        let time: String = time.chars().filter(|sign| !sign.is_whitespace()).collect();
        Interval::parse(&time.replace('–', "-"))
    });
    let times: Option<Vec<_>> = times.collect();
    times.ok_or_else(|| format!("{part:?} has no times such as 09:00-18:00, and is not {CLOSED}"))
}

/// `mon`, `mon-fri`, `mon,wed` or `daily`.
fn weekdays(text: &str) -> Option<Vec<Weekday>> {
    let text = text.to_ascii_lowercase().replace('–', "-");
    if text == DAILY {
        return Some(Weekday::ALL.to_vec());
    }
    let named = |name: &str| Weekday::ALL.iter().position(|day| day.as_str() == name);
    let mut found = Vec::new();
    for span in text.trim_end_matches(':').split(',') {
        let (first, last) = span.split_once('-').unwrap_or((span, span));
        let (first, last) = (named(first)?, named(last)?);
        if last < first {
            return None;
        }
        found.extend_from_slice(&Weekday::ALL[first..=last]);
    }
    Some(found)
}

fn checked(hours: OpeningHours) -> Result<OpeningHours, String> {
    match hours.problem() {
        None => Ok(hours),
        Some(problem) => Err(problem),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weekly(text: &str) -> String {
        let read = parse_weekly(text).unwrap_or_else(|error| panic!("{error}"));
        serde_json::to_string(&read).expect("JSON")
    }

    #[test]
    fn hours_of_the_week_are_read_as_people_write_them() {
        assert_eq!(
            weekly("Mon-Tue 09:00-18:00; sat: 10:00–12:00, 13:00 - 15:00;\n sun closed"),
            r#"{"mon":["09:00-18:00"],"tue":["09:00-18:00"],"sat":["10:00-12:00","13:00-15:00"]}"#
        );
        assert_eq!(
            weekly("mon,fri 22:00-02:00"),
            r#"{"mon":["22:00-02:00"],"fri":["22:00-02:00"]}"#
        );
        assert_eq!(parse_weekly("daily 00:00-24:00").map(|hours| hours.len()), Ok(7));
        assert_eq!(weekly(""), "{}");
        assert_eq!(
            parse_weekly("daily closed").map(|hours| hours.len()),
            Ok(7),
            "that is known"
        );
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        for (text, word) in [
            ("mon", "no times"),
            ("mon 9-18", "no times"),
            ("monday 09:00-18:00", "no day"),
            ("fri-mon 09:00-18:00", "no day"),
            ("mon 09:00-18:00; mon-tue 10:00-12:00", "twice"),
            ("mon 09:00-12:00, 11:00-13:00", "overlap"),
        ] {
            let error = parse_weekly(text).expect_err(text);
            assert!(error.contains(word), "{text}: {error}");
        }
        for (text, word) in [
            ("24.12.2026 closed", "no date"),
            ("2026-12-24", "no times"),
            ("2026-12-24 closed; 2026-12-24 10:00-12:00", "twice"),
        ] {
            let error = parse_exceptions(text).expect_err(text);
            assert!(error.contains(word), "{text}: {error}");
        }
        let read = parse_exceptions("2026-12-24 closed; 2026-12-31 10:00-14:00").expect("sound");
        assert_eq!(
            serde_json::to_string(&read).expect("JSON"),
            r#"{"2026-12-24":[],"2026-12-31":["10:00-14:00"]}"#
        );
    }
}
