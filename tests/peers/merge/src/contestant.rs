//! What every contestant does, and how it is measured.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;

use crate::workload::{Edit, Visit};

/// A shown answer, as a contestant has it in memory.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "peers"), expect(dead_code, reason = "we keep bytes"))]
pub enum Shown<'a> {
    Bytes(&'a [u8]),
    Bool(bool),
    Number(i64),
}

impl Shown<'_> {
    fn bytes(self) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => bytes.to_vec(),
            Self::Bool(is_true) => is_true.to_string().into_bytes(),
            Self::Number(number) => number.to_string().into_bytes(),
        }
    }

    fn weight(self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Bool(is_true) => usize::from(is_true),
            Self::Number(number) => number.unsigned_abs() as usize,
        }
    }
}

/// Takes shown answers, by the index of the question.
pub type Taker<'a> = &'a mut dyn FnMut(usize, Shown<'_>);

/// What two people's work on one evaluation amounts to: an answer's bytes by the index of its question.
pub type Answers = BTreeMap<usize, Vec<u8>>;

/// Who edits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Phone,
    Reviewer,
}

/// A way of merging. `Client` and `Server` are replicas of one evaluation.
pub trait Contestant {
    type Client;
    type Server;

    fn name(&self) -> &'static str;

    /// The phone, with nothing in it.
    fn phone(&self, visit: &Visit) -> Self::Client;
    /// Records edits as the device does, each of them when it is made.
    fn edit(&self, client: &mut Self::Client, edits: &[Edit]);
    /// The bytes of what the server lacks.
    fn push(&self, client: &mut Self::Client) -> Vec<u8>;

    /// A server without the evaluation.
    fn server(&self, visit: &Visit) -> Self::Server;
    /// Takes in the first push.
    fn take(&self, server: &mut Self::Server, push: &[u8]);
    /// The bytes that the server must write so that nothing is lost.
    fn persist(&self, server: &mut Self::Server) -> Vec<u8>;
    /// All bytes from which the server can go on.
    fn stored(&self, server: &mut Self::Server) -> Vec<u8>;
    /// The server again, from its stored bytes.
    fn load(&self, visit: &Visit, stored: &[u8]) -> Self::Server;
    /// Merges a push of the phone and one of the reviewer; returns the answers to the two.
    fn merge(&self, server: &mut Self::Server, pushes: [&[u8]; 2]) -> [Vec<u8>; 2];
    /// Hands the shown answer of each question to `take`.
    fn read(&self, server: &Self::Server, take: Taker<'_>);

    /// Somebody who sees what the server has.
    fn join(&self, visit: &Visit, server: &mut Self::Server, side: Side) -> Self::Client;
    /// The phone hears of what the server took in.
    fn acknowledge(&self, _client: &mut Self::Client, _server: &mut Self::Server) {}
    /// Takes in the server's answer.
    fn receive(&self, client: &mut Self::Client, answer: &[u8]);
    /// What the replica shows.
    fn show(&self, client: &Self::Client, take: Taker<'_>);

    /// What the server knows of disagreement: questions that both sides changed.
    fn disagreements(&self, _server: &Self::Server) -> Option<usize> {
        None
    }
}

/// The measures of one visit; times in nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sample {
    pub client: f64,
    pub first_push: f64,
    pub load: f64,
    pub cold_merge: f64,
    pub persist: f64,
    /// From the stored bytes to what is to be written.
    pub cold: f64,
    pub hot_merge: f64,
    pub read: f64,
    pub push_bytes: f64,
    pub delta_bytes: f64,
    pub answer_bytes: f64,
    pub written_bytes: f64,
    pub stored_bytes: f64,
    pub disagreements: Option<usize>,
}

/// What one visit put on the wire and into the store, to be compressed.
#[derive(Clone, Debug)]
pub struct Traffic {
    pub push: Vec<u8>,
    pub deltas: [Vec<u8>; 2],
    pub stored: Vec<u8>,
}

/// A contestant whose types are hidden.
pub trait Runner {
    fn name(&self) -> &'static str;
    fn run(&self, visit: &Visit) -> (Sample, Traffic);
}

impl<C: Contestant> Runner for C {
    fn name(&self) -> &'static str {
        Contestant::name(self)
    }

