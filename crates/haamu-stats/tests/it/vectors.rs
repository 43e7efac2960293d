//! The worked examples of the scoring specification, through the public API.

use std::collections::BTreeMap;

use haamu_form::{Exact, Rounding, score::display_percentage};
use haamu_stats::aggregate::{self, Included, Location, Weighting};
use haamu_stats::change::{self, Share};
use haamu_stats::digital::{self, Cases};
use haamu_stats::drivers;
use haamu_stats::goal::Goal;
use haamu_stats::importance::{self, Cuts, Point};
use haamu_stats::interval::{self, Interval, MeanInterval};
use haamu_stats::metrics::{self, Recommendations};
use haamu_stats::rank::{self, Entry};
use haamu_stats::suppress;
use nalgebra::{DMatrix, DVector};
use serde_json::{Value, json};

const VECTORS: &str = include_str!("../../../../tests/fixtures/scoring-vectors.json");

fn vector(id: &str) -> (Value, Value) {
    let document: Value = serde_json::from_str(VECTORS).expect("JSON");
    let vectors = document["vectors"].as_array().expect("vectors");
    let found = vectors
        .iter()
        .find(|vector| vector["id"] == id)
        .expect("a vector");
    (found["input"].clone(), found["expected"].clone())
}

/// A number of the document, exactly: `"70"`, `70`, `"9.91"` or `"3/4"`.
fn exact(value: &Value) -> Exact {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match haamu_form::Decimal::parse(&text) {
        Ok(decimal) => decimal.to_exact(),
        Err(_) => text.parse().expect("a fraction"),
    }
}

fn exacts(value: &Value) -> Vec<Exact> {
    value.as_array().expect("a list").iter().map(exact).collect()
}

fn floats(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .expect("a list")
        .iter()
        .map(|number| number.as_f64().expect("a number"))
        .collect()
}

fn integers(value: &Value) -> Vec<i64> {
    value
        .as_array()
        .expect("a list")
        .iter()
        .map(|number| number.as_i64().expect("a number"))
        .collect()
}

fn count(value: &Value) -> u64 {
    value.as_u64().expect("a count")
}

#[track_caller]
fn assert_near(actual: f64, expected: &Value, tolerance: f64) {
    let expected = expected.as_f64().expect("a number");
    assert!(
        (actual - expected).abs() <= tolerance,
        "{actual} is not {expected}"
    );
}

#[track_caller]
fn assert_interval(actual: Interval, expected: &Value, tolerance: f64) {
    assert_near(actual.low, &expected[0], tolerance);
    assert_near(actual.high, &expected[1], tolerance);
}

#[test]
fn v32_v33_means_of_visits() {
    let (input, expected) = vector("V32");
    let visits: Vec<(Exact, Exact)> = input["visits"]
        .as_array()
        .expect("visits")
        .iter()
        .map(|visit| (exact(&visit["earned"]), exact(&visit["possible"])))
        .collect();
    let scores: Vec<Exact> = visits
        .iter()
        .map(|(earned, possible)| earned.divided_by(possible).expect("possible"))
        .collect();
    assert_eq!(aggregate::mean(&scores), Some(exact(&expected["mean_of_visits"])));
    assert_eq!(
        aggregate::pooled_points(&visits),
        Some(exact(&expected["pooled_points"]))
    );

    let (input, expected) = vector("V33");
    let mean = aggregate::mean(&exacts(&input["scores_percent"])).expect("a mean");
    assert_eq!(mean, exact(&expected["mean_percent"]));
    let share = mean.divided_by(&Exact::integer(100)).expect("100 is not 0");
    assert_eq!(
        display_percentage(&share, 2, Rounding::HalfUp, true),
        expected["display_2"]
    );
}

#[test]
fn v34_weights_of_locations() {
    let (input, expected) = vector("V34");
    let location = |name: &str| Location {
        scores: exacts(&input["locations"][name]),
        weight: exact(&input["footfall"][name]),
    };
    let locations = [location("L1"), location("L2")];
    for (weighting, name) in [
        (Weighting::Visits, "by_visits"),
        (Weighting::Locations, "by_locations"),
        (Weighting::Custom, "by_footfall"),
    ] {
        assert_eq!(
            aggregate::of_locations(&locations, weighting),
            Some(exact(&expected[name])),
            "{name}"
        );
    }
}

