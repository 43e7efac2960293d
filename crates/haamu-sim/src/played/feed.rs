//! What the server tells a person's devices, each thing once at its latest position.

use std::collections::BTreeMap;

use haamu_sync::server::FeedHead;
use haamu_sync::{
    Body, Bytes, CellEntry, Change, Confirmation, DocumentId, Entity, FeedEntry, Incarnation, Revocation,
    SubmissionBody,
};

use super::db::Submission;

/// The entity of a submission.
pub(crate) fn submission_of(document: DocumentId) -> Entity {
    Entity {
        kind: "submission".to_owned(),
        id: document.to_string(),
    }
}

/// The entity of a visit's brief.
pub(crate) fn brief_of(document: DocumentId) -> Entity {
    Entity {
        kind: "assignment".to_owned(),
        id: document.to_string(),
    }
}

/// One feed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Feed {
    head: u64,
    incarnation: Incarnation,
    /// Where each timeline begins: its positions are above.
    starts: Vec<(u64, Incarnation)>,
    rows: BTreeMap<Entity, (u64, Option<&'static str>)>,
}

/// An entity whose position was given out, but which nobody sees yet.
#[derive(Clone, Debug)]
pub(crate) struct Hidden {
    pub(crate) user: usize,
    entity: Entity,
    row: (u64, Option<&'static str>),
}

impl Feed {
    /// Gives entities their next positions, and returns the last one.
    pub(crate) fn append(
        &mut self,
        changes: Vec<(Entity, Option<&'static str>)>,
        current: Incarnation,
    ) -> u64 {
        if self.incarnation != current || self.starts.is_empty() {
            self.starts.push((self.head, current));
            self.incarnation = current;
        }
        for (entity, revoked) in changes {
            self.head += 1;
            self.rows.insert(entity, (self.head, revoked));
        }
        self.head
    }

    pub(crate) fn head(&self, current: Incarnation) -> FeedHead {
        let incarnation = if self.head == 0 { current } else { self.incarnation };
        FeedHead {
            pos: self.head,
            incarnation,
        }
    }

    /// The timeline in which a position was reached.
    pub(crate) fn incarnation_at(&self, pos: u64) -> Option<Incarnation> {
        let began_before = self.starts.iter().rev().find(|(start, _)| *start < pos);
        began_before.map(|(_, incarnation)| *incarnation)
    }

    /// Where an entity stands.
    pub(crate) fn position(&self, entity: &Entity) -> Option<u64> {
        self.rows.get(entity).map(|(pos, _)| *pos)
    }

    /// What stands behind a position, in order.
    pub(crate) fn after(&self, pos: u64) -> Vec<(u64, Entity)> {
        let behind = self.rows.iter().filter(|(_, row)| row.0 > pos);
        let mut rows: Vec<_> = behind.map(|(entity, row)| (row.0, entity.clone())).collect();
        rows.sort_unstable_by_key(|(pos, _)| *pos);
        rows
    }

    /// The entities that are there, without those that were taken away.
    pub(crate) fn live(&self) -> impl Iterator<Item = &Entity> {
        let live = self.rows.iter().filter(|(_, row)| row.1.is_none());
        live.map(|(entity, _)| entity)
    }

    /// An entity in its present state.
    pub(crate) fn entry(&self, entity: &Entity, submissions: &BTreeMap<DocumentId, Submission>) -> FeedEntry {
        let document = entity.id.parse::<DocumentId>().ok();
        let found = document.and_then(|id| submissions.get(&id).map(|submission| (id, submission)));
        let revoked = self.rows.get(entity).and_then(|row| row.1);
        let change = match (revoked, found) {
            (None, Some((document, submission))) => Change::Upsert(body(entity, document, submission)),
            (reason, _) => Change::Revoke(Revocation {
                reason: reason.unwrap_or("gone").to_owned(),
                keep_until_uploaded: true,
            }),
        };
        FeedEntry {
            entity: entity.clone(),
            change,
        }
    }

    /// Takes the entity at a position out of sight.
    pub(crate) fn hide(&mut self, user: usize, pos: u64) -> Option<Hidden> {
        let entity = self.rows.iter().find(|(_, row)| row.0 == pos)?.0.clone();
        let row = self.rows.remove(&entity)?;
        Some(Hidden { user, entity, row })
    }

    /// Shows what was hidden, unless it has changed since.
    pub(crate) fn show(&mut self, hidden: Hidden) {
        self.rows.entry(hidden.entity).or_insert(hidden.row);
    }
}

/// The entry of a submission without what its device has.
pub(crate) fn confirmed(entry: FeedEntry) -> FeedEntry {
    match entry.change {
        Change::Upsert(Body::Submission(body)) => FeedEntry {
            change: Change::Confirm(Confirmation {
                state: body.state,
                cycle: body.cycle,
            }),
            ..entry
        },
        _ => entry,
    }
}

/// The state of an entity.
pub(crate) fn body(entity: &Entity, document: DocumentId, submission: &Submission) -> Body {
    if entity.kind == "assignment" {
        return Body::Record(Bytes::from(submission.brief.to_be_bytes().to_vec()));
    }
    let cells = submission.document.cells.iter();
    let cells = cells.map(|(key, cell)| CellEntry {
        key: key.clone(),
        cell: cell.clone(),
    });
    Body::Submission(SubmissionBody {
        document,
        state: submission.stage.name().to_owned(),
        cycle: submission.cycle,
        cells: cells.collect(),
    })
}
