//! What filling a large round costs: 2,000 visits, 1,000 shoppers, four weeks, all rules at once.
//!
//! `cargo xtask bench assign` runs it. The round is made up from one seed, so that every run has the same.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use haamu_domain::assigning::{OpenRound, PanelShopper, Plan, Preferences, UnassignedVisit, propose};
use haamu_domain::eligibility::{Candidate, Certified, FieldRules, OpenVisit, PastVisit, Point};
use haamu_domain::filling::QuotaKind;
use haamu_domain::opening::OpeningHours;
use haamu_domain::{Daypart, LocalDate, LocationId, UserId, VisitId};
use uuid::Uuid;

const VISITS: u32 = 2_000;
const LOCATIONS: u32 = 1_000;
const SHOPPERS: u32 = 1_000;
const DAYS: u32 = 28;
/// Degrees north and east, and how many of a hundred live or trade there.
const CITIES: [(f64, f64, u32); 8] = [
    (60.17, 24.94, 38),
    (61.50, 23.76, 16),
    (60.45, 22.27, 12),
    (65.01, 25.47, 10),
    (62.24, 25.75, 8),
    (60.98, 25.66, 6),
    (62.89, 27.68, 6),
    (63.10, 21.62, 4),
];

/// Numbers that look drawn by lot (Knuth's MMIX generator) and are the same each time.
struct Lot(u64);

impl Lot {
    fn below(&mut self, most: u32) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        u32::try_from((self.0 >> 33) % u64::from(most)).unwrap_or_default()
    }

    /// A point within some twenty kilometres of a city.
    fn point(&mut self) -> Point {
        let mut left = self.below(100);
        let city = CITIES.iter().find(|(.., share)| {
            let is_here = left < *share;
            left = left.saturating_sub(*share);
            is_here
        });
        let (latitude, longitude, _) = city.copied().unwrap_or(CITIES[0]);
        let mut shift = |most: f64| (f64::from(self.below(2_001)) / 1_000.0 - 1.0) * most;
        Point {
            latitude: latitude + shift(0.18),
            longitude: longitude + shift(0.36),
        }
    }
}

fn first() -> LocalDate {
    LocalDate::parse("2026-11-02").expect("a date")
}

fn rules() -> FieldRules {
    FieldRules {
        rotation_days: 60,
        spacing_days: 2,
        visits_per_day: Some(2),
        visits_per_round: Some(4),
        open_visits: Some(5),
        greatest_age: Some(75),
        languages: ["fi".to_owned()].into(),
        least_rating_tenths: Some(35),
        greatest_distance_km: Some(40),
        certification: true,
        ..FieldRules::default()
    }
}

fn user(number: u32) -> UserId {
    UserId::from_uuid(Uuid::from_u128(u128::from(number)))
}

fn visits(lot: &mut Lot) -> Vec<UnassignedVisit> {
    let hours = r#"{"weekly": {"mon": ["09:00-20:00"], "tue": ["09:00-20:00"], "wed": ["09:00-20:00"],
        "thu": ["09:00-20:00"], "fri": ["09:00-20:00"], "sat": ["10:00-18:00"]}}"#;
    let hours: OpeningHours = serde_json::from_str(hours).expect("hours");
    let points: Vec<_> = (0..LOCATIONS).map(|_| lot.point()).collect();
    let visit = |number: u32| {
        let at = number % LOCATIONS;
        UnassignedVisit {
            id: VisitId::from_uuid(Uuid::from_u128(u128::from(number))),
            open: OpenVisit {
                location: LocationId::from_uuid(Uuid::from_u128(u128::from(at))),
                point: Some(points[at as usize]),
                hours: hours.clone(),
                starts_on: first().plus_days(if number < LOCATIONS { 0 } else { DAYS / 2 }),
                visit_by: first().plus_days(if number < LOCATIONS { DAYS / 2 } else { DAYS } - 1),
                daypart: Some(Daypart::ALL[number as usize % 4]),
                other_dates: Vec::new(),
                closed_on: None,
            },
            not_before: first(),
            // Of every fourth visit somebody asked for it, and of every tenth somebody was invited.
            asked_by: number
                .is_multiple_of(4)
                .then(|| user(number * 7 % SHOPPERS))
                .into_iter()
                .collect(),
            asked_on: BTreeMap::new(),
            given_up_by: BTreeSet::new(),
            invited: number
                .is_multiple_of(10)
                .then(|| user(number * 11 % SHOPPERS))
                .into_iter()
                .collect(),
        }
    };
    (0..VISITS).map(visit).collect()
}

