//! The way between devices and server.

use haamu_sync::engine::{Event, Failure, Upload, UploadFailure};
use haamu_sync::{SyncResponse, engine::EffectId};

use crate::backend::{Part, Reply, Session};
use crate::device::Todo;
use crate::plan::{Fate, Fault};
use crate::wire::{Message, Payload, decode, portal};
use crate::world::World;

/// So long the server waits for the end of a part of a file.
const PATIENCE_OF_PARTS_MS: u64 = 45_000;
/// So long it waits for the end of any other request.
const PATIENCE_MS: u64 = 60_000;
/// Where bodies must be small, no longer parts of files are let through.
const SMALL_PART: u64 = 64 * 1024;

impl World {
    /// Something happens to a message. Returns the device that it concerns.
    pub(crate) fn move_message(&mut self, pick: u8, fate: Fate, work: u8) -> Option<usize> {
        if self.network.is_empty() {
            return None;
        }
        let message = self.network.remove(usize::from(pick) % self.network.len());
        let device = message.device;
        if fate != Fate::Deliver {
            self.ledger.counts.faults += 1;
        }
        match fate {
            Fate::Deliver => self.arrive(message),
            Fate::Drop => self.break_off(&message),
            Fate::Vanish => {}
            Fate::Twice => {
                self.network.push(message.clone());
                self.arrive(message);
            }
            Fate::GiveUp => {
                self.break_off(&message);
                self.network.push(message);
            }
            Fate::Truncate => self.truncate(message),
            Fate::Busy if message.payload.is_request() => {
                self.answer_with(&message, Failure::Busy(2_000));
            }
            Fate::FailAfterCommit if message.payload.is_request() => {
                let failed = message.clone();
                self.serve(message);
                // What the server wrote as its answer never leaves it.
                self.network.pop();
                self.answer_with(&failed, Failure::Server);
            }
            Fate::Portal if message.payload.is_request() => {
                self.answer_with(&message, Failure::NotOurServer);
            }
            Fate::TooOld if message.payload.is_request() => {
                self.answer_with(&message, Failure::UpgradeRequired);
            }
            Fate::Trickle if message.payload.is_request() => self.trickle(message),
            // The device's transport stops reading, and takes it for what no server of ours says.
            Fate::Flood => self.tell(&message, Failure::NotOurServer),
            Fate::Corrupt => self.corrupt(message),
            Fate::Busy | Fate::FailAfterCommit | Fate::Portal | Fate::TooOld | Fate::Trickle => {
                self.arrive(message);
            }
        }
        self.work(device, work);
        Some(device)
    }

    pub(crate) fn arrive(&mut self, message: Message) {
        if message.payload.is_request() {
            self.serve(message);
            return;
        }
        let device = &mut self.devices[message.device];
        if device.process != message.process {
            return;
        }
        let id = message.effect;
        let event = match message.payload {
            Payload::Answer(reply) => Event::Synced(id, self.read(&reply)),
            Payload::Enrolled(Ok(session)) => {
                device.session.enrolled(session);
                Event::Enrolled(id, Ok(()))
            }
            Payload::Enrolled(Err(failure)) => Event::Enrolled(id, Err(failure)),
            Payload::Refreshed(Ok(session)) => {
                device.session.renewed(session);
                Event::AuthRefreshed(id, Ok(()))
            }
            Payload::Refreshed(Err(failure)) => Event::AuthRefreshed(id, Err(failure)),
            Payload::PartDone(sha256, Ok(taken)) => {
                if let Some((document, receipt)) = taken.receipt {
                    let receipt = Event::Receipt(sha256, document, receipt);
                    device.todo.push_back(Todo::Event(receipt));
                }
                Event::Uploaded(id, Ok(taken.held))
            }
            Payload::PartDone(_, Err(failure)) => Event::Uploaded(id, Err(failure)),
            _ => return,
        };
        self.devices[message.device].todo.push_back(Todo::Event(event));
    }

    /// What an HTTP answer means, read as the transport of a device reads it.
    fn read(&self, reply: &Reply) -> Result<Box<SyncResponse>, Failure> {
        if !reply.is_ours {
            return Err(Failure::NotOurServer);
        }
        let body = reply.outcome.as_ref().map_err(|failure| *failure)?;
        let response = decode::<SyncResponse>(self.codec.encoding, body);
        response.map(Box::new).ok_or(Failure::NotOurServer)
    }

