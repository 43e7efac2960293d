//! Files of evaluations whose time is over.

use std::collections::BTreeSet;

use haamu_domain::binding::Capture;
use haamu_domain::retention::{PurgeClass, class_of_register};
use haamu_domain::{AgencyId, Timestamp};
use haamu_form::Checklist;
use haamu_store::Tx;
use haamu_store::repo::submissions::Submission;
use haamu_store::repo::{purge_files, visits};
use haamu_sync::{BlobHash, Document};

use crate::evaluation;
use crate::sync::load_document;
use crate::{App, Error};

/// The files of a submission that belong to a class. What no answer names any more, such as the small pictures of
/// photos that were taken away, goes with the photos; what two answers name goes with the later class.
pub(super) async fn files_of_class(
    tx: &Tx,
    agency: AgencyId,
    class: PurgeClass,
    (submission, checklist, document): (&Submission, &Checklist, &Document),
) -> Result<Vec<BlobHash>, Error> {
    let (mut of_class, mut of_others) = (BTreeSet::new(), BTreeSet::new());
    for (key, cell) in &document.cells {
        let files = cell.elements.attachments();
        let hashes = files
            .iter()
            .flat_map(|(_, file)| [Some(file.sha256), Capture::from_bytes(&file.capture).preview]);
        let of_register = class_of_register(checklist, &key.register);
        let is_gone = of_register.is_some_and(|other| submission.purged.contains(&other));
        if of_register == Some(class) {
            of_class.extend(hashes.flatten());
        } else if !is_gone {
            of_others.extend(hashes.flatten());
        }
    }
    let owned = purge_files::list_owned(tx, agency, submission.id).await?;
    let is_due = |(file, is_given_up): &(BlobHash, bool)| {
        let is_of_class = of_class.contains(file) || class == PurgeClass::Photo;
        !is_given_up && is_of_class && !of_others.contains(file)
    };
    Ok(owned.into_iter().filter(is_due).map(|(file, _)| file).collect())
}

/// How many files of a class a submission has.
pub(super) async fn count_files(
    tx: &Tx,
    agency: AgencyId,
    class: PurgeClass,
    submission: &Submission,
) -> Result<u64, Error> {
    let visit = visits::find(tx, agency, submission.visit).await?;
    let visit = visit.ok_or_else(|| Error::not_found("visit"))?;
    let evaluation = evaluation::load(tx, agency, &visit, submission).await?;
    let document = load_document(tx, agency, submission.id).await?;
    let of = (submission, &evaluation.checklist, &document);
    Ok(files_of_class(tx, agency, class, of).await?.len() as u64)
}

impl App {
    /// Deletes files that a submission has given up, as far as no other keeps them. Their rows stay locked
    /// meanwhile: a device that sends one of them anew for another visit waits, and finds that it was deleted.
    /// They are the few of one submission, so that nobody waits for long.
    pub(super) async fn delete_files(
        &self,
        tx: &Tx,
        agency: AgencyId,
        files: &[BlobHash],
        now: Timestamp,
    ) -> Result<u64, Error> {
        if files.is_empty() {
            return Ok(0);
        }
        let unowned = purge_files::lock_unowned(tx, agency, files).await?;
        if unowned.is_empty() {
            return Ok(0);
        }
        for file in &unowned {
            self.inner.files.delete_blob(agency, *file).await?;
        }
        purge_files::note_deleted(tx, agency, &unowned, now).await?;
        Ok(unowned.len() as u64)
    }
}
