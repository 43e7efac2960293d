//! Instances of the one repeated group: what people see of them, and what must hold of them.

use std::collections::BTreeSet;

use haamu_sync::{Action, Disposition, Document, DocumentId, OpId, RegisterKey};

use crate::backend::ReadOut;
use crate::ledger::{Invariant, Known};
use crate::world::World;

/// The instances of a group that a screen shows.
pub(crate) fn shown(document: &Document, group: &RegisterKey) -> Vec<OpId> {
    let instances = document.instances(group, |key| key.instance.first().copied());
    instances.into_iter().map(|instance| instance.id).collect()
}

/// The removal of instances by somebody who sees the document.
pub(crate) fn removal(document: &Document, instances: &[OpId]) -> Action {
    let mut named = Vec::new();
    for instance in instances {
        if let Action::RemoveInstance(one) = document.removal_of(*instance) {
            named.extend(one);
        }
    }
    Action::RemoveInstance(named)
}

/// What somebody saw who removed these instances, whatever their removal names.
pub(crate) fn seen_in(document: &Document, removed: &[OpId], group: &RegisterKey) -> Vec<OpId> {
    let mut seen: Vec<OpId> = removed.to_vec();
    let all = shown(document, group);
    seen.retain(|id| all.contains(id));
    let is_inside = |key: &RegisterKey| key.instance.iter().any(|instance| removed.contains(instance));
    for (key, cell) in document.cells.iter().filter(|(key, _)| is_inside(key)) {
        seen.extend(&document.visible_heads(key));
        seen.extend(cell.elements.present.keys());
    }
    seen
}

impl World {
    /// The set that holds the instances.
    pub(crate) fn group(&self) -> RegisterKey {
        RegisterKey::shopper(self.terms.group.clone())
    }

    /// Answers in instances, on the server and on all replicas.
    pub(crate) fn check_instances(&mut self, server: &ReadOut) {
        let log = server.log.iter();
        let applied = log.filter(|logged| logged.disposition == Disposition::Applied);
        let applied: BTreeSet<OpId> = applied.map(|logged| logged.id).collect();
        let mut replicas: Vec<(String, DocumentId, Document)> = Vec::new();
        for (id, submission) in &server.submissions {
            replicas.push(("the server".to_owned(), *id, submission.document.clone()));
        }
        let devices = self.devices.iter().enumerate();
        for (number, device) in devices.filter(|(number, _)| !self.shut_out.contains(number)) {
            for document in self.documents.iter().filter(|document| device.has(**document)) {
                let view = device.engine.document(*document);
                replicas.push((format!("device {number}"), *document, view));
            }
        }
        for (who, id, view) in replicas {
            let hidden = self.hidden_without_cause(id, &view, &applied);
            self.ledger.require(Invariant::Instances, hidden.is_none(), || {
                format!("{who} hides {hidden:?} of {id}, which nobody removed or replaced who saw it")
            });
            let left = self.left_without_cause(id, &view, &applied);
            self.ledger.require(Invariant::Instances, left.is_none(), || {
                format!("{who} shows {left:?} of {id}, though all in it was seen and removed")
            });
        }
    }

    /// An answer in an instance that is not shown, though nothing that counts took it away.
    fn hidden_without_cause(
        &self,
        document: DocumentId,
        view: &Document,
        counts: &BTreeSet<OpId>,
    ) -> Option<OpId> {
        let instances = shown(view, &self.group());
        let known = self.ledger.known.iter();
        let mut inside = known.filter(|(id, known)| {
            known.document == document
                && known.is_value
                && !known.key.instance.is_empty()
                && counts.contains(*id)
        });
        let hidden = inside.find(|(id, known)| {
            let is_shown = known.key.instance.iter().all(|one| instances.contains(one))
                && view.visible_heads(&known.key).contains(id);
            !is_shown && !self.is_taken_away(**id, counts)
        });
        hidden.map(|(id, _)| *id)
    }

    /// Whether somebody who saw an answer removed or replaced it.
    fn is_taken_away(&self, id: OpId, counts: &BTreeSet<OpId>) -> bool {
        let Some(taken) = self.ledger.known.get(&id) else {
            return false;
        };
        let mut known = self.ledger.known.iter();
        known.any(|(other, by)| {
            // People know what they have just done themselves, whatever the screen shows by now.
            let is_own = by.is_value && by.installation == taken.installation && by.order > taken.order;
            let replaces = by.is_value && by.key == taken.key && (is_own || by.seen.contains(&id));
            let removes = by.is_removal && by.seen.contains(&id);
            by.document == taken.document && (replaces || removes) && counts.contains(other)
        })
    }

    /// An instance that is shown, though it was removed with all that stands in it.
    fn left_without_cause(
        &self,
        document: DocumentId,
        view: &Document,
        counts: &BTreeSet<OpId>,
    ) -> Option<OpId> {
        let known = self.ledger.known.iter();
        let removals = known
            .filter(|(id, known)| known.document == document && known.is_removal && counts.contains(*id));
        let seen: BTreeSet<OpId> = removals
            .flat_map(|(_, known)| known.seen.iter().copied())
            .collect();
        shown(view, &self.group()).into_iter().find(|instance| {
            let cells = view.cells.iter();
            let mut inside = cells.filter(|(key, _)| key.instance.contains(instance));
            let all_seen =
                inside.all(|(key, _)| view.visible_heads(key).iter().all(|head| seen.contains(head)));
            seen.contains(instance) && all_seen
        })
    }

    /// What a person saved in an instance stays visible to them.
    pub(crate) fn watch_instances(&mut self, number: usize) {
        let device = &self.devices[number];
        if device.is_committing {
            return;
        }
        let pick = usize::try_from(self.now % self.documents.len() as u64).unwrap_or_default();
        let document = self.documents[pick];
        if !device.has(document) {
            return;
        }
        let has_inside = |known: &Known| known.document == document && !known.key.instance.is_empty();
        if !self.ledger.known.values().any(has_inside) {
            return;
        }
        let view = device.engine.document(document);
        let instances = shown(&view, &self.group());
        let own = device
            .store
            .ops
            .iter()
            .filter(|stored| stored.set_aside.is_none());
        let mut own = own.filter_map(|stored| Some(device.log.get(&stored.seq)?.0));
        let hidden = own.find(|id| {
            let Some(known) = self.ledger.known.get(id).filter(|known| known.is_value) else {
                return false;
            };
            let is_shown = || {
                known.key.instance.iter().all(|one| instances.contains(one))
                    || !view.visible_heads(&known.key).contains(id)
            };
            let mut others = self.ledger.known.values();
            has_inside(known)
                && self.ledger.shown.contains(id)
                && !is_shown()
                && !others.any(|other| other.is_removal && other.seen.contains(id))
        });
        self.ledger.require(Invariant::Instances, hidden.is_none(), || {
            format!("device {number} hides its own saved {hidden:?}, which nobody removed who saw it")
        });
    }
}