#[test]
fn v35_what_is_left_out_is_counted() {
    let (input, expected) = vector("V35");
    let visits: Vec<Included> = input["visits"]
        .as_array()
        .expect("visits")
        .iter()
        .map(|visit| match (visit["state"].as_str(), &visit["score"]) {
            (Some("voided"), _) => Included::Voided,
            (_, Value::Null) => Included::WithoutScore,
            (_, score) => Included::Score(exact(score)),
        })
        .collect();
    let (scores, counts) = aggregate::included(&visits);
    assert_eq!(aggregate::mean(&scores), Some(exact(&expected["mean"])));
    assert_eq!(
        json!([counts.n, counts.without_score, counts.voided]),
        json!([expected["n"], expected["without_score"], expected["voided"]])
    );
}

#[test]
fn v36_wilson_intervals() {
    let (_, expected) = vector("V36");
    for (text, bounds) in expected.as_object().expect("intervals") {
        let (successes, trials) = text.split_once('/').expect("a share");
        let interval = interval::of_share(
            successes.parse().expect("a count"),
            trials.parse().expect("a count"),
        );
        assert_interval(interval.expect("trials"), bounds, 1e-6);
    }
    assert_eq!(interval::of_share(0, 0), None);
}

#[test]
fn v37_intervals_of_means() {
    for id in ["V37a", "V37b"] {
        let (input, expected) = vector(id);
        let values = floats(&input["scores"]);
        let MeanInterval::Interval {
            mean,
            deviation,
            t,
            interval,
        } = interval::of_mean(&values)
        else {
            panic!("{id} has an interval")
        };
        for (actual, name) in [(mean, "mean"), (deviation, "sd"), (t, "t")] {
            assert_near(actual, &expected[name], 1e-6);
        }
        assert_near(interval.low, &expected["low"], 1e-4);
        assert_near(interval.high, &expected["high"], 1e-4);
        assert_interval(interval.clipped(0.0, 100.0), &expected["shown"], 0.05);
    }
    assert_eq!(interval::of_mean(&[70.0, 70.0, 70.0]), MeanInterval::NoVariation);
    assert_eq!(interval::of_mean(&[70.0]), MeanInterval::TooFew);
}

fn recommendations(value: &Value) -> Recommendations {
    match value {
        Value::Array(groups) => Recommendations {
            promoters: count(&groups[0]),
            passives: count(&groups[1]),
            detractors: count(&groups[2]),
        },
        groups => Recommendations {
            promoters: count(&groups["promoters"]),
            passives: count(&groups["passives"]),
            detractors: count(&groups["detractors"]),
        },
    }
}

#[test]
fn v38_net_promoter_scores() {
    for id in ["V38a", "V38b", "V38c"] {
        let (input, expected) = vector(id);
        let answers = recommendations(&input);
        assert_eq!(answers.n(), count(&expected["n"]));
        assert_eq!(answers.nps(), Some(exact(&expected["nps"])), "{id}");
        assert_eq!(json!(answers.display()), expected["display"], "{id}");
        assert_eq!(answers.variance(), Some(exact(&expected["variance"])), "{id}");
        assert_near(
            answers.standard_error().expect("answers"),
            &expected["se_points"],
            1e-4,
        );
        assert_interval(answers.interval().expect("answers"), &expected["ci95"], 0.01);
    }
    assert!(!recommendations(&json!([3, 0, 5])).is_enough());
    assert_eq!(
        Recommendations::of(&[10, 9, 8, 7, 6, 0, 11]),
        recommendations(&json!([2, 2, 2]))
    );
}

#[test]
fn v39_v40_effort_and_satisfaction() {
    let (input, expected) = vector("V39");
    let rating = metrics::ces(&integers(&input["answers"])).expect("answers");
    assert_eq!(
        (rating.mean, rating.good_share),
        (exact(&expected["mean"]), exact(&expected["share_5_to_7"]))
    );
    let (input, expected) = vector("V40");
    let rating = metrics::csat(&integers(&input["answers"])).expect("answers");
    assert_eq!(
        (rating.mean, rating.good_share),
        (exact(&expected["mean"]), exact(&expected["share_4_5"]))
    );
    assert_eq!(metrics::csat(&[]), None);
}

#[test]
fn v41_welch() {
    let (input, expected) = vector("V41");
    let test =
        change::of_means(&floats(&input["round_1"]), &floats(&input["round_2"])).expect("enough values");
    for (actual, name) in [
        (test.difference, "difference"),
        (test.t, "t"),
        (test.freedom, "df"),
        (test.p, "p"),
    ] {
        assert_near(actual, &expected[name], 1e-5);
    }
    assert_interval(test.interval, &expected["ci95"], 1e-3);
    assert_eq!(
        change::Verdict::of(test.difference, test.p),
        change::Verdict::Improved
    );
}

