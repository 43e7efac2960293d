//! automerge: one document for each evaluation, answers at its root.

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{ActorId, AutoCommit, ChangeHash, ROOT, ReadDoc, ScalarValue, Value};

use crate::contestant::{Contestant, Shown, Side, Taker};
use crate::workload::{Answer, Edit, Visit};

use super::{joined, split};

/// automerge, with a commit for each answer, which keeps its time, or one for each push.
pub struct Automerge {
    pub questions: Vec<String>,
    pub commits_each: bool,
}

/// A document, and what the server is known to have.
pub struct Replica {
    doc: AutoCommit,
    known: Vec<ChangeHash>,
}

fn actor(visit: &Visit, number: u64) -> ActorId {
    let bytes = (u128::from(visit.number) << 64) | u128::from(number);
    ActorId::from(bytes.to_be_bytes())
}

impl Automerge {
    fn read_all(&self, replica: &Replica, take: Taker<'_>) {
        for (index, question) in self.questions.iter().enumerate() {
            let Ok(Some((Value::Scalar(value), _))) = replica.doc.get(ROOT, question) else {
                continue;
            };
            match value.as_ref() {
                ScalarValue::Str(text) => take(index, Shown::Bytes(text.as_bytes())),
                ScalarValue::Bytes(hash) => take(index, Shown::Bytes(hash)),
                ScalarValue::Boolean(is_true) => take(index, Shown::Bool(*is_true)),
                ScalarValue::Int(number) => take(index, Shown::Number(*number)),
                _ => {}
            }
        }
    }
}

fn value(answer: &Answer) -> ScalarValue {
    match answer {
        Answer::Text(text) => text.as_str().into(),
        Answer::Bool(is_true) => (*is_true).into(),
        Answer::Number(number) => (*number).into(),
        Answer::Photo(hash) => hash.to_vec().into(),
    }
}

fn heads(bytes: &[u8]) -> Vec<ChangeHash> {
    bytes.chunks(32).map(|hash| hash.try_into().expect("a hash")).collect()
}

impl Contestant for Automerge {
    type Client = Replica;
    type Server = Replica;

    fn name(&self) -> &'static str {
        if self.commits_each { "automerge, commit per answer" } else { "automerge, one commit" }
    }

    fn phone(&self, visit: &Visit) -> Replica {
        Replica { doc: AutoCommit::new().with_actor(actor(visit, 1)), known: Vec::new() }
    }

    fn edit(&self, client: &mut Replica, edits: &[Edit]) {
        let seconds = |edit: &Edit| CommitOptions::default().with_time((edit.at / 1_000).cast_signed());
        for edit in edits {
            let question = self.questions[edit.question].as_str();
            client.doc.put(ROOT, question, value(&edit.answer)).expect("a scalar");
            if self.commits_each {
                client.doc.commit_with(seconds(edit));
            }
        }
        if let Some(last) = edits.last().filter(|_| !self.commits_each) {
            client.doc.commit_with(seconds(last));
        }
    }

    fn push(&self, client: &mut Replica) -> Vec<u8> {
        let heads: Vec<u8> = client.doc.get_heads().iter().flat_map(|head| head.0).collect();
        joined(&[&heads, &client.doc.save_after(&client.known)])
    }

    fn server(&self, visit: &Visit) -> Replica {
        Replica { doc: AutoCommit::new().with_actor(actor(visit, 0)), known: Vec::new() }
    }

    fn take(&self, server: &mut Replica, push: &[u8]) {
        let (_, rest) = split(push);
        server.doc.load_incremental(split(rest).0).expect("changes");
    }

    fn persist(&self, server: &mut Replica) -> Vec<u8> {
        server.doc.save_nocompress()
    }

    fn stored(&self, server: &mut Replica) -> Vec<u8> {
        self.persist(server)
    }

    fn load(&self, visit: &Visit, stored: &[u8]) -> Replica {
        let doc = AutoCommit::load_unverified_heads(stored).expect("a document");
        Replica { doc: doc.with_actor(actor(visit, 0)), known: Vec::new() }
    }

    fn merge(&self, server: &mut Replica, pushes: [&[u8]; 2]) -> [Vec<u8>; 2] {
        let pushes = pushes.map(|push| {
            let (known, rest) = split(push);
            (heads(known), split(rest).0)
        });
        for (_, delta) in &pushes {
            server.doc.load_incremental(delta).expect("changes");
        }
        pushes.map(|(known, _)| server.doc.save_after(&known))
    }

    fn read(&self, server: &Replica, take: Taker<'_>) {
        self.read_all(server, take);
    }

    fn join(&self, visit: &Visit, server: &mut Replica, side: Side) -> Replica {
        let doc = AutoCommit::load(&self.persist(server)).expect("a document");
        let number = if side == Side::Phone { 1 } else { 2 };
        let mut doc = doc.with_actor(actor(visit, number));
        let known = doc.get_heads();
        Replica { doc, known }
    }

    fn acknowledge(&self, client: &mut Replica, _: &mut Replica) {
        client.known = client.doc.get_heads();
    }

    fn receive(&self, client: &mut Replica, answer: &[u8]) {
        client.doc.load_incremental(answer).expect("changes");
    }

    fn show(&self, client: &Replica, take: Taker<'_>) {
        self.read_all(client, take);
    }
}
