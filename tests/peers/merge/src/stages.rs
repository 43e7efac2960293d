//! Where the time of our own hot merge goes.

use std::hint::black_box;
use std::time::Instant;

use haamu_sync::server::admit;
use haamu_sync::{ChainHead, Frame, Hlc, SyncRequest, chain, codec};

use crate::contestant::{Contestant, Side};
use crate::engine;
use crate::own::{Own, Server};
use crate::workload::Visit;

/// One visit before its hot merge.
struct Prepared<'a> {
    visit: &'a Visit,
    stored: Vec<u8>,
    pushes: [Vec<u8>; 2],
}

/// A part of the work, and what it takes per visit, in nanoseconds.
pub type Stage = (&'static str, f64);

/// The parts of the hot merge, each timed alone over all visits, and the whole at the end.
pub fn stages(own: &Own, visits: &[Visit], passes: usize) -> Vec<Stage> {
    let prepared: Vec<Prepared<'_>> = visits.iter().map(|visit| prepare(own, visit)).collect();
    let mut times: Vec<(&'static str, Vec<f64>)> = Vec::new();
    for _ in 0..passes {
        let mut totals: Vec<Stage> = Vec::new();
        for one in &prepared {
            for (index, (name, nanoseconds)) in of_visit(own, one).into_iter().enumerate() {
                if totals.len() <= index {
                    totals.push((name, 0.0));
                }
                totals[index].1 += nanoseconds;
            }
        }
        for (index, (name, total)) in totals.into_iter().enumerate() {
            if times.len() <= index {
                times.push((name, Vec::new()));
            }
            times[index].1.push(total / prepared.len() as f64);
        }
    }
    let quietest = |passes: Vec<f64>| passes.into_iter().fold(f64::MAX, f64::min);
    times.into_iter().map(|(name, passes)| (name, quietest(passes))).collect()
}

fn prepare<'a>(own: &Own, visit: &'a Visit) -> Prepared<'a> {
    let mut phone = own.phone(visit);
    own.edit(&mut phone, &visit.first);
    let push = own.push(&mut phone);
    let mut server = own.server(visit);
    own.take(&mut server, &push);
    let stored = own.stored(&mut server);
    own.acknowledge(&mut phone, &mut server);
    let mut reviewer = own.join(visit, &mut server, Side::Reviewer);
    own.edit(&mut phone, &visit.phone);
    own.edit(&mut reviewer, &visit.reviewer);
    Prepared { visit, stored, pushes: [own.push(&mut phone), own.push(&mut reviewer)] }
}

fn of_visit(own: &Own, one: &Prepared<'_>) -> Vec<Stage> {
    let mut stages = Vec::new();
    let pushes = one.pushes.each_ref().map(Vec::as_slice);
    let mut whole = own.load(one.visit, &one.stored);
    time(&mut stages, "**hot merge, all of it**", || own.merge(&mut whole, pushes));
    let mut server = own.load(one.visit, &one.stored);
    let requests = time(&mut stages, "read the two frames", || {
        pushes.map(|push| SyncRequest::from_cbor(push).expect("a request"))
    });
    let raws = || requests.iter().flat_map(|request| request.ops.iter().zip(request.from_seq..).map(move |op| (request, op)));
    let ids = time(&mut stages, "· of which: name the operations (BLAKE3)", || {
        raws().map(|(request, (raw, seq))| codec::op_id(&raw.0, request.device, seq)).collect::<Vec<_>>()
    });
    time(&mut stages, "· of which: link the chains (BLAKE3)", || {
        ids.iter().fold(Default::default(), |value, id| chain::link(value, *id))
    });
    let ops = time(&mut stages, "· of which: decode the operations", || {
        raws().map(|(request, (raw, seq))| codec::decode(&raw.0, request.device, seq)).collect::<Vec<_>>()
    });
    time(&mut stages, "· of which: fold", || {
        for (op, id) in ops.iter().zip(&ids) {
            let op = op.as_ref().expect("sound operations");
            server.document.fold(op, *id, op.hlc);
        }
    });
    drop(ops);
    let mut server: Server = own.load(one.visit, &one.stored);
    let admissions = time(&mut stages, "admit: name, link, decode, check", || {
        requests.each_ref().map(|request| {
            let head = ChainHead { seq: request.from_seq - 1, chain: request.prev_chain };
            admit(head, &|_| None, request)
        })
    });
    let sides = [Side::Phone, Side::Reviewer];
    let haves = admissions.each_ref().map(|admission| admission.have);
    let mut admissions = admissions.into_iter();
    time(&mut stages, "place, stamp and fold", || {
        for (side, request) in sides.into_iter().zip(&requests) {
            let admission = admissions.next().expect("an admission for each");
            server.take_in(own.lane(side), Hlc::at(request.clock.wall).millis(), request, admission);
        }
    });
    time(&mut stages, "answer with the operations that each side lacks", || {
        [0, 1].map(|side| server.answer(&requests[side], haves[side]))
    });
    time(&mut stages, "besides: answer with the whole submission instead, as the server does", || {
        haves.map(|have| server.answer_with_state(one.visit, have))
    });
    time(&mut stages, "besides: the first 80 edits through the whole engine of the device", || {
        engine::record(own, one.visit)
    });
    stages
}

fn time<T>(stages: &mut Vec<Stage>, name: &'static str, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let result = black_box(work());
    stages.push((name, started.elapsed().as_nanos() as f64));
    result
}

