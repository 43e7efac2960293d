//! A second scorer, written from the specification alone: slow, plain, on the
//! JSON documents themselves and on big integers only. Both must agree.

use std::collections::BTreeMap;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};
use serde_json::{Map, Value, json};

type Q = BigRational;

fn whole(value: i64) -> Q {
    Q::from_integer(BigInt::from(value))
}

/// A decimal of the document, from its text.
fn decimal(value: &Value) -> Q {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let (sign, digits) = text
        .strip_prefix('-')
        .map_or((1, text.as_str()), |rest| (-1, rest));
    let (before, after) = digits.split_once('.').unwrap_or((digits, ""));
    let scaled: BigInt = format!("{before}{after}").parse().expect("digits");
    let scale = BigInt::from(10).pow(u32::try_from(after.len()).expect("few decimals"));
    Q::new(scaled * sign, scale)
}

fn optional(value: &Value) -> Option<Q> {
    (!value.is_null()).then(|| decimal(value))
}

fn percent(value: &Value) -> Q {
    decimal(value) / whole(100)
}

fn fraction(value: &Q) -> Value {
    json!(value.to_string())
}

fn clamp(value: Q, low: &Q, high: Option<&Q>) -> Q {
    let value = value.max(low.clone());
    match high {
        Some(high) => value.min(high.clone()),
        None => value,
    }
}

/// 2.4: the trapezoid.
fn band(band: &Value, x: &Q) -> Q {
    let limit = |key: &str| optional(&band[key]);
    let (zero_low, full_low) = (limit("zero_low"), limit("full_low"));
    let (full_high, zero_high) = (limit("full_high"), limit("zero_high"));
    if let Some(full_low) = full_low.filter(|limit| x < limit) {
        return match zero_low {
            Some(zero) if zero < full_low && *x > zero => (x - &zero) / (full_low - &zero),
            _ => Q::zero(),
        };
    }
    if let Some(full_high) = full_high.filter(|limit| x > limit) {
        return match zero_high {
            Some(zero) if zero > full_high && *x < zero => (&zero - x) / (&zero - full_high),
            _ => Q::zero(),
        };
    }
    Q::one()
}

struct Visit<'a> {
    document: &'a Value,
    answers: &'a Map<String, Value>,
    voided: &'a [String],
    statuses: BTreeMap<String, &'static str>,
}

