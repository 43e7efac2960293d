//! What must hold at the end of every world.

use std::collections::{BTreeMap, BTreeSet};

use haamu_sync::clock::MAX_LEAD_MS;
use haamu_sync::engine::BlobState;
use haamu_sync::{Action, BlobHash, Body, Disposition, Document, DocumentId, Hlc, Lane, OpId, RegisterKey};

use crate::db::{Logged, Stage};
use crate::feed::body;
use crate::host::TIMELY_MS;
use crate::ledger::{Installation, Invariant, Known};
use crate::plan::Fault;
use crate::server::{REVIEWER, STAFF};
use crate::world::World;

impl World {
    /// Checks all invariants of the end.
    pub(crate) fn check(&mut self) {
        self.check_custody();
        self.check_received();
        self.check_once();
        self.check_replicas();
        self.check_documents();
        self.check_own_last_word();
        self.check_causality();
        self.check_latest();
        self.check_photos();
        self.check_stamps();
        self.check_set_aside();
        self.check_instances();
    }

    fn check_custody(&mut self) {
        let logged: BTreeSet<OpId> = self.server.db.log.iter().map(|logged| logged.id).collect();
        let must_be_there = self.ledger.shown.difference(&self.ledger.excused);
        let lost: Vec<OpId> = must_be_there.filter(|id| !logged.contains(id)).copied().collect();
        self.ledger.require(Invariant::Custody, lost.is_empty(), || {
            format!("{} saved operations are not on the server: {lost:?}", lost.len())
        });
    }

    /// Everything that was received is in the log once, with one place.
    fn check_received(&mut self) {
        let db = &self.server.db;
        for (name, row) in &db.devices {
            let count = db.log.iter().filter(|logged| logged.device == *name).count();
            let received = usize::try_from(row.head().seq).unwrap_or(usize::MAX);
            let mut chain = haamu_sync::ChainHead::default();
            for logged in db.log.iter().filter(|logged| logged.device == *name) {
                chain = chain.then(haamu_sync::codec::op_id(&logged.raw.0, *name, logged.seq));
            }
            let is_whole = count == received && chain == row.head();
            self.ledger.require(Invariant::Received, is_whole, || {
                format!("of {name}, {received} operations were received and {count} are kept")
            });
        }
    }

    fn check_once(&mut self) {
        let applied = self.server.db.log.iter();
        let applied = applied.filter(|logged| logged.disposition == Disposition::Applied);
        let mut values = BTreeSet::new();
        let mut ids = BTreeSet::new();
        for logged in applied.filter(|logged| logged.device != STAFF) {
            let value = match logged.op.as_ref().map(|op| &op.action) {
                Some(Action::Set(value)) => Some(value.clone()),
                _ => None,
            };
            let is_new = ids.insert(logged.id) && value.is_none_or(|value| values.insert(value));
            self.ledger.require(Invariant::Once, is_new, || {
                format!("{} took effect twice", logged.id)
            });
        }
        for (document, submission) in &self.server.db.submissions {
            let cycles: BTreeSet<u32> = submission.submits.iter().copied().collect();
            let is_single = cycles.len() == submission.submits.len();
            self.ledger.require(Invariant::SingleSubmission, is_single, || {
                format!("{document} was handed in in {:?}", submission.submits)
            });
        }
    }

    fn check_replicas(&mut self) {
        let server = &self.server.db;
        for (number, device) in self.devices.iter().enumerate() {
            let Some(feed) = server.feeds.get(device.user) else {
                continue;
            };
            let live: BTreeSet<_> = feed.live().collect();
            let copies: BTreeSet<_> = device.engine.entities().map(|stored| &stored.entity).collect();
            self.ledger.require(Invariant::Convergence, live == copies, || {
                format!("device {number} has {copies:?} and should have {live:?}")
            });
            for entity in live {
                let document = entity.id.parse::<DocumentId>().unwrap_or_default();
                let Some(submission) = server.submissions.get(&document) else {
                    continue;
                };
                let copy = device.engine.entity(entity).map(|stored| &stored.body);
                let is_equal = copy == Some(&body(entity, document, submission));
                let is_view_equal = device.engine.document(document) == submission.document;
                self.ledger
                    .require(Invariant::Convergence, is_equal && is_view_equal, || {
                        let what = difference(copy, &device.engine.document(document), &submission.document);
                        format!("device {number} differs from the server in {entity:?}: {what}")
                    });
            }
        }
    }

