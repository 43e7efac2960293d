//! Operations of the review lane that cite work that was set aside.

use std::collections::BTreeSet;

use haamu_domain::binding::bind;
use haamu_domain::{Actor, Timestamp};
use haamu_form::{Checklist, Context};
use haamu_store::Tx;
use haamu_store::repo::devices::{self, Device};
use haamu_store::repo::ops::{self, ReceivedOp};
use haamu_store::repo::set_aside::SetAsideOp;
use haamu_sync::server::Incoming;
use haamu_sync::{
    Action, Attachment, ClockConfidence, Disposition, Document, Hlc, Lane, Op, OpId, RegisterKey, clock,
    codec,
};

use crate::Error;
use crate::sync::Affected;

use super::choice::Obstacle;

/// Why an operation of the server's log was written.
const ADOPTED: &str = "adopted";

/// The checklist by which values are tried before they are taken over.
pub(super) struct Measure {
    pub(super) checklist: Checklist,
    pub(super) context: Context,
}

/// The server's own log, to which operations are added.
pub(super) struct ServerLog {
    device: Device,
    written: Vec<ReceivedOp<'static>>,
    now: Timestamp,
}

impl ServerLog {
    pub(super) const fn new(device: Device, now: Timestamp) -> Self {
        Self {
            device,
            written: Vec::new(),
            now,
        }
    }

    /// Takes the value of an operation over into the review lane of a submission: as an operation of the
    /// server's log that names as replaced what stood there, testimony included, and what it cites.
    pub(super) fn cite(
        &mut self,
        actor: &Actor,
        target: &mut Affected,
        cited: &SetAsideOp,
        said: &Op,
    ) -> OpId {
        let seq = self.device.head.seq + 1;
        let (base, stamps) = replaced(&target.document, said, cited);
        let millis = self.now.sync_millis();
        let previous = self.device.head_effective;
        let op = Op {
            origin_device: self.device.id,
            origin_seq: seq,
            hlc: previous.unwrap_or_default().next(millis),
            confidence: ClockConfidence::Anchored,
            document: target.submission.id.document(),
            lane: Lane::Review,
            register: said.register.clone(),
            instance: said.instance.clone(),
            action: said.action.clone(),
            form_version: Some(target.form),
            author: actor.user.author(),
            base: base.into(),
        };
        let raw = codec::encode(&op, self.device.id, seq);
        let id = codec::op_id(&raw, self.device.id, seq);
        let effective = clock::effective(op.hlc, millis, previous, stamps);
        target.fold(&op, id, effective);
        self.device.head = self.device.head.then(id);
        self.device.head_effective = Some(effective);
        self.written.push(ReceivedOp {
            redacted: None,
            incoming: Incoming {
                head: self.device.head,
                id,
                raw: raw.into(),
                op: Ok(op),
            },
            disposition: Disposition::Applied,
            reason: ADOPTED,
            effective,
            submission: Some(target.submission.id),
            set_aside: None,
        });
        id
    }

    /// Saves what was written.
    pub(super) async fn save(self, tx: &Tx) -> Result<(), Error> {
        let Device { id, agency, head, .. } = self.device;
        ops::insert_many(tx, agency, id, &self.written, self.now).await?;
        Ok(devices::set_head(tx, id, head, self.device.head_effective).await?)
    }
}

/// What a citing operation replaces, and the stamps of that.
fn replaced(document: &Document, said: &Op, cited: &SetAsideOp) -> (Vec<OpId>, Vec<Hlc>) {
    let heads = [Lane::Review, Lane::Shopper].into_iter().flat_map(|lane| {
        let key = RegisterKey { lane, ..said.key() };
        document
            .cell(&key)
            .map(|cell| cell.register.heads.clone())
            .unwrap_or_default()
    });
    let heads = heads.map(|head| (head.op, head.effective));
    heads.chain([(cited.id, cited.effective)]).unzip()
}

/// Whether the answer has a file already, in whichever lane.
fn has_file(target: &Affected, said: &Op, file: &Attachment) -> bool {
    [Lane::Shopper, Lane::Review].into_iter().any(|lane| {
        let cell = target.document.cell(&RegisterKey { lane, ..said.key() });
        let files = cell.map(|cell| cell.elements.attachments()).unwrap_or_default();
        files.iter().any(|(_, there)| there.sha256 == file.sha256)
    })
}

/// What stands in the way of taking an operation over into the review lane of a submission. A value that its
/// question cannot have would hide the testimony and say nothing.
pub(super) fn obstacle(measure: &Measure, target: &Affected, said: &Op, id: OpId) -> Option<Obstacle> {
    let is_in = |prefixes: &[&str]| prefixes.iter().any(|prefix| said.register.starts_with(prefix));
    let can_be_adopted = match &said.action {
        Action::Set(_) | Action::Clear => is_in(&["answer/", "comment/"]),
        Action::Attach(_) => is_in(&["files/"]),
        _ => false,
    };
    if !can_be_adopted {
        return Some(Obstacle {
            code: "no_answer",
            message: "only answers, comments, files and instances of sections can be taken over",
        });
    }
    if let Action::Attach(file) = &said.action
        && has_file(target, said, file)
    {
        return Some(Obstacle {
            code: "file_there",
            message: "the answer has this file already",
        });
    }
    let mut tried = target.document.clone();
    let trial = Op {
        lane: Lane::Review,
        base: tried.visible_heads(&RegisterKey {
            lane: Lane::Review,
            ..said.key()
        }),
        ..said.clone()
    };
    // Whatever stamp it gets: it replaces all that stands there.
    tried.fold(&trial, id, said.hlc);
    let found = |document: &Document| -> BTreeSet<(&'static str, String)> {
        let bound = bind(&measure.checklist, document, &measure.context);
        let findings = bound.findings.into_iter();
        findings.map(|finding| (finding.code, finding.path)).collect()
    };
    let is_worse = found(&tried)
        .difference(&found(&target.document))
        .next()
        .is_some();
    is_worse.then_some(Obstacle {
        code: "no_place",
        message: "the checklist of the visit has no such question or instance, or no such answer to it",
    })
}