impl<'a> Visit<'a> {
    fn sections(&self) -> &'a [Value] {
        self.document["sections"].as_array().expect("sections")
    }

    fn question(&self, id: &str) -> &'a Value {
        let all = self
            .sections()
            .iter()
            .flat_map(|section| section["questions"].as_array().expect("questions"));
        all.into_iter()
            .find(|question| question["id"] == id)
            .expect("a question")
    }

    fn answer(&self, id: &str) -> &Value {
        self.answers.get(id).unwrap_or(&Value::Null)
    }

    /// R61: the answer that conditions and changes see.
    fn effective(&self, id: &str) -> Option<&Value> {
        let is_there = matches!(self.statuses.get(id), Some(&("scored" | "bonus" | "unscored")));
        is_there.then(|| self.answer(id))
    }

    /// R60.
    fn holds(&self, condition: &Value) -> bool {
        let parts = |key: &str| condition[key].as_array();
        if let Some(parts) = parts("all") {
            return parts.iter().all(|part| self.holds(part));
        }
        if let Some(parts) = parts("any") {
            return parts.iter().any(|part| self.holds(part));
        }
        if condition.get("not").is_some() {
            return !self.holds(&condition["not"]);
        }
        let Some(answer) = self.effective(condition["question"].as_str().expect("an id")) else {
            return false;
        };
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let is_number = |text: &str| text.parse::<f64>().is_ok();
        let same = |given: &Value, wanted: &Value| {
            let (given, wanted) = (text(given), text(wanted));
            if is_number(&given) && is_number(&wanted) {
                decimal(&json!(given)) == decimal(&json!(wanted))
            } else {
                given == wanted
            }
        };
        let matches = |wanted: &Value| match answer {
            Value::Array(chosen) => chosen.iter().any(|given| same(given, wanted)),
            given => same(given, wanted),
        };
        let value = &condition["value"];
        let order = || decimal(answer).cmp(&decimal(value));
        match condition["op"].as_str().expect("an operator") {
            "answered" => true,
            "equals" => matches(value),
            "not_equals" => !matches(value),
            "in" => value.as_array().expect("a list").iter().any(matches),
            "lt" => order().is_lt(),
            "lte" => order().is_le(),
            "gt" => order().is_gt(),
            "gte" => order().is_ge(),
            other => panic!("{other}"),
        }
    }

    /// 2.3, in its order.
    fn status(&self, section: &Value, question: &Value) -> &'static str {
        let id = question["id"].as_str().expect("an id");
        let is_shown = |thing: &Value| thing.get("show_if").is_none_or(|condition| self.holds(condition));
        if !is_shown(section) || !is_shown(question) {
            return "not_shown";
        }
        if self.voided.iter().any(|voided| voided == id) {
            return "voided";
        }
        let counted = || {
            if question.get("points").is_none() {
                "unscored"
            } else if question["bonus"] == true {
                "bonus"
            } else {
                "scored"
            }
        };
        if question["type"] == "change" {
            return if self.difference(question).is_some() {
                counted()
            } else {
                "not_applicable"
            };
        }
        let is_na = |id: &Value| {
            let options = question["options"].as_array().into_iter().flatten();
            options
                .into_iter()
                .any(|option| option["id"] == *id && option["na"] == true)
        };
        match self.answer(id) {
            Value::Null => "unanswered",
            Value::Array(chosen) if chosen.is_empty() => "unanswered",
            Value::String(word) if word == "na" => "not_applicable",
            Value::String(word) if word == "not_observed" => "not_observed",
            Value::Array(chosen) if chosen.iter().any(is_na) => "not_applicable",
            given if is_na(given) => "not_applicable",
            _ => counted(),
        }
    }

    /// R15.
    fn difference(&self, question: &Value) -> Option<Q> {
        let end = |key: &str| {
            let id = question["change"][key].as_str().expect("an id");
            self.effective(id)
                .map(|answer| (decimal(answer), decimal(&self.question(id)["scale"]["max"])))
        };
        let ((from, max), (to, _)) = (end("from")?, end("to")?);
        (from < max || to < max).then(|| to - from)
    }

    /// 2.2.
    fn earned(&self, question: &Value) -> Q {
        let points = decimal(&question["points"]);
        let answer = self.answer(question["id"].as_str().expect("an id"));
        let chosen: Vec<&Value> = match answer {
            Value::Array(chosen) => chosen.iter().collect(),
            one => vec![one],
        };
        let options = question["options"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let picked: Vec<&Value> = options
            .iter()
            .filter(|option| chosen.contains(&&option["id"]))
            .collect();
        let sum = || {
            picked
                .iter()
                .filter_map(|option| optional(&option["points"]))
                .fold(Q::zero(), |sum, points| sum + points)
        };
        let earned = match question["type"].as_str().expect("a type") {
            "yes_no" if answer == question.get("good_answer").unwrap_or(&json!("yes")) => points.clone(),
            "yes_no" => Q::zero(),
            "single_choice" => sum(),
            "multi_choice" => match question["multi"]["mode"].as_str().unwrap_or("sum") {
                "sum" => sum(),
                "deduct" => &points - sum(),
                "all_required" => {
                    let has = |key: &str, id: &Value| {
                        question["multi"][key]
                            .as_array()
                            .is_some_and(|ids| ids.contains(id))
                    };
                    let required = question["multi"]["required"]
                        .as_array()
                        .map(Vec::as_slice)
                        .unwrap_or_default();
                    let is_met = required.iter().all(|id| chosen.contains(&id))
                        && !chosen.iter().any(|id| has("forbidden", id));
                    if is_met { points.clone() } else { Q::zero() }
                }
                "at_least" => {
                    let count = question["multi"]["count"].as_i64().expect("a count");
                    let good = picked
                        .iter()
                        .filter(|option| option.get("good") != Some(&json!(false)))
                        .count();
                    let good = i64::try_from(good).expect("few").min(count);
                    &points * whole(good) / whole(count)
                }
                other => panic!("{other}"),
            },
            "scale" | "nps" | "ces" | "csat" => {
                let (min, max) = (
                    decimal(&question["scale"]["min"]),
                    decimal(&question["scale"]["max"]),
                );
                let is_reversed = question["scale"]["higher_is_better"] == false;
                let way = if is_reversed {
                    &max - decimal(answer)
                } else {
                    decimal(answer) - &min
                };
                &points * way / (max - min)
            }
            "number" | "duration" => &points * band(&question["band"], &decimal(answer)),
            "change" => {
                let default = json!({"zero_low": "-2", "full_low": "1"});
                let shape = question.get("band").unwrap_or(&default);
                &points * band(shape, &self.difference(question).expect("answered"))
            }
            _ => Q::zero(),
        };
        clamp(earned, &Q::zero(), Some(&points))
    }

    /// 2.8: whether an answered question triggers its critical rule.
    fn is_triggered(&self, question: &Value, status: &str, earned: &Q) -> bool {
        if !matches!(status, "scored" | "bonus" | "unscored") {
            return false;
        }
        let answer = self.answer(question["id"].as_str().expect("an id"));
        let options = question["options"].as_array().into_iter().flatten();
        let is_chosen =
            |id: &Value| answer == id || answer.as_array().is_some_and(|chosen| chosen.contains(id));
        let by_option = options
            .into_iter()
            .any(|option| option["critical"] == true && is_chosen(&option["id"]));
        let critical = &question["critical"];
        let by_answer = question["type"] == "yes_no"
            && critical.is_object()
            && answer != question.get("good_answer").unwrap_or(&json!("yes"));
        let below = status != "unscored"
            && optional(&critical["fail_below"]).is_some_and(|limit| {
                let points = decimal(&question["points"]);
                !points.is_zero() && earned / points < limit
            });
        by_option || by_answer || below
    }
}

