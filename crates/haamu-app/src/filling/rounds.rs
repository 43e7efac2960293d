//! One round: read with its quotas, changed, and called off.

use std::collections::{BTreeMap, BTreeSet};

use haamu_domain::filling::{EndReason, QuotaKind};
use haamu_domain::{
    Actor, AgencyId, AssignmentEvent, AuditEvent, AuditId, Code, LocalDate, RoundId, Verb, VisitId,
};
use haamu_store::Tx;
use haamu_store::repo::programmes::{self, Round};
use haamu_store::repo::visits::{self, Visit};
use haamu_store::repo::{assignments, audit, plans, round_days, rounds};
use serde_json::json;

use crate::context::require_in_agency;
use crate::error::Checks;
use crate::programmes::{check_dates, require_going, require_takes_visits, within_reach};
use crate::{App, Error};

use super::facts::Cells;
use super::round_days as days;

/// So many visits are locked with one statement.
const VISITS_AT_ONCE: usize = 5_000;

/// A round with its quotas.
#[derive(Clone, Debug)]
pub struct RoundView {
    /// The round.
    pub round: Round,
    /// How many visits cells of its quotas take.
    pub quotas: BTreeMap<(QuotaKind, String), u32>,
}

/// What is to change about a round. What is absent stays.
#[derive(Clone, Debug, Default)]
pub struct RoundPatch {
    /// Its name.
    pub name: Option<String>,
    /// The first day of visits.
    pub starts_on: Option<LocalDate>,
    /// The last day of visits.
    pub visit_by: Option<LocalDate>,
    /// The last day of reports.
    pub report_by: Option<LocalDate>,
    /// The day by whose period the results count.
    pub counts_in: Option<LocalDate>,
    /// Quotas in place of those that it had.
    pub quotas: Option<BTreeMap<(QuotaKind, String), u32>>,
}

