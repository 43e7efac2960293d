//! Plans that failed once, and a few worlds of each kind.

use std::fs;
use std::path::Path;

use haamu_sim::{Plan, draw, run, shrink};

#[test]
fn what_failed_once_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions");
    let mut count = 0;
    for entry in fs::read_dir(folder).expect("the folder of plans") {
        let path = entry.expect("an entry").path();
        let text = fs::read_to_string(&path).expect("a file");
        let plan: Plan = serde_json::from_str(&text).expect("a plan");
        let outcome = run(&plan, None);
        assert_eq!(outcome.violations, [], "{}", path.display());
        count += 1;
    }
    assert!(count > 0, "there are plans");
}

#[test]
fn a_plan_always_ends_in_the_same_way() {
    for seed in 1..20 {
        let plan = draw::plan(seed);
        assert_eq!(plan, draw::plan(seed));
        let (once, again) = (run(&plan, None), run(&plan, None));
        assert_eq!(once.counts, again.counts, "seed {seed}");
        assert_eq!(once.violations, [], "seed {seed}");
        let json = serde_json::to_string(&plan).expect("json");
        assert_eq!(serde_json::from_str::<Plan>(&json).expect("a plan"), plan);
    }
}

/// A plan bears the name of the safeguard that it needs.
#[cfg(feature = "mutations")]
#[test]
fn what_failed_once_fails_without_its_safeguard() {
    use haamu_sim::Removal;

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions");
    for removed in Removal::all() {
        let name = removed.to_string().replace(' ', "-");
        let text = fs::read_to_string(folder.join(format!("{name}.json")));
        let text = text.unwrap_or_else(|error| panic!("every safeguard has a plan; {name}: {error}"));
        let plan: Plan = serde_json::from_str(&text).expect("a plan");
        assert_ne!(run(&plan, Some(removed)).violations, [], "{name}");
    }
}

#[cfg(feature = "mutations")]
#[test]
fn a_failing_plan_is_shortened_and_fails_still() {
    use haamu_sim::{Duty, Removal};

    let removed = Some(Removal::Host(Duty::OncePerName));
    let failing = (1..)
        .map(draw::plan)
        .find(|plan| !run(plan, removed).violations.is_empty());
    let plan = failing.expect("some plan fails");
    let shorter = shrink::shrink(&plan, 300, &|plan| run(plan, removed));
    assert!(shorter.steps.len() < plan.steps.len());
    assert!(!run(&shorter, removed).violations.is_empty());
    assert_eq!(run(&shorter, None).violations, []);
}

#[test]
fn a_plan_that_holds_is_not_shortened() {
    let plan = draw::plan(7);
    assert_eq!(shrink::shrink(&plan, 10, &|plan| run(plan, None)), plan);
}
