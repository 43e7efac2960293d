//! Identifiers and hashes: byte strings of a fixed length.
//!
//! In CBOR they are byte strings; in JSON and in texts, base64url without
//! padding, or hexadecimal where other tools write the same value so.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ShortBytes;
use crate::cbor::piece;
use crate::codec::DecodeError;

/// The text is not the identifier that it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier of {expected} bytes")]
pub struct ParseIdError {
    expected: usize,
}

/// The longest text of a byte string of a fixed length: 32 bytes in hexadecimal.
const MAX_TEXT: usize = 64;

/// How a byte string of a fixed length is written as text.
trait TextForm {
    /// Writes into `text`, as far as that is needed.
    fn write<'t>(bytes: &[u8], text: &'t mut [u8; MAX_TEXT]) -> &'t str;
    /// Reads into `bytes`, all of it; false if the text is not that.
    fn read(text: &str, bytes: &mut [u8]) -> bool;
}

struct Base64Url;

impl TextForm for Base64Url {
    fn write<'t>(bytes: &[u8], text: &'t mut [u8; MAX_TEXT]) -> &'t str {
        let length = URL_SAFE_NO_PAD
            .encode_slice(bytes, text)
            .expect("there is room for 48 bytes");
        ascii(&text[..length])
    }

    fn read(text: &str, bytes: &mut [u8]) -> bool {
        // The decoder wants some room to spare.
        let mut read = [0; MAX_TEXT];
        match URL_SAFE_NO_PAD.decode_slice(text, &mut read) {
            Ok(length) if length == bytes.len() => {
                bytes.copy_from_slice(&read[..length]);
                true
            }
            _ => false,
        }
    }
}

struct Hex;

impl TextForm for Hex {
    fn write<'t>(bytes: &[u8], text: &'t mut [u8; MAX_TEXT]) -> &'t str {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        for (pair, byte) in text.chunks_exact_mut(2).zip(bytes) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        ascii(&text[..bytes.len() * 2])
    }

    fn read(text: &str, bytes: &mut [u8]) -> bool {
        let digit = |digit: u8| {
            char::from(digit)
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        };
        text.len() == bytes.len() * 2
            && bytes
                .iter_mut()
                .zip(text.as_bytes().chunks_exact(2))
                .all(|(byte, pair)| match (digit(pair[0]), digit(pair[1])) {
                    (Some(high), Some(low)) => {
                        *byte = high << 4 | low;
                        true
                    }
                    _ => false,
                })
    }
}

fn ascii(text: &[u8]) -> &str {
    std::str::from_utf8(text).expect("digits and letters")
}

macro_rules! fixed_bytes {
    ($(#[$doc:meta])* $name:ident, $length:literal, $form:ty) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $length]);

        impl $name {
            /// The number of bytes.
            pub const LENGTH: usize = $length;

            /// From its bytes.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; $length]) -> Self {
                Self(bytes)
            }

            /// From a slice of the right length.
            #[must_use]
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }

            /// Its bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $length] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(<$form>::write(&self.0, &mut [0; MAX_TEXT]))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                let mut bytes = [0; $length];
                if <$form>::read(text, &mut bytes) {
                    Ok(Self(bytes))
                } else {
                    Err(ParseIdError { expected: $length })
                }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.serialize_str(<$form>::write(&self.0, &mut [0; MAX_TEXT]))
                } else {
                    serializer.serialize_bytes(&self.0)
                }
            }
        }

        piece!(
            $name,
            |value, out| out.bytes(&value.0),
            |input| Self::from_slice(input.bytes()?).ok_or(DecodeError::Malformed)?,
            Self([0; $length])
        );

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                    text.parse().map_err(de::Error::custom)
                } else {
                    deserializer.deserialize_bytes(FixedVisitor).map(Self)
                }
            }
        }
    };
}

fixed_bytes! {
    /// One installation of the app, drawn at random at its first start.
    DeviceId, 16, Base64Url
}
fixed_bytes! {
    /// A person who writes operations.
    AuthorId, 16, Base64Url
}
fixed_bytes! {
    /// A submission: the evaluation of one assignment.
    DocumentId, 16, Base64Url
}
fixed_bytes! {
    /// The content hash that names a checklist version.
    FormVersion, 32, Hex
}
fixed_bytes! {
    /// The name of an operation: BLAKE3-128 of its canonical content.
    OpId, 16, Base64Url
}
fixed_bytes! {
    /// The hash of a device's log up to an operation; the token of acknowledgement.
    ChainValue, 16, Base64Url
}
fixed_bytes! {
    /// The SHA-256 of a photo or another file, which is its name.
    BlobHash, 32, Hex
}
fixed_bytes! {
    /// One timeline of a server's database; a restored backup starts a new one.
    Incarnation, 16, Base64Url
}

/// A byte string of any length; most values are short and take no allocation.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(pub ShortBytes);

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bytes({})", URL_SAFE_NO_PAD.encode(&self.0))
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(&URL_SAFE_NO_PAD.encode(&self.0))
        } else {
            serializer.serialize_bytes(&self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
            URL_SAFE_NO_PAD
                .decode(text.as_bytes())
                .map(Self::from)
                .map_err(|_| de::Error::custom("not base64url without padding"))
        } else {
            deserializer.deserialize_bytes(BytesVisitor)
        }
    }
}

struct BytesVisitor;

impl Visitor<'_> for BytesVisitor {
    type Value = Bytes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a byte string")
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Bytes, E> {
        Ok(bytes.into())
    }
}

/// Reads a byte string of a fixed length where it stands.
struct FixedVisitor<const LENGTH: usize>;

impl<const LENGTH: usize> Visitor<'_> for FixedVisitor<LENGTH> {
    type Value = [u8; LENGTH];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{LENGTH} bytes")
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<[u8; LENGTH], E> {
        bytes
            .try_into()
            .map_err(|_| E::invalid_length(bytes.len(), &self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_round_trip() {
        let device = DeviceId::from_bytes(*b"0123456789abcdef");
        assert_eq!(device.to_string(), "MDEyMzQ1Njc4OWFiY2RlZg");
        assert_eq!(device.to_string().parse(), Ok(device));
        let blob = BlobHash::from_bytes([0xab; 32]);
        assert_eq!(blob.to_string(), "ab".repeat(32));
        assert_eq!(blob.to_string().to_uppercase().parse(), Ok(blob));
        for text in ["", "ab", "zz", &"ab".repeat(33), "ä".repeat(32).as_str()] {
            assert!(text.parse::<BlobHash>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn json_holds_texts_and_cbor_holds_bytes() {
        let device = DeviceId::from_bytes([7; 16]);
        let json = serde_json::to_string(&device).expect("json");
        assert_eq!(serde_json::from_str::<DeviceId>(&json).expect("the same"), device);
        let cbor = minicbor_serde::to_vec(device).expect("cbor");
        assert_eq!(cbor.len(), 17);
        assert_eq!(
            minicbor_serde::from_slice::<DeviceId>(&cbor).expect("the same"),
            device
        );
        assert!(minicbor_serde::from_slice::<FormVersion>(&cbor).is_err());
    }
}
