//! The way between devices and server.

use haamu_sync::engine::{Event, Failure, UploadFailure};
use haamu_sync::{SyncResponse, engine::EffectId};

use crate::device::Todo;
use crate::plan::{Fate, Fault};
use crate::wire::{Message, Payload, Reply, Token};
use crate::world::World;

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
            Fate::Corrupt => self.corrupt(message),
            Fate::Busy | Fate::FailAfterCommit | Fate::Portal => self.arrive(message),
        }
        self.work(device, work);
        Some(device)
    }

    fn arrive(&mut self, message: Message) {
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
            Payload::Enrolled(Ok(token)) => {
                device.token = token;
                Event::Enrolled(id, Ok(()))
            }
            Payload::Enrolled(Err(failure)) => Event::Enrolled(id, Err(failure)),
            Payload::Refreshed(Ok(token)) => {
                // A session that a person has begun since is not replaced by an older one.
                if device.token.is_renewable {
                    device.token = Token {
                        device: device.token.device,
                        ..token
                    };
                }
                Event::AuthRefreshed(id, Ok(()))
            }
            Payload::Refreshed(Err(failure)) => Event::AuthRefreshed(id, Err(failure)),
            Payload::PartDone(outcome) => Event::Uploaded(id, outcome),
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
        let response = self.codec.decode::<SyncResponse>(body);
        response.map(Box::new).ok_or(Failure::NotOurServer)
    }

    /// The server takes a request in, and its answer sets out.
    fn serve(&mut self, message: Message) {
        let payload = match message.payload {
            Payload::Ask { body, token } => {
                let token = self.current(message.device, token);
                Payload::Answer(self.server.sync(&body, token, self.codec, self.now))
            }
            Payload::Enrol { enrolment, token } => {
                let token = self.current(message.device, token);
                Payload::Enrolled(self.server.enrol(&enrolment, token))
            }
            Payload::Part {
                upload,
                is_sound,
                token,
            } => {
                if self.faults.contains(&Fault::SlowLink) {
                    // Eight bytes in a millisecond.
                    self.now += upload.length / 8;
                }
                let token = self.current(message.device, token);
                Payload::PartDone(self.server.part(&upload, is_sound, token))
            }
            Payload::Refresh { token } => {
                let token = self.current(message.device, token);
                let renewed = Token {
                    is_valid: true,
                    ..token
                };
                let outcome = token.is_renewable.then_some(renewed);
                Payload::Refreshed(outcome.ok_or(Failure::Unauthorised))
            }
            answer => answer,
        };
        self.network.push(Message { payload, ..message });
    }

    /// A token as the server sees it: it may have expired on its way.
    fn current(&self, device: usize, shown: Token) -> Token {
        let now = self.devices[device].token;
        Token {
            is_valid: shown.is_valid && (now.is_valid || now.device != shown.device),
            is_renewable: shown.is_renewable && now.is_renewable,
            ..shown
        }
    }

    /// The device learns that the connection broke.
    fn break_off(&mut self, message: &Message) {
        self.tell(message, Failure::Network);
    }

    /// An answer in the server's place sets out.
    fn answer_with(&mut self, message: &Message, failure: Failure) {
        let payload = match &message.payload {
            Payload::Ask { .. } if failure == Failure::NotOurServer => Payload::Answer(Reply::portal()),
            Payload::Ask { .. } => Payload::Answer(Reply::refusal(failure)),
            Payload::Enrol { .. } => Payload::Enrolled(Err(failure)),
            Payload::Part { .. } => Payload::PartDone(Err(UploadFailure::Request(failure))),
            _ => Payload::Refreshed(Err(failure)),
        };
        let message = Message {
            payload,
            ..message.clone()
        };
        self.network.push(message);
    }

    fn tell(&mut self, message: &Message, failure: Failure) {
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
            Payload::Part { upload, .. } => {
                // The server keeps what arrived; the device does not hear of it.
                upload.length /= 2;
                self.break_off(&message);
                self.serve(message);
                self.network.pop();
                return;
            }
            _ => return self.break_off(&message),
        }
        self.arrive(message);
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
        Payload::Part { .. } | Payload::PartDone(_) => {
            Event::Uploaded(id, Err(UploadFailure::Request(failure)))
        }
        Payload::Refresh { .. } | Payload::Refreshed(_) => Event::AuthRefreshed(id, Err(failure)),
    }
}
