//! What all worlds of a process begin with: an agency with its people, a checklist and a round.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use haamu_domain::binding::{add_instance, answer_key, files_key, instances_key, set_text};
use haamu_domain::brief::submission_entity;
use haamu_domain::{AgencyId, SubmissionId, UserId};
use haamu_form::ContentHash;
use haamu_sim::backend::Terms;
use haamu_sync::{
    Action, Attachment, BlobHash, Bytes, DocumentId, Entity, FormVersion, Lane, Value as Answer,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::agency::{Origin, Person, TestAgency};
use crate::database::TestDatabase;
use crate::server::TestServer;

use super::logs::LogWatch;
use super::settings;

/// Every answer begins with this word, and nothing else does.
pub(super) const MARKER: &str = "kuiskattu";
/// Questions of each kind.
const QUESTIONS: usize = 5;
/// Different photos; few, so that the same one is taken twice.
const PHOTOS: usize = 12;
/// A picture of four pixels. What stands behind its end makes it another file, of any length.
const PICTURE: &str = "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAE0lEQVR4nGNwaDgARAwHGhyACAAqDgYBxIhtdAAAAABJRU5ErkJggg==";

/// The kind of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    Sqlite,
    /// A database of its own on the server that `TEST_DATABASE_URL` names.
    Postgres,
}

/// What all worlds begin with.
#[derive(Debug)]
pub struct Template {
    database: TestDatabase,
    pub(super) agency: TestAgency,
    /// Somebody outside of the world to whom visits can be given.
    pub(super) outsider: String,
    pub(super) location: String,
    pub(super) round: String,
    form: FormVersion,
    /// A checklist that is published when the staff add it.
    pub(super) later: Value,
    files: Vec<Vec<u8>>,
    logs: LogWatch,
}

impl Template {
    /// Makes it; none for PostgreSQL without `TEST_DATABASE_URL`.
    pub async fn prepare(kind: Kind, logs: LogWatch) -> Option<Arc<Self>> {
        let database = match kind {
            Kind::Sqlite => TestDatabase::sqlite().await,
            Kind::Postgres => TestDatabase::postgres().await?,
        };
        let server = TestServer::start_from(database, settings(), Origin::fixed()).await;
        let north = &server.north;
        let location = server.import_location(north, 8).await;
        let version = server.publish(north, &checklist(1)).await;
        let (_, round) = server.open_round(north, &version, 0).await;
        let body = json!({"email": "outsider@north.example", "display_name": "Outsider Virtasaari",
            "password": crate::PASSWORD, "role": "shopper"});
        let administrator = north.person(haamu_domain::Role::Administrator);
        let outsider = server
            .post("/v1/users", body)
            .by(administrator)
            .await
            .send()
            .await;
        let outsider = outsider.created()["id"].as_str().expect("an id").to_owned();
        Some(Arc::new(Self {
            database: server.database.copy().await,
            agency: north.clone(),
            outsider,
            location,
            round,
            form: form_of(&checklist(1)),
            later: checklist(2),
            files: (0..PHOTOS).map(photo).collect(),
            logs,
        }))
    }

    pub(super) const fn database(&self) -> &TestDatabase {
        &self.database
    }

    /// The shoppers of the world, in order.
    pub(super) fn shopper(&self, user: usize) -> &Person {
        match user {
            0 => self.agency.shopper(),
            _ => &self.agency.other_shopper,
        }
    }

    pub(super) const fn agency_id(&self) -> AgencyId {
        self.agency.id
    }

    pub(super) const fn logs(&self) -> &LogWatch {
        &self.logs
    }

    /// The bytes of a photo.
    pub(super) fn file(&self, sha256: BlobHash) -> &[u8] {
        let mut files = self.files.iter();
        files
            .find(|bytes| hash_of(bytes) == sha256)
            .expect("a known photo")
    }

    pub(super) fn terms(&self, users: usize) -> Terms {
        let answer = |prefix: &str| {
            let id = |number| {
                answer_key(Lane::Shopper, &format!("{prefix}_{number}"))
                    .register
                    .to_string()
            };
            (0..QUESTIONS).map(id).collect()
        };
        let photos = (0..QUESTIONS).map(|number| files_key(&format!("photo_{number}")).register.to_string());
        let attachment = |bytes: &Vec<u8>| Attachment {
            sha256: hash_of(bytes),
            length: bytes.len() as u64,
            media_type: "image/png".to_owned(),
            capture: Bytes::default(),
        };
        let author = |user| UserId::from_uuid(self.shopper(user).id).author();
        Terms {
            authors: (0..users).map(author).collect(),
            answers: answer("text"),
            inside: answer("member"),
            photos: photos.collect(),
            group: instances_key("staff").register.to_string(),
            form: self.form,
            unknown_form: form_of(&self.later),
            files: self.files.iter().map(attachment).collect(),
            answer: |number| value_of(set_text(&format!("{MARKER} {number}"))),
            instance: |_| value_of(add_instance("")),
            entity: entity_of,
        }
    }
}

fn entity_of(document: DocumentId) -> Entity {
    submission_entity(SubmissionId::from_document(document))
}

fn value_of(action: Action) -> Answer {
    match action {
        Action::Set(value) | Action::AddInstance(value) => value,
        other => panic!("{other:?} has no value"),
    }
}

fn hash_of(bytes: &[u8]) -> BlobHash {
    BlobHash::from_bytes(Sha256::digest(bytes).into())
}

fn form_of(document: &Value) -> FormVersion {
    let hash = ContentHash::of(&document.to_string()).expect("a document");
    FormVersion::from_bytes(*hash.as_bytes())
}

/// A photo by its number; most are sent in several parts.
fn photo(number: usize) -> Vec<u8> {
    let mut bytes = STANDARD.decode(PICTURE).expect("base64");
    let fill = u8::try_from(number).expect("few") + 1;
    bytes.resize(40_000 + number * 55_000, fill);
    bytes
}

/// Questions without any that must be answered, so that everything can be handed in and approved.
fn checklist(version: u32) -> Value {
    let text = |text: String| json!({"fi": &text, "en": &text});
    let question = |kind: &str, name: &str, number: usize| {
        let id = format!("{name}_{number}");
        let mut question = json!({"id": id, "type": kind, "perspective": "fact", "touchpoint": "desk",
            "text": text(format!("{name} {number}"))});
        if kind == "photo" {
            question["photo"] = json!({"max_count": 100});
        }
        question
    };
    let all = |kind: &str, name: &str| -> Vec<Value> {
        (0..QUESTIONS)
            .map(|number| question(kind, name, number))
            .collect()
    };
    let scored = json!({"id": "greeted", "type": "yes_no", "points": "1", "perspective": "fact",
        "touchpoint": "desk", "text": text("Greeted".to_owned())});
    let mut questions = all("text", "text");
    questions.extend(all("photo", "photo"));
    questions.push(scored);
    json!({"format": "haamu-checklist/1", "format_minor": 1, "id": "worlds", "version": version,
        "languages": ["fi", "en"], "default_language": "fi", "title": text("Worlds".to_owned()),
        "channel": "in_person", "visit_kind": "mystery_visit",
        "touchpoints": [{"id": "desk", "impact": 3, "phase": "during", "label": text("Desk".to_owned())}],
        "sections": [
            {"id": "all", "weight": "100", "title": text("All".to_owned()), "questions": questions},
            {"id": "staff", "weight": "0", "title": text("Staff".to_owned()), "repeat": {"label": text("Member".to_owned())},
                "questions": all("text", "member")}]})
}
