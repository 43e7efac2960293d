//! Frames as bytes, and what their way does to them.

use haamu_sync::engine::{EffectId, Enrolment, Failure, Upload, UploadFailure};
use haamu_sync::{BlobHash, Frame};

use crate::backend::{Encoding, Reply, Session, Taken};

/// A message between a device and the server.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// The number of the device.
    pub(crate) device: usize,
    /// The process that sent the request; a later one does not hear the answer.
    pub(crate) process: u64,
    /// The effect that it belongs to.
    pub(crate) effect: EffectId,
    /// What it carries.
    pub(crate) payload: Payload,
}

/// What a message carries.
#[derive(Clone, Debug)]
pub(crate) enum Payload {
    /// A sync request.
    Ask { body: Vec<u8>, session: Session },
    /// Its answer.
    Answer(Reply),
    /// An enrolment.
    Enrol { enrolment: Enrolment, session: Session },
    /// Its answer.
    Enrolled(Result<Session, Failure>),
    /// A part of a file.
    Part {
        upload: Upload,
        arrived: u64,
        is_sound: bool,
        session: Session,
    },
    /// Its answer.
    PartDone(BlobHash, Result<Taken, UploadFailure>),
    /// A request for new tokens.
    Refresh { session: Session },
    /// Its answer.
    Refreshed(Result<Session, Failure>),
}

impl Payload {
    /// Whether it is on its way to the server.
    pub(crate) const fn is_request(&self) -> bool {
        matches!(
            self,
            Self::Ask { .. } | Self::Enrol { .. } | Self::Part { .. } | Self::Refresh { .. }
        )
    }
}

/// The page of a captive portal.
pub(crate) fn portal() -> Reply {
    Reply {
        outcome: Ok(b"<html><body>Welcome! Please accept our terms.</body></html>".to_vec()),
        is_ours: false,
    }
}

/// How frames are written in this world.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Codec {
    /// CBOR or JSON.
    pub(crate) encoding: Encoding,
    /// Whether frames hold a field that nobody knows.
    pub(crate) has_unknown_field: bool,
}

impl Codec {
    pub(crate) fn encode(self, frame: &impl Frame) -> Vec<u8> {
        let mut body = encode(self.encoding, frame);
        self.skew(&mut body);
        body
    }

    /// Lets a frame be one of another version, if this world has several.
    pub(crate) fn skew(self, body: &mut Vec<u8>) {
        if self.has_unknown_field {
            add_unknown_field(body, self.encoding);
        }
    }
}

pub(crate) fn encode(encoding: Encoding, frame: &impl Frame) -> Vec<u8> {
    match encoding {
        Encoding::Cbor => frame.to_cbor(),
        Encoding::Json => frame.to_json(),
    }
}

pub(crate) fn decode<F: Frame>(encoding: Encoding, body: &[u8]) -> Option<F> {
    match encoding {
        Encoding::Cbor => F::from_cbor(body).ok(),
        Encoding::Json => F::from_json(body).ok(),
    }
}

/// What a later version might send besides.
fn add_unknown_field(body: &mut Vec<u8>, encoding: Encoding) {
    if encoding == Encoding::Json {
        body.splice(1..1, br#""from_the_future":{"a":[1,null]},"#.iter().copied());
        return;
    }
    // A map of fewer than 23 entries has their number in its first byte.
    if let Some(head) = body.first_mut().filter(|head| (0xa0..0xb7).contains(*head)) {
        *head += 1;
        body.push(0x6f);
        body.extend_from_slice(b"from_the_future");
        body.extend_from_slice(&[0x82, 0x01, 0xf6]);
    }
}

#[cfg(test)]
mod tests {
    use haamu_sync::{DeviceId, SyncRequest};

    use super::*;

    #[test]
    fn unknown_fields_are_ignored_in_both_encodings() {
        let request = SyncRequest {
            proto: 1,
            build: "sim".to_owned(),
            device: DeviceId::from_bytes([1; 16]),
            from_seq: 1,
            prev_chain: haamu_sync::ChainValue::default(),
            ops: Vec::new(),
            cursor: None,
            refetch: Vec::new(),
            offers: Vec::new(),
            clock: haamu_sync::ClockReading::default(),
            folds: false,
        };
        for encoding in [Encoding::Cbor, Encoding::Json] {
            let plain = Codec {
                encoding,
                has_unknown_field: false,
            };
            let skewed = Codec {
                encoding,
                has_unknown_field: true,
            };
            let body = skewed.encode(&request);
            assert!(body.len() > plain.encode(&request).len());
            assert_eq!(decode::<SyncRequest>(encoding, &body), Some(request.clone()));
        }
    }
}
