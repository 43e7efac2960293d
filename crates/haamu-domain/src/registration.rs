//! Shoppers who register by themselves: on what conditions, and what becomes of a registration.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::{LocalDate, TransitionError};

/// Nobody younger registers anywhere: from this age on, work of the kind is allowed to the young at all.
const YOUNGEST: u8 = 15;
/// The oldest least age that makes sense.
const OLDEST: u8 = 99;
/// Conditions name at most so many languages.
const MAX_LANGUAGES: usize = 50;
/// The longest text of conditions, in characters.
const LONGEST_WORDS: usize = 5_000;
/// The length of an agency's name in addresses, in characters.
const SLUG_LENGTH: std::ops::RangeInclusive<usize> = 3..=60;
/// Nobody takes more registrations on one day.
const MOST_PER_DAY: u32 = 100_000;

/// Who lets people in who have registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Approval {
    /// Nobody: whoever meets the conditions and shows that the address is theirs is in.
    Automatic,
    /// The agency's staff.
    ByStaff,
}

impl Approval {
    /// The name in JSON and SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Automatic => "automatic",
            Self::ByStaff => "by_staff",
        }
    }

    /// What a name means.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Automatic, Self::ByStaff]
            .into_iter()
            .find(|one| one.as_str() == name)
    }
}

/// On what conditions an agency takes registrations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conditions {
    /// Whether it takes any.
    pub is_open: bool,
    /// The agency's name in addresses, besides its id.
    pub slug: Option<String>,
    /// Who lets people in.
    pub approval: Approval,
    /// The least age in years. Programmes ask for theirs when visits are given.
    pub least_age: u8,
    /// Languages of which a shopper speaks one at least, by their tags; none: any.
    pub languages: BTreeSet<String>,
    /// What people are told who want to register, by language.
    pub words: BTreeMap<String, String>,
    /// How many registrations it takes on one day.
    pub per_day: u32,
}

impl Default for Conditions {
    fn default() -> Self {
        Self {
            is_open: false,
            slug: None,
            approval: Approval::ByStaff,
            least_age: 18,
            languages: BTreeSet::new(),
            words: BTreeMap::new(),
            per_day: 200,
        }
    }
}

/// What is wrong with a field: its path, a stable code, and a sentence.
pub type FieldProblem = (String, &'static str, String);

impl Conditions {
    /// What is wrong with the conditions.
    #[must_use]
    pub fn problems(&self) -> Vec<FieldProblem> {
        let mut found = Vec::new();
        let mut problem = |path: &str, code, message: &str| {
            found.push((path.to_owned(), code, message.to_owned()));
        };
        if self.slug.as_deref().is_some_and(|slug| !is_slug(slug)) {
            let message = "3 to 60 of the characters a-z, 0-9 and -, which is neither first nor last; no id";
            problem("slug", "bad_name", message);
        }
        if !(YOUNGEST..=OLDEST).contains(&self.least_age) {
            problem("least_age", "out_of_range", "between 15 and 99 years");
        }
        let is_tag = |tag: &String| haamu_form::Id::new(tag).is_some();
        if self.languages.len() > MAX_LANGUAGES || !self.languages.iter().all(is_tag) {
            problem("languages", "bad_name", "at most 50 tags of languages");
        }
        for (language, words) in &self.words {
            let path = format!("words.{language}");
            let known = haamu_form::Language::from_tag(language);
            if known.is_none_or(|known| known.tag() != language) {
                problem(&path, "unknown_value", "fi, sv or en");
            }
            let length = words.trim().chars().count();
            if length == 0 || length > LONGEST_WORDS {
                problem(&path, "out_of_range", "between 1 and 5000 characters");
            }
        }
        if !(1..=MOST_PER_DAY).contains(&self.per_day) {
            problem("per_day", "out_of_range", "between 1 and 100000 registrations");
        }
        found
    }

    /// Why these conditions keep somebody out on a day.
    #[must_use]
    pub fn objections(
        &self,
        born_on: LocalDate,
        languages: &BTreeSet<String>,
        today: LocalDate,
    ) -> Vec<FieldProblem> {
        let mut found = Vec::new();
        if born_on.years_until(today) < i16::from(self.least_age) {
            let from = born_on.plus_years(self.least_age);
            let message = format!(
                "the least age is {}; you may register from {from} on",
                self.least_age
            );
            found.push(("born_on".to_owned(), "too_young", message));
        }
        if !self.languages.is_empty() && self.languages.is_disjoint(languages) {
            let wanted: Vec<_> = self.languages.iter().map(String::as_str).collect();
            let message = format!("one of {} is needed", wanted.join(", "));
            found.push(("languages".to_owned(), "language_missing", message));
        }
        found
    }
}

/// Whether a text can name an agency in addresses. What reads as an id cannot: it might be another agency's.
fn is_slug(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    SLUG_LENGTH.contains(&text.len())
        && text.chars().all(is_plain)
        && !text.starts_with('-')
        && !text.ends_with('-')
        && Uuid::parse_str(text).is_err()
}

/// What has become of a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RegistrationState {
    /// The person has not shown that the address is theirs.
    Unverified,
    /// Staff have not decided.
    Waiting,
    /// The person is a shopper of the agency.
    Approved,
    /// Staff have declined it.
    Declined,
}

