//! Times that no longer tell who served: the week and the part of the day are left of them.

use std::collections::{BTreeMap, BTreeSet};

use haamu_form::LocalDateTime;
use haamu_sync::Hlc;

use crate::{Daypart, LocalDate, Timestamp, Zone};

/// The minute at which a part of the day begins in what stands for it.
const fn minute_of(part: Daypart) -> u16 {
    part.minutes().0
}

/// The day that stands for all days of its week: Monday, or the first of the month where the month changes in
/// between, for reports about small teams name the month.
fn day_of_week(date: LocalDate) -> LocalDate {
    let monday = date.minus_days(date.weekday() as u32);
    monday.max(date.first_of_month())
}

/// A moment that stands for all of its week and part of the day, in the zone of its place.
#[must_use]
pub fn coarse_moment(moment: Timestamp, zone: &Zone) -> Timestamp {
    let local = zone.local_minute(moment);
    let minute = minute_of(local.daypart());
    zone.moment_at(day_of_week(local.business_date()), minute)
}

/// The same of a local time that was given as an answer, as `2026-11-16T11:00`.
#[must_use]
pub fn coarse_local(local: LocalDateTime, zone: &Zone) -> String {
    let moment = coarse_moment(zone.moment_of(local), zone);
    let coarse = zone.local_minute(moment);
    format!(
        "{}T{:02}:{:02}",
        coarse.date,
        coarse.minute / 60,
        coarse.minute % 60
    )
}

/// The stamps of a submission's operations, made coarse without changing their order.
#[derive(Clone, Debug, Default)]
pub struct CoarseStamps(BTreeMap<Hlc, Hlc>);

impl CoarseStamps {
    /// For these stamps, all that the submission has.
    #[must_use]
    pub fn of(stamps: BTreeSet<Hlc>, zone: &Zone) -> Self {
        let mut last = 0;
        let mut coarse = BTreeMap::new();
        for stamp in stamps {
            let moment = Timestamp::from_millis(i64::try_from(stamp.millis()).unwrap_or(i64::MAX));
            let start = Hlc::at(coarse_moment(moment, zone).sync_millis()).bits();
            last = start.max(last + 1);
            coarse.insert(stamp, Hlc::from_bits(last));
        }
        Self(coarse)
    }

    /// What stands for a stamp; one that is not known stays as it is.
    #[must_use]
    pub fn get(&self, stamp: Hlc) -> Hlc {
        self.0.get(&stamp).copied().unwrap_or(stamp)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn helsinki() -> Zone {
        Zone::named("Europe/Helsinki").expect("a zone")
    }

    proptest! {
        #[test]
        fn a_coarse_moment_says_the_same_as_the_exact_one_and_no_more(millis in 631_152_000_000_i64..2_840_140_800_000) {
            let (zone, moment) = (helsinki(), Timestamp::from_millis(millis));
            let coarse = coarse_moment(moment, &zone);
            prop_assert_eq!(zone.coarse(coarse), zone.coarse(moment));
            prop_assert_eq!(coarse_moment(coarse, &zone), coarse);
        }

        #[test]
        fn coarse_stamps_keep_their_order(millis in proptest::collection::btree_set(1_700_000_000_000_u64..1_700_900_000_000, 1..40)) {
            let stamps: BTreeSet<Hlc> = millis.iter().flat_map(|millis| [Hlc::at(*millis), Hlc::at(*millis).successor()]).collect();
            let coarse = CoarseStamps::of(stamps.clone(), &helsinki());
            let after: Vec<Hlc> = stamps.iter().map(|stamp| coarse.get(*stamp)).collect();
            prop_assert!(after.windows(2).all(|pair| pair[0] < pair[1]));
        }
    }

    #[test]
    fn the_month_stays_where_it_changes_within_a_week() {
        let zone = helsinki();
        let local = LocalDateTime::parse("2026-10-01T12:34").expect("a local time");
        assert_eq!(coarse_local(local, &zone), "2026-10-01T11:00");
        let local = LocalDateTime::parse("2026-11-20T02:10").expect("a local time");
        assert_eq!(coarse_local(local, &zone), "2026-11-16T22:00");
    }
}
