//! Filling a round at once: who makes which visit on which day, under all rules.
//!
//! [`propose`] is given the visits that nobody has, the panel, the rules and
//! the quotas of a round, and proposes a plan. Every rule is asked of the
//! functions of [`crate::eligibility`] that offers are checked with; what they
//! say is kept for each person and day as a set of codes, and asked again only
//! where a new assignment can change it. So no assignment of a plan is refused
//! by a rule, in whatever order the plan is carried out: rotation and spacing
//! look both ways, and caps and quotas only ever fill up.
//!
//! First the plan is filled: the visit with the fewest shoppers left comes
//! first, and among those the one that loses most if its best shopper goes
//! elsewhere (regret). Then chains of moves make room for what found none, as
//! augmenting paths do in a matching. Whoever asked for a visit, or was invited
//! to it, costs less there than others, but never keeps a visit from being
//! filled. Then visits move to, and change places
//! with, shoppers who are nearer, better graded or have less to do. At last
//! each visit that is still open is told which single rule keeps it so, or
//! which rules together. Nobody is given a visit that they had and gave up.
//!
//! A matching of minimum cost (Kuhn and Munkres, as in the crate
//! `pathfinding`, or a flow) is no part of this. It knows one visit to a
//! person, or so many, but neither days between visits nor quotas that all
//! share, and would cost the cube of the number of visits for a start that the
//! rules then take apart: choosing shoppers and days at once is hard in the
//! strict sense, as it contains three-dimensional matching. What is proposed
//! is therefore good and not always the best; tests hold it against all plans
//! of small rounds.
//!
//! The same round gives the same plan: nothing is drawn by lot.

mod chains;
mod codes;
mod explain;
mod improve;
mod insert;
mod parts;
mod quota;
mod state;
mod wishes;

use std::collections::{BTreeMap, BTreeSet};

use crate::eligibility::{Candidate, FieldRules, ObstacleCode, OpenVisit};
use crate::filling::QuotaKind;
use crate::names::names;
use crate::{LocalDate, UserId, VisitId};

use state::State;

/// A visit that nobody has.
#[derive(Clone, Debug)]
pub struct UnassignedVisit {
    /// Which.
    pub id: VisitId,
    /// What is planned of it. All visits to one location have the same `other_dates`.
    pub open: OpenVisit,
    /// The first day on which it can still be made: today, at the place.
    pub not_before: LocalDate,
    /// Who asked for it.
    pub asked_by: BTreeSet<UserId>,
    /// On which day they would go, where they named one. If it is theirs, it is on that day, as long as rules and the
    /// rest of the plan leave that day free.
    pub asked_on: BTreeMap<UserId, LocalDate>,
    /// Who was asked whether they want it, and has not answered.
    pub invited: BTreeSet<UserId>,
    /// Who was given it before and declined it, gave it back, could not do it or did not answer, was invited and does
    /// not want it, or was refused it, and has not asked for it since. It is not for them.
    pub given_up_by: BTreeSet<UserId>,
}

/// Somebody of the panel.
#[derive(Clone, Debug)]
pub struct PanelShopper {
    /// Who.
    pub id: UserId,
    /// As the rules see them.
    pub candidate: Candidate,
}

/// What a good plan is, in metres of way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preferences {
    /// Each visit that a shopper has in the round or to hand in already weighs as much as so many metres more.
    pub metres_per_visit: u32,
    /// Each tenth of a grade below the best shopper's weighs as much.
    pub metres_per_rating_tenth: u32,
    /// How far away somebody counts as of whom no place is known.
    pub unknown_metres: u32,
    /// Where shoppers asked for a visit or were invited to it, whoever did not counts as so many metres farther away:
    /// an applicant is preferred to anybody who is not nearer by more than that, grades and load being alike.
    pub metres_unasked: u32,
    /// The same of those who were invited, beside applicants and others. It is less than
    /// [`Preferences::metres_unasked`].
    pub metres_invited: u32,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            metres_per_visit: 5_000,
            metres_per_rating_tenth: 200,
            unknown_metres: 50_000,
            metres_unasked: 20_000,
            metres_invited: 10_000,
        }
    }
}

