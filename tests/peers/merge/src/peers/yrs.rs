//! yrs: one document for each evaluation, a root map, its second encoding.

use std::sync::Arc;

use yrs::block::ClientID;
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::{Any, Doc, Map, MapRef, Number, Options, Out, ReadTxn, StateVector, Transact, Update};

use crate::contestant::{Contestant, Shown, Side, Taker};
use crate::workload::{Answer, Edit, Visit};

use super::{joined, split};

/// yrs, with or without the deletion of what was replaced.
pub struct Yrs {
    pub questions: Vec<String>,
    pub keeps_history: bool,
}

/// A document, and what the server is known to have.
pub struct Replica {
    doc: Doc,
    map: MapRef,
    known: StateVector,
}

impl Yrs {
    fn replica(&self, visit: &Visit, number: u64) -> Replica {
        let client = ClientID::new(visit.number * 8 + number);
        let mut options = Options::with_guid_and_client_id(format!("{:032x}", visit.number).into(), client);
        options.skip_gc = self.keeps_history;
        let doc = Doc::with_options(options);
        let map = doc.get_or_insert_map("answers");
        Replica { doc, map, known: StateVector::default() }
    }

    fn read_all(&self, replica: &Replica, take: Taker<'_>) {
        let txn = replica.doc.transact();
        for (index, question) in self.questions.iter().enumerate() {
            match replica.map.get(&txn, question) {
                Some(Out::Any(Any::String(text))) => take(index, Shown::Bytes(text.as_bytes())),
                Some(Out::Any(Any::Buffer(hash))) => take(index, Shown::Bytes(&hash)),
                Some(Out::Any(Any::Bool(is_true))) => take(index, Shown::Bool(is_true)),
                Some(Out::Any(Any::Number(Number::Int(number)))) => take(index, Shown::Number(number)),
                Some(Out::Any(Any::Number(Number::Float(number)))) => take(index, Shown::Number(number as i64)),
                _ => {}
            }
        }
    }
}

fn update(bytes: &[u8]) -> Update {
    Update::decode_v2(bytes).expect("an update")
}

fn value(answer: &Answer) -> Any {
    match answer {
        Answer::Text(text) => Any::String(text.as_str().into()),
        Answer::Bool(is_true) => Any::Bool(*is_true),
        Answer::Number(number) => Any::from(*number),
        Answer::Photo(hash) => Any::Buffer(Arc::from(hash.as_slice())),
    }
}

impl Contestant for Yrs {
    type Client = Replica;
    type Server = Replica;

    fn name(&self) -> &'static str {
        if self.keeps_history { "yrs v2, skip_gc" } else { "yrs v2, history GC'd" }
    }

    fn phone(&self, visit: &Visit) -> Replica {
        self.replica(visit, 1)
    }

    fn edit(&self, client: &mut Replica, edits: &[Edit]) {
        for edit in edits {
            let mut txn = client.doc.transact_mut();
            client.map.insert(&mut txn, self.questions[edit.question].as_str(), value(&edit.answer));
        }
    }

    fn push(&self, client: &mut Replica) -> Vec<u8> {
        let txn = client.doc.transact();
        joined(&[&txn.state_vector().encode_v1(), &txn.encode_diff_v2(&client.known)])
    }

    fn server(&self, visit: &Visit) -> Replica {
        self.replica(visit, 0)
    }

    fn take(&self, server: &mut Replica, push: &[u8]) {
        let (_, rest) = split(push);
        server.doc.transact_mut().apply_update(update(split(rest).0)).expect("an update");
    }

    fn persist(&self, server: &mut Replica) -> Vec<u8> {
        server.doc.transact().encode_state_as_update_v2(&StateVector::default())
    }

    fn stored(&self, server: &mut Replica) -> Vec<u8> {
        self.persist(server)
    }

    fn load(&self, visit: &Visit, stored: &[u8]) -> Replica {
        let server = self.replica(visit, 0);
        server.doc.transact_mut().apply_update(update(stored)).expect("an update");
        server
    }

    fn merge(&self, server: &mut Replica, pushes: [&[u8]; 2]) -> [Vec<u8>; 2] {
        let pushes = pushes.map(|push| {
            let (vector, rest) = split(push);
            (StateVector::decode_v1(vector).expect("a state vector"), split(rest).0)
        });
        let mut txn = server.doc.transact_mut();
        for (_, delta) in &pushes {
            txn.apply_update(update(delta)).expect("an update");
        }
        txn.commit();
        pushes.map(|(vector, _)| txn.encode_diff_v2(&vector))
    }

    fn read(&self, server: &Replica, take: Taker<'_>) {
        self.read_all(server, take);
    }

    fn join(&self, visit: &Visit, server: &mut Replica, side: Side) -> Replica {
        let mut client = self.replica(visit, if side == Side::Phone { 1 } else { 2 });
        let all = self.persist(server);
        client.doc.transact_mut().apply_update(update(&all)).expect("an update");
        client.known = client.doc.transact().state_vector();
        client
    }

    fn acknowledge(&self, client: &mut Replica, _: &mut Replica) {
        client.known = client.doc.transact().state_vector();
    }

    fn receive(&self, client: &mut Replica, answer: &[u8]) {
        client.doc.transact_mut().apply_update(update(answer)).expect("an update");
    }

    fn show(&self, client: &Replica, take: Taker<'_>) {
        self.read_all(client, take);
    }
}