    fn check_documents(&mut self) {
        let db = &self.server.db;
        for (id, submission) in &db.submissions {
            let mut backwards = Document::default();
            for logged in db.log.iter().rev().filter(|logged| is_applied_to(logged, *id)) {
                if let Some(op) = &logged.op {
                    backwards.fold(op, logged.id, logged.effective);
                }
            }
            self.ledger
                .require(Invariant::Fold, backwards == submission.document, || {
                    format!("{id} is not the fold of its log")
                });
            for (key, cell) in &submission.document.cells {
                let is_own = cell
                    .register
                    .heads
                    .iter()
                    .all(|head| (head.author == REVIEWER) == (key.lane == Lane::Review));
                self.ledger.require(Invariant::Lanes, is_own, || {
                    format!("somebody else wrote to {key:?} of {id}")
                });
            }
            let is_settled = submission.stage != Stage::Approved
                || submission.settled.as_ref() == Some(&submission.document);
            self.ledger.require(Invariant::Settled, is_settled, || {
                format!("{id} changed after it was approved")
            });
            self.ledger.counts.conflicts += submission.document.conflicts(Lane::Shopper).len() as u64;
        }
    }

    /// Applied edits of registers, by register.
    fn applied_values(&self) -> BTreeMap<(DocumentId, RegisterKey), Vec<OpId>> {
        let mut found: BTreeMap<_, Vec<OpId>> = BTreeMap::new();
        for logged in &self.server.db.log {
            let known = self.ledger.known.get(&logged.id).filter(|known| known.is_value);
            if let Some(known) = known.filter(|_| logged.disposition == Disposition::Applied) {
                let key = (known.document, known.key.clone());
                found.entry(key).or_default().push(logged.id);
            }
        }
        found
    }

    fn heads(&self, document: DocumentId, key: &RegisterKey) -> Vec<OpId> {
        let submission = self.server.db.submissions.get(&document);
        submission
            .map(|submission| submission.document.visible_heads(key))
            .unwrap_or_default()
    }

    fn check_own_last_word(&mut self) {
        for ((document, key), ids) in self.applied_values() {
            let known = ids
                .iter()
                .filter_map(|id| Some((self.ledger.known.get(id)?, *id)));
            let known: Vec<_> = known
                .map(|(known, id)| (known.order, known.installation, id))
                .collect();
            let places: BTreeSet<Installation> = known.iter().map(|(_, place, _)| *place).collect();
            let last = known.iter().max();
            let heads = self.heads(document, &key);
            if let (1, Some((_, _, last))) = (places.len(), last) {
                self.ledger
                    .require(Invariant::OwnLastWord, heads.last() == Some(last), || {
                        format!("{key:?} of {document} shows {heads:?} and not its author's last edit {last}")
                    });
            }
        }
    }

    fn check_causality(&mut self) {
        for ((document, key), ids) in self.applied_values() {
            let heads = self.heads(document, &key);
            let known = ids.iter().filter_map(|id| Some((id, self.ledger.known.get(id)?)));
            let mut outdated = None;
            for (id, known) in known {
                let replaced = known.seen.iter().find(|seen| heads.contains(seen));
                outdated = outdated.or(replaced.map(|replaced| (*replaced, *id)));
            }
            self.ledger.require(Invariant::Causality, outdated.is_none(), || {
                format!("{key:?} of {document} shows an edit that was seen and replaced: {outdated:?}")
            });
        }
    }

    /// Where nobody's clock was set, what was written last stands.
    fn check_latest(&mut self) {
        if self.faults.contains(&Fault::ClockJump) {
            return;
        }
        for (document, key) in self.applied_values().into_keys() {
            let heads = self.heads(document, &key);
            let known = |id: &OpId| self.ledger.known.get(id);
            let Some(shown) = heads.last().and_then(known) else {
                continue;
            };
            let is_later = |other: &Known| other.is_timely && other.at > shown.at + TIMELY_MS;
            let later = heads
                .iter()
                .find(|head| known(head).is_some_and(is_later))
                .copied();
            self.ledger.require(Invariant::Latest, later.is_none(), || {
                format!(
                    "{key:?} of {document} shows {:?}, though {later:?} was written later",
                    heads.last()
                )
            });
        }
    }

