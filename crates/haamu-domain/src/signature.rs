//! Requests that a device signs with its own key, as RFC 9421 has it.
//!
//! Whoever's account is disabled has no token any more, and their device may
//! still hold testimony. Its key, known since it was enrolled, suffices to
//! deposit that. Of what RFC 9421 offers one profile is taken: Ed25519 over
//! method, path, query and the digest of the body (RFC 9530). There is no
//! time in it: a deposit that is sent again changes nothing, and the clock of
//! a device may be wrong by years.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use haamu_sync::DeviceId;
use sfv::{BareItem, Dictionary, InnerList, ListEntry, Parser};
use sha2::{Digest, Sha256};

/// The components that a signature covers, in the order in which devices name them.
const COVERED: [&str; 4] = ["@method", "@path", "@query", "content-digest"];
const LABEL: &str = "device";
const ALGORITHM: &str = "ed25519";

/// What of a request is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedParts<'a> {
    /// The method, in capitals.
    pub method: &'a str,
    /// The path below the server's root, such as `/v1/deposits`.
    pub path: &'a str,
    /// The query without its question mark; empty if there is none.
    pub query: &'a str,
    /// The field `Content-Digest`.
    pub content_digest: &'a str,
}

/// The two fields that carry a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureFields {
    /// `Signature-Input`.
    pub input: String,
    /// `Signature`.
    pub signature: String,
}

/// Why a signature is worth nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// The fields are no signature.
    #[error("the signature fields cannot be read as RFC 9421 has them")]
    Unreadable,
    /// Something that has to be covered is not, or more than is understood.
    #[error("a signature covers @method, @path, @query and content-digest, with alg=\"ed25519\" and keyid")]
    Profile,
    /// The signature does not belong to the request and the key.
    #[error("the signature does not belong to this request and the device's key")]
    Wrong,
    /// The body does not have the digest that was signed.
    #[error("the body does not have the digest that was signed")]
    Digest,
}

/// The value of `Content-Digest` for a body.
#[must_use]
pub fn content_digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(body)))
}

/// Signs a request with the key of a device.
#[must_use]
pub fn sign(key: &SigningKey, device: DeviceId, parts: SignedParts<'_>) -> SignatureFields {
    let names: Vec<String> = COVERED.iter().map(|name| format!("\"{name}\"")).collect();
    let parameters = format!("({});alg=\"{ALGORITHM}\";keyid=\"{device}\"", names.join(" "));
    let base = base(COVERED, parts, &parameters);
    let signature = STANDARD.encode(key.sign(base.as_bytes()).to_bytes());
    SignatureFields {
        input: format!("{LABEL}={parameters}"),
        signature: format!("{LABEL}=:{signature}:"),
    }
}

/// The device that a request says it is signed by. Nothing is verified yet.
///
/// # Errors
/// The field is no signature of this profile.
pub fn signer(input: &str) -> Result<DeviceId, SignatureError> {
    let (_, list) = only_entry(input)?;
    let Some(BareItem::String(id)) = list.params.get("keyid") else {
        return Err(SignatureError::Profile);
    };
    id.as_str().parse().map_err(|_| SignatureError::Profile)
}

/// Verifies that a request was signed with the key, and has the body that was signed.
///
/// # Errors
/// [`SignatureError`] says what is wrong.
pub fn verify(
    key: &VerifyingKey,
    fields: &SignatureFields,
    parts: SignedParts<'_>,
    body: &[u8],
) -> Result<(), SignatureError> {
    let (label, list) = only_entry(&fields.input)?;
    let names = list.items.iter().map(|item| match &item.bare_item {
        BareItem::String(name) if item.params.is_empty() => Ok(name.as_str()),
        _ => Err(SignatureError::Profile),
    });
    let names = names.collect::<Result<Vec<_>, _>>()?;
    let is_covered = names.len() == COVERED.len() && COVERED.iter().all(|name| names.contains(name));
    let is_algorithm =
        matches!(list.params.get("alg"), Some(BareItem::String(name)) if name.as_str() == ALGORITHM);
    if !is_covered || !is_algorithm {
        return Err(SignatureError::Profile);
    }
    let signature = signature_of(&fields.signature, &label)?;
    let parameters = written(&list)?;
    let base = base(names, parts, &parameters);
    key.verify_strict(base.as_bytes(), &signature)
        .map_err(|_| SignatureError::Wrong)?;
    if parts.content_digest == content_digest(body) {
        Ok(())
    } else {
        Err(SignatureError::Digest)
    }
}

/// The signature base of RFC 9421, 2.5.
fn base<'a>(names: impl IntoIterator<Item = &'a str>, parts: SignedParts<'_>, parameters: &str) -> String {
    let mut base = String::new();
    for name in names {
        let value = match name {
            "@method" => parts.method.to_owned(),
            "@path" => parts.path.to_owned(),
            "@query" => format!("?{}", parts.query),
            _ => parts.content_digest.to_owned(),
        };
        base.push_str(&format!("\"{name}\": {value}\n"));
    }
    base + &format!("\"@signature-params\": {parameters}")
}

