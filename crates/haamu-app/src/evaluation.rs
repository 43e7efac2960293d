//! An evaluation as it stands: a submission read by its checklist version.

use std::collections::BTreeMap;

use haamu_domain::binding::{BoundEvaluation, bind, visit_context};
use haamu_domain::{AgencyId, RoundId, SubmissionId};
use haamu_form::{Checklist, Slot};
use haamu_store::Tx;
use haamu_store::repo::programmes::Round;
use haamu_store::repo::submissions::Submission;
use haamu_store::repo::visits::Visit;
use haamu_store::repo::{blobs, checklists, programmes};
use haamu_sync::{Attachment, BlobHash, FormVersion};

use crate::Error;
use crate::checklists::parse_stored;
use crate::sync::load_document;
use crate::visits::distinct;

/// A submission read by its checklist version.
#[derive(Debug)]
pub(crate) struct Evaluation {
    /// The checklist version's name.
    pub(crate) form: FormVersion,
    /// The checklist version.
    pub(crate) checklist: Checklist,
    /// Answers, comments, files and what is wrong with them.
    pub(crate) bound: BoundEvaluation,
}

impl Evaluation {
    /// All files, with their place, in checklist order.
    pub(crate) fn files(&self) -> impl Iterator<Item = (Slot, &Attachment)> {
        self.bound
            .files
            .iter()
            .flat_map(|(slot, files)| files.iter().map(|(_, file)| (*slot, file)))
    }
}

/// Loads an evaluation. Before the first answer, the round's checklist version is the one.
pub(crate) async fn load(
    tx: &Tx,
    agency: AgencyId,
    visit: &Visit,
    submission: &Submission,
) -> Result<Evaluation, Error> {
    let round = programmes::find_round(tx, agency, visit.round).await?;
    let round = round.ok_or_else(|| Error::not_found("round"))?;
    let version = match &submission.form {
        Some(form) => checklists::find_by_hash(tx, agency, form).await?,
        None => checklists::find_version(tx, agency, round.checklist_version).await?,
    };
    let version = version.ok_or_else(|| Error::not_found("checklist version"))?;
    let checklist = parse_stored(&version)?;
    let document = load_document(tx, agency, submission.id).await?;
    let context = visit_context(
        submission.round_name_or(&round.name),
        &submission.location_attributes,
    );
    let bound = bind(&checklist, &document, &context);
    Ok(Evaluation {
        form: version.form,
        checklist,
        bound,
    })
}

/// The checklist versions of rounds.
pub(crate) async fn forms_of_rounds(
    tx: &Tx,
    agency: AgencyId,
    ids: &[RoundId],
) -> Result<BTreeMap<RoundId, FormVersion>, Error> {
    let rounds = programmes::list_rounds_by_ids(tx, agency, ids).await?;
    let versions = distinct(rounds.iter().map(|round| round.checklist_version));
    let forms = checklists::list_forms(tx, agency, &versions).await?;
    let form = |round: &Round| Some((round.id, *forms.get(&round.checklist_version)?));
    Ok(rounds.iter().filter_map(form).collect())
}

/// Those of a submission's files that readers cannot see yet.
#[derive(Debug, Default)]
pub(crate) struct Unready {
    /// They have not arrived.
    pub(crate) missing: Vec<BlobHash>,
    /// They have arrived, and were not prepared for readers.
    pub(crate) unprepared: Vec<BlobHash>,
}

impl Unready {
    pub(crate) const fn count(&self) -> usize {
        self.missing.len() + self.unprepared.len()
    }
}

/// Which of a submission's files have not arrived, or not been prepared for readers.
pub(crate) async fn list_unready(
    tx: &Tx,
    agency: AgencyId,
    submission: SubmissionId,
    files: &[BlobHash],
) -> Result<Unready, Error> {
    let received = blobs::list_received(tx, agency, submission, None).await?;
    let prepared = blobs::list_renditions(tx, agency, files).await?;
    let is_prepared = |hash: &BlobHash| prepared.iter().any(|rendition| rendition.sha256 == *hash);
    let mut unready = Unready::default();
    for hash in files {
        if !received.contains(hash) {
            unready.missing.push(*hash);
        } else if !is_prepared(hash) {
            unready.unprepared.push(*hash);
        }
    }
    Ok(unready)
}
