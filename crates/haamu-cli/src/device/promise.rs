//! What a shopper is told of a visit before they begin: when to go, what to do there, and what is paid for it.

use std::fmt::Write as _;

use haamu_domain::{AssignmentBrief, AssignmentState, Daypart, FeesBrief, LocalDate, ScenarioBrief, Zone};

use super::words::Words;

/// The part of the day, in words.
pub(super) fn daypart(part: Daypart, words: &Words) -> &'static str {
    let mut parts = Daypart::ALL.into_iter().zip(words.dayparts);
    let found = parts.find(|(of, _)| *of == part);
    found.map_or(part.as_str(), |(_, words)| words)
}

/// Until when an offer is to be answered, on the clock of the place.
pub(super) fn answer_by(brief: &AssignmentBrief, words: &Words) -> Option<String> {
    if brief.state != AssignmentState::Assigned {
        return None;
    }
    let local = Zone::named(&brief.location.time_zone)?.local_minute(brief.respond_by?);
    let (hour, minute) = (local.minute / 60, local.minute % 60);
    Some(format!(
        "{} {} {hour:02}:{minute:02}",
        words.answer_by, local.date
    ))
}

/// The day that was agreed on: as the server tells it, or as it was asked for where that is not known yet.
pub(super) fn agreed_day(
    told: Option<&AssignmentBrief>,
    asked: Option<LocalDate>,
    words: &Words,
) -> Option<String> {
    let day = told.and_then(|brief| brief.due_on).or(asked)?;
    let part = told.and_then(|brief| brief.daypart);
    let part = part.map(|part| format!(" {}", daypart(part, words)));
    Some(format!("{} {day}{}", words.agreed_day, part.unwrap_or_default()))
}

/// What is to be done and what is paid for it, line by line.
pub(super) fn lines(brief: &AssignmentBrief, words: &Words) -> String {
    let mut text = String::new();
    if let Some(part) = brief.daypart {
        let day = brief.due_on.map(|day| format!("{day} ")).unwrap_or_default();
        let _ = writeln!(text, "{day}{}", daypart(part, words));
    }
    if let Some(scenario) = &brief.scenario {
        scenario_lines(&mut text, scenario, brief.fees.as_ref(), words);
    }
    if let Some(fees) = &brief.fees {
        fee_lines(&mut text, fees, words);
    }
    text
}

fn scenario_lines(text: &mut String, scenario: &ScenarioBrief, fees: Option<&FeesBrief>, words: &Words) {
    let _ = writeln!(text, "{}: {}", words.scenario, scenario.name);
    let parts = [
        (words.persona, &scenario.persona),
        (words.need, &scenario.need),
        (words.uncertainty, &scenario.uncertainty),
        (words.restriction, &scenario.restriction),
    ];
    for (label, said) in parts.into_iter().filter(|(_, said)| !said.is_empty()) {
        let _ = writeln!(text, "  {label}: {said}");
    }
    for line in scenario.script.lines() {
        let _ = writeln!(text, "  {line}");
    }
    if scenario.purchase_cents > 0 {
        let currency = fees.map_or("", |fees| fees.currency.as_str());
        let _ = writeln!(
            text,
            "  {}: {}",
            words.purchase,
            money(scenario.purchase_cents, currency)
        );
    }
}

fn fee_lines(text: &mut String, fees: &FeesBrief, words: &Words) {
    let currency = fees.currency.as_str();
    let fee = money(fees.fee_cents, currency);
    let _ = writeln!(text, "{}: {fee} ({} {})", words.fee, fees.minutes, words.minutes);
    if fees.reimbursement_cap_cents > 0 {
        let cap = money(fees.reimbursement_cap_cents, currency);
        let receipt = if fees.receipt_required {
            words.with_receipt
        } else {
            ""
        };
        let _ = writeln!(text, "{}: {cap} {receipt}", words.reimbursement);
    }
    if fees.per_kilometre_cents > 0 {
        let each = money(fees.per_kilometre_cents, currency);
        let cap = money(fees.travel_cap_cents, currency);
        let _ = writeln!(text, "{}: {each} ({} {cap})", words.travel, words.at_most);
    }
}

fn money(cents: u32, currency: &str) -> String {
    let amount = format!("{}.{:02} {currency}", cents / 100, cents % 100);
    amount.trim_end().to_owned()
}
