//! What must hold at the end of every world.

use std::collections::{BTreeMap, BTreeSet};

use haamu_sync::clock::MAX_LEAD_MS;
use haamu_sync::engine::BlobState;
use haamu_sync::{
    Action, BlobHash, Body, Disposition, Document, DocumentId, Hlc, Lane, Op, OpId, OpIds, RegisterKey,
};

use crate::backend::{Logged, ReadOut};
use crate::host::TIMELY_MS;
use crate::ledger::{Installation, Invariant, Known};
use crate::plan::Fault;
use crate::world::World;

impl World {
    /// Checks all invariants of the end.
    pub(crate) fn check(&mut self) {
        let mut server = self.backend.read_out(self.now);
        for (invariant, what) in server.violations.drain(..) {
            self.ledger.violated(invariant, || what);
        }
        let server = &server;
        self.check_custody(server);
        self.check_received(server);
        self.check_once(server);
        self.check_replicas(server);
        self.check_documents(server);
        self.check_own_last_word(server);
        self.check_causality(server);
        self.check_latest(server);
        self.check_photos(server);
        self.check_receipts();
        self.check_stamps(server);
        self.check_set_aside(server);
        self.check_instances(server);
    }

    fn check_custody(&mut self, server: &ReadOut) {
        let logged: BTreeSet<OpId> = server.log.iter().map(|logged| logged.id).collect();
        let must_be_there = self.ledger.shown.difference(&self.ledger.excused);
        let lost: Vec<OpId> = must_be_there.filter(|id| !logged.contains(id)).copied().collect();
        self.ledger.require(Invariant::Custody, lost.is_empty(), || {
            format!("{} saved operations are not on the server: {lost:?}", lost.len())
        });
    }

    /// Everything that was received is in the log once, with one place.
    fn check_received(&mut self, server: &ReadOut) {
        for (name, head) in &server.devices {
            let count = server.log.iter().filter(|logged| logged.device == *name).count();
            let received = usize::try_from(head.seq).unwrap_or(usize::MAX);
            let mut chain = haamu_sync::ChainHead::default();
            for logged in server.log.iter().filter(|logged| logged.device == *name) {
                chain = chain.then(haamu_sync::codec::op_id(&logged.raw.0, *name, logged.seq));
            }
            let is_whole = count == received && chain == *head;
            self.ledger.require(Invariant::Received, is_whole, || {
                format!("of {name}, {received} operations were received and {count} are kept")
            });
        }
    }

    fn check_once(&mut self, server: &ReadOut) {
        let applied = server.log.iter();
        let applied = applied.filter(|logged| logged.disposition == Disposition::Applied);
        let mut values = BTreeSet::new();
        let mut ids = BTreeSet::new();
        for logged in applied.filter(|logged| !server.staff.contains(&logged.device)) {
            let value = match logged.op.as_ref().map(|op| &op.action) {
                Some(Action::Set(value)) => Some(value.clone()),
                _ => None,
            };
            let is_new = ids.insert(logged.id) && value.is_none_or(|value| values.insert(value));
            self.ledger.require(Invariant::Once, is_new, || {
                format!("{} took effect twice", logged.id)
            });
        }
        for (document, submission) in &server.submissions {
            let cycles: BTreeSet<u32> = submission.submits.iter().copied().collect();
            let is_single = cycles.len() == submission.submits.len();
            self.ledger.require(Invariant::SingleSubmission, is_single, || {
                format!("{document} was handed in in {:?}", submission.submits)
            });
        }
    }

    fn check_replicas(&mut self, server: &ReadOut) {
        for (number, device) in self.devices.iter().enumerate() {
            let Some(feed) = server
                .feeds
                .get(device.user)
                .filter(|_| !self.shut_out.contains(&number))
            else {
                continue;
            };
            let live: BTreeSet<_> = feed.keys().collect();
            let copies: BTreeSet<_> = device.engine.entities().map(|stored| &stored.entity).collect();
            self.ledger.require(Invariant::Convergence, live == copies, || {
                format!("device {number} has {copies:?} and should have {live:?}")
            });
            for (entity, body) in feed {
                let copy = device.engine.entity(entity).map(|stored| &stored.body);
                let document = match body {
                    Body::Submission(body) => Some(body.document),
                    Body::Record(_) => None,
                };
                let view = document.map(|document| device.engine.document(document));
                let held = document.and_then(|document| server.submissions.get(&document));
                let held = held.map(|held| &held.document);
                self.ledger.require(
                    Invariant::Convergence,
                    copy == Some(body) && view.as_ref() == held,
                    || {
                        let what = difference(copy, view.as_ref(), held);
                        format!("device {number} differs from the server in {entity:?}: {what}")
                    },
                );
            }
        }
    }

    fn check_documents(&mut self, server: &ReadOut) {
        for (id, submission) in &server.submissions {
            let mut backwards = Document::default();
            for logged in server
                .log
                .iter()
                .rev()
                .filter(|logged| is_applied_to(logged, *id))
            {
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
                    .all(|head| server.reviewers.contains(&head.author) == (key.lane == Lane::Review));
                self.ledger.require(Invariant::Lanes, is_own, || {
                    format!("somebody else wrote to {key:?} of {id}")
                });
            }
            let is_settled = submission
                .settled
                .as_ref()
                .is_none_or(|settled| *settled == submission.document);
            self.ledger.require(Invariant::Settled, is_settled, || {
                format!("{id} changed after it was approved")
            });
            self.ledger.counts.conflicts += submission.document.conflicts(Lane::Shopper).len() as u64;
        }
    }

