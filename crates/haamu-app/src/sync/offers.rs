//! Which of the offered files the server wants.

use haamu_domain::{Actor, SubmissionId};
use haamu_store::repo::{blobs, submissions};
use haamu_store::{Staging, Tx};
use haamu_sync::frame::MAX_OFFERS;
use haamu_sync::{Need, Offer};

use crate::blobs::held_upto;
use crate::{App, Error};

use super::Door;

/// Of so many files the server looks up how much it has; a device that begins
/// another one at 0 is told where to go on.
const MAX_LOOKUPS: usize = 16;

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
        let wanted = self
            .wanted(actor, &offers[..offers.len().min(MAX_OFFERS)])
            .await?;
        let expires = self.staging_expiry(self.now()).sync_millis();
        let mut needs = Vec::with_capacity(wanted.len());
        for (index, offer) in wanted.into_iter().enumerate() {
            let submission = SubmissionId::from_document(offer.document);
            let staging = Staging {
                agency: actor.agency,
                submission,
                sha256: offer.sha256,
            };
            let offset = if index < MAX_LOOKUPS {
                held_upto(&self.inner.files.list_parts(&staging).await?)
            } else {
                0
            };
            let place = match door {
                Door::Session => "/v1/blobs",
                Door::Deposit => "/v1/deposits/blobs",
            };
            let url = format!("{place}/{}?submission={submission}", offer.sha256);
            needs.push(Need {
                sha256: offer.sha256,
                document: offer.document,
                offset,
                url,
                expires,
            });
        }
        Ok(needs)
    }

    /// The offered files that have not arrived. One that the same person has
    /// sent before counts as arrived; one that somebody else sent does not.
    async fn wanted(&self, actor: &Actor, offers: &[Offer]) -> Result<Vec<Offer>, Error> {
        let (wanted, known) = self
            .look(|tx: Tx| async move {
                let tx = &tx;
                let mut wanted = Vec::new();
                let mut known = Vec::new();
                for offer in offers {
                    let id = SubmissionId::from_document(offer.document);
                    let submission = submissions::find(tx, actor.agency, id).await?;
                    let is_own = submission.is_some_and(|submission| submission.shopper == actor.user);
                    let has_sent = blobs::has_sent(tx, actor.agency, actor.user, offer.sha256).await?;
                    if is_own && has_sent {
                        if !blobs::list_received(tx, actor.agency, id, None)
                            .await?
                            .contains(&offer.sha256)
                        {
                            known.push(*offer);
                        }
                    } else {
                        wanted.push(*offer);
                    }
                }
                Ok((wanted, known))
            })
            .await?;
        for offer in known {
            self.note_received(actor, SubmissionId::from_document(offer.document), offer.sha256)
                .await?;
        }
        Ok(wanted)
    }
}
