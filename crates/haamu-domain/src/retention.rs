//! How long data lives: classes with their periods, when a night's purge runs, and what it takes away.
//!
//! A class has a period in days. What happened on one day is deleted in the night after so many whole days have
//! passed. Scores, and answers that are nobody's data, live as long as their programme: they have no class here.

mod coarse;
mod content;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{LocalDate, Timestamp, Zone};

pub use coarse::{CoarseStamps, coarse_local, coarse_moment};
pub use content::{Commit, class_of_register, redact_action, redact_cell};

/// Minutes after midnight at which a purge begins: when clocks are put forward, that time is there as well.
const PURGE_MINUTE: i64 = 150;

macro_rules! classes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $days:literal, $least:literal..=$most:literal;)*) => {
        /// A class of data that lives for a time.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum PurgeClass {
            $($(#[$doc])* $name,)*
        }

        impl PurgeClass {
            /// All of them, in the order in which a night goes through them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The name in documents.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }

            /// For how many days it lives where an agency has set nothing else.
            #[must_use]
            pub const fn usual_days(self) -> u32 {
                match self {
                    $(Self::$name => $days,)*
                }
            }

            /// The fewest and the most days that an agency may set.
            #[must_use]
            pub const fn range(self) -> (u32, u32) {
                match self {
                    $(Self::$name => ($least, $most),)*
                }
            }
        }
    };
}

classes! {
    /// Photos, recordings and other files that are testimony, from the visit on.
    Photo = "photo", 365, 30..=1_826;
    /// Words of shoppers and reviewers, from the visit on.
    Narrative = "narrative", 365, 30..=1_826;
    /// Exact times and what tells who served, from the visit on.
    StaffData = "staff_data", 90, 7..=365;
    /// Answers that concern the shopper, from the visit on.
    ShopperData = "shopper_data", 730, 90..=1_826;
    /// Receipts and amounts that payments rest on, from the visit on; accounts are kept for six years.
    Voucher = "voucher", 2_192, 365..=4_018;
    /// What is known of a shopper, from their last activity on.
    ShopperProfile = "shopper_profile", 730, 90..=1_826;
    /// Background jobs that are done or were given up, from then on.
    Job = "job", 30, 1..=365;
    /// Mails that were sent or given up, from then on.
    Mail = "mail", 90, 1..=365;
    /// Sessions, invitations, and what was asked for in signing in, from when it ran out or was over.
    Access = "access", 90, 7..=730;
    /// Entries of the audit trail and of the purge log, from then on.
    Audit = "audit", 2_192, 365..=4_018;
}

impl PurgeClass {
    /// The class of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|class| class.as_str() == name)
    }

    /// Whether it is a part of submissions, whose age is that of the visit.
    #[must_use]
    pub const fn is_of_submission(self) -> bool {
        matches!(
            self,
            Self::Photo | Self::Narrative | Self::StaffData | Self::ShopperData | Self::Voucher
        )
    }
}

/// For how many days an agency keeps each class.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retention(BTreeMap<PurgeClass, u32>);

impl Retention {
    /// The usual periods, but for those that an agency has set. What lies out of range now is drawn to its end.
    #[must_use]
    pub fn of(set: impl IntoIterator<Item = (PurgeClass, u32)>) -> Self {
        let within = |(class, days): (PurgeClass, u32)| {
            let (least, most) = class.range();
            (class, days.clamp(least, most))
        };
        Self(set.into_iter().map(within).collect())
    }

    /// For how many days a class is kept.
    #[must_use]
    pub fn days(&self, class: PurgeClass) -> u32 {
        self.0.get(&class).copied().unwrap_or_else(|| class.usual_days())
    }

    /// On a date, what of a class happened before this moment is to be deleted.
    #[must_use]
    pub fn kept_from(&self, class: PurgeClass, today: LocalDate, zone: &Zone) -> Timestamp {
        zone.start_of(today.minus_days(self.days(class)))
    }
}

/// When the purge of a date begins.
#[must_use]
pub fn purge_time(date: LocalDate, zone: &Zone) -> Timestamp {
    zone.start_of(date).plus_seconds(PURGE_MINUTE * 60)
}

/// The first purge after a moment: its date, and when it begins.
#[must_use]
pub fn next_purge(now: Timestamp, zone: &Zone) -> (LocalDate, Timestamp) {
    let today = zone.date_of(now);
    let date = if purge_time(today, zone) > now {
        today
    } else {
        today.plus_days(1)
    };
    (date, purge_time(date, zone))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn zones() -> impl Strategy<Value = Zone> {
        let names = ["Europe/Helsinki", "UTC", "America/St_Johns", "Pacific/Auckland"];
        proptest::sample::select(names.to_vec()).prop_map(|name| Zone::named(name).expect("a zone"))
    }

    fn moments() -> impl Strategy<Value = Timestamp> {
        // From 1990 to 2060.
        (631_152_000_000_i64..2_840_140_800_000).prop_map(Timestamp::from_millis)
    }

    proptest! {
        #[test]
        fn what_happened_is_kept_for_its_days_and_not_for_a_day_more(
            zone in zones(), happened in moments(), class in proptest::sample::select(PurgeClass::ALL.to_vec()),
            days in 1_u32..4_500,
        ) {
            let retention = Retention::of([(class, days)]);
            let days = retention.days(class);
            let day = zone.date_of(happened);
            let is_due = |today| happened < retention.kept_from(class, today, &zone);
            prop_assert!(!is_due(day));
            prop_assert!(!is_due(day.plus_days(days)));
            prop_assert!(is_due(day.plus_days(days + 1)));
            prop_assert!(is_due(day.plus_days(days + 400)));
        }

        #[test]
        fn a_longer_period_never_deletes_more(
            zone in zones(), today in moments(), class in proptest::sample::select(PurgeClass::ALL.to_vec()),
            days in 1_u32..4_500, more in 0_u32..500,
        ) {
            let today = zone.date_of(today);
            let kept_from = |days| Retention::of([(class, days)]).kept_from(class, today, &zone);
            prop_assert!(kept_from(days + more) <= kept_from(days));
        }

        #[test]
        fn the_next_purge_lies_ahead_by_a_day_at_most(zone in zones(), now in moments()) {
            let (date, at) = next_purge(now, &zone);
            prop_assert!(at > now);
            prop_assert!(at.millis() - now.millis() <= 26 * 3_600_000);
            prop_assert_eq!(zone.date_of(at), date);
            // The run of a date plans the one of the next date.
            let (after, _) = next_purge(at, &zone);
            prop_assert_eq!(after, date.plus_days(1));
        }
    }

    #[test]
    fn usual_periods_lie_in_their_ranges() {
        for class in PurgeClass::ALL {
            let (least, most) = class.range();
            assert!((least..=most).contains(&class.usual_days()), "{}", class.as_str());
            assert_eq!(PurgeClass::from_name(class.as_str()), Some(*class));
        }
    }
}
