//! haamu-sync, with every safeguard: predecessors, names by content, hash chains, full history and lanes, through the
//! functions that device and server use.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;

use haamu_sync::server::{Admission, Incoming, Standing, admit, dispose};
use haamu_sync::{
    Action, AuthorId, Body, Bytes, Cell, CellEntry, ChainHead, Change, ClockConfidence, ClockReading, Cursor, DeviceId, Disposition, Document,
    DocumentId, Entity, FeedEntry, FormVersion, Frame, Have, Hlc, Incarnation, Lane, Op, OpId, OpIds, PROTO, Policy, RegisterKey, SubmissionBody,
    SyncRequest, SyncResponse, Value,
    cbor, clock, codec,
};

use crate::contestant::{Contestant, Shown, Side, Taker};
use crate::peers::{joined, split};
use crate::workload::{Edit, Visit};

/// The checklist version of all visits.
pub const FORM: FormVersion = FormVersion::from_bytes([0xf0; 32]);
/// How the values are to be read; the engine does not look.
const TAG: u8 = 1;

/// haamu-sync.
pub struct Own {
    /// The register of each question's answer, as testimony and as a reviewer's correction.
    pub registers: Vec<[RegisterKey; 2]>,
    /// Whether the reviewer writes in a lane of their own, as in the product. Else two phones write testimony,
    /// and contradict each other.
    pub has_lanes: bool,
}

impl Own {
    pub fn new(questions: &[String], has_lanes: bool) -> Self {
        let key = |question: &String| {
            let shopper = RegisterKey::shopper(format!("answer/{question}"));
            let review = RegisterKey { lane: Lane::Review, ..shopper.clone() };
            [shopper, review]
        };
        Self { registers: questions.iter().map(key).collect(), has_lanes }
    }

    pub fn lane(&self, side: Side) -> Lane {
        if side == Side::Reviewer && self.has_lanes { Lane::Review } else { Lane::Shopper }
    }

    /// The reviewer's value where there is one, else the shopper's.
    fn read_all(&self, document: &Document, take: Taker<'_>) {
        for (index, [shopper, review]) in self.registers.iter().enumerate() {
            let review = document.cell(review).filter(|_| self.has_lanes).and_then(|cell| cell.register.value());
            let shown = review.or_else(|| document.cell(shopper)?.register.value());
            if let Some(value) = shown {
                take(index, Shown::Bytes(&value.bytes.0));
            }
        }
    }
}

/// A device.
pub struct Client {
    device: DeviceId,
    author: AuthorId,
    lane: Lane,
    submission: DocumentId,
    log: Vec<Bytes>,
    head: ChainHead,
    hlc: Hlc,
    document: Document,
    /// The end of its log that the server has confirmed.
    sent: ChainHead,
    /// How much of the server's log it has seen.
    cursor: u64,
}

impl Client {
    fn new(visit: &Visit, side: Side, lane: Lane) -> Self {
        let number = if side == Side::Phone { 1 } else { 2 };
        let bytes = (u128::from(visit.number) << 64 | number).to_be_bytes();
        Self {
            device: DeviceId::from_bytes(bytes),
            author: AuthorId::from_bytes(bytes),
            lane,
            submission: submission(visit),
            log: Vec::new(),
            head: ChainHead::default(),
            hlc: Hlc::default(),
            document: Document::default(),
            sent: ChainHead::default(),
            cursor: 0,
        }
    }
}

fn submission(visit: &Visit) -> DocumentId {
    DocumentId::from_bytes((u128::from(visit.number) << 64 | 0xd0c).to_be_bytes())
}

/// The log of one device, as the server has it.
#[derive(Default)]
struct DeviceLog {
    head: ChainHead,
    effective: Option<Hlc>,
}

/// An operation as the server keeps it.
struct Row {
    device: DeviceId,
    seq: u64,
    effective: Hlc,
    /// Where it changes the submission.
    key: RegisterKey,
    /// Where its bytes, which are the last of its row, stand in the history.
    raw: Range<usize>,
}

/// The server's part of one submission.
#[derive(Default)]
pub struct Server {
    devices: BTreeMap<DeviceId, DeviceLog>,
    pub document: Document,
    /// The stamps of all operations, by name.
    known: HashMap<OpId, Hlc, BuildHasherDefault<NameHasher>>,
    /// Operations in the store, and those that arrived since the server was loaded.
    stored_rows: usize,
    rows: Vec<Row>,
    /// The rows as they are written.
    history: Vec<u8>,
    /// How many rows, and how many of their bytes, are in the store.
    persisted: (usize, usize),
}

/// The names of operations are hashes already.
#[derive(Default)]
struct NameHasher(u64);

