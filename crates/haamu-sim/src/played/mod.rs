//! A server in memory: storage of its own, decisions by the functions of `haamu_sync::server`.

mod answering;
mod db;
mod feed;
mod staff;
mod terms;

use std::collections::{BTreeMap, BTreeSet};

use haamu_sync::echo::{Echo, is_fresh, is_plain};
use haamu_sync::engine::Failure;
use haamu_sync::server::{Incoming, Standing, admit, dispose, resume};
use haamu_sync::{
    Action, AuthorId, ChainValue, Cursor, DeviceId, Disposition, Document, DocumentId, Entity, Exception,
    FeedEntry, FormVersion, Have, Hlc, Incarnation, Lane, Op, OpId, PROTO, Policy, SyncRequest, SyncResponse,
    clock,
};

use crate::backend::{Encoding, Logged, Reply, Session, Terms};
use crate::plan::{Fault, Plan};
use crate::safeguard::Duty;
use crate::wire::{decode, encode};

use db::{Db, DeviceRow, Stage, Submission};
use feed::{Feed, Hidden, brief_of, confirmed, submission_of};

/// The reviewers' own device, which writes to the log like any other.
const STAFF: DeviceId = DeviceId::from_bytes([0xee; 16]);
/// Who writes in the reviewers' lane.
const REVIEWER: AuthorId = AuthorId::from_bytes([0xef; 16]);
/// The checklist version that the server has.
const FORM: FormVersion = FormVersion::from_bytes([0xf0; 32]);
/// Where bodies must be small, more than so many bytes of operations are refused.
const SMALL_BODY: usize = 500;

/// The author of a user's operations.
fn author(user: usize) -> AuthorId {
    AuthorId::from_bytes([u8::try_from(user).unwrap_or_default() + 1; 16])
}

/// The server.
#[derive(Debug)]
pub(crate) struct Server {
    terms: Terms,
    documents: Vec<DocumentId>,
    db: Db,
    backup: Db,
    incarnation: Incarnation,
    starts: u8,
    page: usize,
    is_small: bool,
    removed: Option<Duty>,
    hidden: Vec<Hidden>,
    /// So many parts of files meet a storage that fails.
    troubles: u32,
}

impl Server {
    pub(crate) fn new(plan: &Plan, removed: Option<Duty>) -> Self {
        let setting = &plan.setting;
        let users = usize::from(setting.users.max(1));
        let mut db = Db {
            feeds: vec![Feed::default(); users],
            ..Db::default()
        };
        db.devices.insert(STAFF, DeviceRow::new(usize::MAX));
        let mut server = Self {
            terms: terms::terms(users),
            documents: Vec::new(),
            backup: db.clone(),
            db,
            incarnation: Incarnation::default(),
            starts: 0,
            page: usize::from(setting.page.max(1)),
            is_small: plan.faults.contains(&Fault::SmallBodies),
            removed,
            hidden: Vec::new(),
            troubles: 0,
        };
        server.begin();
        for index in 0..usize::from(setting.documents.max(1)) {
            server.add(index % users);
        }
        server.backup = server.db.clone();
        server
    }

    fn name_document(&mut self) -> DocumentId {
        let document = terms::document_of(self.documents.len());
        self.documents.push(document);
        document
    }

    fn add(&mut self, user: usize) -> DocumentId {
        let document = self.name_document();
        let submission = Submission {
            user,
            stage: Stage::Open,
            cycle: 0,
            document: Document::default(),
            submits: Vec::new(),
            brief: 0,
            settled: None,
        };
        self.db.submissions.insert(document, submission);
        self.publish(document, true);
        document
    }

    /// A process of the server starts.
    fn begin(&mut self) {
        self.starts = self.starts.wrapping_add(1);
        self.incarnation = Incarnation::from_bytes([self.starts; 16]);
    }

    /// Puts a submission into its person's feed, and its brief if that changed.
    fn publish(&mut self, document: DocumentId, with_brief: bool) {
        let Some(submission) = self.db.submissions.get(&document) else {
            return;
        };
        let revoked = (submission.stage == Stage::Revoked).then_some("reassigned");
        let user = submission.user;
        let mut changes = vec![(submission_of(document), revoked)];
        if with_brief || revoked.is_some() {
            changes.push((brief_of(document), revoked));
        }
        if let Some(feed) = self.db.feeds.get_mut(user) {
            let held = feed.append(changes, self.incarnation);
            if self.removed == Some(Duty::FeedInCommitOrder) && held.is_multiple_of(2) {
                self.hidden.extend(feed.hide(user, held));
            }
        }
    }

