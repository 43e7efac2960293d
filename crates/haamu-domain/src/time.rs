//! Moments, the zones of places, and times made coarse.

use std::fmt;

use haamu_form::LocalDateTime;
use jiff::civil::{Date, DateTime};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};

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

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weekday {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

impl Weekday {
    /// All of them, from Monday.
    pub const ALL: [Self; 7] = [
        Self::Mon,
        Self::Tue,
        Self::Wed,
        Self::Thu,
        Self::Fri,
        Self::Sat,
        Self::Sun,
    ];

    /// The name in documents.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mon => "mon",
            Self::Tue => "tue",
            Self::Wed => "wed",
            Self::Thu => "thu",
            Self::Fri => "fri",
            Self::Sat => "sat",
            Self::Sun => "sun",
        }
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

    /// The week and daypart of a moment.
    #[must_use]
    pub fn coarse(&self, moment: Timestamp) -> CoarseTime {
        let civil = self.civil(moment);
        let week = civil.date().iso_week_date();
        CoarseTime {
            year: week.year(),
            week: week.week(),
            month_year: civil.year(),
            month: civil.month(),
            daypart: Daypart::of_hour(civil.hour()),
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

/// A part of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Daypart {
    /// 6 to 11.
    Morning,
    /// 11 to 14.
    Midday,
    /// 14 to 17.
    Afternoon,
    /// 17 to 22.
    Evening,
    /// 22 to 6.
    Night,
}

impl Daypart {
    const fn of_hour(hour: i8) -> Self {
        match hour {
            6..11 => Self::Morning,
            11..14 => Self::Midday,
            14..17 => Self::Afternoon,
            17..22 => Self::Evening,
            _ => Self::Night,
        }
    }

    /// All of them, from the morning.
    pub const ALL: [Self; 5] = [
        Self::Morning,
        Self::Midday,
        Self::Afternoon,
        Self::Evening,
        Self::Night,
    ];

    /// The minutes of the day from which and until which it lasts; the night until its midnight, from 22.
    #[must_use]
    pub const fn minutes(self) -> (u16, u16) {
        match self {
            Self::Morning => (6 * 60, 11 * 60),
            Self::Midday => (11 * 60, 14 * 60),
            Self::Afternoon => (14 * 60, 17 * 60),
            Self::Evening => (17 * 60, 22 * 60),
            Self::Night => (22 * 60, 30 * 60),
        }
    }

    /// The name in documents.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Morning => "morning",
            Self::Midday => "midday",
            Self::Afternoon => "afternoon",
            Self::Evening => "evening",
            Self::Night => "night",
        }
    }

    /// The one with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.as_str() == name)
    }
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
    fn unknown_zones_and_dates_are_refused() {
        assert_eq!(Zone::named("Europe/Nowhere"), None);
        assert_eq!(Zone::named("../etc/passwd"), None);
        for text in ["2026-02-30", "2026-1-1", "today", "2026-01-01T10:00", ""] {
            assert_eq!(LocalDate::parse(text), None, "{text}");
        }
    }
}
