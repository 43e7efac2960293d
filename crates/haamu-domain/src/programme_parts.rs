//! What belongs to a programme besides its name: the journey, standards, method, rules for fieldwork and fees.
//!
//! Each part is one document that is read and replaced as a whole, and each
//! says itself what is wrong with it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::eligibility::FieldRules;

/// The longest name or title, in characters.
const MAX_NAME: usize = 200;
/// The longest text, in characters.
const MAX_TEXT: usize = 20_000;
/// A list has at most so many entries.
const MAX_ENTRIES: usize = 200;

/// What is wrong with a part, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartProblem {
    /// The path of the field.
    pub path: String,
    /// A stable code.
    pub code: &'static str,
    /// One sentence for a person.
    pub message: String,
}

/// Gathers what is wrong.
#[derive(Debug, Default)]
struct Problems(Vec<PartProblem>);

impl Problems {
    fn add(&mut self, path: impl Into<String>, code: &'static str, message: impl Into<String>) {
        self.0.push(PartProblem {
            path: path.into(),
            code,
            message: message.into(),
        });
    }

    fn text(&mut self, path: impl Into<String>, text: &str, longest: usize) {
        let length = text.trim().chars().count();
        if length == 0 {
            self.add(path, "required", "this field is required");
        } else if length > longest {
            self.add(
                path,
                "too_long",
                format!("at most {longest} characters are allowed"),
            );
        }
    }

    fn entries<T>(&mut self, path: &str, list: &[T]) {
        if list.len() > MAX_ENTRIES {
            self.add(path, "too_many", format!("at most {MAX_ENTRIES} entries"));
        }
    }

    /// Ids that name each entry once.
    fn ids<'a>(&mut self, path: &str, ids: impl Iterator<Item = &'a str>) {
        let mut seen = BTreeSet::new();
        for (index, id) in ids.enumerate() {
            if haamu_form::Id::new(id).is_none() {
                self.add(
                    format!("{path}[{index}].id"),
                    "bad_id",
                    "an id as questions have it",
                );
            } else if !seen.insert(id) {
                self.add(
                    format!("{path}[{index}].id"),
                    "repeated",
                    "another entry has this id",
                );
            }
        }
    }
}

/// When in the journey a touchpoint comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Before buying.
    Before,
    /// While buying.
    During,
    /// After buying.
    After,
}

/// How an encounter takes place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Face to face.
    InPerson,
    /// By telephone.
    Phone,
    /// By e-mail.
    Email,
    /// In a chat.
    Chat,
    /// On a web site.
    Web,
    /// In social media.
    Social,
    /// By video.
    Video,
}

/// A point where a customer and the company meet.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Touchpoint {
    /// The id that questions are tagged with.
    pub id: String,
    /// Its name.
    pub name: String,
    /// When it comes.
    pub phase: Phase,
    /// How the encounter takes place.
    pub channel: Channel,
    /// Who answers for its quality, by name or role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// How much it matters for the outcome, by the client's judgement: 1 to 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impact: Option<u8>,
    /// Which measurement feeds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_point: Option<String>,
}

/// The touchpoints of a customer, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Journey {
    /// The touchpoints, in the order in which a customer meets them.
    pub touchpoints: Vec<Touchpoint>,
}

/// A described good behaviour of the client's staff.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EncounterStandard {
    /// The id that questions name as their `standard_id`.
    pub id: String,
    /// What success is, in one sentence.
    pub statement: String,
    /// How it shows in behaviour.
    #[serde(default)]
    pub behaviours: Vec<String>,
    /// What proves it.
    #[serde(default)]
    pub evidence: Vec<String>,
}

/// What a successful encounter is for this client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Standards {
    /// The standards.
    pub standards: Vec<EncounterStandard>,
}

/// The method, as a report and an auditor need it (ISO 20252:2019).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Method {
    /// How locations, times and scenarios are chosen.
    pub sampling: String,
    /// How shoppers are chosen and trained.
    pub fieldwork: String,
    /// The share of visits that are checked a second time, in percent.
    pub validation_percent: u8,
    /// How results are weighted, and what is left out.
    pub weighting: String,
    /// The annexes of ISO 20252 that apply, `A` to `F`.
    pub iso_20252_annexes: BTreeSet<String>,
    /// The legal basis with the balancing of interests, and who has checked it.
    pub legal_basis: String,
    /// How staff are identified; whatever is more than a role makes it an evaluation of performance.
    pub staff_identification: StaffIdentification,
}

/// How staff are identified in evaluations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum StaffIdentification {
    /// Not at all.
    #[default]
    None,
    /// By their role.
    Role,
}