    fn answer(&mut self, body: &[u8], session: &Session, encoding: Encoding, now: u64) -> Reply {
        if !session.is_valid {
            return Reply::refusal(Failure::Unauthorised);
        }
        let Some(request) = decode::<SyncRequest>(encoding, body) else {
            return Reply::refusal(Failure::FrameRefused);
        };
        if request.proto != PROTO {
            return Reply::refusal(Failure::UpgradeRequired);
        }
        let is_own = |row: &DeviceRow| {
            row.user == session.user && session.device == Some(request.device) && !row.is_shut_out
        };
        if !self.db.devices.get(&request.device).is_some_and(is_own) {
            return Reply::refusal(Failure::NotEnrolled);
        }
        let bytes: usize = request.ops.iter().map(|raw| raw.0.len()).sum();
        if self.is_small && request.ops.len() > 1 && bytes > SMALL_BODY {
            return Reply::refusal(Failure::TooLarge);
        }
        let none = BTreeMap::new();
        let early =
            (self.removed == Some(Duty::PullAfterPush)).then(|| self.pull(&request, session.user, &none));
        let (have, exceptions, echoes) = self.push(&request, session.user, now);
        // Before the pull: whoever hears that a file is there has a cursor that knows of it.
        let needs = self.needs(&request, session.user);
        let (reset, page, cursor, more) = early.unwrap_or_else(|| self.pull(&request, session.user, &echoes));
        let in_backup = self.backup.devices.get(&request.device);
        let custody_upto = in_backup.map_or(0, |row| row.head().seq);
        let response = SyncResponse {
            proto: PROTO,
            server_time: now,
            have,
            exceptions,
            reset,
            page,
            fetched: Vec::new(),
            cursor,
            more,
            needs,
            custody_upto,
            policy: Policy::default(),
        };
        for hidden in self.hidden.drain(..) {
            if let Some(feed) = self.db.feeds.get_mut(hidden.user) {
                feed.show(hidden);
            }
        }
        Reply {
            outcome: Ok(encode(encoding, &response)),
            is_ours: true,
        }
    }

    fn push(
        &mut self,
        request: &SyncRequest,
        user: usize,
        now: u64,
    ) -> (Have, Vec<Exception>, BTreeMap<Entity, Echo>) {
        let Some(row) = self.db.devices.get(&request.device) else {
            return (Have::default(), Vec::new(), BTreeMap::new());
        };
        let stored = |seq: u64| {
            let index = usize::try_from(seq).ok()?;
            row.heads.get(index).map(|head| head.chain)
        };
        let held = row.head().seq;
        let lookup: &dyn Fn(u64) -> Option<ChainValue> = &stored;
        let admission = admit(row.head(), lookup, request);
        let is_fresh = is_fresh(row.head(), request, &admission.new);
        let mut touched = BTreeSet::new();
        let mut changed = BTreeSet::new();
        for incoming in admission.new {
            let place = self.place(user, &incoming);
            let document = incoming.op.as_ref().ok().map(|op| op.document);
            touched.extend(self.log(request.device, incoming, place, now));
            let logged = self.db.log.last();
            let is_own = logged.is_some_and(|logged| {
                let op = logged.op.as_ref();
                op.is_some_and(|op| is_plain(op, logged.disposition, logged.effective))
            });
            changed.extend(document.filter(|_| !is_own));
        }
        let mut echoes = BTreeMap::new();
        for document in touched {
            let entity = submission_of(document);
            let place = |server: &Self| server.db.feeds.get(user)?.position(&entity);
            let before = place(self);
            self.publish(document, false);
            let echo = Echo {
                before,
                after: place(self).unwrap_or_default(),
                is_plain: !changed.contains(&document),
            };
            if is_fresh {
                echoes.insert(entity, echo);
            }
        }
        let upto = if self.removed == Some(Duty::ExceptionsRepeated) {
            held + 1..=admission.have.common
        } else {
            request.from_seq..=admission.have.common
        };
        let Some(row) = self.db.devices.get(&request.device).filter(|_| !upto.is_empty()) else {
            return (admission.have, Vec::new(), echoes);
        };
        let told = row.rows.range(upto).filter_map(|(_, at)| self.db.log.get(*at));
        let exceptions = told.filter(|logged| logged.disposition != Disposition::Applied);
        let exceptions = exceptions.map(|logged| {
            let first = self.first_of(logged);
            Exception {
                seq: logged.seq,
                disposition: first.disposition,
                code: first.code.clone(),
            }
        });
        (admission.have, exceptions.collect(), echoes)
    }

