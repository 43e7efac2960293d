//! Evaluations whose time is over: what is left of their operations, registers and files.
//!
//! Scores stay as they were scored. An operation keeps its name, its place in the chain of its device and what it
//! replaced; of what it said, a commitment is left.

use std::collections::BTreeSet;

use haamu_domain::brief::{assignment_entity, submission_entity};
use haamu_domain::retention::{
    CoarseStamps, PurgeClass, class_of_register, coarse_moment, redact_action, redact_cell,
};
use haamu_domain::{AgencyId, AuditEvent, Zone};
use haamu_form::Checklist;
use haamu_store::repo::feed::{self, FeedChange};
use haamu_store::repo::purge_content::{self, KeptOp};
use haamu_store::repo::purge_log::{self, Purge};
use haamu_store::repo::submissions::{self, Submission};
use haamu_store::repo::visits::{self, Visit};
use haamu_store::repo::{purge_files, registers, retention};
use haamu_store::{Reach, Tx};
use haamu_sync::{BlobHash, Cell, Document, Hlc, Op, OpId, RegisterKey, codec};
use serde_json::json;

use crate::evaluation;
use crate::jobs::load_zone;
use crate::sync::load_document;
use crate::visits::scope_of;
use crate::{App, Error};

use super::files::files_of_class;
use super::night::Steps;
use super::rows::LOOK_AT;

/// Why devices are told to forget an evaluation.
pub(crate) const RETENTION: &str = "retention";

/// An evaluation of which a class is due, locked, with what that is decided by.
struct Due {
    visit: Visit,
    submission: Submission,
    checklist: Checklist,
    document: Document,
    zone: Zone,
}

impl App {
    /// Deletes a class of evaluations. Returns false if there are more than steps. One that fails does not keep
    /// the others from being done.
    pub(super) async fn purge_submissions(
        &self,
        agency: AgencyId,
        purge: &Purge,
        steps: &mut Steps,
    ) -> Result<bool, Error> {
        let (mut after, mut failure) = (None, None);
        loop {
            let found = self
                .look(agency, |tx: Tx| async move {
                    let tx = &tx;
                    let Purge { class, kept_from, .. } = *purge;
                    Ok(purge_content::list_due(tx, agency, class, kept_from, after, LOOK_AT).await?)
                })
                .await?;
            let Some((last, _)) = found.last() else { break };
            after = Some(*last);
            for (_, submission) in &found {
                if !steps.take() {
                    return Ok(false);
                }
                if let Err(error) = self.purge_submission(agency, purge, submission).await {
                    failure.get_or_insert(error);
                }
            }
        }
        if purge.class == PurgeClass::Narrative && !self.purge_homeless(agency, purge, steps).await? {
            return Ok(false);
        }
        failure.map_or(Ok(true), Err)
    }

    /// Deletes a class of one evaluation, in two transactions: readers must not look for a file that is deleted.
    async fn purge_submission(
        &self,
        agency: AgencyId,
        purge: &Purge,
        found: &Submission,
    ) -> Result<(), Error> {
        let files = self
            .inner
            .db
            .write(Reach::Agency(agency), |tx: Tx| async move {
                let tx = &tx;
                let Some(due) = lock(tx, agency, purge.class, found).await? else {
                    return Ok(None);
                };
                let of = (&due.submission, &due.checklist, &due.document);
                let files = files_of_class(tx, agency, purge.class, of).await?;
                purge_files::give_up(tx, agency, found.id, &files, self.now()).await?;
                // Those that were given up before its process died are still to be deleted.
                let owned = purge_files::list_owned(tx, agency, found.id).await?;
                let given_up = owned.into_iter().filter(|(_, is_given_up)| *is_given_up);
                Ok::<_, Error>(Some(given_up.map(|(file, _)| file).collect::<Vec<BlobHash>>()))
            })
            .await?;
        let Some(files) = files else { return Ok(()) };
        let files = &files;
        self.act_alone(agency, |tx: Tx| async move {
            let tx = &tx;
            let event = AuditEvent::named("retention.purge", "submission", found.id);
            let Some(due) = lock(tx, agency, purge.class, found).await? else {
                return Ok(((), event));
            };
            let objects = self.delete_files(tx, agency, files, self.now()).await?;
            let rows = self.redact(tx, agency, purge.class, &due).await?;
            purge_content::mark(tx, found.id, purge.class, self.now()).await?;
            tell_devices(tx, agency, &due).await?;
            purge_log::add(tx, purge.id, rows, objects).await?;
            let detail = json!({"class": purge.class.as_str(), "rows": rows, "objects": objects});
            Ok(((), event.with(detail)))
        })
        .await
    }