impl Hasher for NameHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 = u64::from_le_bytes(*first);
        }
    }
}

const INDEX_ENTRY: usize = 24;

impl Server {
    /// What the server does with a push, inside its transaction.
    fn push(&mut self, lane: Lane, now: u64, request: &SyncRequest) -> Have {
        let head = self.devices.get(&request.device).map(|log| log.head).unwrap_or_default();
        self.take_in(lane, now, request, admit(head, &|_| None, request))
    }

    /// What the server does with operations that it did not have.
    pub fn take_in(&mut self, lane: Lane, now: u64, request: &SyncRequest, admission: Admission<'_>) -> Have {
        let mut previous = self.devices.get(&request.device).and_then(|log| log.effective);
        let bytes: usize = request.ops.iter().map(|raw| raw.0.len() + 128).sum();
        self.history.reserve(bytes);
        self.rows.reserve(request.ops.len());
        for incoming in &admission.new {
            let (mut disposition, _) = dispose(&incoming.op, Standing::Open, lane, |form| *form == FORM);
            if self.known.contains_key(&incoming.id) {
                disposition = Disposition::Duplicate;
            }
            let op = incoming.op.as_ref().expect("sound operations");
            let bases = op.base.iter().filter_map(|base| self.known.get(base).copied());
            let effective = clock::effective(op.hlc, now, previous, bases);
            if disposition == Disposition::Applied {
                self.document.fold(op, incoming.id, effective);
                self.known.insert(incoming.id, effective);
            }
            previous = Some(effective);
            write_row(&mut self.history, request.device, incoming, effective, disposition, now);
            let end = self.history.len();
            self.rows.push(Row {
                device: request.device,
                seq: incoming.head.seq,
                effective,
                key: op.key(),
                raw: end - incoming.raw.len()..end,
            });
        }
        self.devices.insert(request.device, DeviceLog { head: admission.have.head(), effective: previous });
        admission.have
    }

    /// The operations that a device lacks, and how far the server has its own.
    pub fn answer(&self, request: &SyncRequest, have: Have) -> Vec<u8> {
        let after = request.cursor.map_or(0, |cursor| cursor.pos) as usize - self.stored_rows;
        let lacking = self.rows[after..].iter().filter(|row| row.device != request.device);
        let mut out = Vec::with_capacity(4_096);
        out.extend_from_slice(&have.seq.to_le_bytes());
        out.extend_from_slice(have.chain.as_bytes());
        out.extend_from_slice(&have.common.to_le_bytes());
        for row in lacking {
            let raw = &self.history[row.raw.clone()];
            out.extend_from_slice(row.device.as_bytes());
            out.extend_from_slice(&row.seq.to_le_bytes());
            out.extend_from_slice(&row.effective.bits().to_le_bytes());
            out.extend_from_slice(&(raw.len() as u32).to_le_bytes());
            out.extend_from_slice(raw);
        }
        out
    }

    /// What Haamu's server answers: how far it is, and the state of the whole submission.
    pub fn answer_with_state(&self, visit: &Visit, have: Have) -> Vec<u8> {
        let cells = self.document.cells.iter();
        let body = SubmissionBody {
            document: submission(visit),
            state: "in_progress".to_owned(),
            cycle: 0,
            cells: cells.map(|(key, cell)| CellEntry { key: key.clone(), cell: cell.clone() }).collect(),
        };
        let entity = Entity { kind: "submission".to_owned(), id: submission(visit).to_string() };
        let response = SyncResponse {
            proto: PROTO,
            server_time: 0,
            have,
            exceptions: Vec::new(),
            reset: false,
            page: vec![FeedEntry { entity, change: Change::Upsert(Body::Submission(body)) }],
            fetched: Vec::new(),
            cursor: Cursor::default(),
            more: false,
            needs: Vec::new(),
            custody_upto: 0,
            policy: Policy::default(),
        };
        response.to_cbor()
    }

    fn write_heads(&self, out: &mut Vec<u8>) {
        for (device, log) in &self.devices {
            out.extend_from_slice(device.as_bytes());
            out.extend_from_slice(&log.head.seq.to_le_bytes());
            out.extend_from_slice(log.head.chain.as_bytes());
            out.extend_from_slice(&log.effective.unwrap_or_default().bits().to_le_bytes());
        }
    }
}