fn shopper(number: u32, lot: &mut Lot) -> PanelShopper {
    let past = |lot: &mut Lot| PastVisit {
        location: LocationId::from_uuid(Uuid::from_u128(u128::from(lot.below(LOCATIONS)))),
        date: first().minus_days(1 + lot.below(120)),
        is_of_programme: lot.below(2) == 0,
        is_of_round: false,
        as_companion: lot.below(5) == 0,
        is_done: true,
    };
    let candidate = Candidate {
        is_active: lot.below(20) != 0,
        born_on: Some(first().minus_days(365 * (17 + lot.below(65)))),
        languages: if lot.below(12) == 0 {
            ["sv".to_owned()].into()
        } else {
            ["fi".to_owned()].into()
        },
        qualifications: [].into(),
        qualification_ends: BTreeMap::new(),
        rating_tenths: (lot.below(4) != 0).then(|| 30 + u16::try_from(lot.below(21)).unwrap_or_default()),
        places: (0..=lot.below(2)).map(|_| lot.point()).collect(),
        has_agreement: lot.below(25) != 0,
        certified: match lot.below(10) {
            0 => Certified::No,
            _ => Certified::Always,
        },
        is_tied: lot.below(50) == 0,
        ties: (0..lot.below(3))
            .map(|_| LocationId::from_uuid(Uuid::from_u128(u128::from(lot.below(LOCATIONS)))))
            .collect(),
        visits: (0..12).map(|_| past(lot)).collect(),
    };
    PanelShopper {
        id: user(number),
        candidate,
    }
}

/// What is different about the same round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Variant {
    /// Enough shoppers, and no quotas.
    Plain,
    /// Enough shoppers, and as good as no room in the quotas.
    TightQuotas,
    /// Shoppers who together take fewer visits than there are.
    TooFewShoppers,
    /// So many days between two visits of a shopper that all depends on which.
    WideSpacing,
}

fn round(variant: Variant) -> OpenRound {
    let mut lot = Lot(7);
    let visits = visits(&mut lot);
    let shoppers = (0..SHOPPERS).map(|number| shopper(number, &mut lot)).collect();
    let quotas = [
        ("mon", 300),
        ("tue", 340),
        ("wed", 340),
        ("thu", 340),
        ("fri", 360),
        ("sat", 320),
    ];
    let quotas = quotas.map(|(day, most)| ((QuotaKind::Weekday, day.to_owned()), most));
    let mut rules = rules();
    match variant {
        Variant::Plain | Variant::TightQuotas => {}
        Variant::TooFewShoppers => rules.visits_per_round = Some(3),
        Variant::WideSpacing => {
            rules.spacing_days = 8;
            rules.visits_per_round = None;
            rules.open_visits = None;
        }
    }
    OpenRound {
        starts_on: first(),
        rules,
        quotas: if variant == Variant::TightQuotas {
            quotas.into()
        } else {
            BTreeMap::new()
        },
        taken: BTreeMap::new(),
        visits,
        shoppers,
        preferences: Preferences::default(),
    }
}

#[expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::print_stdout,
    reason = "this program is no part of the pure crate; the figures are its result"
)]
fn main() {
    let variants = [
        Variant::Plain,
        Variant::TightQuotas,
        Variant::TooFewShoppers,
        Variant::WideSpacing,
    ];
    for variant in variants {
        let round = round(variant);
        let started = Instant::now();
        let plan = propose(round, &mut |_| ());
        let seconds = started.elapsed().as_secs_f64();
        let filled = plan.assignments.len();
        println!(
            "{variant:?}: {VISITS} visits, {SHOPPERS} shoppers: {seconds:.1} s, {filled} filled ({:.1} %)",
            filled as f64 / f64::from(VISITS) * 100.0,
        );
        println!("  {}", figures(&plan));
    }
}

/// Ways, work and what keeps visits open, in one line.
fn figures(plan: &Plan) -> String {
    let mut metres: Vec<_> = plan.assignments.iter().filter_map(|one| one.metres).collect();
    metres.sort_unstable();
    let mut work: BTreeMap<_, u32> = BTreeMap::new();
    for one in &plan.assignments {
        *work.entry(one.shopper).or_default() += 1;
    }
    let mut rules: BTreeMap<_, u32> = BTreeMap::new();
    for left in &plan.unfilled {
        let first = left
            .relaxations
            .first()
            .map_or("no single rule", |one| one.code.as_str());
        *rules.entry(first).or_default() += 1;
    }
    format!(
        "median way {:.1} km, {} shoppers with {:.2} visits each (most {}), open visits by the rule that frees most: {rules:?}",
        f64::from(metres.get(metres.len() / 2).copied().unwrap_or(0)) / 1_000.0,
        work.len(),
        plan.assignments.len() as f64 / work.len().max(1) as f64,
        work.values().max().copied().unwrap_or(0),
    )
}