/// What happens to a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegistrationEvent {
    /// The person shows that the address is theirs, and staff are to decide.
    Verify,
    /// The person shows that the address is theirs, and is let in.
    Admit,
    /// Staff let the person in.
    Approve,
    /// Staff decline.
    Decline,
}

impl RegistrationState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Unverified, Self::Waiting, Self::Approved, Self::Declined];

    /// The name in JSON and SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unverified => "unverified",
            Self::Waiting => "waiting",
            Self::Approved => "approved",
            Self::Declined => "declined",
        }
    }

    /// What a name means.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// The state after an event.
    ///
    /// # Errors
    /// [`TransitionError`] where the diagram has no such edge.
    pub const fn after(self, event: RegistrationEvent) -> Result<Self, TransitionError> {
        use RegistrationEvent as E;
        Ok(match (self, event) {
            (Self::Unverified, E::Verify) => Self::Waiting,
            (Self::Unverified, E::Admit) | (Self::Waiting, E::Approve) => Self::Approved,
            (Self::Waiting, E::Decline) => Self::Declined,
            _ => {
                return Err(TransitionError {
                    state: self.as_str(),
                    event: event.as_str(),
                });
            }
        })
    }
}

impl RegistrationEvent {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Verify, Self::Admit, Self::Approve, Self::Decline];

    /// The name in problems.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Admit => "admit",
            Self::Approve => "approve",
            Self::Decline => "decline",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> LocalDate {
        LocalDate::parse(text).expect("a date")
    }

    fn names(of: &[&str]) -> BTreeSet<String> {
        of.iter().map(|name| (*name).to_owned()).collect()
    }

    fn paths(conditions: &Conditions) -> Vec<String> {
        conditions.problems().into_iter().map(|(path, ..)| path).collect()
    }

    #[test]
    fn nobody_is_in_who_has_not_shown_the_address_to_be_theirs() {
        use RegistrationState as S;
        for state in S::ALL {
            for event in RegistrationEvent::ALL {
                let expected = match (state, event) {
                    (S::Unverified, RegistrationEvent::Verify) => Some(S::Waiting),
                    (S::Unverified, RegistrationEvent::Admit) | (S::Waiting, RegistrationEvent::Approve) => {
                        Some(S::Approved)
                    }
                    (S::Waiting, RegistrationEvent::Decline) => Some(S::Declined),
                    _ => None,
                };
                assert_eq!(state.after(event).ok(), expected, "{state:?} {event:?}");
            }
            assert_eq!(S::from_name(state.as_str()), Some(state));
        }
    }

    #[test]
    fn on_the_birthday_somebody_is_old_enough() {
        let conditions = Conditions::default();
        let codes = |today: &str| {
            let found = conditions.objections(day("2008-11-29"), &names(&[]), day(today));
            found.into_iter().map(|(_, code, _)| code).collect::<Vec<_>>()
        };
        assert_eq!(codes("2026-11-28"), ["too_young"]);
        assert!(codes("2026-11-29").is_empty());
        let told = conditions.objections(day("2010-02-28"), &names(&[]), day("2026-11-28"));
        assert!(told[0].2.contains("2028-02-28"), "{told:?}");
    }

    #[test]
    fn one_of_the_languages_is_enough() {
        let conditions = Conditions {
            languages: names(&["fi", "sv"]),
            ..Conditions::default()
        };
        let is_well = |spoken: &[&str]| {
            let found = conditions.objections(day("1990-01-01"), &names(spoken), day("2026-11-29"));
            found.is_empty()
        };
        assert!(is_well(&["sv", "de"]) && !is_well(&["de"]) && !is_well(&[]));
    }

    #[test]
    fn conditions_are_checked_field_by_field() {
        assert!(paths(&Conditions::default()).is_empty());
        let wrong = Conditions {
            slug: Some("Haamu Oy".to_owned()),
            least_age: 14,
            languages: names(&["two words"]),
            words: BTreeMap::from([
                ("de".to_owned(), "Guten Tag".to_owned()),
                ("fi".to_owned(), " ".to_owned()),
                ("sv-FI".to_owned(), "Hej".to_owned()),
            ]),
            per_day: 0,
            ..Conditions::default()
        };
        let expected = [
            "slug",
            "least_age",
            "languages",
            "words.de",
            "words.fi",
            "words.sv-FI",
            "per_day",
        ];
        assert_eq!(paths(&wrong), expected);
    }

    #[test]
    fn what_reads_as_an_id_names_no_agency() {
        for slug in ["haamu", "haamu-oy", "a-1", "2026"] {
            assert!(is_slug(slug), "{slug}");
        }
        let id = "0198f1c2-a400-7000-8000-000000000000";
        for slug in [
            "",
            "ab",
            "-haamu",
            "haamu-",
            "Haamu",
            "hää",
            id,
            &id.replace('-', ""),
        ] {
            assert!(!is_slug(slug), "{slug}");
        }
    }
}
