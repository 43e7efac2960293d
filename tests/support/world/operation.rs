//! What coordinators, reviewers and the operator do with the real server.

use std::sync::Arc;

use axum::http::Method;
use haamu_domain::SubmissionId;
use haamu_sim::backend::{Acted, Operation};
use haamu_sim::plan::Act;
use haamu_sync::{DeviceId, DocumentId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::exchange::{Asking, Exchange};
use super::requests::text;
use super::{Backup, Planned, RealServer};

/// Staff sign in again after so long, before their token expires.
const STAFF_TOKEN_MS: i64 = 10 * 60 * 1_000;

impl Operation for RealServer {
    fn staff(&mut self, document: DocumentId, place: u8, act: Act, now: u64) -> Acted {
        let Some(planned) = self.planned_of(document) else {
            return Acted::Refused;
        };
        match act {
            Act::Approve => self.approve(&planned, now),
            Act::Return => {
                let body = json!({"reason": "Once more, please."});
                acted(&self.review(&planned.visit, "return", &body, now))
            }
            Act::Revoke => {
                let body = json!({"shopper": self.template.outsider, "replaces": planned.assignment});
                let path = format!("/v1/visits/{}/assignments", planned.visit);
                let coordinator = self.template.agency.coordinator().email.clone();
                acted(&self.by_staff(&coordinator, Asking::post(&path, &body), now))
            }
            Act::Brief => self.accept(&planned, now),
            Act::Review => self.decide(document, place, now),
            Act::AddForm => self.add_form(now),
            Act::Assign => Acted::Meaningless,
        }
    }

    fn assign(&mut self, like: DocumentId, now: u64) -> Option<DocumentId> {
        let user = self.planned_of(like)?.user;
        self.clock.tick(now);
        Some(self.plan_visit(user))
    }

    fn restart(&mut self, now: u64) {
        self.clock.tick(now);
        let (database, objects) = (Arc::clone(&self.running.database), self.running.objects.clone());
        self.begin(database, objects);
    }

    fn back_up(&mut self, now: u64) {
        self.clock.tick(now);
        self.make_backup();
    }

    fn restore(&mut self, now: u64) {
        self.clock.tick(now);
        let Some(backup) = &self.backup else {
            return;
        };
        self.restores += 1;
        // The files of the present are there, or those of the backup: both happen.
        let objects = if self.restores.is_multiple_of(2) {
            self.running.objects.clone()
        } else {
            backup.objects.fork()
        };
        self.settled = backup.settled.clone();
        if self.running.database.is_postgres() && self.restores % 4 == 2 {
            // A stand-by takes over under the process, which goes on.
            let replacing = self.running.database.replace(&backup.database);
            self.runtime.block_on(replacing);
            return;
        }
        let database = Arc::new(self.runtime.block_on(backup.database.copy()));
        self.begin(database, objects);
    }

    fn trouble(&mut self, writes: u32, now: u64) {
        self.clock.tick(now);
        self.was_troubled |= writes > 0;
        self.running.objects.fail(writes);
        self.fail_transactions(writes);
    }

    fn shut_out(&mut self, device: DeviceId, now: u64) {
        self.clock.tick(now);
        // There is no operation for it yet: an operator does it by hand.
        let revoked_at = self.now();
        let name: String = device
            .as_bytes()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let is_postgres = self.running.database.is_postgres();
        let name = if is_postgres {
            format!("'\\x{name}'")
        } else {
            format!("x'{name}'")
        };
        self.execute(&format!(
            "UPDATE device SET revoked_at = {revoked_at} WHERE id = {name}"
        ));
    }

    fn settle(&mut self, now: u64) {
        self.clock.tick(now);
        while self.do_a_job() {}
    }
}

impl RealServer {
    /// Plans a visit of a shopper of the world.
    pub(super) fn plan_visit(&mut self, user: usize) -> DocumentId {
        let now = self.now();
        let body = json!({"visits": [{"location": self.template.location,
            "shopper": self.template.shopper(user).id}]});
        let path = format!("/v1/rounds/{}/visits", self.template.round);
        let coordinator = self.template.agency.coordinator().email.clone();
        let answer = self.by_staff(&coordinator, Asking::post(&path, &body), now);
        assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
        let answer = answer.json();
        let visit = &answer["items"][0];
        let submission: Uuid = text(&visit["assignment"]["submission"]).parse().expect("an id");
        let planned = Planned {
            document: SubmissionId::from_uuid(submission).document(),
            visit: text(&visit["id"]),
            assignment: text(&visit["assignment"]["id"]),
            user,
        };
        let document = planned.document;
        self.planned.push(planned);
        document
    }

    pub(super) fn make_backup(&mut self) {
        let operations = self.operations();
        let database = self.runtime.block_on(self.running.database.copy());
        self.backup = Some(Backup {
            database,
            // After the database, so that no file is missed that it refers to.
            objects: self.running.objects.fork(),
            operations,
            settled: self.settled.clone(),
        });
    }

    /// Does the next job that is due, if there is one.
    pub(super) fn do_a_job(&mut self) -> bool {
        let done = self.runtime.block_on(self.running.app.run_next_job());
        done.expect("jobs can be claimed")
    }

    fn now(&self) -> u64 {
        let now = haamu_app::Clock::now(&self.clock).millis();
        u64::try_from(now).expect("after 1970")
    }

    fn planned_of(&self, document: DocumentId) -> Option<Planned> {
        let mut planned = self.planned.iter();
        planned.find(|planned| planned.document == document).cloned()
    }

    fn approve(&mut self, planned: &Planned, now: u64) -> Acted {
        let body = json!({"accept_incomplete": true});
        let acted = acted(&self.review(&planned.visit, "approve", &body, now));
        if acted == Acted::Done {
            let document = self.document(planned.document);
            self.settled.insert(planned.document, document);
        }
        acted
    }

    /// The shopper of a visit accepts it, by which its brief changes.
    fn accept(&mut self, planned: &Planned, now: u64) -> Acted {
        let shopper = self.template.shopper(planned.user).email.clone();
        let path = format!("/v1/assignments/{}/accept", planned.assignment);
        let body = json!({"independent": true});
        acted(&self.by_staff(&shopper, Asking::post(&path, &body), now))
    }

    /// Somebody decides about what was set aside of a submission: most of it is adopted.
    fn decide(&mut self, document: DocumentId, place: u8, now: u64) -> Acted {
        let coordinator = self.template.agency.coordinator().email.clone();
        let listed = self.by_staff(&coordinator, Asking::new(Method::GET, "/v1/set-aside"), now);
        let listed = listed.json();
        let submission = json!(SubmissionId::from_document(document).uuid());
        let tasks = listed["items"].as_array().cloned().unwrap_or_default();
        let mut tasks = tasks.into_iter();
        let Some(task) = tasks.find(|task| task["submission"] == submission && task["undecided"] != 0) else {
            return Acted::Refused;
        };
        let (verb, body) = match place % 4 {
            0 => ("discard", json!({"reason": "Of no use."})),
            _ => ("adopt", json!({})),
        };
        let path = format!("/v1/set-aside/{}/{verb}", text(&task["id"]));
        acted(&self.by_staff(&coordinator, Asking::post(&path, &body), now))
    }

    /// The checklist version is published that people have named before.
    fn add_form(&mut self, now: u64) -> Acted {
        let coordinator = self.template.agency.coordinator().email.clone();
        let later = self.template.later.clone();
        let added = self.by_staff(&coordinator, Asking::post("/v1/checklists", &later), now);
        if added.status != 201 {
            return acted(&added);
        }
        let path = format!("/v1/checklist-versions/{}/publish", text(&added.json()["id"]));
        acted(&self.by_staff(&coordinator, Asking::new(Method::POST, &path), now))
    }

    fn review(&mut self, visit: &str, verb: &str, body: &Value, now: u64) -> Exchange {
        let reviewer = self.template.agency.reviewer().email.clone();
        let path = format!("/v1/visits/{visit}/{verb}");
        self.by_staff(&reviewer, Asking::post(&path, body), now)
    }

    /// Sends a request of somebody who works in a browser.
    fn by_staff(&mut self, email: &str, asking: Asking, now: u64) -> Exchange {
        let present = i64::try_from(now).expect("a time");
        let known = self.staff.get(email);
        let known = known.filter(|(_, since)| present - since < STAFF_TOKEN_MS);
        let token = if let Some((token, _)) = known {
            token.clone()
        } else {
            let body = json!({"email": email, "password": crate::PASSWORD});
            let session = self.send(Asking::post("/v1/sessions", &body), now).json();
            let token = text(&session["access_token"]);
            self.secrets.push(text(&session["refresh_token"]));
            self.staff.insert(email.to_owned(), (token.clone(), present));
            token
        };
        self.send(asking.bearer(&token), now)
    }
}

/// What came of a decision.
fn acted(answer: &Exchange) -> Acted {
    match answer.status.as_u16() {
        200..=299 => Acted::Done,
        404 | 409 => Acted::Refused,
        status => panic!("{status}: {}", String::from_utf8_lossy(&answer.body)),
    }
}