/// What the section contributes: earned, bonus, possible.
type Sums = (Q, Q, Q);

/// 2.7 with 2.21.
fn visit_value(document: &Value, sums: &[Sums], limits: &[Option<Q>]) -> Option<Q> {
    let scoring = &document["scoring"];
    let caps_bonus = scoring["cap_bonus"] != false;
    let one = Q::one();
    let cap = caps_bonus.then_some(&one);
    let sections = document["sections"].as_array().expect("sections");
    let weight = |index: usize| optional(&sections[index]["weight"]).unwrap_or_else(Q::one);
    let limited = |index: usize| {
        let (earned, bonus, possible) = &sums[index];
        let points = earned + bonus;
        match &limits[index] {
            Some(limit) if limit.is_zero() => Q::zero(),
            Some(limit) if !possible.is_zero() => points.min(limit * possible),
            _ => points,
        }
    };
    let (mut part, mut total) = (Q::zero(), Q::zero());
    for (index, (_, _, possible)) in sums.iter().enumerate() {
        match scoring["mode"].as_str().unwrap_or("section_weight") {
            "section_weight" if possible.is_zero() => {}
            "section_weight" => {
                let (earned, bonus, _) = &sums[index];
                let mut score = clamp((earned + bonus) / possible, &Q::zero(), cap);
                if let Some(limit) = &limits[index] {
                    score = score.min(limit.clone());
                }
                part += weight(index) * score;
                total += weight(index);
            }
            "point_sum" => {
                part += limited(index);
                total += possible;
            }
            _ => {
                part += weight(index) * limited(index);
                total += weight(index) * possible;
            }
        }
    }
    (!total.is_zero()).then(|| clamp(part / total, &Q::zero(), cap))
}

/// R56 and R57.
fn shown(value: &Q, decimals: u32, is_half_even: bool) -> String {
    let scale = BigInt::from(10).pow(decimals);
    let exact = value * whole(100) * Q::from_integer(scale.clone());
    let floor = exact.floor().to_integer();
    let rest = &exact - exact.floor();
    let half = Q::new(BigInt::from(1), BigInt::from(2));
    let is_odd = !(&floor % 2_u8).is_zero();
    let is_up = rest > half || (rest == half && (if is_half_even { is_odd } else { true }));
    let mut steps = if is_up { &floor + 1 } else { floor };
    for bound in [BigInt::zero(), BigInt::from(100) * &scale] {
        let at = Q::from_integer(bound.clone());
        if steps == bound && exact != at {
            steps += if exact < at { -1 } else { 1 };
        }
    }
    let digits = steps.abs().to_string();
    let width = usize::try_from(decimals).expect("few");
    if width == 0 {
        return digits;
    }
    let padded = format!("{digits:0>width$}", width = width + 1);
    let (before, after) = padded.split_at(padded.len() - width);
    format!("{before}.{after}")
}

