//! Entities of the feed in their present state, many at a time.

use std::collections::BTreeMap;

use haamu_domain::brief::kind;
use haamu_domain::{AgencyId, AssignmentBrief, AssignmentId, SubmissionId, VisitId};
use haamu_store::Tx;
use haamu_store::repo::feed::FeedRow;
use haamu_store::repo::registers::Content;
use haamu_store::repo::submissions::Submission;
use haamu_store::repo::visits::Visit;
use haamu_store::repo::{checklists, registers, submissions, visits};
use haamu_sync::{
    Body, Bytes, CellEntry, Change, Confirmation, Entity, FeedEntry, FormVersion, Revocation, SubmissionBody,
};

use crate::Error;
use crate::retention::RETENTION;
use crate::visits::{briefs, distinct};

/// Roughly the bytes of an entry with nothing in it.
const SMALL: usize = 100;

/// Entities in their present state, and roughly how many bytes each takes. Of what the device
/// knows it is only told that.
pub(super) async fn entries(
    tx: &Tx,
    agency: AgencyId,
    rows: &[FeedRow],
    is_known: &impl Fn(&FeedRow) -> bool,
) -> Result<Vec<(FeedEntry, usize)>, Error> {
    let loaded = Loaded::load(tx, agency, rows, is_known).await?;
    let mut entries = Vec::with_capacity(rows.len());
    for row in rows {
        let entity = row.entity.clone();
        let change = match &row.revoked {
            Some(reason) => revoked(reason),
            None => match loaded.change(&row.entity, is_known(row))? {
                Some(change) => change,
                None => revoked("gone"),
            },
        };
        let size = estimated_size(&change);
        entries.push((FeedEntry { entity, change }, size));
    }
    Ok(entries)
}

fn revoked(reason: &str) -> Change {
    Change::Revoke(Revocation {
        reason: reason.to_owned(),
        // What the server deletes does not stay a week longer on the device; work that was never sent does.
        keep_until_uploaded: reason != RETENTION,
    })
}

/// An estimate of the encoded size of a change.
fn estimated_size(change: &Change) -> usize {
    let of_cell = |entry: &CellEntry| {
        let heads = entry.cell.register.heads.iter();
        let values: usize = heads
            .map(|head| 120 + head.value.as_ref().map_or(0, |value| value.bytes.0.len()))
            .sum();
        60 + values + entry.cell.elements.present.len() * 200
    };
    match change {
        Change::Upsert(Body::Record(bytes)) => bytes.0.len(),
        Change::Upsert(Body::Submission(body)) => body.cells.iter().map(of_cell).sum::<usize>() + SMALL,
        Change::Revoke(_) | Change::Confirm(_) => SMALL,
    }
}

/// What entries are made of.
#[derive(Default)]
struct Loaded {
    forms: BTreeMap<FormVersion, String>,
    briefs: BTreeMap<AssignmentId, AssignmentBrief>,
    submissions: BTreeMap<SubmissionId, Submission>,
    visits: BTreeMap<VisitId, Visit>,
    contents: BTreeMap<SubmissionId, Content>,
}

impl Loaded {
    async fn load(
        tx: &Tx,
        agency: AgencyId,
        rows: &[FeedRow],
        is_known: &impl Fn(&FeedRow) -> bool,
    ) -> Result<Self, Error> {
        let live = || rows.iter().filter(|row| row.revoked.is_none());
        let of_kind = |kind: &'static str| live().filter(move |row| row.entity.kind == kind);
        let mut loaded = Self::default();
        let forms = of_kind(kind::FORM).filter_map(|row| row.entity.id.parse().ok());
        for form in distinct(forms) {
            if let Some(version) = checklists::find_by_hash(tx, agency, &form).await? {
                loaded.forms.insert(form, version.document);
            }
        }
        let assignments = of_kind(kind::ASSIGNMENT).filter_map(|row| row.entity.id.parse().ok());
        loaded.briefs = briefs(tx, agency, &distinct(assignments)).await?;
        let all = of_kind(kind::SUBMISSION).filter_map(|row| row.entity.id.parse().ok());
        let all: Vec<SubmissionId> = distinct(all);
        if all.is_empty() {
            return Ok(loaded);
        }
        let submissions = submissions::list_by_ids(tx, agency, &all).await?;
        let ids = distinct(submissions.iter().map(|submission| submission.visit));
        let found = visits::list_by_ids(tx, agency, &ids).await?;
        loaded.visits = found.into_iter().map(|visit| (visit.id, visit)).collect();
        let by_id = submissions
            .into_iter()
            .map(|submission| (submission.id, submission));
        loaded.submissions = by_id.collect();
        let unknown = of_kind(kind::SUBMISSION).filter(|row| !is_known(row));
        let unknown = distinct(unknown.filter_map(|row| row.entity.id.parse().ok()));
        loaded.contents = registers::list_of(tx, agency, &unknown).await?;
        Ok(loaded)
    }

    /// What there is to say of an entity; nothing if it is gone.
    fn change(&self, entity: &Entity, is_known: bool) -> Result<Option<Change>, Error> {
        Ok(match entity.kind.as_str() {
            kind::FORM => {
                let form = entity.id.parse().ok();
                let document = form.and_then(|form: FormVersion| self.forms.get(&form));
                document.map(|text| record(text.clone().into_bytes()))
            }
            kind::ASSIGNMENT => {
                let id = entity.id.parse().ok();
                let brief = id.and_then(|id: AssignmentId| self.briefs.get(&id));
                let json = brief.map(serde_json::to_vec).transpose();
                json.map_err(|error| Error::internal("write a brief", error))?
                    .map(record)
            }
            kind::SUBMISSION => entity
                .id
                .parse()
                .ok()
                .and_then(|id| self.submission(id, is_known)),
            _ => None,
        })
    }

    fn submission(&self, id: SubmissionId, is_known: bool) -> Option<Change> {
        let submission = self.submissions.get(&id)?;
        let state = self.visits.get(&submission.visit)?.state.as_str().to_owned();
        let cycle = submission.cycle;
        if is_known {
            return Some(Change::Confirm(Confirmation { state, cycle }));
        }
        let cells = self
            .contents
            .get(&id)
            .into_iter()
            .flat_map(|content| &content.cells);
        let cells = cells.map(|(key, cell)| CellEntry {
            key: key.clone(),
            cell: cell.clone(),
        });
        Some(Change::Upsert(Body::Submission(SubmissionBody {
            document: id.document(),
            state,
            cycle,
            cells: cells.collect(),
        })))
    }
}

fn record(bytes: Vec<u8>) -> Change {
    Change::Upsert(Body::Record(Bytes(bytes.into())))
}
