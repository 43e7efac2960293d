//! Many worlds: on several threads, within a time, with a tally that a later run adds to.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::draw;
use crate::ledger::{Counts, Invariant};
use crate::plan::Plan;
use crate::safeguard::Removal;
use crate::world::{Outcome, run};

/// Worlds of the played server are dealt out in blocks of so many.
pub const BLOCK: u64 = 16;

/// What was run so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// The first seed.
    pub first_seed: u64,
    /// How many seeds from there on are done.
    pub worlds: u64,
    /// What happened in them.
    pub counts: Counts,
    /// The seeds of worlds that failed.
    pub failures: Vec<u64>,
    /// Seconds of running, in all.
    pub seconds: u64,
}

impl Tally {
    /// Adds what was run behind it.
    pub fn add(&mut self, next: Self) {
        self.worlds += next.worlds;
        self.seconds += next.seconds;
        self.counts.add(&next.counts);
        self.failures.extend(next.failures);
    }

    /// What was run and what happened, in one line.
    #[must_use]
    pub fn summary(&self, threads: usize) -> String {
        let counts = &self.counts;
        format!(
            "{} worlds from seed {}: {} operations, {} conflicts, {} faults, {} requests, {} clones, \
             {} withdrawn acknowledgements, {} set aside, {} files, {} receipts, {} decisions refused and {} without \
             meaning; {} worlds failed; {} s on {threads} threads",
            self.worlds,
            self.first_seed,
            counts.operations,
            counts.conflicts,
            counts.faults,
            counts.requests,
            counts.clones,
            counts.withdrawals,
            counts.set_aside,
            counts.files,
            counts.receipts,
            counts.refused,
            counts.meaningless,
            self.failures.len(),
            self.seconds,
        )
    }
}

/// A world that failed.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Its seed.
    pub seed: u64,
    /// How it ended.
    pub outcome: Outcome,
}

/// How long to go on.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// So many worlds at most.
    pub worlds: u64,
    /// So long at most.
    pub time: Duration,
    /// So many threads.
    pub threads: usize,
    /// Seeds are dealt out in blocks of so many, so that what is done is one range.
    pub block: u64,
    /// Whether the first failure ends it.
    pub stop_at_failure: bool,
}

/// Runs worlds from a seed on, each as `run` does. `progress` hears the number of worlds and failures now
/// and then.
pub fn campaign(
    first_seed: u64,
    limits: &Limits,
    run: &(dyn Fn(&Plan) -> Outcome + Sync),
    progress: &(dyn Fn(u64, u64) + Sync),
) -> (Tally, Vec<Failure>) {
    let started = Instant::now();
    let next = AtomicU64::new(0);
    let is_over = AtomicBool::new(false);
    let total = Mutex::new((Tally::default(), Vec::new()));
    let work = || {
        while !is_over.load(Ordering::Relaxed) && started.elapsed() < limits.time {
            let block = limits.block.max(1);
            let from = next.fetch_add(block, Ordering::Relaxed);
            if from >= limits.worlds {
                return;
            }
            let upto = limits.worlds.min(from + block);
            let mut counts = Counts::default();
            let mut failures = Vec::new();
            for seed in (from..upto).map(|offset| first_seed + offset) {
                let outcome = run(&draw::plan(seed));
                counts.add(&outcome.counts);
                if !outcome.violations.is_empty() {
                    failures.push(Failure { seed, outcome });
                }
            }
            let Ok(mut total) = total.lock() else { return };
            total.0.worlds += upto - from;
            total.0.counts.add(&counts);
            total.1.extend(failures);
            progress(total.0.worlds, total.1.len() as u64);
            if limits.stop_at_failure && !total.1.is_empty() {
                is_over.store(true, Ordering::Relaxed);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..limits.threads.max(1) {
            scope.spawn(work);
        }
    });
    let (mut tally, mut failures) = total.into_inner().unwrap_or_default();
    failures.sort_unstable_by_key(|failure: &Failure| failure.seed);
    tally.first_seed = first_seed;
    tally.seconds = started.elapsed().as_secs();
    tally.failures = failures.iter().map(|failure| failure.seed).collect();
    (tally, failures)
}

/// What the removal of a safeguard led to.
#[derive(Clone, Debug)]
pub struct Mutation {
    /// What was removed.
    pub removed: Removal,
    /// How many worlds were run.
    pub worlds: u64,
    /// How many of them failed.
    pub failing: u64,
    /// The seed of the first of them.
    pub example: Option<u64>,
    /// In how many of them each invariant was broken.
    pub broken: BTreeMap<Invariant, u64>,
}

/// Runs worlds without one safeguard: `worlds` of them, and up to `most` if nothing was noticed.
#[must_use]
pub fn mutate(removed: Removal, first_seed: u64, worlds: u64, most: u64, threads: usize) -> Mutation {
    let mut mutation = Mutation {
        removed,
        worlds: 0,
        failing: 0,
        example: None,
        broken: BTreeMap::new(),
    };
    while mutation.worlds < worlds || (mutation.failing == 0 && mutation.worlds < most) {
        let limits = Limits {
            worlds,
            time: Duration::MAX,
            threads,
            block: BLOCK,
            stop_at_failure: false,
        };
        let from = first_seed + mutation.worlds;
        let (tally, failures) = campaign(from, &limits, &|plan| run(plan, Some(removed)), &|_, _| {});
        mutation.worlds += tally.worlds;
        mutation.example = mutation.example.or(tally.failures.first().copied());
        mutation.failing += failures.len() as u64;
        for invariant in failures.iter().flat_map(|failure| failure.outcome.broken()) {
            *mutation.broken.entry(invariant).or_default() += 1;
        }
    }
    mutation
}
