//! Moments, the zones of places, and times made coarse.

mod daypart;
mod weekday;

use std::fmt;

use haamu_form::LocalDateTime;
use jiff::civil::{Date, DateTime};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};

pub use daypart::Daypart;
pub use weekday::Weekday;

/// A moment: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since 1970.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Milliseconds since 1970 for the sync engine, which knows no time before.
    #[must_use]
    pub fn sync_millis(self) -> haamu_sync::Millis {
        self.0.try_into().unwrap_or_default()
    }

    /// The moment so many seconds later.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1000)))
    }

    /// So many whole days of 24 hours later; negative: earlier.
    #[must_use]
    pub const fn plus_days(self, days: i64) -> Self {
        self.plus_seconds(days.saturating_mul(86_400))
    }

    /// The moment so many hours later.
    #[must_use]
    pub const fn plus_hours(self, hours: u32) -> Self {
        self.plus_seconds(hours as i64 * 3600)
    }

    /// The moment as HTTP headers have it, to the second: `Sun, 22 Nov 2026 11:47:42 GMT`.
    #[must_use]
    pub fn to_http_date(self) -> String {
        let seconds = jiff::Timestamp::from_second(self.0.div_euclid(1000)).unwrap_or_default();
        let printer = jiff::fmt::rfc2822::DateTimePrinter::new();
        printer.timestamp_to_rfc9110_string(&seconds).unwrap_or_default()
    }

    /// Reads a moment in RFC 3339, such as `2026-11-22T11:47:42Z`. What is finer than a millisecond is cut off.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let moment: jiff::Timestamp = text.parse().ok()?;
        Some(Self(moment.as_millisecond()))
    }

    /// The moment in RFC 3339, to the second.
    #[must_use]
    pub fn to_rfc3339(self) -> String {
        let seconds = jiff::Timestamp::from_second(self.0.div_euclid(1000));
        seconds.map_or_else(|_| self.0.to_string(), |moment| moment.to_string())
    }
}

/// A date without a time, as in `2026-11-22`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalDate(Date);

impl LocalDate {
    /// Reads `2026-11-22`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == 10).then(|| text.parse().ok().map(Self)).flatten()
    }

    /// The date so many days later.
    #[must_use]
    pub fn plus_days(self, days: u32) -> Self {
        Self(self.0.saturating_add(jiff::Span::new().days(i64::from(days))))
    }

    /// The date so many days earlier.
    #[must_use]
    pub fn minus_days(self, days: u32) -> Self {
        Self(self.0.saturating_sub(jiff::Span::new().days(i64::from(days))))
    }

    /// The same day of the year so many years later; 29 February becomes 1 March in years without it,
    /// as for ages.
    #[must_use]
    pub fn plus_years(self, years: u8) -> Self {
        let year = self.0.year().saturating_add(i16::from(years));
        let same = Date::new(year, self.0.month(), self.0.day());
        Self(same.unwrap_or_else(|_| Date::new(year, 3, 1).unwrap_or(self.0)))
    }

    /// The first day of its month.
    #[must_use]
    pub fn first_of_month(self) -> Self {
        Self(self.0.first_of_month())
    }

    /// How many days the date lies after another; negative if it lies before.
    #[must_use]
    pub fn days_since(self, other: Self) -> i32 {
        self.0
            .since(other.0)
            .map(|span| span.get_days())
            .unwrap_or_default()
    }

    /// The day of the week.
    #[must_use]
    pub fn weekday(self) -> Weekday {
        Weekday::ALL[usize::try_from(self.0.weekday().to_monday_zero_offset()).unwrap_or_default() % 7]
    }

    /// How many full years lie between a date and a later one, as ages are counted.
    #[must_use]
    pub fn years_until(self, later: Self) -> i16 {
        let years = later.0.year() - self.0.year();
        let is_before = (later.0.month(), later.0.day()) < (self.0.month(), self.0.day());
        years - i16::from(is_before)
    }
}

