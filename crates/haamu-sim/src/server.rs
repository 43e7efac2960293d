//! A server in memory: storage of its own, decisions by the functions of `haamu_sync::server`.

use std::collections::{BTreeMap, BTreeSet};

use haamu_sync::echo::{Echo, is_fresh, is_plain};
use haamu_sync::engine::{Enrolment, Failure};
use haamu_sync::server::{Incoming, Standing, admit, dispose, resume};
use haamu_sync::{
    Action, AuthorId, ChainValue, Cursor, DeviceId, Disposition, Document, DocumentId, Entity, Exception,
    FeedEntry, FormVersion, Have, Hlc, Incarnation, Lane, Op, OpId, PROTO, Policy, SyncRequest, SyncResponse,
    clock,
};

use crate::db::{Db, DeviceRow, Logged, Stage, Submission};
use crate::feed::{Feed, Hidden, brief_of, confirmed, submission_of};
use crate::plan::Setting;
use crate::safeguard::Duty;
use crate::wire::{Codec, Reply, Token};

/// The reviewers' own device, which writes to the log like any other.
pub(crate) const STAFF: DeviceId = DeviceId::from_bytes([0xee; 16]);
/// Who writes in the reviewers' lane.
pub(crate) const REVIEWER: AuthorId = AuthorId::from_bytes([0xef; 16]);
/// The checklist version that the server has.
pub(crate) const FORM: FormVersion = FormVersion::from_bytes([0xf0; 32]);
/// Where bodies must be small, more than so many bytes of operations are refused.
const SMALL_BODY: usize = 500;

/// The author of a user's operations.
pub(crate) fn author(user: usize) -> AuthorId {
    AuthorId::from_bytes([u8::try_from(user).unwrap_or_default() + 1; 16])
}

/// The server.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) db: Db,
    pub(crate) backup: Db,
    incarnation: Incarnation,
    starts: u8,
    page: usize,
    pub(crate) is_small: bool,
    pub(crate) removed: Option<Duty>,
    hidden: Vec<Hidden>,
}

impl Server {
    pub(crate) fn new(setting: &Setting, documents: &[DocumentId], removed: Option<Duty>) -> Self {
        let users = usize::from(setting.users.max(1));
        let mut db = Db {
            feeds: vec![Feed::default(); users],
            ..Db::default()
        };
        db.devices.insert(STAFF, DeviceRow::new(usize::MAX));
        let mut server = Self {
            backup: db.clone(),
            db,
            incarnation: Incarnation::default(),
            starts: 0,
            page: usize::from(setting.page.max(1)),
            is_small: false,
            removed,
            hidden: Vec::new(),
        };
        server.restart();
        for (index, document) in documents.iter().enumerate() {
            server.add(*document, index % users);
        }
        server.backup = server.db.clone();
        server
    }

    fn add(&mut self, document: DocumentId, user: usize) {
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
    }

    /// Gives a further submission to the person of another one.
    pub(crate) fn assign(&mut self, document: DocumentId, like: DocumentId) {
        if let Some(user) = self.db.submissions.get(&like).map(|like| like.user) {
            self.add(document, user);
        }
    }

    /// The last position of a person's feed.
    pub(crate) fn head(&self, user: usize) -> u64 {
        let feed = self.db.feeds.get(user);
        feed.map_or(0, |feed| feed.head(self.incarnation).pos)
    }

    /// Whether a cursor belongs to the timeline of a person's feed.
    pub(crate) fn continues(&self, user: usize, cursor: Option<Cursor>) -> bool {
        let feed = self.db.feeds.get(user);
        feed.is_some_and(|feed| {
            !resume(cursor, feed.head(self.incarnation), |pos| {
                feed.incarnation_at(pos)
            })
            .reset
        })
    }

    pub(crate) fn restart(&mut self) {
        self.starts = self.starts.wrapping_add(1);
        self.incarnation = Incarnation::from_bytes([self.starts; 16]);
    }

    pub(crate) fn restore(&mut self) {
        self.db = self.backup.clone();
        self.hidden.clear();
        self.restart();
    }

    /// Puts a submission into its person's feed, and its brief if that changed.
    pub(crate) fn publish(&mut self, document: DocumentId, with_brief: bool) {
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

    pub(crate) fn enrol(&mut self, enrolment: &Enrolment, token: Token) -> Result<Token, Failure> {
        if !token.is_valid {
            return Err(Failure::Unauthorised);
        }
        let row = self.db.devices.entry(enrolment.device);
        if row.or_insert_with(|| DeviceRow::new(token.user)).user != token.user {
            return Err(Failure::Forbidden);
        }
        Ok(Token {
            device: Some(enrolment.device),
            ..token
        })
    }

    pub(crate) fn sync(&mut self, body: &[u8], token: Token, codec: Codec, now: u64) -> Reply {
        if !token.is_valid {
            return Reply::refusal(Failure::Unauthorised);
        }
        let Some(request) = codec.decode::<SyncRequest>(body) else {
            return Reply::refusal(Failure::FrameRefused);
        };
        if request.proto != PROTO {
            return Reply::refusal(Failure::UpgradeRequired);
        }
        let is_own = |row: &DeviceRow| row.user == token.user && token.device == Some(request.device);
        if !self.db.devices.get(&request.device).is_some_and(is_own) {
            return Reply::refusal(Failure::NotEnrolled);
        }
        let bytes: usize = request.ops.iter().map(|raw| raw.0.len()).sum();
        if self.is_small && request.ops.len() > 1 && bytes > SMALL_BODY {
            return Reply::refusal(Failure::TooLarge);
        }
        let none = BTreeMap::new();
        let early =
            (self.removed == Some(Duty::PullAfterPush)).then(|| self.pull(&request, token.user, &none));
        let (have, exceptions, echoes) = self.push(&request, token.user, now);
        // Before the pull: whoever hears that a file is there has a cursor that knows of it.
        let needs = self.needs(&request, token.user);
        let (reset, page, cursor, more) = early.unwrap_or_else(|| self.pull(&request, token.user, &echoes));
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
            outcome: Ok(codec.encode(&response)),
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
                code: first.code.to_owned(),
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
        first
            .find(|other| other.disposition != Disposition::Duplicate)
            .unwrap_or(logged)
    }

    fn place(&self, user: usize, incoming: &Incoming) -> (Disposition, &'static str) {
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
    pub(crate) fn log(
        &mut self,
        device: DeviceId,
        incoming: Incoming,
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
        let effective = clock::effective(stamp, now, row.previous, bases);
        row.previous = Some(effective);
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
            raw,
            op,
            disposition,
            code,
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