    /// Deletes what belongs to a class in all that the database keeps of an evaluation. Returns in how many rows.
    async fn redact(&self, tx: &Tx, agency: AgencyId, class: PurgeClass, due: &Due) -> Result<u64, Error> {
        let id = due.submission.id;
        let ops = purge_content::list_ops(tx, agency, id).await?;
        let stamps = match class {
            PurgeClass::StaffData => stamps_of(&ops, due),
            _ => CoarseStamps::default(),
        };
        let mut rows = 0;
        for op in &ops {
            let Ok(said) = codec::decode(&op.raw, op.device, op.seq) else {
                continue;
            };
            let left = self.left_of(&said, op.id, class, due, &stamps);
            let effective = stamps.get(op.effective);
            if left != said || effective != op.effective {
                let kept = KeptOp {
                    raw: codec::encode(&left, op.device, op.seq),
                    effective,
                    received_at: match class {
                        PurgeClass::StaffData => coarse_moment(op.received_at, &due.zone),
                        _ => op.received_at,
                    },
                    ..op.clone()
                };
                purge_content::redact_op(tx, &kept, Some(left.hlc), self.now()).await?;
                rows += 1;
            }
        }
        rows += self.redact_registers(tx, agency, class, due, &stamps).await?;
        match class {
            PurgeClass::Narrative => purge_content::clear_words(tx, agency, &due.submission).await?,
            PurgeClass::StaffData => {
                let coarse = |moment| coarse_moment(moment, &due.zone);
                purge_content::coarsen_times(tx, agency, id, coarse).await?;
                if let Some(visited_at) = due.visit.visited_at {
                    purge_content::set_visited_at(tx, due.visit.id, coarse(visited_at)).await?;
                }
            }
            _ => {}
        }
        Ok(rows)
    }

    /// An operation without what belongs to a class.
    fn left_of(&self, said: &Op, id: OpId, class: PurgeClass, due: &Due, stamps: &CoarseStamps) -> Op {
        let mut left = said.clone();
        left.hlc = stamps.get(said.hlc);
        if class_of_register(&due.checklist, &said.register) == Some(class) {
            let commit = |op, value: &[u8]| self.inner.seal.known().commit(op, value);
            let register = said.register.as_str();
            let action = redact_action(&said.action, id, &due.checklist, register, &due.zone, &commit);
            left.action = action.unwrap_or(left.action);
        }
        left
    }

    async fn redact_registers(
        &self,
        tx: &Tx,
        agency: AgencyId,
        class: PurgeClass,
        due: &Due,
        stamps: &CoarseStamps,
    ) -> Result<u64, Error> {
        let commit = |op, value: &[u8]| self.inner.seal.known().commit(op, value);
        let mut changed: Vec<(RegisterKey, Cell)> = Vec::new();
        for (key, cell) in &due.document.cells {
            let mut left = cell.clone();
            if class_of_register(&due.checklist, &key.register) == Some(class) {
                redact_cell(&mut left, &due.checklist, &key.register, &due.zone, &commit);
            }
            for head in &mut left.register.heads {
                head.effective = stamps.get(head.effective);
            }
            for element in left.elements.present.values_mut() {
                element.effective = stamps.get(element.effective);
            }
            if left != *cell {
                changed.push((key.clone(), left));
            }
        }
        let cells: Vec<_> = changed
            .iter()
            .map(|(key, cell)| (due.submission.id, key, cell))
            .collect();
        registers::save_many(tx, agency, &cells).await?;
        Ok(cells.len() as u64)
    }

