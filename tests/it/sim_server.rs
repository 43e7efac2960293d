//! The plans of `haamu-sim` against the real server: the same worlds, the same faults, the same checks.
//!
//! `HAAMU_SIM_WORLDS` says how many worlds, `HAAMU_SIM_SEED` which is the first, `HAAMU_SIM_SECONDS` how long at
//! most, `HAAMU_SIM_TALLY` where it is noted what is done already, and `HAAMU_SIM_PLANS` where the plans of failing
//! worlds are written; `HAAMU_SIM_PLAN` names a plan to be run alone. `cargo xtask sim --server` sets them. With
//! `HAAMU_SIM_TRACE` every exchange is printed.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use haamu_sim::campaign::Limits;
use haamu_sim::runs::Run;
use haamu_sim::{Outcome, Plan, draw, run_with};
use haamu_tests::world::{Kind, LogWatch, RealServer, Template};

/// At most so many worlds are run to shorten a failing plan.
const SHRINK_TRIES: usize = 300;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn path(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).map(PathBuf::from)
}

fn run(template: &Arc<Template>, plan: &Plan) -> Outcome {
    run_with(plan, None, || Box::new(RealServer::start(template, plan)))
}

#[expect(clippy::print_stdout, reason = "the figures of a run are its result")]
fn say(line: &str) {
    println!("{line}");
}

fn template(kind: Kind) -> Option<Arc<Template>> {
    let prepare = Template::prepare(kind, LogWatch::start());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(prepare)
}

fn read(file: &Path) -> Plan {
    let text = std::fs::read_to_string(file).expect("a file");
    serde_json::from_str(&text).expect("a plan")
}

/// Runs worlds, and says what happened in them.
fn worlds_hold(kind: Kind, worlds: u64) {
    let Some(template) = template(kind) else {
        return;
    };
    if let Some(file) = path("HAAMU_SIM_PLAN") {
        let outcome = run(&template, &read(&file));
        assert_eq!(outcome.violations, [], "{}", file.display());
        return;
    }
    let (tally, plans) = (path("HAAMU_SIM_TALLY"), path("HAAMU_SIM_PLANS"));
    let plans = plans.unwrap_or_else(std::env::temp_dir);
    let runs = Run {
        limits: Limits {
            worlds: number("HAAMU_SIM_WORLDS").unwrap_or(worlds),
            time: number("HAAMU_SIM_SECONDS").map_or(Duration::MAX, Duration::from_secs),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            block: 1,
            stop_at_failure: true,
        },
        seed: number("HAAMU_SIM_SEED").unwrap_or(1),
        tally: tally.as_deref(),
        plans: (&plans, "server-"),
        shrink_tries: SHRINK_TRIES,
        world: &|plan| run(&template, plan),
        say: &say,
    };
    assert_eq!(runs.carry_out(), Ok(true), "every world holds");
    let logged = LogWatch::start().seen();
    assert!(logged > 0, "what is watched is not empty");
    say(&format!("{logged} bytes of log lines were searched"));
}

/// The plans of the played server that failed once, and those that bear the name of a safeguard.
fn regressions() -> Vec<(PathBuf, Plan)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/haamu-sim/regressions");
    let entries = std::fs::read_dir(folder).expect("the folder of plans");
    let mut found: Vec<(PathBuf, Plan)> = entries
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let plan = read(&path);
            (path, plan)
        })
        .collect();
    found.sort_by(|one, other| one.0.cmp(&other.0));
    found
}

fn regressions_hold(kind: Kind) {
    let Some(template) = template(kind) else {
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

    #[test]
    fn a_world_of_the_real_server_always_ends_in_the_same_way() {
        let template = template(Kind::Sqlite).expect("SQLite is always there");
        for seed in [3, 4] {
            let plan = draw::plan(seed);
            let (once, again) = (run(&template, &plan), run(&template, &plan));
            assert_eq!(once.counts, again.counts, "seed {seed}");
        }
    }
}

mod postgres {
    use super::*;

    #[test]
    fn worlds_hold_with_the_real_server() {
        worlds_hold(Kind::Postgres, 3);
    }
}