/// A date and a minute of it, as the clock of a place shows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocalMinute {
    /// The date.
    pub date: LocalDate,
    /// The minute of the day, 0 to 1,439.
    pub minute: u16,
}

impl LocalMinute {
    /// The part of the day.
    #[must_use]
    pub const fn daypart(self) -> Daypart {
        Daypart::of_hour((self.minute / 60) as i8)
    }

    /// The day that a visit at this minute counts to. Days run from 06:00 to 06:00: a night belongs to the day on
    /// whose evening it began, so that a visit on the night of Friday is one of Friday before and after midnight.
    #[must_use]
    pub fn business_date(self) -> LocalDate {
        if self.minute < Daypart::Morning.minutes().0 {
            self.date.minus_days(1)
        } else {
            self.date
        }
    }
}

impl fmt::Display for LocalDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for LocalDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for LocalDate {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for LocalDate {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a date such as 2026-11-22"))
    }
}

/// The time zone of a place, by its name in the tz database.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    /// The zone of a name such as `Europe/Helsinki`, from the bundled database.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        TimeZoneDatabase::bundled().get(name).ok().map(Self)
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The local date of a moment.
    #[must_use]
    pub fn date_of(&self, moment: Timestamp) -> LocalDate {
        LocalDate(self.civil(moment).date())
    }

    /// The local date and minute of a moment.
    #[must_use]
    pub fn local_minute(&self, moment: Timestamp) -> LocalMinute {
        let civil = self.civil(moment);
        LocalMinute {
            date: LocalDate(civil.date()),
            minute: u16::from(civil.hour().unsigned_abs()) * 60 + u16::from(civil.minute().unsigned_abs()),
        }
    }

    /// The day that a visit at a moment counts to, as [`LocalMinute::business_date`] has it.
    #[must_use]
    pub fn business_date_of(&self, moment: Timestamp) -> LocalDate {
        self.local_minute(moment).business_date()
    }

    /// When a day of fieldwork ends: at six in the morning of the next date, with its night
    /// ([`LocalMinute::business_date`]).
    #[must_use]
    pub fn end_of_business_date(&self, date: LocalDate) -> Timestamp {
        self.moment_at(date.plus_days(1), Daypart::Morning.minutes().0)
    }

    /// The first moment of a local date.
    #[must_use]
    pub fn start_of(&self, date: LocalDate) -> Timestamp {
        self.moment(date.0.to_datetime(jiff::civil::Time::midnight()))
    }

    /// The moment of a minute of a local date, 0 to 1,439; in a gap or an overlap as [`Self::moment_of`].
    #[must_use]
    pub fn moment_at(&self, date: LocalDate, minute: u16) -> Timestamp {
        let part = |number: u16| i8::try_from(number).unwrap_or_default();
        self.moment(date.0.at(part(minute / 60 % 24), part(minute % 60), 0, 0))
    }

    /// The moment of a local time; in a gap or an overlap, the later and the earlier one, as jiff does.
    #[must_use]
    pub fn moment_of(&self, local: LocalDateTime) -> Timestamp {
        let civil = DateTime::new(
            local.year(),
            local.month(),
            local.day(),
            local.hour(),
            local.minute(),
            local.second(),
            0,
        );
        self.moment(civil.unwrap_or_default())
    }

    /// The week and daypart of a moment; a night is of the week and month in which it began.
    #[must_use]
    pub fn coarse(&self, moment: Timestamp) -> CoarseTime {
        let local = self.local_minute(moment);
        let LocalDate(date) = local.business_date();
        let week = date.iso_week_date();
        CoarseTime {
            year: week.year(),
            week: week.week(),
            month_year: date.year(),
            month: date.month(),
            daypart: local.daypart(),
        }
    }

    /// What a clock and a calendar show at a moment.
    #[must_use]
    pub fn wall_clock(&self, moment: Timestamp) -> WallClock {
        let civil = self.civil(moment);
        WallClock {
            month: u32::from(civil.month().unsigned_abs()),
            day: u32::from(civil.day().unsigned_abs()),
            hour: u32::from(civil.hour().unsigned_abs()),
            minute: u32::from(civil.minute().unsigned_abs()),
        }
    }

    fn civil(&self, moment: Timestamp) -> DateTime {
        let instant = jiff::Timestamp::from_millisecond(moment.millis()).unwrap_or_default();
        self.0.to_datetime(instant)
    }

    fn moment(&self, civil: DateTime) -> Timestamp {
        let zoned = self.0.to_ambiguous_zoned(civil).compatible();
        Timestamp(
            zoned
                .map(|zoned| zoned.timestamp().as_millisecond())
                .unwrap_or_default(),
        )
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a clock and a calendar show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WallClock {
    /// The month, 1 to 12.
    pub month: u32,
    /// The day of the month.
    pub day: u32,
    /// The hour, 0 to 23.
    pub hour: u32,
    /// The minute.
    pub minute: u32,
}

/// A time that does not tell who was on shift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoarseTime {
    /// The year of the ISO week.
    pub year: i16,
    /// The ISO week, 1 to 53.
    pub week: i8,
    /// The calendar year.
    pub month_year: i16,
    /// The month, 1 to 12.
    pub month: i8,
    /// The part of the day.
    pub daypart: Daypart,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_made_coarse_in_the_zone_of_its_place() {
        let helsinki = Zone::named("Europe/Helsinki").expect("a zone");
        let local = LocalDateTime::parse("2026-01-01T00:30").expect("a local time");
        let moment = helsinki.moment_of(local);
        assert_eq!(moment.to_rfc3339(), "2025-12-31T22:30:00Z");
        let coarse = helsinki.coarse(moment);
        assert_eq!(
            (coarse.year, coarse.week, coarse.daypart),
            (2026, 1, Daypart::Night)
        );
        let utc = Zone::named("UTC").expect("a zone").coarse(moment);
        assert_eq!(
            (utc.month_year, utc.month, utc.daypart),
            (2025, 12, Daypart::Night)
        );
        assert_eq!(
            helsinki.date_of(moment),
            LocalDate::parse("2026-01-01").expect("a date")
        );
        assert_eq!(
            helsinki.start_of(helsinki.date_of(moment)),
            moment.plus_seconds(-1800)
        );
    }

    #[test]
    fn a_night_belongs_to_the_day_on_which_it_began() {
        let helsinki = Zone::named("Europe/Helsinki").expect("a zone");
        let date = |text| LocalDate::parse(text).expect("a date");
        // 27 November 2026 is a Friday, and 30 November a Monday.
        for (local, counts_to) in [
            ("2026-11-27T05:59", "2026-11-26"),
            ("2026-11-27T06:00", "2026-11-27"),
            ("2026-11-27T23:59", "2026-11-27"),
            ("2026-11-28T00:30", "2026-11-27"),
            ("2026-12-01T02:00", "2026-11-30"),
        ] {
            let moment = helsinki.moment_of(LocalDateTime::parse(local).expect("a local time"));
            assert_eq!(helsinki.business_date_of(moment), date(counts_to), "{local}");
        }
        let at = |local| {
            let coarse =
                helsinki.coarse(helsinki.moment_of(LocalDateTime::parse(local).expect("a local time")));
            (coarse.week, coarse.month, coarse.daypart)
        };
        assert_eq!(
            at("2026-11-29T23:00"),
            at("2026-11-30T03:00"),
            "one night, one week"
        );
        assert_eq!(
            at("2026-12-01T03:00"),
            (49, 11, Daypart::Night),
            "one night, one month"
        );
    }

    #[test]
    fn unknown_zones_and_dates_are_refused() {
        assert_eq!(Zone::named("Europe/Nowhere"), None);
        assert_eq!(Zone::named("../etc/passwd"), None);
        for text in ["2026-02-30", "2026-1-1", "today", "2026-01-01T10:00", ""] {
            assert_eq!(LocalDate::parse(text), None, "{text}");
        }
    }
}