#[expect(clippy::too_many_lines, reason = "the specification from its top to its end")]
/// The result of a visit, as `haamu score` would print its main parts.
pub(super) fn score(document: &Value, answers: &Map<String, Value>, voided: &[String]) -> Value {
    let mut visit = Visit {
        document,
        answers,
        voided,
        statuses: BTreeMap::new(),
    };
    // Changes look at scales anywhere, so they are settled when everything else is.
    for of_changes in [false, true] {
        for section in visit.sections() {
            for question in section["questions"].as_array().expect("questions") {
                if (question["type"] == "change") == of_changes {
                    let status = visit.status(section, question);
                    visit
                        .statuses
                        .insert(question["id"].as_str().expect("an id").to_owned(), status);
                }
            }
        }
    }
    let zero_policy = document["scoring"]["unanswered"] == "zero";
    let (mut sums, mut limits, mut questions) = (Vec::new(), Vec::new(), Map::new());
    let (mut critical, mut caps) = (Vec::new(), Vec::new());
    let (mut is_zeroed, mut is_failed) = (false, false);
    for section in visit.sections() {
        let (mut earned_sum, mut bonus_sum, mut possible_sum) = (Q::zero(), Q::zero(), Q::zero());
        let mut limit: Option<Q> = None;
        for question in section["questions"].as_array().expect("questions") {
            let id = question["id"].as_str().expect("an id");
            let status = visit.statuses[id];
            let (earned, possible) = match status {
                "scored" => (visit.earned(question), decimal(&question["points"])),
                "bonus" => (visit.earned(question), Q::zero()),
                "unanswered" if zero_policy && question["bonus"] != true && question["type"] != "text" => {
                    (Q::zero(), optional(&question["points"]).unwrap_or_else(Q::zero))
                }
                _ => (Q::zero(), Q::zero()),
            };
            if visit.is_triggered(question, status, &earned) {
                critical.push(id.to_owned());
                let rule = &question["critical"];
                let lower = |old: Option<Q>, new: Q| {
                    Some(old.map_or_else(|| new.clone(), |old| old.min(new.clone())))
                };
                match rule["effect"].as_str().unwrap_or("flag") {
                    "section_zero" => limit = Some(Q::zero()),
                    "section_cap" => limit = lower(limit, percent(&rule["cap"])),
                    "visit_cap" => caps.push(percent(&rule["cap"])),
                    "visit_zero" => is_zeroed = true,
                    "visit_fail" => is_failed = true,
                    _ => {}
                }
            }
            questions.insert(
                id.to_owned(),
                json!({"status": status, "earned": fraction(&earned), "possible": fraction(&possible)}),
            );
            if status == "bonus" {
                bonus_sum += earned;
            } else {
                earned_sum += earned;
            }
            possible_sum += possible;
        }
        sums.push((earned_sum, bonus_sum, possible_sum));
        limits.push(limit);
    }
    let none = vec![None; sums.len()];
    let raw = visit_value(document, &sums, &none);
    let last = visit_value(document, &sums, &limits).map(|value| {
        let capped = caps.iter().fold(value, |value, cap| value.min(cap.clone()));
        if is_zeroed { Q::zero() } else { capped }
    });
    let scoring = &document["scoring"];
    let decimals = u32::try_from(scoring["display_decimals"].as_u64().unwrap_or(1)).expect("small");
    let display = last
        .as_ref()
        .map(|value| shown(value, decimals, scoring["rounding"] == "half_even"));
    let caps_bonus = scoring["cap_bonus"] != false;
    let one = Q::one();
    for (index, section) in visit.sections().iter().enumerate() {
        let (earned, bonus, possible) = &sums[index];
        if let Some(mark) = optional(&section["pass_mark"])
            && !possible.is_zero()
        {
            let mut value = clamp(
                (earned + bonus) / possible,
                &Q::zero(),
                caps_bonus.then_some(&one),
            );
            if let Some(limit) = &limits[index] {
                value = value.min(limit.clone());
            }
            is_failed |= value < mark / whole(100);
        }
    }
    let grade = if is_failed {
        json!("failed")
    } else {
        let by = match (&last, &display) {
            (Some(last), Some(display)) if scoring["band_on"] != "exact" => {
                let _ = last;
                Some(decimal(&json!(display)))
            }
            (Some(last), _) => Some(last * whole(100)),
            (None, _) => None,
        };
        let bands = scoring["bands"].as_array().map(Vec::as_slice).unwrap_or_default();
        let fitting = by.and_then(|by| {
            let reached = bands.iter().filter(|band| decimal(&band["min"]) <= by);
            reached.max_by_key(|band| decimal(&band["min"]))
        });
        fitting.map_or(Value::Null, |band| band["id"].clone())
    };
    json!({
        "raw": raw.as_ref().map(fraction), "final": last.as_ref().map(fraction), "display": display,
        "grade": grade, "critical": critical, "questions": questions,
    })
}