    fn check_photos(&mut self) {
        let mut wanted: BTreeSet<(BlobHash, DocumentId)> = BTreeSet::new();
        for logged in &self.server.db.log {
            if let Some(op) = &logged.op
                && let Action::Attach(file) = &op.action
            {
                wanted.insert((file.sha256, op.document));
            }
        }
        // A submission that a restored server lost has no place for photos: devices keep them.
        let submissions = &self.server.db.submissions;
        wanted.retain(|(_, document)| submissions.contains_key(document));
        for (hash, document) in wanted {
            let file = self.server.db.files.get(&(hash, document));
            let is_there = file.is_some_and(|file| file.is_complete && file.is_sound);
            // After three changed transfers in a row a device gives a file up, and says so.
            let is_given_up = self
                .ledger
                .corruptions
                .get(&hash)
                .is_some_and(|count| *count >= 3);
            let is_lost = self.ledger.destroyed.contains(&hash) || is_given_up;
            let is_excused = file.is_none_or(|file| !file.is_complete) && is_lost;
            self.ledger
                .require(Invariant::Photos, is_there || is_excused, || {
                    format!("the photo {hash} of {document} is not there: {file:?}")
                });
        }
        for device in &self.devices {
            for blob in device.engine.blobs() {
                let is_silent =
                    blob.state == BlobState::Damaged && !self.ledger.reported.contains(&blob.sha256);
                self.ledger.require(Invariant::Photos, !is_silent, || {
                    format!("{} is damaged and nobody was told", blob.sha256)
                });
            }
        }
    }

    fn check_stamps(&mut self) {
        let db = &self.server.db;
        let mut effective: BTreeMap<OpId, (usize, Hlc)> = BTreeMap::new();
        for (at, logged) in db.log.iter().enumerate() {
            effective.entry(logged.id).or_insert((at, logged.effective));
        }
        for name in db.devices.keys() {
            let mut previous = None::<&Logged>;
            for (at, logged) in db.log.iter().enumerate() {
                if logged.device != *name {
                    continue;
                }
                // A base that arrived later could not count.
                let bases = logged.op.iter().flat_map(|op| &op.base);
                let is_above_bases = logged.disposition == Disposition::Duplicate
                    || bases
                        .filter_map(|base| effective.get(base))
                        .all(|(base_at, base)| *base_at > at || *base < logged.effective);
                let is_above_own = previous.is_none_or(|previous| previous.effective < logged.effective)
                    || logged
                        .op
                        .as_ref()
                        .is_some_and(|op| (op.origin_device, op.origin_seq) != (*name, logged.seq));
                let limit = Hlc::at(logged.received_at + MAX_LEAD_MS);
                // Beyond the limit only causes lift a stamp, one by one.
                let is_near = logged.effective.millis() <= limit.millis();
                let is_monotone = previous.is_none_or(|previous| self.ledger.follows(previous, logged));
                let holds = is_above_bases && is_above_own && is_near && is_monotone;
                self.ledger.require(Invariant::Stamps, holds, || {
                    format!(
                        "the stamp of {} from {name}: bases {is_above_bases}, own {is_above_own}, near {is_near}, monotone {is_monotone}",
                        logged.id
                    )
                });
                previous = Some(logged);
            }
        }
    }

    /// What devices show as set aside is what the server set aside.
    fn check_set_aside(&mut self) {
        let mut places: BTreeMap<OpId, Disposition> = BTreeMap::new();
        for logged in &self.server.db.log {
            places.entry(logged.id).or_insert(logged.disposition);
        }
        for (number, device) in self.devices.iter().enumerate() {
            for stored in &device.store.ops {
                let Some((id, _)) = device.log.get(&stored.seq) else {
                    continue;
                };
                let place = places.get(id).filter(|place| **place != Disposition::Applied);
                self.ledger.require(
                    Invariant::SetAsideTold,
                    stored.set_aside.as_ref() == place,
                    || {
                        format!(
                            "device {number} shows {id} as {:?}; the server has it as {place:?}",
                            stored.set_aside
                        )
                    },
                );
            }
        }
    }
}

fn is_applied_to(logged: &Logged, document: DocumentId) -> bool {
    let op = logged.op.as_ref();
    logged.disposition == Disposition::Applied
        && op.is_some_and(|op| op.document == document && !matches!(op.action, Action::Submit(_)))
}

/// Where two copies of a submission differ.
fn difference(copy: Option<&Body>, view: &Document, server: &Document) -> String {
    if copy.is_none() {
        return "there is no copy".to_owned();
    }
    let keys: BTreeSet<&RegisterKey> = view.cells.keys().chain(server.cells.keys()).collect();
    let differing = keys.into_iter().find(|key| view.cell(key) != server.cell(key));
    format!("{differing:?}")
}
