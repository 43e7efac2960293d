//! When a place is open: hours of each weekday, and days on which they differ.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::time::{Daypart, LocalDate, LocalMinute, Weekday};

/// Minutes of a day.
const DAY: u16 = 24 * 60;
/// A place does not open more often in a day than this.
const MAX_INTERVALS: usize = 6;
/// Nobody plans more days ahead than this.
const MAX_EXCEPTIONS: usize = 400;

/// A time from opening to closing. One that ends before it starts, or at the same time, ends on the next day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Interval {
    /// The minute of the day at which the place opens, 0 to 1,439.
    opens: u16,
    /// The minute at which it closes, counted from the same midnight; up to 2,879.
    closes: u16,
}

impl Interval {
    /// Reads `09:00-18:00`; `22:00-02:00` ends on the next day, and `00:00-24:00` is all day.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (opens, closes) = text.split_once('-')?;
        let (opens, closes) = (minute(opens)?, minute(closes)?);
        if opens >= DAY {
            return None;
        }
        let closes = if closes <= opens { closes + DAY } else { closes };
        Some(Self { opens, closes })
    }

    const fn has(self, minute: u16) -> bool {
        self.opens <= minute && minute < self.closes
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let closes = if self.closes > DAY {
            self.closes - DAY
        } else {
            self.closes
        };
        let (opens, closes) = ((self.opens / 60, self.opens % 60), (closes / 60, closes % 60));
        write!(f, "{:02}:{:02}-{:02}:{:02}", opens.0, opens.1, closes.0, closes.1)
    }
}

/// A minute of the day from `HH:MM`, 0 to 1,440.
fn minute(text: &str) -> Option<u16> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let is_number = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(hours) || !is_number(minutes) {
        return None;
    }
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= DAY).then_some(total)
}

impl Serialize for Interval {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Interval {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a time such as 09:00-18:00"))
    }
}

/// The hours of a place, in its own time zone.
///
/// A weekday that is not named is closed all day; an exception replaces the
/// hours of its date. Where a place has no hours at all, nothing is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OpeningHours {
    /// The hours of each weekday.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub weekly: BTreeMap<Weekday, Vec<Interval>>,
    /// Days on which other hours hold; none of them: closed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub exceptions: BTreeMap<LocalDate, Vec<Interval>>,
}