    fn run(&self, visit: &Visit) -> (Sample, Traffic) {
        let mut sample = Sample::default();
        let (mut phone, push) = timed(&mut sample.client, || {
            let mut phone = self.phone(visit);
            self.edit(&mut phone, &visit.first);
            let push = self.push(&mut phone);
            (phone, push)
        });
        let mut hot = self.server(visit);
        timed(&mut sample.first_push, || {
            self.take(&mut hot, &push);
            black_box(self.persist(&mut hot));
        });
        let stored = self.stored(&mut hot);
        self.acknowledge(&mut phone, &mut hot);
        let mut reviewer = self.join(visit, &mut hot, Side::Reviewer);
        self.edit(&mut phone, &visit.phone);
        self.edit(&mut reviewer, &visit.reviewer);
        let deltas = [self.push(&mut phone), self.push(&mut reviewer)];
        let pushes = [deltas[0].as_slice(), deltas[1].as_slice()];

        let mut cold = timed(&mut sample.load, || self.load(visit, &stored));
        let cold_answers = timed(&mut sample.cold_merge, || self.merge(&mut cold, pushes));
        let written = timed(&mut sample.persist, || self.persist(&mut cold));
        sample.cold = sample.load + sample.cold_merge + sample.persist;
        let answers = timed(&mut sample.hot_merge, || self.merge(&mut hot, pushes));
        let mut length = 0;
        timed(&mut sample.read, || {
            self.read(&hot, &mut |_, answer| length += black_box(answer).weight());
        });
        black_box(length);
        assert_eq!(cold_answers.each_ref().map(Vec::len), answers.each_ref().map(Vec::len), "{}", self.name());
        self.assert_convergence(visit, &hot, &cold, [&mut phone, &mut reviewer], &answers);

        sample.disagreements = self.disagreements(&hot);
        sample.push_bytes = push.len() as f64;
        sample.delta_bytes = (deltas[0].len() + deltas[1].len()) as f64;
        sample.answer_bytes = (answers[0].len() + answers[1].len()) as f64;
        sample.written_bytes = written.len() as f64;
        let stored = self.stored(&mut hot);
        sample.stored_bytes = stored.len() as f64;
        (sample, Traffic { push, deltas, stored })
    }
}

trait Converges: Contestant {
    /// All replicas show the same, and nothing that nobody contradicted is missing.
    fn assert_convergence(
        &self,
        visit: &Visit,
        hot: &Self::Server,
        cold: &Self::Server,
        [phone, reviewer]: [&mut Self::Client; 2],
        answers: &[Vec<u8>; 2],
    ) {
        let name = self.name();
        self.receive(phone, &answers[0]);
        self.receive(reviewer, &answers[1]);
        let shown = collected(|take| self.read(hot, take));
        assert_eq!(collected(|take| self.read(cold, take)), shown, "{name}: cold and hot");
        assert_eq!(collected(|take| self.show(phone, take)), shown, "{name}: phone and server");
        assert_eq!(collected(|take| self.show(reviewer, take)), shown, "{name}: reviewer and server");
        let mut last: BTreeMap<usize, Vec<Vec<u8>>> = BTreeMap::new();
        for edit in &visit.first {
            last.insert(edit.question, vec![edit.answer.bytes()]);
        }
        let mut later: BTreeMap<usize, Vec<Vec<u8>>> = BTreeMap::new();
        for edit in visit.phone.iter().chain(&visit.reviewer) {
            later.entry(edit.question).or_default().push(edit.answer.bytes());
        }
        last.extend(later);
        assert_eq!(shown.len(), last.len(), "{name}");
        for (question, answer) in &shown {
            assert!(last[question].contains(answer), "{name}: question {question}");
        }
    }
}

impl<C: Contestant> Converges for C {}

fn collected(read: impl FnOnce(Taker<'_>)) -> Answers {
    let mut shown = Answers::new();
    read(&mut |question, answer| {
        shown.insert(question, answer.bytes());
    });
    shown
}

fn timed<T>(nanoseconds: &mut f64, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let result = black_box(work());
    *nanoseconds = started.elapsed().as_nanos() as f64;
    result
}