    /// Operations about no submission: nobody can tell what they say, and so nothing of them is kept.
    async fn purge_homeless(
        &self,
        agency: AgencyId,
        purge: &Purge,
        steps: &mut Steps,
    ) -> Result<bool, Error> {
        loop {
            let found = self
                .look(agency, |tx: Tx| async move {
                    let tx = &tx;
                    Ok(purge_content::list_homeless(tx, agency, purge.kept_from, LOOK_AT).await?)
                })
                .await?;
            if found.is_empty() {
                return Ok(true);
            }
            if !steps.take() {
                return Ok(false);
            }
            let found = &found;
            self.act_alone(agency, |tx: Tx| async move {
                let tx = &tx;
                for op in found {
                    let left = KeptOp {
                        raw: self.inner.seal.known().commit(op.id, &op.raw).to_vec(),
                        ..op.clone()
                    };
                    purge_content::redact_op(tx, &left, None, self.now()).await?;
                }
                let rows = found.len() as u64;
                purge_log::add(tx, purge.id, rows, 0).await?;
                let event = AuditEvent::named("retention.purge", "agency", agency);
                Ok((
                    (),
                    event.with(json!({"class": purge.class.as_str(), "rows": rows})),
                ))
            })
            .await?;
        }
    }
}

/// Locks an evaluation, its visit first, here and everywhere. None if the class was deleted meanwhile, or the visit
/// is held now.
async fn lock(
    tx: &Tx,
    agency: AgencyId,
    class: PurgeClass,
    found: &Submission,
) -> Result<Option<Due>, Error> {
    let visit = visits::lock(tx, agency, found.visit).await?;
    let submission = submissions::lock(tx, agency, found.id).await?;
    let (Some(visit), Some(submission)) = (visit, submission) else {
        return Ok(None);
    };
    if submission.purged.contains(&class) || retention::is_held(tx, agency, visit.id).await? {
        return Ok(None);
    }
    let evaluation = evaluation::load(tx, agency, &visit, &submission).await?;
    Ok(Some(Due {
        document: load_document(tx, agency, submission.id).await?,
        zone: load_zone(tx, agency, &visit).await?,
        checklist: evaluation.checklist,
        visit,
        submission,
    }))
}

/// All stamps of an evaluation, made coarse together.
fn stamps_of(ops: &[KeptOp], due: &Due) -> CoarseStamps {
    let mut stamps: BTreeSet<Hlc> = ops.iter().map(|op| op.effective).collect();
    let said = ops
        .iter()
        .filter_map(|op| codec::decode(&op.raw, op.device, op.seq).ok());
    stamps.extend(said.map(|op| op.hlc));
    for cell in due.document.cells.values() {
        stamps.extend(cell.register.heads.iter().map(|head| head.effective));
        stamps.extend(cell.elements.present.values().map(|element| element.effective));
    }
    CoarseStamps::of(stamps, &due.zone)
}

/// Lets the devices of the shopper forget an evaluation that is settled; of one that is not, they get what is left.
async fn tell_devices(tx: &Tx, agency: AgencyId, due: &Due) -> Result<(), Error> {
    let scope = scope_of(agency, due.submission.shopper);
    let is_settled = due.visit.state.is_settled();
    let mut changes = Vec::new();
    for entity in [
        assignment_entity(due.submission.assignment),
        submission_entity(due.submission.id),
    ] {
        let told = feed::find(tx, &scope, &entity).await?;
        if told.is_some_and(|told| told.revoked.is_none()) {
            changes.push(FeedChange {
                entity,
                revoked: is_settled.then(|| RETENTION.to_owned()),
            });
        }
    }
    feed::append(tx, agency, &scope, &changes).await?;
    Ok(())
}