#[test]
fn v42_shares_and_fishers_exact_test() {
    let (input, expected) = vector("V42");
    let share = |value: &Value| Share {
        successes: count(&value[0]),
        trials: count(&value[1]),
    };
    let test = change::of_shares(share(&input["round_1"]), share(&input["round_2"])).expect("trials");
    let change::ShareTest::PooledZ { z } = test.test else {
        panic!("expected counts are large")
    };
    assert_near(z, &expected["z"], 1e-5);
    assert_near(test.p, &expected["p"], 1e-5);
    // The table 8, 2 against 1, 5 is a common example; its exact probability is 5/143.
    let small = change::of_shares(
        Share {
            successes: 8,
            trials: 10,
        },
        Share {
            successes: 1,
            trials: 6,
        },
    );
    let small = small.expect("trials");
    assert_eq!(small.test, change::ShareTest::FisherExact);
    assert_near(small.p, &json!(5.0 / 143.0), 1e-9);
}

#[test]
fn v43_difference_of_nps() {
    let (input, expected) = vector("V43");
    let test = change::of_nps(
        recommendations(&input["round_1"]),
        recommendations(&input["round_2"]),
    )
    .expect("answers");
    for (actual, name) in [
        (test.difference, "difference"),
        (test.standard_error, "se"),
        (test.z, "z"),
        (test.p, "p"),
    ] {
        assert_near(actual, &expected[name], 1e-4);
    }
    assert_eq!(
        change::Verdict::of(test.difference, test.p),
        change::Verdict::NoCertainChange
    );
}

#[test]
fn v44_v45_key_drivers() {
    let (_, expected) = vector("V44");
    let between = DMatrix::from_row_slice(2, 2, &[1.0, 0.4, 0.4, 1.0]);
    let with = DVector::from_vec(vec![0.6, 0.5]);
    for found in [
        drivers::relative_weights(&between, &with),
        drivers::lmg(&between, &with),
    ] {
        let found = found.expect("independent predictors");
        assert!((found.r_squared - exact(&expected["r_squared"]).to_f64()).abs() < 1e-9);
        for (weight, wanted) in found.weights.iter().zip(exacts(&expected["weights"])) {
            assert!((weight - wanted.to_f64()).abs() < 1e-9);
        }
        let shown: Vec<String> = found
            .shares()
            .iter()
            .map(|share| format!("{:.2}", share * 100.0))
            .collect();
        assert_eq!(json!(shown), expected["shares_percent"]);
    }
    let (input, expected) = vector("V45");
    let rows: Vec<f64> = input["R"]
        .as_array()
        .expect("rows")
        .iter()
        .flat_map(floats)
        .collect();
    let between = DMatrix::from_row_slice(3, 3, &rows);
    let with = DVector::from_vec(floats(&input["r_y"]));
    for (found, name) in [
        (drivers::relative_weights(&between, &with), "relative_weights"),
        (drivers::lmg(&between, &with), "lmg"),
    ] {
        let found = found.expect("independent predictors");
        assert_near(found.r_squared, &expected["r_squared"], 1e-6);
        for (weight, wanted) in found
            .weights
            .iter()
            .zip(expected[name].as_array().expect("weights"))
        {
            assert_near(*weight, wanted, 1e-6);
        }
    }
}

#[test]
fn v46_importance_and_performance() {
    let (input, expected) = vector("V46");
    let points: Vec<Point> = input["touchpoints"]
        .as_array()
        .expect("touchpoints")
        .iter()
        .map(|point| Point {
            id: point["id"].as_str().expect("an id").to_owned(),
            importance: exact(&point["importance_share"]),
            performance: exact(&point["performance"]),
        })
        .collect();
    let map = importance::map(&points, &exact(&input["target"]), Cuts::Means).expect("points");
    assert_eq!(map.importance_cut, exact(&expected["importance_cut"]));
    assert_eq!(map.performance_cut, exact(&expected["performance_cut"]));
    let mut order = Vec::new();
    for placed in &map.points {
        let id = points[placed.index].id.as_str();
        order.push(id);
        assert_eq!(placed.quadrant.as_str(), expected["quadrants"][id], "{id}");
        assert_eq!(placed.priority, exact(&expected["priority_index"][id]), "{id}");
    }
    assert_eq!(json!(order), expected["order"]);
}

