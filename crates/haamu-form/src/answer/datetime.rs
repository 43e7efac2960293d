//! Local dates and times, as a shopper reads them off a clock.

use std::fmt;

/// A local date and time without a zone, to the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalDateTime {
    year: i16,
    month: i8,
    day: i8,
    hour: i8,
    minute: i8,
    second: i8,
}

impl LocalDateTime {
    /// Reads `2026-03-14T15:05`, with or without seconds.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (date, time) = text.split_once('T')?;
        let mut date = date.split('-');
        let year: i16 = part(date.next()?, 4)?;
        let (month, day) = (part(date.next()?, 2)?, part(date.next()?, 2)?);
        let mut time = time.split(':');
        let (hour, minute) = (part(time.next()?, 2)?, part(time.next()?, 2)?);
        let second = time.next().map_or(Some(0), |text| {
            // A fraction of a second is allowed and dropped.
            let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
            let is_sound = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
            if is_sound { part(whole, 2) } else { None }
        })?;
        let is_sound = date.next().is_none()
            && time.next().is_none()
            && (1..=12).contains(&month)
            && (1..=days_in_month(year, month)).contains(&day)
            && hour < 24
            && minute < 60
            && second < 60;
        is_sound.then_some(Self {
            year,
            month,
            day,
            hour,
            minute,
            second,
        })
    }

    /// The seconds since the first moment of the year 0 on a clock that is never put forward or back.
    pub(crate) fn seconds(self) -> i64 {
        // Years are counted from March, so that the leap day is the last of a year.
        let (month, year) = (i64::from(self.month), i64::from(self.year));
        let (year, month) = if month > 2 {
            (year, month - 3)
        } else {
            (year - 1, month + 9)
        };
        let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
        let days = year * 365 + leap_days + (153 * month + 2) / 5 + i64::from(self.day);
        let hours = days * 24 + i64::from(self.hour);
        (hours * 60 + i64::from(self.minute)) * 60 + i64::from(self.second)
    }

    /// The weekday as conditions name it, `mon` to `sun`.
    pub(crate) fn weekday(self) -> &'static str {
        // The day before the first of March of the year 0 was a Tuesday.
        let days = self.seconds().div_euclid(24 * 60 * 60);
        let place = usize::try_from((days + 1).rem_euclid(7)).unwrap_or(0);
        super::Context::WEEKDAYS[place]
    }

    /// The year.
    #[must_use]
    pub const fn year(self) -> i16 {
        self.year
    }

    /// The month, 1 to 12.
    #[must_use]
    pub const fn month(self) -> i8 {
        self.month
    }

    /// The day of the month, from 1.
    #[must_use]
    pub const fn day(self) -> i8 {
        self.day
    }

    /// The hour, 0 to 23.
    #[must_use]
    pub const fn hour(self) -> i8 {
        self.hour
    }

    /// The minute, 0 to 59.
    #[must_use]
    pub const fn minute(self) -> i8 {
        self.minute
    }

    /// The second, 0 to 59.
    #[must_use]
    pub const fn second(self) -> i8 {
        self.second
    }
}

impl fmt::Display for LocalDateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            year,
            month,
            day,
            hour,
            minute,
            second,
        } = self;
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
        )
    }
}

/// A number of exactly `digits` digits.
fn part<T: std::str::FromStr>(text: &str, digits: usize) -> Option<T> {
    let is_number = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

const fn days_in_month(year: i16, month: i8) -> i8 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_times_are_read_and_ordered() {
        let early = LocalDateTime::parse("2024-02-29T23:59").expect("a leap day");
        let late = LocalDateTime::parse("2024-03-01T00:00:01.5").expect("with seconds");
        assert!(early < late);
        assert_eq!(late.to_string(), "2024-03-01T00:00:01");
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "2023-02-29T10:00",
            "2023-02-28",
            "2023-02-28T24:00",
            "2023-2-28T10:00",
            "2023-02-28T10:00Z",
            "2023-02-28T10:00+02:00",
            "2023-02-28 10:00",
            "2023-02-28T10:00:00.",
            "2023-02-28T10:00:00:00",
            "-023-02-28T10:00",
            "",
        ] {
            assert_eq!(LocalDateTime::parse(text), None, "{text}");
        }
    }
}