fn write_row(
    out: &mut Vec<u8>,
    device: DeviceId,
    incoming: &Incoming<'_>,
    effective: Hlc,
    disposition: Disposition,
    now: u64,
) {
    out.extend_from_slice(device.as_bytes());
    out.extend_from_slice(&incoming.head.seq.to_le_bytes());
    out.extend_from_slice(incoming.id.as_bytes());
    out.extend_from_slice(incoming.head.chain.as_bytes());
    out.extend_from_slice(&effective.bits().to_le_bytes());
    out.extend_from_slice(&now.to_le_bytes());
    out.extend_from_slice(disposition.as_str().as_bytes());
    out.extend_from_slice(&(incoming.raw.len() as u32).to_le_bytes());
    out.extend_from_slice(&incoming.raw);
}

fn write_cell(out: &mut Vec<u8>, key: &RegisterKey, cell: &Cell) {
    out.push(u8::from(key.lane == Lane::Review));
    out.push(key.register.len() as u8);
    out.extend_from_slice(key.register.as_bytes());
    let bytes = cbor::to_vec(cell);
    out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    out.extend_from_slice(&bytes);
}

fn known(mut entry: &[u8]) -> (OpId, Hlc) {
    let id = OpId::from_slice(take(&mut entry, OpId::LENGTH)).expect("a name");
    (id, Hlc::from_bits(take_number(&mut entry)))
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (taken, rest) = bytes.split_at(length);
    *bytes = rest;
    taken
}

fn take_number(bytes: &mut &[u8]) -> u64 {
    u64::from_le_bytes(take(bytes, 8).try_into().expect("eight bytes"))
}

impl Contestant for Own {
    type Client = Client;
    type Server = Server;