/// What shoppers are paid, in cents of one currency.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Fees {
    /// ISO 4217 code.
    pub currency: String,
    /// For a visit, in cents.
    pub fee_cents: u32,
    /// What purchases are refunded up to, in cents.
    #[serde(default)]
    pub reimbursement_cap_cents: u32,
    /// For each kilometre of the way there and back, in cents.
    #[serde(default)]
    pub per_kilometre_cents: u32,
    /// What the kilometres of a visit are paid up to, in cents.
    #[serde(default)]
    pub travel_cap_cents: u32,
    /// How long a visit takes, in minutes, report included; job ads show it.
    pub minutes: u16,
    /// Whether a receipt is needed for a refund.
    #[serde(default = "yes")]
    pub receipt_required: bool,
}

const fn yes() -> bool {
    true
}

impl Journey {
    /// What is wrong.
    #[must_use]
    pub fn problems(&self) -> Vec<PartProblem> {
        let mut problems = Problems::default();
        problems.entries("touchpoints", &self.touchpoints);
        problems.ids(
            "touchpoints",
            self.touchpoints.iter().map(|point| point.id.as_str()),
        );
        for (index, point) in self.touchpoints.iter().enumerate() {
            problems.text(format!("touchpoints[{index}].name"), &point.name, MAX_NAME);
            if point.impact.is_some_and(|impact| !(1..=5).contains(&impact)) {
                problems.add(format!("touchpoints[{index}].impact"), "out_of_range", "1 to 5");
            }
        }
        let phases = self
            .touchpoints
            .windows(2)
            .position(|pair| pair[0].phase > pair[1].phase);
        if let Some(index) = phases {
            let path = format!("touchpoints[{}].phase", index + 1);
            problems.add(
                path,
                "out_of_order",
                "phases come in the order before, during, after",
            );
        }
        problems.0
    }
}

impl Standards {
    /// What is wrong.
    #[must_use]
    pub fn problems(&self) -> Vec<PartProblem> {
        let mut problems = Problems::default();
        problems.entries("standards", &self.standards);
        problems.ids(
            "standards",
            self.standards.iter().map(|standard| standard.id.as_str()),
        );
        for (index, standard) in self.standards.iter().enumerate() {
            problems.text(
                format!("standards[{index}].statement"),
                &standard.statement,
                1_000,
            );
            for (name, list) in [
                ("behaviours", &standard.behaviours),
                ("evidence", &standard.evidence),
            ] {
                let path = format!("standards[{index}].{name}");
                problems.entries(&path, list);
                for (place, text) in list.iter().enumerate() {
                    problems.text(format!("{path}[{place}]"), text, 1_000);
                }
            }
        }
        problems.0
    }
}

impl Method {
    /// What is wrong.
    #[must_use]
    pub fn problems(&self) -> Vec<PartProblem> {
        let mut problems = Problems::default();
        for (path, text) in [
            ("sampling", &self.sampling),
            ("fieldwork", &self.fieldwork),
            ("weighting", &self.weighting),
            ("legal_basis", &self.legal_basis),
        ] {
            problems.text(path, text, MAX_TEXT);
        }
        if self.validation_percent > 100 {
            problems.add("validation_percent", "out_of_range", "0 to 100");
        }
        let known = ["A", "B", "C", "D", "E", "F"];
        if self
            .iso_20252_annexes
            .iter()
            .any(|annex| !known.contains(&annex.as_str()))
        {
            problems.add("iso_20252_annexes", "unknown_value", "letters from A to F");
        }
        problems.0
    }
}

impl Fees {
    /// What is wrong.
    #[must_use]
    pub fn problems(&self) -> Vec<PartProblem> {
        let mut problems = Problems::default();
        let is_code = self.currency.len() == 3 && self.currency.bytes().all(|byte| byte.is_ascii_uppercase());
        if !is_code {
            problems.add("currency", "bad_currency", "a code of three letters such as EUR");
        }
        // A slip of the finger by a factor of a hundred is found here.
        let most = 1_000_000;
        for (path, cents) in [
            ("fee_cents", self.fee_cents),
            ("reimbursement_cap_cents", self.reimbursement_cap_cents),
            ("travel_cap_cents", self.travel_cap_cents),
        ] {
            if cents > most {
                problems.add(path, "out_of_range", format!("at most {most} cents"));
            }
        }
        if self.per_kilometre_cents > 1_000 {
            problems.add("per_kilometre_cents", "out_of_range", "at most 1000 cents");
        }
        if !(1..=24 * 60).contains(&self.minutes) {
            problems.add("minutes", "out_of_range", "1 to 1440 minutes");
        }
        problems.0
    }
}