impl App {
    /// A round with its quotas.
    ///
    /// # Errors
    /// There is no such round.
    pub async fn read_round(&self, actor: &Actor, id: RoundId) -> Result<RoundView, Error> {
        require_in_agency(actor, Verb::ReadProgrammes)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let round = programmes::find_round(tx, actor.agency, id).await?;
            let (round, _) = within_reach(tx, actor, Verb::ReadProgrammes, round, "round").await?;
            let quotas = plans::list_quotas(tx, actor.agency, id).await?;
            Ok(RoundView { round, quotas })
        })
        .await
    }

    /// Changes a round. Whoever has a visit of it learns of its new days. With `based_on`, only if it has that
    /// revision still.
    ///
    /// # Errors
    /// There is no such round, it was called off, its programme is closed, dates are out of order, days that are
    /// agreed or planned would lie outside of it, visits were made or reports came on days that would not be of it, there
    /// is no such cell, or [`Code::Conflict`].
    pub async fn update_round(
        &self,
        actor: &Actor,
        id: RoundId,
        patch: &RoundPatch,
        based_on: Option<i64>,
    ) -> Result<RoundView, Error> {
        self.change_round(actor, id, patch, based_on, "quotas.").await
    }

    /// Quotas stand in the input below `quotas_at`.
    async fn change_round(
        &self,
        actor: &Actor,
        id: RoundId,
        patch: &RoundPatch,
        based_on: Option<i64>,
        quotas_at: &str,
    ) -> Result<RoundView, Error> {
        require_in_agency(actor, Verb::UpdateRound)?;
        let mut checks = Checks::default();
        let name = patch.name.as_ref().map(|name| checks.text("name", name, 200));
        if let Some(quotas) = &patch.quotas {
            check_quotas(&mut checks, quotas_at, quotas);
        }
        checks.finish()?;
        let name = &name;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let before = programmes::lock_round(tx, actor.agency, id).await?;
            let (before, programme) = within_reach(tx, actor, Verb::UpdateRound, before, "round").await?;
            if based_on.is_some_and(|based_on| based_on != before.row_version) {
                return Err(Error::refused(Code::Conflict));
            }
            require_takes_visits(&before, &programme)?;
            let mut round = changed(&before, name.as_deref(), patch);
            if limits(&round) != limits(&before) {
                let open = round_days::list_open(tx, actor.agency, id).await?;
                let mut checks = Checks::default();
                check_dates(&mut checks, round.starts_on, round.visit_by, round.report_by);
                days::check(&mut checks, &before, &round, &open);
                let made = round_days::list_made(tx, actor.agency, id).await?;
                days::check_made(&mut checks, &before, &round, &made);
                checks.finish()?;
                round_days::move_unnamed(tx, actor.agency, &before, &round).await?;
                let held: Vec<_> = open
                    .iter()
                    .filter_map(|days| days.offer.map(|(id, ..)| id))
                    .collect();
                let held = assignments::list_by_ids(tx, actor.agency, &held).await?;
                self.tell_holders(tx, actor.agency, &held).await?;
            }
            if let Some(quotas) = &patch.quotas {
                plans::put_quotas(tx, actor.agency, id, quotas).await?;
            }
            rounds::update(tx, &round).await?;
            round.row_version += 1;
            let quotas = plans::list_quotas(tx, actor.agency, id).await?;
            let detail = changes(&before, &round, patch.quotas.is_some());
            let event = AuditEvent::of(Verb::UpdateRound, "round", id).with(detail);
            Ok((RoundView { round, quotas }, event))
        })
        .await
    }

    /// Calls a round off for good: visits that nobody has handed in are not to be made any more, what was offered of
    /// them is taken back, and whoever had it is told. What is handed in goes on.
    ///
    /// # Errors
    /// There is no such round, or it was called off already.
    pub async fn cancel_round(&self, actor: &Actor, id: RoundId, reason: &str) -> Result<Round, Error> {
        require_in_agency(actor, Verb::CancelRound)?;
        let mut checks = Checks::default();
        let reason = &checks.text("reason", reason, 1_000);
        checks.finish()?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let agency = actor.agency;
            let found = programmes::find_round(tx, agency, id).await?;
            within_reach(tx, actor, Verb::CancelRound, found, "round").await?;
            // Visits before their round, as everybody locks them who gives one or takes one.
            let mut open = lock_open(tx, agency, id, &BTreeSet::new()).await?;
            let round = programmes::lock_round(tx, agency, id).await?;
            let mut round = round.ok_or_else(|| Error::not_found("round"))?;
            require_going(&round)?;
            // Those that were planned meanwhile.
            let known = open.iter().map(|visit| visit.id).collect();
            open.extend(lock_open(tx, agency, id, &known).await?);
            let offers = self.take_back_all(tx, actor, &mut open, reason).await?;
            let ids: Vec<_> = open.iter().map(|visit| visit.id).collect();
            let called_off = rounds::call_off(tx, agency, id, &ids, reason).await?;
            round.cancelled = Some((self.now(), reason.clone()));
            rounds::update(tx, &round).await?;
            round.row_version += 1;
            let detail = json!({"visits": called_off, "offers": offers});
            let event = AuditEvent::of(Verb::CancelRound, "round", id).with(detail);
            Ok((round, event))
        })
        .await
    }

    /// Ends whatever is asked for or offered of visits, each with its audit entry. Returns how much that was.
    async fn take_back_all(
        &self,
        tx: &Tx,
        actor: &Actor,
        of: &mut [Visit],
        reason: &str,
    ) -> Result<usize, Error> {
        let mut ended = 0;
        for some in of.chunks_mut(VISITS_AT_ONCE) {
            let ids: Vec<VisitId> = some.iter().map(|visit| visit.id).collect();
            let mut all: BTreeMap<VisitId, Vec<_>> = BTreeMap::new();
            for assignment in assignments::list_of_visits(tx, actor.agency, &ids).await? {
                all.entry(assignment.visit).or_default().push(assignment);
            }
            for visit in some {
                let of_visit = all.remove(&visit.id).unwrap_or_default().into_iter();
                let alive = of_visit.filter(|one| one.state.after(AssignmentEvent::Cancel).is_ok());
                for mut assignment in alive {
                    let end = (
                        AssignmentEvent::Cancel,
                        EndReason::Cancelled,
                        Some(reason.to_owned()),
                    );
                    self.end_assignment(tx, actor.agency, visit, &mut assignment, end)
                        .await?;
                    let entry = AuditEvent::of(Verb::CancelRound, "assignment", assignment.id);
                    let entry = entry.with(json!({"visit": visit.id}));
                    let entry_id = AuditId::from_uuid(self.fresh_uuid());
                    audit::insert(tx, entry_id, actor.agency, Some(actor), &entry, self.now()).await?;
                    ended += 1;
                }
            }
        }
        Ok(ended)
    }

    /// Gives a round quotas in place of those that it had.
    ///
    /// # Errors
    /// Those of [`Self::update_round`].
    pub async fn put_quotas(
        &self,
        actor: &Actor,
        round: RoundId,
        quotas: &BTreeMap<(QuotaKind, String), u32>,
    ) -> Result<(), Error> {
        let patch = RoundPatch {
            quotas: Some(quotas.clone()),
            ..RoundPatch::default()
        };
        self.change_round(actor, round, &patch, None, "").await?;
        Ok(())
    }

    /// The quotas of a round.
    ///
    /// # Errors
    /// There is no such round.
    pub async fn read_quotas(&self, actor: &Actor, round: RoundId) -> Result<Cells, Error> {
        Ok(self.read_round(actor, round).await?.quotas)
    }
}