#[test]
fn v47_ranks_by_what_is_shown() {
    let (input, expected) = vector("V47");
    let mut entries: Vec<Entry> = input["scores"]
        .as_object()
        .expect("scores")
        .iter()
        .map(|(name, score)| Entry {
            name: name.clone(),
            score: exact(score)
                .divided_by(&Exact::integer(100))
                .expect("100 is not 0"),
            n: 3,
        })
        .collect();
    entries.push(Entry {
        name: "F".to_owned(),
        score: Exact::ONE,
        n: 2,
    });
    let rows = rank::rank(&entries, 1, Rounding::HalfUp);
    let by_name: BTreeMap<&str, _> = rows.iter().map(|row| (row.name.as_str(), row)).collect();
    for (name, shown) in expected["shown"].as_object().expect("rows") {
        assert_eq!(json!(by_name[name.as_str()].shown), *shown);
        assert_eq!(
            json!(by_name[name.as_str()].rank),
            expected["rank"][name],
            "{name}"
        );
    }
    assert_eq!(by_name["F"].rank, None, "two visits are too few");
    assert_eq!(rows.last().map(|row| row.name.as_str()), Some("F"));
}

#[test]
fn v48_goals() {
    let (input, expected) = vector("V48");
    let goal = Goal {
        baseline: exact(&input["baseline"]),
        target: exact(&input["target"]),
        total_days: 364,
    };
    let days = u32::try_from(count(&expected["elapsed_days"])).expect("days");
    let actual = exact(&input["actual"]);
    assert_eq!(goal.expected_after(days), exact(&expected["expected_now"]));
    assert_eq!(goal.attained(&actual), Some(exact(&expected["attained_share"])));
    assert_eq!(goal.state(Some(&actual), days).as_str(), expected["status"]);
    assert_eq!(goal.state(None, days).as_str(), "no_data");
    assert_eq!(goal.state(Some(&Exact::integer(84)), days).as_str(), "reached");
    assert_eq!(goal.state(Some(&Exact::integer(78)), days).as_str(), "on_track");
}

#[test]
fn v49_v50_digital_metrics() {
    let (input, expected) = vector("V49");
    let mut contacts: Vec<Option<u64>> = input["minutes"]
        .as_array()
        .expect("minutes")
        .iter()
        .map(|minutes| Some(count(minutes)))
        .collect();
    let times = digital::response_times(&contacts, 10);
    assert_eq!(
        json!([times.median, times.p90]),
        json!([expected["median_p50"], expected["p90"]])
    );
    assert_eq!(times.mean, Some(exact(&expected["mean"])));
    assert_eq!(times.within_promise, Some(exact(&expected["within_10_min"])));
    contacts.push(None);
    let times = digital::response_times(&contacts, 10);
    assert_eq!(
        (times.within_promise, times.never_answered),
        (Exact::ratio(7, 11), vec![10])
    );

    let (input, expected) = vector("V50");
    let size = |value: &Value| usize::try_from(count(value)).expect("a count");
    let cases = Cases {
        first_contact: size(&input["cases"]["resolved_first_contact"]),
        later: size(&input["cases"]["resolved_later"]),
        unresolved: size(&input["cases"]["unresolved"]),
    };
    assert_eq!(cases.of_all(), Some(exact(&expected["fcr_of_all_cases"])));
    assert_eq!(cases.of_resolved(), Some(exact(&expected["fcr_of_resolved"])));
    let contacts = &input["contacts"];
    let all: usize = contacts.as_object().expect("channels").values().map(size).sum();
    let digital = size(&contacts["chat"]) + size(&contacts["email"]);
    assert_eq!(
        digital::channel_share(digital, all),
        Some(exact(&expected["digital_share"]))
    );
}

#[test]
fn v51_v52_small_groups_and_distortion() {
    let (_, expected) = vector("V51");
    let names = ["Mon", "Tue", "Wed"];
    let hidden = suppress::hidden(&[7, 4, 6], 5, true);
    let suppressed: Vec<&str> = names
        .iter()
        .zip(&hidden)
        .filter(|(_, hidden)| **hidden)
        .map(|(name, _)| *name)
        .collect();
    assert_eq!(json!(suppressed), expected["suppressed"]);
    assert_eq!(suppress::hidden(&[7, 4, 6], 5, false), [false, true, false]);
    let (input, expected) = vector("V52");
    let found: Vec<Option<Exact>> = input["n"]
        .as_array()
        .expect("counts")
        .iter()
        .map(|n| aggregate::maximum_distortion(usize::try_from(count(n)).expect("small")))
        .collect();
    assert_eq!(
        found,
        exacts(&expected["mpsd"])
            .into_iter()
            .map(Some)
            .collect::<Vec<_>>()
    );
}
