//! Frames as bytes, and what their way does to them.

use haamu_sync::engine::{EffectId, Enrolment, Failure, Upload, UploadFailure};
use haamu_sync::{DeviceId, Frame};

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
    Ask { body: Vec<u8>, token: Token },
    /// Its answer.
    Answer(Reply),
    /// An enrolment.
    Enrol { enrolment: Enrolment, token: Token },
    /// Its answer.
    Enrolled(Result<Token, Failure>),
    /// A part of a file.
    Part {
        upload: Upload,
        is_sound: bool,
        token: Token,
    },
    /// Its answer.
    PartDone(Result<u64, UploadFailure>),
    /// A request for new tokens.
    Refresh { token: Token },
    /// Its answer.
    Refreshed(Result<Token, Failure>),
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

/// What a device shows to the server of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// Whose it is.
    pub(crate) user: usize,
    /// The device that it is bound to.
    pub(crate) device: Option<DeviceId>,
    /// Whether it is still valid.
    pub(crate) is_valid: bool,
    /// Whether it can be renewed.
    pub(crate) is_renewable: bool,
}

/// An HTTP answer.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    /// 200 or a refusal.
    pub(crate) outcome: Result<Vec<u8>, Failure>,
    /// Whether it says that it speaks the protocol.
    pub(crate) is_ours: bool,
}

impl Reply {
    pub(crate) const fn refusal(failure: Failure) -> Self {
        Self {
            outcome: Err(failure),
            is_ours: true,
        }
    }

    /// The page of a captive portal.
    pub(crate) fn portal() -> Self {
        Self {
            outcome: Ok(b"<html><body>Welcome! Please accept our terms.</body></html>".to_vec()),
            is_ours: false,
        }
    }
}

/// How frames are written in this world.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Codec {
    /// JSON instead of CBOR.
    pub(crate) json: bool,
    /// Whether frames hold a field that nobody knows.
    pub(crate) has_unknown_field: bool,
}

impl Codec {
    pub(crate) fn encode(self, frame: &impl Frame) -> Vec<u8> {
        let mut body = if self.json {
            frame.to_json()
        } else {
            frame.to_cbor()
        };
        if self.has_unknown_field {
            add_unknown_field(&mut body, self.json);
        }
        body
    }

    pub(crate) fn decode<F: Frame>(self, body: &[u8]) -> Option<F> {
        if self.json {
            F::from_json(body).ok()
        } else {
            F::from_cbor(body).ok()
        }
    }
}

/// What a later version might send besides.
fn add_unknown_field(body: &mut Vec<u8>, json: bool) {
    if json {
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
        for json in [false, true] {
            let plain = Codec {
                json,
                has_unknown_field: false,
            };
            let skewed = Codec {
                json,
                has_unknown_field: true,
            };
            let body = skewed.encode(&request);
            assert!(body.len() > plain.encode(&request).len());
            assert_eq!(plain.decode::<SyncRequest>(&body), Some(request.clone()));
        }
    }
}