    /// Where an operation was put that came once more.
    fn first_of<'a>(&'a self, logged: &'a Logged) -> &'a Logged {
        if logged.disposition != Disposition::Duplicate || self.removed == Some(Duty::FirstPlaceTold) {
            return logged;
        }
        let mut first = self.db.log.iter().filter(|other| other.id == logged.id);
        let first = first.find(|other| other.disposition != Disposition::Duplicate);
        // What took effect is told as what it is now: here already.
        first
            .filter(|first| first.disposition != Disposition::Applied)
            .unwrap_or(logged)
    }

    fn place(&self, user: usize, incoming: &Incoming<'_>) -> (Disposition, &'static str) {
        let is_known = self.db.effective.contains_key(&incoming.id);
        if is_known && self.removed != Some(Duty::OncePerName) {
            return (Disposition::Duplicate, "already_received");
        }
        let op = incoming.op.as_ref().ok();
        if op.is_some_and(|op| op.author != author(user)) {
            return (Disposition::Orphaned, "foreign_author");
        }
        let submission = op.and_then(|op| self.db.submissions.get(&op.document));
        let own = submission.filter(|submission| submission.user == user);
        let standing = own.map_or(Standing::Foreign, |submission| submission.stage.standing());
        dispose(&incoming.op, standing, Lane::Shopper, |form| *form == FORM)
    }

    /// Takes one operation into the log, and lets it take effect where it may.
    fn log(
        &mut self,
        device: DeviceId,
        incoming: Incoming<'_>,
        (disposition, code): (Disposition, &'static str),
        now: u64,
    ) -> Option<DocumentId> {
        let Incoming { head, id, raw, op } = incoming;
        let op = op.ok();
        let row = self.db.devices.get_mut(&device)?;
        let bases = op.iter().flat_map(|op| &op.base);
        let bases: Vec<Hlc> = bases
            .filter_map(|base| self.db.effective.get(base).copied())
            .collect();
        let stamp = op.as_ref().map_or_else(Hlc::default, |op| op.hlc);
        let previous = match &op {
            Some(op) => clock::written_before(op, device, head.seq, row.previous),
            None => row.previous,
        };
        let effective = clock::effective(stamp, now, previous, bases);
        row.previous = row.previous.max(Some(effective));
        row.heads.push(head);
        if op.is_none() && self.removed == Some(Duty::CustodyOfUnreadable) {
            return None;
        }
        row.rows.insert(head.seq, self.db.log.len());
        if disposition != Disposition::Duplicate {
            self.db.effective.entry(id).or_insert(effective);
        }
        let mut touched = None;
        if let (Some(op), Disposition::Applied) = (&op, disposition) {
            touched = self.apply(op, id, effective);
        }
        self.db.log.push(Logged {
            device,
            seq: head.seq,
            id,
            raw: raw.as_ref().into(),
            op,
            disposition,
            code: code.to_owned(),
            effective,
            received_at: now,
        });
        touched
    }

    fn apply(&mut self, op: &Op, id: OpId, effective: Hlc) -> Option<DocumentId> {
        let submission = self.db.submissions.get_mut(&op.document)?;
        match &op.action {
            Action::Submit(submit) => {
                let is_first = !submission.submits.contains(&submit.cycle);
                if submit.cycle == submission.cycle
                    && (is_first || self.removed == Some(Duty::FirstSubmitCounts))
                {
                    submission.submits.push(submit.cycle);
                    if submission.stage == Stage::Open {
                        submission.stage = Stage::Submitted;
                    }
                }
            }
            _ => submission.document.fold(op, id, effective),
        }
        Some(op.document)
    }

    fn pull(
        &self,
        request: &SyncRequest,
        user: usize,
        echoes: &BTreeMap<Entity, Echo>,
    ) -> (bool, Vec<FeedEntry>, Cursor, bool) {
        let Some(feed) = self.db.feeds.get(user) else {
            return (false, Vec::new(), Cursor::default(), false);
        };
        let head = feed.head(self.incarnation);
        let from = resume(request.cursor, head, |pos| feed.incarnation_at(pos));
        let rows = feed.after(from.after);
        let is_last = rows.len() <= self.page;
        let rows = &rows[..rows.len().min(self.page)];
        let pos = match rows.last() {
            Some((pos, _)) if !is_last => *pos,
            _ => head.pos,
        };
        let page = rows
            .iter()
            .map(|(pos, entity)| {
                let entry = feed.entry(entity, &self.db.submissions);
                let echo = echoes.get(entity).filter(|echo| echo.is_known(from, *pos));
                echo.map_or(entry.clone(), |_| confirmed(entry))
            })
            .collect();
        let cursor = Cursor {
            pos,
            seen_head: head.pos,
            incarnation: head.incarnation,
        };
        (from.reset, page, cursor, !is_last)
    }
}
