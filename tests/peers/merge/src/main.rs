//! The same merges by haamu-sync, automerge, loro and yrs, in one program.
//!
//! `cargo xtask bench merge` builds and runs it. For each visit a phone records an evaluation and
//! pushes it; then the phone and a reviewer change it without knowing of each other, and the server
//! merges both and answers both, once with the evaluation in memory (hot) and once from its stored
//! bytes (cold), to which it then adds what must be written. All replicas must show the same in the
//! end.
//!
//! Fairness: the same answers for all; full history but for yrs with its garbage collection; each
//! contestant once as it is fastest, and loro and automerge once with the time of each answer, which
//! haamu-sync always keeps, and the person too. Values are scalars of the contestant's own, lists one
//! text. Answers carry what the other side did, as operations, from all contestants; what Haamu's
//! server answers in the product, the state of the whole evaluation, is timed among the parts. Nobody
//! waits for a disk: what is timed is the making of the bytes that are to be written, which for
//! haamu-sync are rows that are new or changed, and for the others the document.

mod contestant;
mod engine;
mod own;
mod peers;
mod report;
mod stages;
mod workload;

use std::io::Write;

use contestant::{Runner, Sample, Traffic};
use own::Own;
use report::{Results, Sizes};

/// So many visits at a time, before the next contestant has its turn.
const TURN: usize = 25;
/// The packages whose versions are told.
const PEERS: [&str; 3] = ["automerge", "loro", "yrs"];

fn main() -> std::io::Result<()> {
    let visits = argument("--visits").unwrap_or(1_000);
    let passes = argument("--passes").unwrap_or(5).max(1);
    let seed = argument("--seed").unwrap_or(1);
    let names = workload::question_names();
    let visits = workload::visits(visits, seed);
    let runners = runners(&names);
    let mut results: Vec<Results> = runners
        .iter()
        .map(|runner| Results { name: runner.name(), passes: Vec::new(), sizes: Sizes::default() })
        .collect();
    for pass in 0..passes {
        let mut samples: Vec<Vec<(Sample, Traffic)>> = runners.iter().map(|_| Vec::new()).collect();
        for turn in visits.chunks(TURN) {
            for (runner, samples) in runners.iter().zip(&mut samples) {
                samples.extend(turn.iter().map(|visit| runner.run(visit)));
            }
        }
        for (results, samples) in results.iter_mut().zip(&samples) {
            results.passes.push(report::middle(samples));
            if pass == 0 {
                results.sizes = Sizes::of(samples);
            }
        }
    }
    let mut out = std::io::stdout().lock();
    let visited = visits.len();
    writeln!(out, "{visited} visits from seed {seed}, {passes} passes, one thread; {}", versions())?;
    report::write(&mut out, &results, 0)?;
    let stages = stages::stages(&Own::new(&names, true), &visits, passes as usize * 4);
    report::write_stages(&mut out, &stages)
}

/// All contestants, ours first.
fn runners(questions: &[String]) -> Vec<Box<dyn Runner>> {
    let own = [true, false].map(|has_lanes| Box::new(Own::new(questions, has_lanes)) as Box<dyn Runner>);
    own.into_iter().chain(peers::all(questions)).collect()
}

/// The number after an argument.
fn argument(name: &str) -> Option<u64> {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    arguments.nth(1)?.parse().ok()
}

/// The versions of the peers, from the lock file.
fn versions() -> String {
    let lock = include_str!("../Cargo.lock");
    let version_of = |name: &str| {
        let (_, rest) = lock.split_once(&format!("name = \"{name}\"\nversion = \""))?;
        let (version, _) = rest.split_once('"')?;
        Some(format!("{name} {version}"))
    };
    PEERS.into_iter().filter_map(version_of).collect::<Vec<_>>().join(", ")
}