    /// The server takes a request in, and its answer sets out.
    fn serve(&mut self, message: Message) {
        let device = message.device;
        let payload = match message.payload {
            Payload::Ask { body, session } => {
                let session = self.current(device, session);
                let server = &mut self.backend;
                let mut reply = server.sync(&session, &body, self.codec.encoding, self.now);
                if let Ok(body) = &mut reply.outcome {
                    self.codec.skew(body);
                }
                Payload::Answer(reply)
            }
            Payload::Enrol { enrolment, session } => {
                let session = self.current(device, session);
                Payload::Enrolled(self.backend.enrol(&session, &enrolment, self.now))
            }
            Payload::Part {
                upload,
                arrived,
                is_sound,
                session,
            } => {
                if self.faults.contains(&Fault::SlowLink) {
                    // Eight bytes in a millisecond.
                    self.now += arrived / 8;
                }
                let session = self.current(device, session);
                let part = Part {
                    upload: &upload,
                    arrived,
                    is_sound,
                };
                let outcome = match self.obstacle(&upload) {
                    Some(failure) => Err(UploadFailure::Request(failure)),
                    None => self.backend.part(&session, &part, self.now),
                };
                Payload::PartDone(upload.sha256, outcome)
            }
            Payload::Refresh { session } => {
                let session = self.current(device, session);
                Payload::Refreshed(self.backend.refresh(&session, self.now))
            }
            answer => answer,
        };
        self.network.push(Message { payload, ..message });
    }

    /// What a proxy before the server says to a part: that it is too large, or a page of its own.
    fn obstacle(&self, upload: &Upload) -> Option<Failure> {
        let is_too_large = self.faults.contains(&Fault::SmallBodies) && upload.length > SMALL_PART;
        let says_so = upload.document.as_bytes()[15].is_multiple_of(2);
        is_too_large.then_some(if says_so {
            Failure::TooLarge
        } else {
            Failure::NotOurServer
        })
    }

    /// A session as the server sees it: it may have expired on its way.
    fn current(&self, device: usize, shown: Session) -> Session {
        let now = &self.devices[device].session;
        Session {
            is_valid: shown.is_valid && (now.is_valid || now.device != shown.device),
            is_renewable: shown.is_renewable && now.is_renewable,
            ..shown
        }
    }

    /// The device learns that the connection broke.
    pub(crate) fn break_off(&mut self, message: &Message) {
        self.tell(message, Failure::Network);
    }

    /// An answer in the server's place sets out.
    pub(crate) fn answer_with(&mut self, message: &Message, failure: Failure) {
        let payload = match &message.payload {
            Payload::Ask { .. } if failure == Failure::NotOurServer => Payload::Answer(portal()),
            Payload::Ask { .. } => Payload::Answer(Reply::refusal(failure)),
            Payload::Enrol { .. } => Payload::Enrolled(Err(failure)),
            Payload::Part { upload, .. } => {
                Payload::PartDone(upload.sha256, Err(UploadFailure::Request(failure)))
            }
            _ => Payload::Refreshed(Err(failure)),
        };
        let message = Message {
            payload,
            ..message.clone()
        };
        self.network.push(message);
    }

    pub(crate) fn tell(&mut self, message: &Message, failure: Failure) {
        let device = &mut self.devices[message.device];
        if device.process != message.process {
            return;
        }
        let event = failed(&message.payload, message.effect, failure);
        device.todo.push_back(Todo::Event(event));
    }

    /// Half of a body arrives.
    fn truncate(&mut self, mut message: Message) {
        match &mut message.payload {
            Payload::Ask { body, .. } => body.truncate(body.len() / 2),
            Payload::Answer(Reply {
                outcome: Ok(body), ..
            }) => body.truncate(body.len() / 2),
            Payload::Part { arrived, .. } => {
                // The server keeps what arrived; the device does not hear of it.
                *arrived /= 2;
                self.break_off(&message);
                self.serve(message);
                self.network.pop();
                return;
            }
            _ => return self.break_off(&message),
        }
        self.arrive(message);
    }

    /// Half of a body trickles in. Of a file the server keeps that when it has waited long enough.
    fn trickle(&mut self, mut message: Message) {
        if let Payload::Part { arrived, .. } = &mut message.payload {
            *arrived /= 2;
            self.now += PATIENCE_OF_PARTS_MS;
            self.serve(message);
        } else {
            self.now += PATIENCE_MS;
            self.answer_with(&message, Failure::Busy(1_000));
        }
    }

    fn corrupt(&mut self, mut message: Message) {
        if let Payload::Part { upload, is_sound, .. } = &mut message.payload {
            *is_sound = false;
            let count = self.ledger.corruptions.entry(upload.sha256).or_default();
            *count += 1;
        }
        self.arrive(message);
    }
}

/// The failure of whatever a message belongs to.
fn failed(payload: &Payload, id: EffectId, failure: Failure) -> Event {
    match payload {
        Payload::Ask { .. } | Payload::Answer(_) => Event::Synced(id, Err(failure)),
        Payload::Enrol { .. } | Payload::Enrolled(_) => Event::Enrolled(id, Err(failure)),
        Payload::Part { .. } | Payload::PartDone(..) => {
            Event::Uploaded(id, Err(UploadFailure::Request(failure)))
        }
        Payload::Refresh { .. } | Payload::Refreshed(_) => Event::AuthRefreshed(id, Err(failure)),
    }
}
