//! loro: one document for each evaluation, a root map, snapshots in the store.

use loro::{CommitOptions, ExportMode, LoroDoc, LoroMap, LoroValue, ValueOrContainer, VersionVector};

use crate::contestant::{Contestant, Shown, Side, Taker};
use crate::workload::{Answer, Edit, Visit};

use super::{joined, split};

/// loro, with a commit for each answer, which keeps its time, or one for each push.
pub struct Loro {
    pub questions: Vec<String>,
    pub commits_each: bool,
}

/// A document, and what the server is known to have.
pub struct Replica {
    doc: LoroDoc,
    map: LoroMap,
    known: VersionVector,
}

fn replica(visit: &Visit, number: u64) -> Replica {
    let doc = LoroDoc::new();
    doc.set_peer_id(visit.number * 8 + number + 1).expect("a peer");
    let map = doc.get_map("answers");
    Replica { doc, map, known: VersionVector::default() }
}

impl Loro {
    fn read_all(&self, replica: &Replica, take: Taker<'_>) {
        for (index, question) in self.questions.iter().enumerate() {
            match replica.map.get(question) {
                Some(ValueOrContainer::Value(LoroValue::String(text))) => take(index, Shown::Bytes(text.as_bytes())),
                Some(ValueOrContainer::Value(LoroValue::Binary(hash))) => take(index, Shown::Bytes(&hash)),
                Some(ValueOrContainer::Value(LoroValue::Bool(is_true))) => take(index, Shown::Bool(is_true)),
                Some(ValueOrContainer::Value(LoroValue::I64(number))) => take(index, Shown::Number(number)),
                _ => {}
            }
        }
    }
}

fn value(answer: &Answer) -> LoroValue {
    match answer {
        Answer::Text(text) => text.as_str().into(),
        Answer::Bool(is_true) => (*is_true).into(),
        Answer::Number(number) => (*number).into(),
        Answer::Photo(hash) => hash.to_vec().into(),
    }
}

impl Contestant for Loro {
    type Client = Replica;
    type Server = Replica;

    fn name(&self) -> &'static str {
        if self.commits_each { "loro, commit per answer" } else { "loro, one commit" }
    }

    fn phone(&self, visit: &Visit) -> Replica {
        replica(visit, 1)
    }

    fn edit(&self, client: &mut Replica, edits: &[Edit]) {
        let seconds = |edit: &Edit| CommitOptions::new().timestamp((edit.at / 1_000).cast_signed());
        for edit in edits {
            let question = &self.questions[edit.question];
            client.map.insert(question, value(&edit.answer)).expect("a scalar");
            if self.commits_each {
                client.doc.commit_with(seconds(edit));
            }
        }
        if let Some(last) = edits.last().filter(|_| !self.commits_each) {
            client.doc.commit_with(seconds(last));
        }
    }

    fn push(&self, client: &mut Replica) -> Vec<u8> {
        let updates = client.doc.export(ExportMode::updates(&client.known)).expect("updates");
        joined(&[&client.doc.oplog_vv().encode(), &updates])
    }

    fn server(&self, visit: &Visit) -> Replica {
        replica(visit, 0)
    }

    fn take(&self, server: &mut Replica, push: &[u8]) {
        let (_, rest) = split(push);
        server.doc.import(split(rest).0).expect("updates");
    }

    fn persist(&self, server: &mut Replica) -> Vec<u8> {
        server.doc.export(ExportMode::snapshot()).expect("a snapshot")
    }

    fn stored(&self, server: &mut Replica) -> Vec<u8> {
        self.persist(server)
    }

    fn load(&self, _: &Visit, stored: &[u8]) -> Replica {
        let doc = LoroDoc::from_snapshot(stored).expect("a snapshot");
        let map = doc.get_map("answers");
        Replica { doc, map, known: VersionVector::default() }
    }

    fn merge(&self, server: &mut Replica, pushes: [&[u8]; 2]) -> [Vec<u8>; 2] {
        let pushes = pushes.map(|push| {
            let (vector, rest) = split(push);
            (VersionVector::decode(vector).expect("a version vector"), split(rest).0)
        });
        for (_, delta) in &pushes {
            server.doc.import(delta).expect("updates");
        }
        pushes.map(|(vector, _)| server.doc.export(ExportMode::updates(&vector)).expect("updates"))
    }

    fn read(&self, server: &Replica, take: Taker<'_>) {
        self.read_all(server, take);
    }

    fn join(&self, visit: &Visit, server: &mut Replica, side: Side) -> Replica {
        let mut client = replica(visit, if side == Side::Phone { 1 } else { 2 });
        client.doc.import(&self.persist(server)).expect("a snapshot");
        client.known = client.doc.oplog_vv();
        client
    }

    fn acknowledge(&self, client: &mut Replica, _: &mut Replica) {
        client.known = client.doc.oplog_vv();
    }

    fn receive(&self, client: &mut Replica, answer: &[u8]) {
        client.doc.import(answer).expect("updates");
    }

    fn show(&self, client: &Replica, take: Taker<'_>) {
        self.read_all(client, take);
    }
}
