//! The plans of `haamu-sim` against the real server: the same worlds, the same faults, the same checks.
//!
//! `HAAMU_SIM_WORLDS` says how many worlds, `HAAMU_SIM_SEED` which is the first, `HAAMU_SIM_SECONDS` how long
//! at most, and `HAAMU_SIM_PLANS` where the plans of failing worlds are written; `HAAMU_SIM_PLAN` names a plan to
//! be run alone, and with `HAAMU_SIM_TRACE` every exchange is printed. `cargo xtask sim --server` sets them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use haamu_sim::campaign::{Limits, campaign};
use haamu_sim::{Outcome, Plan, draw, run_with, shrink};
use haamu_tests::world::{Kind, LogWatch, RealServer, Template};

/// At most so many worlds are run to shorten a failing plan.
const SHRINK_TRIES: usize = 300;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn run(template: &Arc<Template>, plan: &Plan) -> Outcome {
    run_with(plan, None, || Box::new(RealServer::start(template, plan)))
}

/// Runs worlds, and says what happened in them.
#[expect(clippy::print_stdout, reason = "the figures of a run are its result")]
fn worlds_hold(kind: Kind, worlds: u64) {
    let template = Template::prepare(kind, LogWatch::start());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let Some(template) = runtime.expect("a runtime").block_on(template) else {
        return;
    };
    if let Ok(file) = std::env::var("HAAMU_SIM_PLAN") {
        let text = std::fs::read_to_string(&file).expect("a plan");
        let outcome = run(&template, &serde_json::from_str(&text).expect("a plan"));
        assert_eq!(outcome.violations, [], "{file}");
        return;
    }
    let limits = Limits {
        worlds: number("HAAMU_SIM_WORLDS").unwrap_or(worlds),
        time: number("HAAMU_SIM_SECONDS").map_or(Duration::MAX, Duration::from_secs),
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        block: 1,
        stop_at_failure: true,
    };
    let seed = number("HAAMU_SIM_SEED").unwrap_or(1);
    let (tally, failures) = campaign(seed, &limits, &|plan| run(&template, plan), &|_, _| {});
    println!("{kind:?}: {}", tally.summary(limits.threads));
    if let Some(failure) = failures.first() {
        println!(
            "the world of seed {} failed: {:#?}",
            failure.seed, failure.outcome.violations
        );
        let plan = shrink::shrink(&draw::plan(failure.seed), SHRINK_TRIES, &|plan| {
            run(&template, plan)
        });
        let file = write(&plan);
        panic!("{} steps suffice: {}", plan.steps.len(), file.display());
    }
}

fn write(plan: &Plan) -> PathBuf {
    let folder = std::env::var("HAAMU_SIM_PLANS").map_or_else(|_| std::env::temp_dir(), PathBuf::from);
    let file = folder.join(format!("server-seed-{}.json", plan.seed));
    let text = serde_json::to_string_pretty(plan).expect("JSON");
    std::fs::write(&file, text + "\n").expect("a file");
    file
}

/// The plans of the played server that failed once, and those that bear the name of a safeguard.
fn regressions() -> Vec<(PathBuf, Plan)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/haamu-sim/regressions");
    let entries = std::fs::read_dir(folder).expect("the folder of plans");
    let mut found: Vec<(PathBuf, Plan)> = entries
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let text = std::fs::read_to_string(&path).expect("a file");
            (path, serde_json::from_str(&text).expect("a plan"))
        })
        .collect();
    found.sort_by(|one, other| one.0.cmp(&other.0));
    found
}

fn regressions_hold(kind: Kind) {
    let template = Template::prepare(kind, LogWatch::start());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let Some(template) = runtime.expect("a runtime").block_on(template) else {
        return;
    };
    for (path, plan) in regressions() {
        let outcome = run(&template, &plan);
        assert_eq!(outcome.violations, [], "{}", path.display());
    }
}

mod sqlite {
    use super::*;

    #[test]
    fn worlds_hold_with_the_real_server() {
        worlds_hold(Kind::Sqlite, 40);
    }

    #[test]
    fn plans_that_failed_once_hold_with_the_real_server() {
        regressions_hold(Kind::Sqlite);
    }
}

mod postgres {
    use super::*;

    #[test]
    fn worlds_hold_with_the_real_server() {
        worlds_hold(Kind::Postgres, 10);
    }
}
