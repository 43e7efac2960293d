//! What stands in the way of a visit: stable words, and the day from which each would allow it.

use serde::{Deserialize, Serialize};

use crate::LocalDate;
use crate::filling::QuotaKind;

/// Why somebody may not make a visit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Obstacle {
    /// Which rule.
    pub code: ObstacleCode,
    /// The first day on which this rule would allow it, where time cures it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_from: Option<LocalDate>,
    /// What is missing or too much, such as the name of a qualification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// On how many days of the visit the rule stands in the way, where no single day was asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
}

macro_rules! obstacle_codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// A rule that somebody or a date breaks.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum ObstacleCode {
            $($(#[$doc])* $name,)*
        }

        impl ObstacleCode {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The stable word.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

obstacle_codes! {
    /// The panel does not have the person as active.
    NotActive = "not_active";
    /// The shopper agreement as it is now is not accepted.
    AgreementMissing = "agreement_missing";
    /// Nothing is known of the person's age, and the programme asks for one.
    AgeUnknown = "age_unknown";
    /// The person is too young.
    TooYoung = "too_young";
    /// The person is older than the programme wants.
    TooOld = "too_old";
    /// Briefing or certification is not passed.
    CertificationMissing = "certification_missing";
    /// A language is missing.
    LanguageMissing = "language_missing";
    /// A qualification is missing.
    QualificationMissing = "qualification_missing";
    /// The person's reports were graded too low.
    RatingTooLow = "rating_too_low";
    /// The person declared a tie to the place.
    NotIndependent = "not_independent";
    /// All places of the person are too far away.
    TooFar = "too_far";
    /// The person was there too short a time ago, or will be.
    Rotation = "rotation";
    /// The person came along to a visit there.
    RotationAsCompanion = "rotation_as_companion";
    /// Another visit of the person in the programme is too near in time.
    Spacing = "spacing";
    /// The person makes enough visits on that day.
    DayFull = "day_full";
    /// The person makes enough visits in the round.
    RoundFull = "round_full";
    /// The person has enough visits to hand in first.
    TooManyOpen = "too_many_open";
    /// Whoever comes along was there too short a time ago, or will be.
    CompanionRotation = "companion_rotation";
    /// The round has enough visits on that weekday, in that week or in that part of the day.
    QuotaFull = "quota_full";
    /// The place is closed for good.
    LocationClosed = "location_closed";
    /// The location gets enough visits on that day.
    LocationBusy = "location_busy";
    /// The date lies outside of the round.
    OutsideRound = "outside_round";
    /// The place is closed on that day, or in that part of it.
    PlaceClosed = "place_closed";
    /// The day is over at the place.
    DayOver = "day_over";
    /// Another visit in the programme, made or come along to, is too near in time for whoever comes along.
    CompanionSpacing = "companion_spacing";
    /// The panel does not have whoever comes along as active.
    CompanionNotActive = "companion_not_active";
    /// Whoever comes along is too young or too old, or their age is not known; the detail is the word for that.
    CompanionAge = "companion_age";
    /// Whoever comes along declared a tie to the place.
    CompanionNotIndependent = "companion_not_independent";
    /// The visit was made in another part of the day than it was planned for.
    OtherDaypart = "other_daypart";
    /// The programme takes no visits: it is a draft, or has ended.
    ProgrammeNotActive = "programme_not_active";
    /// The visit is not to be made any more; the detail says why.
    VisitCalledOff = "visit_called_off";
    /// The scenario of the visit is retired, or its tick-list is not complete.
    ScenarioNotReady = "scenario_not_ready";
    /// Somebody else has the visit.
    VisitTaken = "visit_taken";
    /// The evaluation of the visit has been handed in.
    HandedIn = "handed_in";
}

impl Obstacle {
    /// That the day is over; the present one is not.
    #[must_use]
    pub fn over(today: LocalDate) -> Self {
        Self {
            allowed_from: Some(today),
            ..Self::new(ObstacleCode::DayOver)
        }
    }

    /// That the person declared a tie to the place.
    #[must_use]
    pub fn not_independent() -> Self {
        Self::new(ObstacleCode::NotIndependent)
    }

    /// That the quota of a cell is full, and the first later day that falls into none of its kind that is.
    #[must_use]
    pub fn quota(kind: QuotaKind, cell: &str, allowed_from: Option<LocalDate>) -> Self {
        Self {
            allowed_from,
            ..Self::of(ObstacleCode::QuotaFull, format!("{}: {cell}", kind.as_str()))
        }
    }

    /// That nobody may make the visit as things stand, whoever and whenever it is.
    #[must_use]
    pub fn of_state(code: ObstacleCode, detail: Option<String>) -> Self {
        Self {
            detail,
            ..Self::new(code)
        }
    }

    pub(super) fn new(code: ObstacleCode) -> Self {
        Self {
            code,
            allowed_from: None,
            detail: None,
            days: None,
        }
    }

    pub(super) fn until(code: ObstacleCode, allowed_from: LocalDate) -> Self {
        Self {
            allowed_from: Some(allowed_from),
            ..Self::new(code)
        }
    }

    pub(super) fn of(code: ObstacleCode, detail: impl Into<String>) -> Self {
        Self {
            detail: Some(detail.into()),
            ..Self::new(code)
        }
    }
}