    /// Applied edits of registers, by register.
    fn applied_values(&self, server: &ReadOut) -> BTreeMap<(DocumentId, RegisterKey), Vec<OpId>> {
        let mut found: BTreeMap<_, Vec<OpId>> = BTreeMap::new();
        for logged in &server.log {
            let known = self.ledger.known.get(&logged.id).filter(|known| known.is_value);
            if let Some(known) = known.filter(|_| logged.disposition == Disposition::Applied) {
                let key = (known.document, known.key.clone());
                found.entry(key).or_default().push(logged.id);
            }
        }
        found
    }

    fn check_own_last_word(&mut self, server: &ReadOut) {
        for ((document, key), ids) in self.applied_values(server) {
            let known = ids
                .iter()
                .filter_map(|id| Some((self.ledger.known.get(id)?, *id)));
            let known: Vec<_> = known
                .map(|(known, id)| (known.order, known.installation, id))
                .collect();
            let places: BTreeSet<Installation> = known.iter().map(|(_, place, _)| *place).collect();
            let last = known.iter().max();
            let heads = heads(server, document, &key);
            if let (1, Some((_, _, last))) = (places.len(), last) {
                self.ledger
                    .require(Invariant::OwnLastWord, heads.last() == Some(last), || {
                        format!("{key:?} of {document} shows {heads:?} and not its author's last edit {last}")
                    });
            }
        }
    }

    fn check_causality(&mut self, server: &ReadOut) {
        for ((document, key), ids) in self.applied_values(server) {
            let heads = heads(server, document, &key);
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
    fn check_latest(&mut self, server: &ReadOut) {
        if self.faults.contains(&Fault::ClockJump) {
            return;
        }
        for (document, key) in self.applied_values(server).into_keys() {
            let heads = heads(server, document, &key);
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

    fn check_photos(&mut self, server: &ReadOut) {
        let mut wanted: BTreeSet<(BlobHash, DocumentId)> = BTreeSet::new();
        for logged in &server.log {
            if let Some(op) = &logged.op
                && let Action::Attach(file) = &op.action
            {
                wanted.insert((file.sha256, op.document));
            }
        }
        // A submission that a restored server lost has no place for photos: devices keep them.
        let submissions = &server.submissions;
        wanted.retain(|(_, document)| submissions.contains_key(document));
        for (hash, document) in wanted {
            let file = server.files.get(&(hash, document));
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

    /// What devices hold as the server's word for a file is that.
    fn check_receipts(&mut self) {
        for (number, device) in self.devices.iter().enumerate() {
            for blob in &device.store.blobs {
                let receipt = blob.receipt.as_ref();
                let fault = receipt
                    .and_then(|receipt| self.backend.fault_of_receipt(receipt, blob.key(), blob.length));
                self.ledger.require(Invariant::Receipts, fault.is_none(), || {
                    format!("device {number} holds a receipt of {}: {fault:?}", blob.sha256)
                });
                self.ledger.counts.receipts += u64::from(receipt.is_some());
            }
        }
    }

    fn check_stamps(&mut self, server: &ReadOut) {
        let mut effective: BTreeMap<OpId, (usize, Hlc)> = BTreeMap::new();
        for (at, logged) in server.log.iter().enumerate() {
            effective.entry(logged.id).or_insert((at, logged.effective));
        }
        for name in server.devices.keys() {
            let mut previous = None::<&Logged>;
            for (at, logged) in server.log.iter().enumerate() {
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
    fn check_set_aside(&mut self, server: &ReadOut) {
        let mut places: BTreeMap<OpId, &Logged> = BTreeMap::new();
        for logged in &server.log {
            places.entry(logged.id).or_insert(logged);
        }
        let devices = self.devices.iter().enumerate();
        for (number, device) in devices.filter(|(number, _)| !self.shut_out.contains(number)) {
            for stored in &device.store.ops {
                let Some((id, _)) = device.log.get(&stored.seq) else {
                    continue;
                };
                let logged = places.get(id).copied();
                let place = logged.map(|logged| logged.disposition);
                let place = place.filter(|place| *place != Disposition::Applied);
                let is_untold = logged.is_some_and(took_effect_without_trace);
                self.ledger.require(
                    Invariant::SetAsideTold,
                    stored.set_aside == place || is_untold,
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

/// Whether an operation took effect when somebody decided about it, and the copies of its submission do not
/// show that: of this no device hears.
fn took_effect_without_trace(logged: &Logged) -> bool {
    let traceless = |op: &Op| {
        matches!(
            op.action,
            Action::Submit(_) | Action::Note(_) | Action::Detach(_) | Action::RemoveInstance(_)
        )
    };
    logged.code == "replayed" && logged.op.as_ref().is_some_and(traceless)
}

fn is_applied_to(logged: &Logged, document: DocumentId) -> bool {
    let op = logged.op.as_ref();
    logged.disposition == Disposition::Applied
        && op.is_some_and(|op| op.document == document && !matches!(op.action, Action::Submit(_)))
}

/// The heads that the server shows of a register.
fn heads(server: &ReadOut, document: DocumentId, key: &RegisterKey) -> OpIds {
    let submission = server.submissions.get(&document);
    submission
        .map(|submission| submission.document.visible_heads(key))
        .unwrap_or_default()
}

/// Where two copies of a submission differ.
fn difference(copy: Option<&Body>, view: Option<&Document>, server: Option<&Document>) -> String {
    let (Some(_), Some(view), Some(server)) = (copy, view, server) else {
        return format!("the copy is {copy:?}");
    };
    let keys: BTreeSet<&RegisterKey> = view.cells.keys().chain(server.cells.keys()).collect();
    let differing = keys.into_iter().find(|key| view.cell(key) != server.cell(key));
    format!("{differing:?}")
}
