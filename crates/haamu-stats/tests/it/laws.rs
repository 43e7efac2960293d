//! Laws that hold for all data.

use haamu_form::{Exact, Rounding};
use haamu_stats::drivers::{Method, Outcome, Settings, analyse, spearman};
use haamu_stats::interval::{MeanInterval, of_mean, of_share};
use haamu_stats::{aggregate, change, digital, rank, suppress};
use proptest::prelude::*;

fn scores() -> impl Strategy<Value = Vec<Exact>> {
    let score = (0_i64..=100, 1_i64..=100)
        .prop_map(|(part, whole)| Exact::ratio(part.min(whole), whole).unwrap_or_default());
    prop::collection::vec(score, 1..30)
}

/// Cases in which the outcome follows the first predictor, and the second is noise.
fn cases(count: usize) -> (Vec<Option<f64>>, Vec<Vec<Option<f64>>>) {
    let noise = |index: usize, step: usize| ((index * step) % 17) as f64;
    let first: Vec<f64> = (0..count).map(|index| noise(index, 7)).collect();
    let second: Vec<f64> = (0..count).map(|index| noise(index, 5)).collect();
    let outcome = (0..count)
        .map(|index| Some(first[index] * 2.0 + noise(index, 3) / 4.0))
        .collect();
    let some = |values: Vec<f64>| values.into_iter().map(Some).collect();
    (outcome, vec![some(first), some(second)])
}

#[test]
fn the_stronger_driver_comes_first_and_the_seed_decides_the_ranges() {
    let (outcome, predictors) = cases(60);
    let settings = Settings {
        samples: 200,
        ..Settings::default()
    };
    let found = analyse(&outcome, &predictors, settings);
    assert_eq!(found, analyse(&outcome, &predictors, settings));
    let Outcome::Drivers { r_squared, drivers } = &found.outcome else {
        panic!("{found:?}")
    };
    assert!(*r_squared > 0.9 && drivers[0].index == 0);
    assert!(
        drivers
            .iter()
            .all(|driver| driver.range.0 <= driver.share && driver.share <= driver.range.1)
    );
    assert!((drivers.iter().map(|driver| driver.share).sum::<f64>() - 1.0).abs() < 1e-9);
    let other = analyse(&outcome, &predictors, Settings { seed: 2, ..settings });
    assert_ne!(found, other);
    let lmg = analyse(
        &outcome,
        &predictors,
        Settings {
            method: Method::Lmg,
            ..settings
        },
    );
    let Outcome::Drivers { drivers: by_lmg, .. } = lmg.outcome else {
        panic!("LMG finds them too")
    };
    assert!(
        (by_lmg[0].share - drivers[0].share).abs() < 1e-9,
        "with two predictors the methods agree"
    );
}

#[test]
fn too_little_data_gets_no_ranking() {
    let (outcome, predictors) = cases(29);
    let found = analyse(&outcome, &predictors, Settings::default());
    let Outcome::TooFew { needed, spearman } = found.outcome else {
        panic!("29 cases are too few")
    };
    assert_eq!((needed, spearman.len(), spearman[0].2), (30, 2, 29));
}

#[test]
fn what_says_nothing_is_left_out_and_listed() {
    let (outcome, mut predictors) = cases(60);
    predictors.push(vec![Some(1.0); 60]);
    predictors.push(
        (0..60)
            .map(|index| (index % 2 == 0).then_some(1.0 + index as f64))
            .collect(),
    );
    let found = analyse(
        &outcome,
        &predictors,
        Settings {
            samples: 10,
            ..Settings::default()
        },
    );
    assert_eq!(
        found.left_out,
        [
            (2, haamu_stats::drivers::LeftOut::NoVariance),
            (3, haamu_stats::drivers::LeftOut::TooManyMissing)
        ]
    );
}

#[test]
fn predictors_that_are_the_same_cannot_be_told_apart() {
    let (outcome, mut predictors) = cases(60);
    predictors[1] = predictors[0].clone();
    let found = analyse(
        &outcome,
        &predictors,
        Settings {
            samples: 10,
            ..Settings::default()
        },
    );
    assert_eq!(found.outcome, Outcome::Collinear);
}

#[test]
fn spearman_sees_order_and_not_distance() {
    assert_eq!(
        spearman(&[1.0, 2.0, 3.0], &[10.0, 200.0, 3000.0]).map(|r| (r * 1e9).round()),
        Some(1e9)
    );
    assert_eq!(spearman(&[1.0, 1.0], &[1.0, 2.0]), None);
}

