//! The played server as the server side of a world.

use haamu_sync::engine::{Enrolment, Failure, UploadFailure};
use haamu_sync::server::resume;
use haamu_sync::{BlobHash, Bytes, Cursor, DeviceId, DocumentId, OpId};

use crate::backend::{
    Acted, Encoding, Inspection, Operation, Part, ReadOut, Reply, Requests, Session, SubmissionState, Taken,
    Terms,
};
use crate::plan::Act;

use super::db::{DeviceRow, Stage, Submission};
use super::feed::body;
use super::{REVIEWER, STAFF, Server, staff};

impl Requests for Server {
    fn sign_in(&mut self, user: usize, _: u64) -> Session {
        Session::new(user, 0)
    }

    fn refresh(&mut self, session: &Session, _: u64) -> Result<Session, Failure> {
        let renewed = Session {
            is_valid: true,
            ..session.clone()
        };
        session
            .is_renewable
            .then_some(renewed)
            .ok_or(Failure::Unauthorised)
    }

    fn end_session(&mut self, _: &Session, _: u64) {
        // The session itself says so.
    }

    fn enrol(&mut self, session: &Session, enrolment: &Enrolment, _: u64) -> Result<Session, Failure> {
        if !session.is_valid {
            return Err(Failure::Unauthorised);
        }
        let row = self.db.devices.entry(enrolment.device);
        let row = row.or_insert_with(|| DeviceRow::new(session.user));
        if row.user != session.user || row.is_shut_out {
            return Err(Failure::NotEnrolled);
        }
        Ok(Session {
            device: Some(enrolment.device),
            ..session.clone()
        })
    }

    fn sync(&mut self, session: &Session, body: &[u8], encoding: Encoding, now: u64) -> Reply {
        self.answer(body, session, encoding, now)
    }

    fn part(&mut self, session: &Session, part: &Part<'_>, _: u64) -> Result<Taken, UploadFailure> {
        // Of two failures of the storage one comes before it has done its work, and one after.
        let trouble = self.troubles;
        self.troubles = trouble.saturating_sub(1);
        let failed = Err(UploadFailure::Request(Failure::Busy(1_000)));
        match trouble {
            0 => self.take_part(session, part),
            trouble if trouble.is_multiple_of(2) => failed,
            _ => self.take_part(session, part).and(failed),
        }
    }
}

impl Operation for Server {
    fn staff(&mut self, document: DocumentId, place: u8, act: Act, now: u64) -> Acted {
        if act == Act::AddForm {
            // Nobody decides about work that was set aside here.
            return Acted::Meaningless;
        }
        let answers = &self.terms.answers;
        let place = answers[usize::from(place) % answers.len()].clone();
        if self.decide(document, &place, act, now) {
            Acted::Done
        } else {
            Acted::Refused
        }
    }

    fn assign(&mut self, like: DocumentId, _: u64) -> Option<DocumentId> {
        // Where nobody has the other visit any more, nobody gets this one.
        let user = self.db.submissions.get(&like).map(|like| like.user);
        Some(match user {
            Some(user) => self.add(user),
            None => self.name_document(),
        })
    }

    fn restart(&mut self, _: u64) {
        self.begin();
    }

    fn back_up(&mut self, _: u64) {
        self.backup = self.db.clone();
    }

    fn restore(&mut self, _: u64) {
        self.db = self.backup.clone();
        self.hidden.clear();
        self.begin();
    }

    fn trouble(&mut self, writes: u32, _: u64) {
        self.troubles = writes;
    }

    fn shut_out(&mut self, device: DeviceId, _: u64) {
        if let Some(row) = self.db.devices.get_mut(&device) {
            row.is_shut_out = true;
        }
    }

    fn settle(&mut self, _: u64) {
        // It does nothing by itself.
    }
}

impl Inspection for Server {
    fn terms(&self) -> &Terms {
        &self.terms
    }

    fn documents(&self) -> Vec<DocumentId> {
        self.documents.clone()
    }

    fn head(&mut self, user: usize) -> u64 {
        let feed = self.db.feeds.get(user);
        feed.map_or(0, |feed| feed.head(self.incarnation).pos)
    }

    fn continues(&mut self, user: usize, cursor: Option<Cursor>) -> bool {
        let feed = self.db.feeds.get(user);
        feed.is_some_and(|feed| {
            !resume(cursor, feed.head(self.incarnation), |pos| {
                feed.incarnation_at(pos)
            })
            .reset
        })
    }

    fn is_shut_out(&mut self, device: DeviceId) -> bool {
        self.db.devices.get(&device).is_some_and(|row| row.is_shut_out)
    }

    fn has(&mut self, id: OpId) -> bool {
        self.db.has(id)
    }

    fn backup_has(&mut self, id: OpId) -> bool {
        self.backup.has(id)
    }

    fn fault_of_receipt(&mut self, receipt: &Bytes, file: (BlobHash, DocumentId), _: u64) -> Option<String> {
        let (sha256, document) = file;
        let is_genuine = *receipt == staff::receipt(sha256, document);
        (!is_genuine).then(|| "it is of another file".to_owned())
    }

    fn read_out(&mut self, _: u64) -> ReadOut {
        let db = &self.db;
        let submissions = &db.submissions;
        let feeds = db.feeds.iter().map(|feed| {
            let live = feed.live().filter_map(|entity| {
                let document = entity.id.parse::<DocumentId>().ok()?;
                let submission = submissions.get(&document)?;
                Some((entity.clone(), body(entity, document, submission)))
            });
            live.collect()
        });
        let devices = db.devices.iter().map(|(name, row)| (*name, row.head()));
        ReadOut {
            log: db.log.clone(),
            devices: devices.collect(),
            submissions: submissions
                .iter()
                .map(|(id, submission)| (*id, state_of(submission)))
                .collect(),
            files: db.files.clone(),
            feeds: feeds.collect(),
            staff: [STAFF].into(),
            reviewers: [REVIEWER].into(),
            violations: Vec::new(),
        }
    }
}

fn state_of(submission: &Submission) -> SubmissionState {
    let is_approved = submission.stage == Stage::Approved;
    SubmissionState {
        document: submission.document.clone(),
        submits: submission.submits.clone(),
        settled: is_approved.then(|| submission.settled.clone().unwrap_or_default()),
    }
}