impl OpeningHours {
    /// What is wrong with hours that can be read, in one sentence.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        if self.exceptions.len() > MAX_EXCEPTIONS {
            return Some(format!("at most {MAX_EXCEPTIONS} exceptions"));
        }
        let days = self
            .weekly
            .iter()
            .map(|(day, open)| (day.as_str().to_owned(), open));
        let dates = self
            .exceptions
            .iter()
            .map(|(date, open)| (date.to_string(), open));
        for (name, open) in days.chain(dates) {
            if open.len() > MAX_INTERVALS {
                return Some(format!("{name}: at most {MAX_INTERVALS} times in a day"));
            }
            let mut sorted = open.clone();
            sorted.sort_unstable();
            if sorted.windows(2).any(|pair| pair[1].opens < pair[0].closes) {
                return Some(format!("{name}: two times overlap"));
            }
        }
        None
    }

    /// Whether anything is known of when the place is open.
    #[must_use]
    pub fn is_known(&self) -> bool {
        !self.weekly.is_empty() || !self.exceptions.is_empty()
    }

    /// Whether the place is open at a local time. What opened on the day before and closes after midnight counts.
    #[must_use]
    pub fn is_open_at(&self, local: LocalMinute) -> bool {
        let today = self.on(local.date).iter().any(|open| open.has(local.minute));
        let yesterday = self.on(local.date.minus_days(1));
        today || yesterday.iter().any(|open| open.has(local.minute + DAY))
    }

    /// Whether the place is open at some time of a day, which lasts from its morning to the end of its night.
    #[must_use]
    pub fn is_open_on(&self, date: LocalDate) -> bool {
        let ((from, _), (_, until)) = (Daypart::Morning.minutes(), Daypart::Night.minutes());
        self.is_open_between(date, from, until)
    }

    /// Whether the place is open at some time between two minutes, counted from the midnight at which a date begins,
    /// up to 2,880. What opened on the day before and what opens on the next one counts.
    #[must_use]
    pub fn is_open_between(&self, date: LocalDate, from: u16, until: u16) -> bool {
        let (from, until, day) = (i32::from(from), i32::from(until), i32::from(DAY));
        let overlaps = |open: &Interval, shift: i32| {
            let (opens, closes) = (i32::from(open.opens) + shift, i32::from(open.closes) + shift);
            opens.max(from) < closes.min(until)
        };
        let days = [(date.minus_days(1), -day), (date, 0), (date.plus_days(1), day)];
        days.iter()
            .any(|(date, shift)| self.on(*date).iter().any(|open| overlaps(open, *shift)))
    }

    /// The hours of a date.
    #[must_use]
    pub fn on(&self, date: LocalDate) -> &[Interval] {
        let exception = self.exceptions.get(&date);
        let hours = exception.or_else(|| self.weekly.get(&date.weekday()));
        hours.map(Vec::as_slice).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hours(json: &str) -> OpeningHours {
        serde_json::from_str(json).expect("readable")
    }

    fn at(text: &str) -> LocalMinute {
        let (date, time) = text.split_once(' ').expect("a date and a time");
        LocalMinute {
            date: LocalDate::parse(date).expect("a date"),
            minute: minute(time).expect("a time"),
        }
    }

    #[test]
    fn a_place_is_open_by_its_weekday_and_differs_on_named_days() {
        let shop = hours(
            r#"{"weekly": {"mon": ["09:00-12:00", "13:00-18:00"], "fri": ["20:00-02:00"]},
                "exceptions": {"2026-12-07": [], "2026-12-13": ["10:00-14:00"]}}"#,
        );
        assert_eq!(shop.problem(), None);
        // 30 November 2026 is a Monday.
        for (moment, is_open) in [
            ("2026-11-30 08:59", false),
            ("2026-11-30 09:00", true),
            ("2026-11-30 12:30", false),
            ("2026-11-30 17:59", true),
            ("2026-11-30 18:00", false),
            ("2026-12-01 10:00", false),
            ("2026-12-04 23:00", true),
            ("2026-12-05 01:59", true),
            ("2026-12-05 02:00", false),
            ("2026-12-07 10:00", false),
            ("2026-12-13 10:00", true),
        ] {
            assert_eq!(shop.is_open_at(at(moment)), is_open, "{moment}");
        }
        let date = |text| LocalDate::parse(text).expect("a date");
        assert!(shop.is_open_between(date("2026-11-30"), 11 * 60, 14 * 60));
        assert!(!shop.is_open_between(date("2026-11-30"), 12 * 60, 13 * 60));
        assert!(shop.is_open_between(date("2026-12-04"), 22 * 60, 24 * 60));
    }

    #[test]
    fn nights_and_mornings_have_the_hours_of_both_dates() {
        let date = |text| LocalDate::parse(text).expect("a date");
        let open_in = |place: &OpeningHours, day, part: Daypart| {
            let (from, until) = part.minutes();
            place.is_open_between(date(day), from, until)
        };
        let bakery = hours(r#"{"weekly": {"fri": ["04:00-12:00"], "sat": ["04:00-12:00"]}}"#);
        // 27 November 2026 is a Friday: its night ends on Saturday at six.
        assert!(open_in(&bakery, "2026-11-27", Daypart::Night));
        assert!(!open_in(&bakery, "2026-11-28", Daypart::Night));
        let bar = hours(r#"{"weekly": {"fri": ["20:00-08:00"]}}"#);
        assert!(open_in(&bar, "2026-11-27", Daypart::Night) && open_in(&bar, "2026-11-28", Daypart::Morning));
        assert!(bar.is_open_on(date("2026-11-28")) && !bar.is_open_on(date("2026-11-29")));
        let club = hours(r#"{"weekly": {"sat": ["00:00-04:00"]}}"#);
        assert!(club.is_open_on(date("2026-11-27")) && !club.is_open_on(date("2026-11-28")));
    }

    /// The minutes at which a place is open around a date, counted from its midnight, one by one.
    fn minutes(of: &OpeningHours, date: LocalDate) -> std::collections::BTreeSet<i32> {
        let day = |shift: i32| match shift {
            0.. => date.plus_days(shift.unsigned_abs()),
            _ => date.minus_days(shift.unsigned_abs()),
        };
        let of_day = |shift: i32| {
            let open = of.on(day(shift)).to_vec();
            open.into_iter().flat_map(move |open| {
                (open.opens..open.closes).map(move |minute| i32::from(minute) + shift * i32::from(DAY))
            })
        };
        (-3..=3).flat_map(of_day).collect()
    }

    fn some_hours() -> impl Strategy<Value = OpeningHours> {
        let interval = (0..DAY, 1..=DAY).prop_map(|(opens, lasts)| Interval {
            opens,
            closes: opens + lasts,
        });
        let day = prop::collection::vec(interval, 0..3);
        let weekly = prop::collection::btree_map(prop::sample::select(&Weekday::ALL[..]), day.clone(), 0..7);
        let first = LocalDate::parse("2026-11-20").expect("a date");
        let exceptions =
            prop::collection::btree_map((0_u32..10).prop_map(move |days| first.plus_days(days)), day, 0..4);
        (weekly, exceptions).prop_map(|(weekly, exceptions)| OpeningHours { weekly, exceptions })
    }

    proptest! {
        /// Intervals answer as the minutes do of which they consist.
        #[test]
        fn a_place_is_open_between_two_times_if_it_is_at_a_minute_between_them(
            place in some_hours(),
            days in 0_u32..10,
            from in 0..2 * DAY,
            lasts in 0..2 * DAY,
        ) {
            let date = LocalDate::parse("2026-11-20").expect("a date").plus_days(days);
            let until = (from + lasts).min(2 * DAY);
            let open = minutes(&place, date);
            let is_open = open.range(i32::from(from)..i32::from(until)).next().is_some();
            prop_assert_eq!(place.is_open_between(date, from, until), is_open);
            let local = LocalMinute { date: date.plus_days(u32::from(from / DAY)), minute: from % DAY };
            prop_assert_eq!(place.is_open_at(local), open.contains(&i32::from(from)));
            prop_assert_eq!(place.is_open_on(date), open.range(360..1_800).next().is_some());
        }
    }

    #[test]
    fn times_are_written_as_they_were_read() {
        for text in ["09:00-18:00", "00:00-24:00", "22:30-02:15"] {
            assert_eq!(Interval::parse(text).expect("a time").to_string(), text);
        }
        for wrong in [
            "9:00-18:00",
            "09:00",
            "09:00-25:00",
            "24:00-25:00",
            "09:60-10:00",
            "+9:00-10:00",
            "",
        ] {
            assert_eq!(Interval::parse(wrong), None, "{wrong}");
        }
        let all_day = hours(r#"{"weekly": {"sun": ["00:00-24:00"]}}"#);
        assert!(all_day.is_open_at(at("2026-11-29 23:59")) && !all_day.is_open_at(at("2026-11-30 00:00")));
    }

    #[test]
    fn hours_that_overlap_or_are_too_many_are_told() {
        let twice = hours(r#"{"weekly": {"tue": ["09:00-12:00", "11:00-13:00"]}}"#);
        assert_eq!(twice.problem().as_deref(), Some("tue: two times overlap"));
        let often = hours(
            r#"{"exceptions": {"2026-01-01": ["01:00-02:00","03:00-04:00","05:00-06:00","07:00-08:00","09:00-10:00","11:00-12:00","13:00-14:00"]}}"#,
        );
        assert!(often.problem().is_some());
        assert!(serde_json::from_str::<OpeningHours>(r#"{"weekly": {"montag": []}}"#).is_err());
    }
}
