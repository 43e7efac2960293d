//! What a reviewer should know beyond the evaluation itself.

use haamu_domain::stages::visited_at;
use haamu_domain::{Actor, AgencyId, Zone};
use haamu_form::{Finding, Slot};
use haamu_store::Tx;
use haamu_store::repo::submissions::Submission;
use haamu_store::repo::visits::Visit;
use haamu_store::repo::{blobs, plans, programmes, terms};
use haamu_sync::BlobHash;

use crate::evaluation::Evaluation;
use crate::filling::is_tied;
use crate::set_aside::count_of_visit;
use crate::visits::{ReportDue, first_handed_in};
use crate::{App, Error};

impl App {
    /// Notices about an evaluation, none of which keeps it from being approved.
    pub(super) async fn notices(
        &self,
        tx: &Tx,
        actor: &Actor,
        visit: &Visit,
        (submission, evaluation): (&Submission, &Evaluation),
    ) -> Result<Vec<Finding>, Error> {
        let mut notices = independence(tx, actor, visit, submission).await?;
        let zone = crate::jobs::load_zone(tx, actor.agency, visit).await?;
        let said = visited_at(&evaluation.checklist, evaluation.bound.draft.answers(), &zone);
        if let (Some(said), Some(taken)) = (said, visit.visited_at)
            && said != taken
        {
            let message = "the time of the visit lies outside of its round or after the evaluation; \
                           the time of handing in is taken";
            notices.push(Finding::warning("visit_time_implausible", "answers", message));
        }
        // What is left of a time that was made coarse judges nothing.
        if submission.purged.is_empty() {
            let is_told = said.is_some() && said == visit.visited_at;
            notices.extend(
                self.breaches(tx, actor, (visit, submission), &zone, is_told)
                    .await?,
            );
        }
        notices.extend(late_report(tx, actor.agency, (visit, submission), &zone).await?);
        notices.extend(review_lane(evaluation));
        let set_aside = count_of_visit(tx, actor.agency, visit.id).await?;
        if set_aside > 0 {
            let message = format!(
                "{set_aside} operations about this visit were set aside, and nobody has decided about them yet"
            );
            notices.push(Finding::warning("work_set_aside", "answers", message));
        }
        let files: Vec<(Slot, BlobHash)> = evaluation
            .files()
            .map(|(slot, file)| (slot, file.sha256))
            .collect();
        let hashes: Vec<BlobHash> = files.iter().map(|(_, hash)| *hash).collect();
        let renditions = blobs::list_renditions(tx, actor.agency, &hashes).await?;
        for rendition in renditions.iter().filter(|rendition| !rendition.is_readable) {
            let of_file = files.iter().filter(|(_, hash)| *hash == rendition.sha256);
            for (slot, _) in of_file {
                let path = format!("photos.{}", slot.path(&evaluation.checklist));
                let message = "the file cannot be shown as a photo; readers do not see it";
                notices.push(Finding::warning("photo_unreadable", path, message));
            }
        }
        Ok(notices)
    }
}

/// Whether the shopper has declared that they have no tie to the place, and has none. Whoever recorded an answer
/// without accepting the offer has declared nothing; their work is kept all the same.
async fn independence(
    tx: &Tx,
    actor: &Actor,
    visit: &Visit,
    submission: &Submission,
) -> Result<Vec<Finding>, Error> {
    let mut notices = Vec::new();
    let terms = terms::load(tx, actor.agency, submission.assignment).await?;
    if terms.independent_at.is_none() {
        let message = "the shopper began without declaring that they have no tie to the place";
        notices.push(Finding::warning("independence_not_declared", "answers", message));
    }
    if is_tied(tx, actor.agency, visit, submission.shopper).await? {
        let message = "the shopper has declared a tie to the place";
        notices.push(Finding::warning("not_independent", "answers", message));
    }
    Ok(notices)
}

/// That the report came after the day by which it was due.
async fn late_report(
    tx: &Tx,
    agency: AgencyId,
    (visit, submission): (&Visit, &Submission),
    zone: &Zone,
) -> Result<Option<Finding>, Error> {
    let of = std::slice::from_ref(submission);
    let Some(came_at) = first_handed_in(tx, agency, of).await?.remove(&submission.id) else {
        return Ok(None);
    };
    let round = programmes::find_round(tx, agency, visit.round).await?;
    let round = round.ok_or_else(|| Error::not_found("round"))?;
    let plan = plans::load(tx, agency, visit.id, visit.round).await?;
    let of_visit = (visit.state, &round, Some(&plan));
    let due = ReportDue::of(of_visit, Some(came_at), zone, came_at);
    let message = format!(
        "the report was due on {} and was handed in on {}",
        due.by,
        zone.date_of(came_at)
    );
    let finding = due
        .is_late
        .then(|| Finding::warning("report_late", "answers", message));
    Ok(finding)
}

/// Where the evaluation has something else than its shopper's testimony.
fn review_lane(evaluation: &Evaluation) -> Vec<Finding> {
    let path = |slot: &Slot| format!("answers.{}", slot.path(&evaluation.checklist));
    let reviewed = evaluation.bound.reviewed.iter().map(|slot| {
        let message = "this was taken over from work that was set aside; the shopper's own words are kept";
        Finding::warning("value_adopted", path(slot), message)
    });
    let stale = evaluation.bound.stale.iter().map(|slot| {
        let message = "the shopper has changed this after another value was taken over";
        Finding::warning("review_stale", path(slot), message)
    });
    reviewed.chain(stale).collect()
}
