//! Removing each safeguard in turn.

use std::fs;
use std::path::Path;

use haamu_sim::campaign::{Mutation, mutate};
use haamu_sim::{Outcome, Removal, draw, run as run_plan, shrink};

use crate::{SHRINK_TRIES, read_plan, say, threads, to_json};

/// Which worlds are run without each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Worlds {
    /// How many.
    pub(crate) worlds: u64,
    /// How many at most, while nothing is noticed.
    pub(crate) most: u64,
    /// The seed of the first one.
    pub(crate) seed: u64,
}

/// Removes each safeguard whose name contains `only`. Returns whether every removal was noticed.
pub(crate) fn run(
    worlds: Worlds,
    only: &str,
    known: Option<&Path>,
    plans: Option<&Path>,
) -> Result<bool, String> {
    let mut unnoticed = 0;
    say("| Safeguard removed | Failing worlds | Invariants |\n|---|---:|---|");
    for removed in Removal::all().filter(|removed| removed.to_string().contains(only)) {
        let mutation = mutate(removed, worlds.seed, worlds.worlds, worlds.most, threads());
        if mutation.failing > 0 {
            say(&row(&mutation));
        } else {
            let by_plan = known.map(|folder| noticed_by_plan(removed, folder)).transpose()?;
            match by_plan {
                Some(true) => say(&format!("| {removed} | its plan | |")),
                _ => {
                    unnoticed += 1;
                    say(&format!("| {removed} | unnoticed | |"));
                }
            }
        }
        if let (Some(folder), Some(seed)) = (plans, mutation.example) {
            // A shorter plan may fail for a reason of its own, such as an update that nobody installs.
            let plan = shrink::shrink(&draw::plan(seed), SHRINK_TRIES, &|plan| {
                let with_it = run_plan(plan, None);
                if with_it.violations.is_empty() {
                    run_plan(plan, Some(removed))
                } else {
                    Outcome {
                        violations: Vec::new(),
                        ..with_it
                    }
                }
            });
            let file = folder.join(file_name(removed));
            fs::write(&file, to_json(&plan)? + "\n")
                .map_err(|error| format!("{}: {error}", file.display()))?;
        }
    }
    if unnoticed > 0 {
        say(&format!("{unnoticed} removals went unnoticed"));
    }
    Ok(unnoticed == 0)
}

fn file_name(removed: Removal) -> String {
    format!("{}.json", removed.to_string().replace(' ', "-"))
}

/// Whether the plan that bears the safeguard's name holds with it and fails without it.
fn noticed_by_plan(removed: Removal, folder: &Path) -> Result<bool, String> {
    let plan = read_plan(&folder.join(file_name(removed)))?;
    let fails = |removed| !run_plan(&plan, removed).violations.is_empty();
    Ok(!fails(None) && fails(Some(removed)))
}

fn row(mutation: &Mutation) -> String {
    let mut broken: Vec<_> = mutation.broken.iter().collect();
    broken.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let broken: Vec<String> = broken
        .iter()
        .map(|(invariant, _)| format!("I{}", invariant.number()))
        .collect();
    format!(
        "| {} | {} / {} | {} |",
        mutation.removed,
        mutation.failing,
        mutation.worlds,
        broken.join(", ")
    )
}