#[test]
fn holm_corrects_in_order() {
    let adjusted = change::holm(&[0.01, 0.04, 0.03, 0.005]);
    let rounded: Vec<i64> = adjusted.iter().map(|p| (p * 1000.0).round() as i64).collect();
    assert_eq!(rounded, [30, 60, 60, 20]);
}

proptest! {
    #[test]
    fn a_mean_lies_between_its_values_and_ignores_their_order(scores in scores()) {
        let mean = aggregate::mean(&scores).expect("values");
        prop_assert!(scores.iter().min() <= Some(&mean) && Some(&mean) <= scores.iter().max());
        let mut reversed = scores;
        reversed.reverse();
        prop_assert_eq!(aggregate::mean(&reversed), Some(mean));
    }

    #[test]
    fn an_interval_holds_its_share(trials in 1_u64..10_000, part in 0.0_f64..=1.0) {
        let successes = ((trials as f64) * part) as u64;
        let interval = of_share(successes, trials).expect("trials");
        let share = successes as f64 / trials as f64;
        prop_assert!(0.0 <= interval.low && interval.low <= share + 1e-12);
        prop_assert!(share - 1e-12 <= interval.high && interval.high <= 1.0);
    }

    #[test]
    fn an_interval_holds_its_mean(values in prop::collection::vec(0.0_f64..100.0, 2..40)) {
        if let MeanInterval::Interval { mean, interval, .. } = of_mean(&values) {
            prop_assert!(interval.low < mean && mean < interval.high);
        }
    }

    #[test]
    fn tests_know_no_direction(before in prop::collection::vec(0.0_f64..100.0, 3..20), after in prop::collection::vec(0.0_f64..100.0, 3..20)) {
        if let (Some(there), Some(back)) = (change::of_means(&before, &after), change::of_means(&after, &before)) {
            prop_assert!((there.p - back.p).abs() < 1e-9 && (0.0..=1.0).contains(&there.p));
            prop_assert!((there.difference + back.difference).abs() < 1e-9);
        }
    }

    #[test]
    fn fisher_gives_a_probability(a in 0_u64..12, b in 0_u64..12, c in 0_u64..12, d in 0_u64..12) {
        let share = |successes, failures| change::Share { successes, trials: successes + failures };
        if let Some(test) = change::of_shares(share(a, b), share(c, d)) {
            prop_assert!((0.0..=1.0).contains(&test.p), "{}", test.p);
        }
    }

    #[test]
    fn holm_never_makes_a_probability_smaller(probabilities in prop::collection::vec(0.0_f64..=1.0, 1..20)) {
        let adjusted = change::holm(&probabilities);
        prop_assert!(adjusted.iter().zip(&probabilities).all(|(after, before)| after >= before && *after <= 1.0));
    }

    #[test]
    fn ranks_follow_what_is_shown(scores in scores()) {
        let entries: Vec<_> = scores.iter().enumerate().map(|(index, score)| rank::Entry { name: format!("{index:03}"), score: score.clone(), n: 3 }).collect();
        let rows = rank::rank(&entries, 1, Rounding::HalfUp);
        for pair in rows.windows(2) {
            prop_assert_eq!(pair[0].shown == pair[1].shown, pair[0].rank == pair[1].rank);
            prop_assert!(pair[0].rank <= pair[1].rank);
        }
    }

    #[test]
    fn a_percentile_is_one_of_the_values(values in prop::collection::vec(0_u64..1_000, 1..50), hundredths in 1_i64..=100) {
        let q = Exact::ratio(hundredths, 100).expect("100 is not 0");
        let found = digital::percentile(&values, &q).expect("values");
        let at_most = values.iter().filter(|value| **value <= found).count();
        prop_assert!(values.contains(&found) && at_most * 100 >= values.len() * usize::try_from(hundredths).expect("positive"));
    }

    #[test]
    fn a_hidden_cell_cannot_be_calculated(counts in prop::collection::vec(0_usize..20, 2..12)) {
        let hidden = suppress::hidden(&counts, suppress::SMALLEST_GROUP, true);
        let number = hidden.iter().filter(|hidden| **hidden).count();
        prop_assert!(number != 1);
        prop_assert!(counts.iter().zip(&hidden).all(|(count, hidden)| *hidden || *count >= suppress::SMALLEST_GROUP));
    }
}