/// The visits of a round that nobody has handed in, but for some, locked in the order of their ids.
async fn lock_open(
    tx: &Tx,
    agency: AgencyId,
    round: RoundId,
    but_for: &BTreeSet<VisitId>,
) -> Result<Vec<Visit>, Error> {
    let mut ids = rounds::list_open_visits(tx, agency, round).await?;
    ids.retain(|id| !but_for.contains(id));
    let mut locked = Vec::with_capacity(ids.len());
    for some in ids.chunks(VISITS_AT_ONCE) {
        let found = visits::lock_many(tx, agency, some).await?;
        // Read again under their locks: some may have been handed in meanwhile.
        locked.extend(found.into_iter().filter(|visit| visit.state.is_to_do()));
    }
    Ok(locked)
}

fn check_quotas(checks: &mut Checks, prefix: &str, quotas: &Cells) {
    for ((kind, cell), visits) in quotas {
        let path = format!("{prefix}{}.{cell}", kind.as_str());
        if !kind.has(cell) {
            checks.issue(path, "unknown_value", "there is no such cell");
        } else if *visits > 1_000_000 {
            checks.issue(path, "out_of_range", "at most 1000000 visits");
        }
    }
}

fn changed(before: &Round, name: Option<&str>, patch: &RoundPatch) -> Round {
    Round {
        name: name.map_or_else(|| before.name.clone(), str::to_owned),
        starts_on: patch.starts_on.unwrap_or(before.starts_on),
        visit_by: patch.visit_by.unwrap_or(before.visit_by),
        report_by: patch.report_by.unwrap_or(before.report_by),
        counts_in: patch.counts_in.unwrap_or(before.counts_in),
        ..before.clone()
    }
}

/// What of a round limits the days of its visits, and stands in their briefs. Its name stays there as it was.
const fn limits(round: &Round) -> (LocalDate, LocalDate, LocalDate) {
    (round.starts_on, round.visit_by, round.report_by)
}

/// What the audit trail says about a change.
fn changes(before: &Round, after: &Round, has_new_quotas: bool) -> serde_json::Value {
    let mut detail = serde_json::Map::new();
    for (name, was, is) in [
        ("starts_on", before.starts_on, after.starts_on),
        ("visit_by", before.visit_by, after.visit_by),
        ("report_by", before.report_by, after.report_by),
        ("counts_in", before.counts_in, after.counts_in),
    ] {
        if was != is {
            detail.insert(name.to_owned(), json!([was, is]));
        }
    }
    for (name, is_changed) in [("name", before.name != after.name), ("quotas", has_new_quotas)] {
        if is_changed {
            detail.insert(name.to_owned(), true.into());
        }
    }
    detail.into()
}