/// What is wrong with rules for fieldwork.
#[must_use]
pub fn rule_problems(rules: &FieldRules) -> Vec<PartProblem> {
    let mut problems = Problems::default();
    for (path, days) in [
        ("rotation_days", rules.rotation_days),
        ("spacing_days", rules.spacing_days),
    ] {
        if days > 3_660 {
            problems.add(path, "out_of_range", "at most ten years");
        }
    }
    for (path, count) in [
        ("visits_per_day", rules.visits_per_day),
        ("visits_per_round", rules.visits_per_round),
        ("location_visits_per_day", Some(rules.location_visits_per_day)),
        ("open_visits", rules.open_visits),
        ("respond_hours", Some(rules.respond_hours)),
    ] {
        if count.is_some_and(|count| !(1..=1_000).contains(&count)) {
            problems.add(path, "out_of_range", "1 to 1000");
        }
    }
    for (path, days) in [
        ("remind_days", rules.remind_days),
        ("take_back_days", rules.take_back_days),
    ] {
        if days.is_some_and(|days| days > 366) {
            problems.add(path, "out_of_range", "at most 366 days");
        }
    }
    if rules
        .greatest_age
        .is_some_and(|greatest| greatest < rules.least_age)
    {
        problems.add(
            "greatest_age",
            "out_of_range",
            "the greatest age is at least the least one",
        );
    }
    if rules.least_rating_tenths.is_some_and(|rating| rating > 100) {
        problems.add("least_rating_tenths", "out_of_range", "0 to 100 tenths");
    }
    for (path, names) in [
        ("languages", &rules.languages),
        ("qualifications", &rules.qualifications),
    ] {
        if names.len() > 20 || names.iter().any(|name| haamu_form::Id::new(name).is_none()) {
            problems.add(
                path,
                "bad_name",
                "at most 20 names, written as ids of questions are",
            );
        }
    }
    problems.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(problems: Vec<PartProblem>) -> Vec<(String, &'static str)> {
        problems
            .into_iter()
            .map(|problem| (problem.path, problem.code))
            .collect()
    }

    fn said(path: &str, code: &'static str) -> (String, &'static str) {
        (path.to_owned(), code)
    }

    #[test]
    fn a_journey_has_its_touchpoints_once_and_in_order() {
        let json = r#"{"touchpoints": [
            {"id": "web", "name": "Web site", "phase": "before", "channel": "web", "impact": 4},
            {"id": "till", "name": "Till", "phase": "after", "channel": "in_person"},
            {"id": "till", "name": " ", "phase": "during", "channel": "in_person", "impact": 6}]}"#;
        let journey: Journey = serde_json::from_str(json).expect("readable");
        assert_eq!(
            codes(journey.problems()),
            [
                said("touchpoints[2].id", "repeated"),
                said("touchpoints[2].name", "required"),
                said("touchpoints[2].impact", "out_of_range"),
                said("touchpoints[2].phase", "out_of_order"),
            ]
        );
        assert_eq!(Journey::default().problems(), []);
    }

    #[test]
    fn fees_and_rules_are_held_to_what_makes_sense() {
        let fees = |json: &str| serde_json::from_str::<Fees>(json).expect("readable");
        let sound = fees(r#"{"currency": "EUR", "fee_cents": 2500, "minutes": 45}"#);
        assert_eq!((sound.problems(), sound.receipt_required), (Vec::new(), true));
        let wrong = fees(r#"{"currency": "euro", "fee_cents": 250000000, "minutes": 0}"#);
        let expected = [
            said("currency", "bad_currency"),
            said("fee_cents", "out_of_range"),
            said("minutes", "out_of_range"),
        ];
        assert_eq!(codes(wrong.problems()), expected);
        assert_eq!(rule_problems(&FieldRules::default()), []);
        let rules = FieldRules {
            greatest_age: Some(17),
            location_visits_per_day: 0,
            languages: BTreeSet::from(["two words".to_owned()]),
            ..FieldRules::default()
        };
        let expected = [
            said("location_visits_per_day", "out_of_range"),
            said("greatest_age", "out_of_range"),
            said("languages", "bad_name"),
        ];
        assert_eq!(codes(rule_problems(&rules)), expected);
    }

    #[test]
    fn a_method_says_everything_that_an_auditor_asks() {
        let problems = codes(Method::default().problems());
        let names: Vec<_> = problems.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(names, ["sampling", "fieldwork", "weighting", "legal_basis"]);
    }
}
