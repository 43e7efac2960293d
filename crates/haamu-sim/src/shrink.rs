//! Finding the shortest part of a plan that still fails.

use std::collections::BTreeSet;

use crate::ledger::Invariant;
use crate::plan::{Plan, Step};
use crate::world::Outcome;

/// The plan with as few steps and faults as still break one of the invariants that it breaks.
///
/// Steps are left out in ever smaller pieces, and what is left still fails in the
/// same way. `run` says how a plan ends; it is asked at most `tries` times.
#[must_use]
pub fn shrink(plan: &Plan, tries: usize, run: &dyn Fn(&Plan) -> Outcome) -> Plan {
    let broken = run(plan).broken();
    let Some(wanted) = broken.first().copied() else {
        return plan.clone();
    };
    let mut shrinker = Shrinker {
        plan: plan.clone(),
        wanted,
        run,
        left: tries,
    };
    shrinker.shorten();
    shrinker.drop_faults();
    shrinker.plan
}

struct Shrinker<'a> {
    plan: Plan,
    wanted: Invariant,
    run: &'a dyn Fn(&Plan) -> Outcome,
    left: usize,
}

impl Shrinker<'_> {
    /// Takes a shorter plan if that fails too.
    fn attempt(&mut self, plan: Plan) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        let fails = (self.run)(&plan).broken().contains(&self.wanted);
        if fails {
            self.plan = plan;
        }
        fails
    }

    fn shorten(&mut self) {
        let mut piece = self.plan.steps.len() / 2;
        while piece > 0 && self.left > 0 {
            let mut at = 0;
            let mut is_shorter = false;
            while at < self.plan.steps.len() && self.left > 0 {
                let mut steps: Vec<Step> = self.plan.steps.clone();
                let end = steps.len().min(at + piece);
                steps.drain(at..end);
                let shorter = Plan {
                    steps,
                    ..self.plan.clone()
                };
                if self.attempt(shorter) {
                    is_shorter = true;
                } else {
                    at += piece;
                }
            }
            if !is_shorter || piece > 1 {
                piece /= 2;
            }
        }
    }

    /// Faults that are a property of the world are left out as well.
    fn drop_faults(&mut self) {
        for fault in self.plan.faults.clone() {
            let faults = self.plan.faults.iter().copied();
            let faults: BTreeSet<_> = faults.filter(|other| *other != fault).collect();
            let plan = Plan {
                faults,
                ..self.plan.clone()
            };
            self.attempt(plan);
        }
    }
}