/// A round to be filled.
#[derive(Clone, Debug)]
pub struct OpenRound {
    /// Its first day, from which its weeks are counted.
    pub starts_on: LocalDate,
    /// The rules of its programme.
    pub rules: FieldRules,
    /// How many visits cells of its quotas take.
    pub quotas: BTreeMap<(QuotaKind, String), u32>,
    /// How many they have.
    pub taken: BTreeMap<(QuotaKind, String), u32>,
    /// The visits that nobody has.
    pub visits: Vec<UnassignedVisit>,
    /// Who might make them.
    pub shoppers: Vec<PanelShopper>,
    /// What a good plan is.
    pub preferences: Preferences,
}

/// One visit of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ProposedVisit {
    /// Which.
    pub visit: VisitId,
    /// Who makes it.
    pub shopper: UserId,
    /// On which day.
    pub date: LocalDate,
    /// How far it lies from the nearest of the shopper's places, in metres, where both are known.
    pub metres: Option<u32>,
}

/// A rule, and how many shoppers it alone keeps from a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Relaxation {
    /// Which rule.
    pub code: ObstacleCode,
    /// How many shoppers could make the visit on some day if this rule did not hold for it, the rest of the
    /// plan being as it is.
    pub shoppers: u32,
}

/// Rules that keep shoppers from a visit together, each of whom breaks all of them.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Combination {
    /// Which rules.
    pub codes: Vec<ObstacleCode>,
    /// How many shoppers could make the visit on some day if none of these rules held for it, the rest of the plan
    /// being as it is.
    pub shoppers: u32,
}

names! {
    /// Why a visit is planned for nobody, whatever the rules say.
    UnplannedReason {
        /// Its scenario is out of use.
        ScenarioRetired = "scenario_retired",
        /// Not all of its scenario's ethics are ticked.
        ScenarioNotReady = "scenario_not_ready",
    }
}

/// A visit that the plan leaves open. What is not there of a plan from before it was kept, is not known.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct UnfilledVisit {
    /// Which.
    pub visit: VisitId,
    /// The rules of which one, if it did not hold, would fill it, whichever frees most first.
    pub relaxations: Vec<Relaxation>,
    /// Where no rule alone keeps it open: the fewest rules that would have to be relaxed together, whichever free most
    /// first. None: no day is left, or there is nobody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub combinations: Vec<Combination>,
    /// How many shoppers could make it by all rules and were not asked, as they gave it up before.
    #[serde(default)]
    pub gave_up: u32,
    /// Why nobody was looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<UnplannedReason>,
}

/// A proposed plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Who makes which visit, in the order of the visits that were given.
    pub assignments: Vec<ProposedVisit>,
    /// Visits that found nobody.
    pub unfilled: Vec<UnfilledVisit>,
}

/// Proposes a plan for a round. `progress` is told how much is done, in thousandths, each time it has become more.
#[must_use]
pub fn propose(round: OpenRound, progress: &mut dyn FnMut(u16)) -> Plan {
    let mut told = 0;
    let mut tell = |from: u16, most: u16, done: usize, of: usize| {
        let now = from + share(done, of, most);
        if now > told {
            told = now;
            progress(now);
        }
    };
    let mut state = State::new(round);
    insert::fill(&mut state, &mut |done, of| tell(50, 450, done, of));
    chains::make_room(&mut state, &mut |done, of| tell(500, 250, done, of));
    improve::improve(&mut state, &mut |done, of| tell(750, 150, done, of));
    let unfilled = explain::explain(&mut state, &mut |done, of| tell(900, 99, done, of));
    let assignments = state.assignments();
    tell(1_000, 0, 1, 1);
    Plan {
        assignments,
        unfilled,
    }
}

/// What so much of a whole is in thousandths, where all of it is `most`.
fn share(done: usize, of: usize, most: u16) -> u16 {
    let part = done.min(of) * usize::from(most) / of.max(1);
    u16::try_from(part).unwrap_or(most)
}

#[cfg(test)]
mod tests;
