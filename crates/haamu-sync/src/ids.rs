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
use smallvec::SmallVec;

/// The text is not the identifier that it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier of {expected} bytes")]
pub struct ParseIdError {
    expected: usize,
}

/// How a byte string is written as text.
trait TextForm {
    fn encode(bytes: &[u8]) -> String;
    fn decode(text: &str) -> Option<Vec<u8>>;
}

struct Base64Url;

impl TextForm for Base64Url {
    fn encode(bytes: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn decode(text: &str) -> Option<Vec<u8>> {
        URL_SAFE_NO_PAD.decode(text).ok()
    }
}

struct Hex;

impl TextForm for Hex {
    fn encode(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn decode(text: &str) -> Option<Vec<u8>> {
        let is_hex = text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let pairs = (0..text.len()).step_by(2);
        is_hex.then(|| {
            pairs
                .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap_or_default())
                .collect()
        })
    }
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
                f.write_str(&<$form>::encode(&self.0))
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
                let bytes = <$form>::decode(text).and_then(|bytes| Self::from_slice(&bytes));
                bytes.ok_or(ParseIdError { expected: $length })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.collect_str(self)
                } else {
                    serializer.serialize_bytes(&self.0)
                }
            }
        }

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
#[derive(Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(pub SmallVec<[u8; 32]>);

impl Clone for Bytes {
    fn clone(&self) -> Self {
        // Copied in one piece, which the derived one does not do.
        Self::from(self.0.as_slice())
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bytes({})", Base64Url::encode(&self.0))
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        Self(SmallVec::from_slice(bytes))
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(&Base64Url::encode(&self.0))
        } else {
            serializer.serialize_bytes(&self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
            Base64Url::decode(&text)
                .map(Self::from)
                .ok_or_else(|| de::Error::custom("not base64url without padding"))
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