    fn name(&self) -> &'static str {
        if self.has_lanes { "haamu-sync" } else { "haamu-sync, one lane" }
    }

    fn phone(&self, visit: &Visit) -> Client {
        Client::new(visit, Side::Phone, Lane::Shopper)
    }

    fn edit(&self, client: &mut Client, edits: &[Edit]) {
        for edit in edits {
            let [shopper, review] = &self.registers[edit.question];
            let is_review = client.lane == Lane::Review;
            let key = if is_review { review } else { shopper };
            let mut base = client.document.visible_heads(key);
            if is_review {
                // A correction names the testimony that it corrects.
                base.extend_from_slice(&client.document.visible_heads(shopper));
            }
            client.hlc = client.hlc.next(edit.at);
            let seq = client.head.seq + 1;
            let op = Op {
                origin_device: client.device,
                origin_seq: seq,
                hlc: client.hlc,
                confidence: ClockConfidence::Anchored,
                document: client.submission,
                lane: client.lane,
                register: key.register.clone(),
                instance: OpIds::new(),
                action: Action::Set(Value { tag: TAG, bytes: edit.answer.bytes().into() }),
                form_version: Some(FORM),
                author: client.author,
                base,
            };
            let raw = codec::encode(&op, client.device, seq);
            let id = codec::op_id(&raw, client.device, seq);
            client.head = client.head.then(id);
            client.document.fold(&op, id, op.hlc);
            client.log.push(raw.into());
        }
    }

    fn push(&self, client: &mut Client) -> Vec<u8> {
        let request = SyncRequest {
            proto: PROTO,
            build: "haamu-bench/0.1.0".to_owned(),
            device: client.device,
            from_seq: client.sent.seq + 1,
            prev_chain: client.sent.chain,
            ops: client.log[client.sent.seq as usize..].to_vec(),
            cursor: Some(Cursor { pos: client.cursor, seen_head: client.cursor, incarnation: Incarnation::default() }),
            refetch: Vec::new(),
            offers: Vec::new(),
            clock: ClockReading { wall: client.hlc.millis(), monotonic: 1_000_000, boot: 1 },
            folds: true,
        };
        request.to_cbor()
    }

    fn server(&self, _: &Visit) -> Server {
        Server::default()
    }

    fn take(&self, server: &mut Server, push: &[u8]) {
        let request = SyncRequest::from_cbor(push).expect("a request");
        server.push(Lane::Shopper, request.clock.wall, &request);
    }

    fn persist(&self, server: &mut Server) -> Vec<u8> {
        let mut out = Vec::with_capacity(16 * 1_024);
        server.write_heads(&mut out);
        let (rows, bytes) = server.persisted;
        out.extend_from_slice(&server.history[bytes..]);
        let changed: BTreeSet<&RegisterKey> = server.rows[rows..].iter().map(|row| &row.key).collect();
        for key in changed {
            if let Some(cell) = server.document.cell(key) {
                write_cell(&mut out, key, cell);
            }
        }
        out
    }

    fn stored(&self, server: &mut Server) -> Vec<u8> {
        let (mut heads, mut index, mut cells) = (Vec::new(), Vec::new(), Vec::new());
        server.write_heads(&mut heads);
        for (id, effective) in &server.known {
            index.extend_from_slice(id.as_bytes());
            index.extend_from_slice(&effective.bits().to_le_bytes());
        }
        for (key, cell) in &server.document.cells {
            write_cell(&mut cells, key, cell);
        }
        server.persisted = (server.rows.len(), server.history.len());
        let rows = (server.rows.len() as u64).to_le_bytes();
        joined(&[&rows, &heads, &index, &server.history, &cells])
    }

    fn load(&self, _: &Visit, stored: &[u8]) -> Server {
        let (rows, rest) = split(stored);
        let (mut heads, rest) = split(rest);
        let (index, rest) = split(rest);
        // What was done before is not read to go on.
        let (_, rest) = split(rest);
        let (mut cells, _) = split(rest);
        let mut server = Server {
            known: index.chunks_exact(INDEX_ENTRY).map(known).collect(),
            stored_rows: u64::from_le_bytes(rows.try_into().expect("a number")) as usize,
            ..Server::default()
        };
        while !heads.is_empty() {
            let device = DeviceId::from_slice(take(&mut heads, 16)).expect("a device");
            let seq = take_number(&mut heads);
            let chain = haamu_sync::ChainValue::from_slice(take(&mut heads, 16)).expect("a chain value");
            let effective = Some(Hlc::from_bits(take_number(&mut heads)));
            server.devices.insert(device, DeviceLog { head: ChainHead { seq, chain }, effective });
        }
        let mut places = Vec::with_capacity(2 * self.registers.len());
        while !cells.is_empty() {
            let lane = if take(&mut cells, 1)[0] == 0 { Lane::Shopper } else { Lane::Review };
            let length = usize::from(take(&mut cells, 1)[0]);
            let register = std::str::from_utf8(take(&mut cells, length)).expect("a name").into();
            let length = u32::from_le_bytes(take(&mut cells, 4).try_into().expect("four bytes")) as usize;
            let cell = cbor::from_slice(take(&mut cells, length)).expect("a cell");
            places.push((RegisterKey { lane, register, instance: OpIds::new() }, cell));
        }
        server.document.cells = places.into_iter().collect();
        server
    }

    fn merge(&self, server: &mut Server, pushes: [&[u8]; 2]) -> [Vec<u8>; 2] {
        let lanes = [Lane::Shopper, self.lane(Side::Reviewer)];
        let requests = pushes.map(|push| SyncRequest::from_cbor(push).expect("a request"));
        let haves = [0, 1].map(|side| server.push(lanes[side], requests[side].clock.wall, &requests[side]));
        [0, 1].map(|side| server.answer(&requests[side], haves[side]))
    }

    fn read(&self, server: &Server, take: Taker<'_>) {
        self.read_all(&server.document, take);
    }

    fn join(&self, visit: &Visit, server: &mut Server, side: Side) -> Client {
        let mut client = Client::new(visit, side, self.lane(side));
        client.document = server.document.clone();
        client.cursor = server.rows.len() as u64;
        client
    }

    fn acknowledge(&self, client: &mut Client, server: &mut Server) {
        client.sent = client.head;
        client.document = server.document.clone();
        client.cursor = server.rows.len() as u64;
    }

    fn receive(&self, client: &mut Client, answer: &[u8]) {
        let mut rest = answer;
        assert_eq!(take_number(&mut rest), client.head.seq);
        assert_eq!(take(&mut rest, 16), client.head.chain.as_bytes());
        take_number(&mut rest);
        while !rest.is_empty() {
            let device = DeviceId::from_slice(take(&mut rest, 16)).expect("a device");
            let seq = take_number(&mut rest);
            let effective = Hlc::from_bits(take_number(&mut rest));
            let length = u32::from_le_bytes(take(&mut rest, 4).try_into().expect("four bytes")) as usize;
            let raw = take(&mut rest, length);
            let op = codec::decode(raw, device, seq).expect("an operation");
            client.document.fold(&op, codec::op_id(raw, device, seq), effective);
        }
    }

    fn show(&self, client: &Client, take: Taker<'_>) {
        self.read_all(&client.document, take);
    }

    fn disagreements(&self, server: &Server) -> Option<usize> {
        if !self.has_lanes {
            let cells = server.document.cells.values();
            return Some(cells.filter(|cell| cell.register.heads.len() > 1).count());
        }
        // Corrections whose author has not seen the testimony as it is now.
        let is_stale = |[shopper, review]: &&[RegisterKey; 2]| {
            let correction = server.document.cell(review).filter(|cell| cell.register.winner().is_some());
            correction.is_some_and(|correction| {
                let heads = server.document.visible_heads(shopper);
                heads.iter().any(|head| !correction.register.superseded.contains(head))
            })
        };
        Some(self.registers.iter().filter(is_stale).count())
    }
}
