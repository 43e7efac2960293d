//! Which of the offered files the server wants.

use std::collections::{BTreeMap, BTreeSet};

use haamu_domain::{Actor, SubmissionId};
use haamu_store::repo::{blobs, submissions, uploads};
use haamu_store::{Staging, Tx};
use haamu_sync::frame::MAX_OFFERS;
use haamu_sync::{BlobHash, Need, Offer};

use crate::blobs::held_upto;
use crate::visits::distinct;
use crate::{App, Error};

use super::Door;

/// Of so many files that have begun to arrive the server looks up how much it has; a device that
/// begins another one at 0 is told where to go on.
const MAX_LOOKUPS: usize = 64;

/// What the server does about offers.
#[derive(Default)]
struct Sorted {
    /// To be sent.
    wanted: Vec<Offer>,
    /// Here already, for another submission of the same person.
    known: Vec<Offer>,
    /// Here already, for this submission.
    received: Vec<Offer>,
    /// Those of which something has arrived.
    begun: BTreeSet<(SubmissionId, BlobHash)>,
}

impl App {
    pub(super) async fn answer_offers(
        &self,
        actor: &Actor,
        offers: &[Offer],
        door: Door,
    ) -> Result<Vec<Need>, Error> {
        if offers.is_empty() {
            return Ok(Vec::new());
        }
        let offers = &offers[..offers.len().min(MAX_OFFERS)];
        let sorted = self
            .look(
                actor.agency,
                |tx: Tx| async move { sort(&tx, actor, offers).await },
            )
            .await?;
        let mut wanted = sorted.wanted;
        for offer in sorted.known {
            let submission = SubmissionId::from_document(offer.document);
            if !self.note_received(actor, submission, offer.sha256).await? {
                wanted.push(offer);
            }
        }
        // A phone offers again what it had sent after the server was restored: perhaps to a database that is newer than
        // the files.
        let hashes: BTreeSet<_> = sorted.received.iter().map(|offer| offer.sha256).collect();
        let lost = self.inner.files.list_missing(actor.agency, hashes).await?;
        let is_lost = |offer: &Offer| lost.contains(&offer.sha256);
        wanted.extend(sorted.received.into_iter().filter(is_lost));
        let held = self.held_of(actor, &sorted.begun).await?;
        let expires = self.staging_expiry(self.now()).sync_millis();
        let place = match door {
            Door::Session => "/v1/blobs",
            Door::Deposit => "/v1/deposits/blobs",
        };
        let need = |offer: Offer| {
            let submission = SubmissionId::from_document(offer.document);
            Need {
                sha256: offer.sha256,
                document: offer.document,
                offset: held.get(&(submission, offer.sha256)).copied().unwrap_or(0),
                url: format!("{place}/{}?submission={submission}", offer.sha256),
                expires,
            }
        };
        Ok(wanted.into_iter().map(need).collect())
    }

    /// How much has arrived of files.
    async fn held_of(
        &self,
        actor: &Actor,
        begun: &BTreeSet<(SubmissionId, BlobHash)>,
    ) -> Result<BTreeMap<(SubmissionId, BlobHash), u64>, Error> {
        let mut held = BTreeMap::new();
        for (submission, sha256) in begun.iter().take(MAX_LOOKUPS) {
            let staging = Staging {
                agency: actor.agency,
                submission: *submission,
                sha256: *sha256,
            };
            let parts = self.inner.files.list_parts(&staging).await?;
            held.insert((*submission, *sha256), held_upto(&parts));
        }
        Ok(held)
    }
}

/// Which of the offered files have not arrived. One that the same person has sent before counts as
/// arrived; one that somebody else sent does not.
async fn sort(tx: &Tx, actor: &Actor, offers: &[Offer]) -> Result<Sorted, Error> {
    let agency = actor.agency;
    let of = |offer: &Offer| SubmissionId::from_document(offer.document);
    let ids = distinct(offers.iter().map(of));
    let found = submissions::list_by_ids(tx, agency, &ids).await?;
    let own = found.iter().filter(|submission| submission.shopper == actor.user);
    let own: BTreeSet<_> = own.map(|submission| submission.id).collect();
    let hashes = distinct(offers.iter().map(|offer| offer.sha256));
    let sent = blobs::list_sent(tx, agency, actor.user, &hashes).await?;
    let received = blobs::list_received_of(tx, agency, &ids).await?;
    let mut begun = uploads::list_begun(tx, agency, &ids).await?;
    let mut sorted = Sorted::default();
    for offer in offers {
        let key = (of(offer), offer.sha256);
        if !own.contains(&key.0) {
            // Its upload will be refused; how much somebody else has sent is not told.
            sorted.wanted.push(*offer);
        } else if let Some(is_kept) = received.get(&key) {
            // What was deleted since, because its time was over, is not taken in again.
            sorted.received.extend(is_kept.then_some(*offer));
        } else if sent.contains(&offer.sha256) {
            sorted.known.push(*offer);
        } else {
            sorted.wanted.push(*offer);
            sorted.begun.extend(begun.take(&key));
        }
    }
    Ok(sorted)
}