/// The one entry of `Signature-Input`.
fn only_entry(input: &str) -> Result<(String, InnerList), SignatureError> {
    let fields: Dictionary = Parser::new(input)
        .parse()
        .map_err(|_| SignatureError::Unreadable)?;
    let mut entries = fields.into_iter();
    match (entries.next(), entries.next()) {
        (Some((label, ListEntry::InnerList(list))), None) => Ok((label.as_str().to_owned(), list)),
        _ => Err(SignatureError::Unreadable),
    }
}

fn signature_of(field: &str, label: &str) -> Result<Signature, SignatureError> {
    let fields: Dictionary = Parser::new(field)
        .parse()
        .map_err(|_| SignatureError::Unreadable)?;
    let Some(ListEntry::Item(item)) = fields.get(label) else {
        return Err(SignatureError::Unreadable);
    };
    let BareItem::ByteSequence(bytes) = &item.bare_item else {
        return Err(SignatureError::Unreadable);
    };
    Signature::from_slice(bytes).map_err(|_| SignatureError::Unreadable)
}

/// The parameters in the one form in which they are signed.
fn written(list: &InnerList) -> Result<String, SignatureError> {
    let mut writer = sfv::ListSerializer::new();
    writer.members([&ListEntry::InnerList(list.clone())]);
    writer.finish().ok_or(SignatureError::Unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = b"operations";

    fn key() -> SigningKey {
        SigningKey::from_bytes(&[7; 32])
    }

    fn device() -> DeviceId {
        DeviceId::from_bytes([9; 16])
    }

    fn check(fields: &SignatureFields, parts: SignedParts<'_>, body: &[u8]) -> Result<(), SignatureError> {
        verify(&key().verifying_key(), fields, parts, body)
    }

    #[test]
    fn a_request_is_verified_as_it_was_signed() {
        let digest = content_digest(BODY);
        let parts = SignedParts {
            method: "POST",
            path: "/v1/deposits",
            query: "",
            content_digest: &digest,
        };
        let fields = sign(&key(), device(), parts);
        assert_eq!(signer(&fields.input), Ok(device()));
        assert_eq!(check(&fields, parts, BODY), Ok(()));
        assert_eq!(check(&fields, parts, b"other"), Err(SignatureError::Digest));
        let other_digest = content_digest(b"other");
        for other in [
            SignedParts {
                method: "PATCH",
                ..parts
            },
            SignedParts {
                path: "/v1/sync",
                ..parts
            },
            SignedParts {
                query: "submission=1",
                ..parts
            },
            SignedParts {
                content_digest: &other_digest,
                ..parts
            },
        ] {
            assert_eq!(
                check(&fields, other, BODY),
                Err(SignatureError::Wrong),
                "{other:?}"
            );
        }
        let stranger = SigningKey::from_bytes(&[8; 32]).verifying_key();
        assert_eq!(
            verify(&stranger, &fields, parts, BODY),
            Err(SignatureError::Wrong)
        );
    }

    #[test]
    fn other_writings_of_the_same_profile_are_taken_and_other_profiles_are_not() {
        let digest = content_digest(BODY);
        let parts = SignedParts {
            method: "POST",
            path: "/v1/deposits",
            query: "",
            content_digest: &digest,
        };
        let parameters = format!(
            "(\"content-digest\" \"@query\" \"@path\" \"@method\");keyid=\"{}\";alg=\"ed25519\"",
            device()
        );
        let signed = base(
            ["content-digest", "@query", "@path", "@method"],
            parts,
            &parameters,
        );
        let signature = STANDARD.encode(key().sign(signed.as_bytes()).to_bytes());
        let fields = SignatureFields {
            input: format!("sig1={}", parameters.replace("\" \"", "\"   \"")),
            signature: format!("sig1=:{signature}:"),
        };
        assert_eq!(check(&fields, parts, BODY), Ok(()));
        let sound = sign(&key(), device(), parts);
        for (input, error) in [
            (String::new(), SignatureError::Unreadable),
            ("device".to_owned(), SignatureError::Unreadable),
            (sound.input.replace(" \"@query\"", ""), SignatureError::Profile),
            (
                sound.input.replace("\"@query\"", "\"@query\";req"),
                SignatureError::Profile,
            ),
            (
                sound.input.replace("ed25519", "hmac-sha256"),
                SignatureError::Profile,
            ),
            (
                sound.input.replace("device=", "other="),
                SignatureError::Unreadable,
            ),
        ] {
            let fields = SignatureFields {
                input,
                ..sound.clone()
            };
            assert_eq!(check(&fields, parts, BODY), Err(error), "{}", fields.input);
        }
    }
}
