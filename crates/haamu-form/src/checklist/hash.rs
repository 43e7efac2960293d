//! The content hash that names a published checklist version.

use std::fmt;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::Finding;

/// SHA-256 of a checklist document's canonical JSON without `status`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentHash([u8; 32]);

impl ContentHash {
    /// The hash of a document.
    ///
    /// # Errors
    /// The text is not a JSON object.
    pub fn of(document: &str) -> Result<Self, Finding> {
        canonical_document(document).map(|canonical| Self(Sha256::digest(canonical).into()))
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The canonical JSON (RFC 8785) of a checklist document without its `status`.
///
/// Checklist documents hold no numbers but whole ones, whose canonical form
/// is their plain decimal text; so what is left of RFC 8785 is to sort the
/// keys by their UTF-16 code units and to write no space.
///
/// # Errors
/// The text is not a JSON object, or it holds a number that is not whole.
pub fn canonical_document(document: &str) -> Result<String, Finding> {
    let value: Value = serde_json::from_str(document)
        .map_err(|error| Finding::error("json_syntax", "", format!("not JSON: {error}")))?;
    let Value::Object(mut fields) = value else {
        return Err(Finding::error(
            "wrong_type",
            "",
            "a checklist document is a JSON object",
        ));
    };
    fields.remove("status");
    let mut canonical = String::with_capacity(document.len());
    write_canonical(&Value::Object(fields), &mut canonical)?;
    Ok(canonical)
}

fn write_canonical(value: &Value, out: &mut String) -> Result<(), Finding> {
    match value {
        Value::Object(fields) => {
            let mut entries: Vec<_> = fields.iter().collect();
            entries.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            out.push('{');
            for (position, (key, value)) in entries.into_iter().enumerate() {
                if position > 0 {
                    out.push(',');
                }
                write_canonical(&Value::String(key.clone()), out)?;
                out.push(':');
                write_canonical(value, out)?;
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (position, item) in items.iter().enumerate() {
                if position > 0 {
                    out.push(',');
                }
                write_canonical(item, out)?;
            }
            out.push(']');
        }
        Value::Number(number) if !(number.is_i64() || number.is_u64()) => {
            let message = format!("{number} is not a whole number; decimals are written as strings");
            return Err(Finding::error("not_an_integer", "", message));
        }
        // serde_json escapes strings just as RFC 8785 asks: only quotes, backslashes and control characters.
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            out.push_str(&value.to_string());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_and_status_do_not_change_the_hash() {
        let plain = r#"{"format":"haamu-checklist/1","title":{"fi":"Käynti","en":"Visit"},"version":1}"#;
        let spaced = "{ \"version\": 1, \"status\": \"draft\",\n \"title\": {\"en\": \"Visit\", \"fi\": \"K\\u00e4ynti\"}, \"format\": \"haamu-checklist/1\" }";
        assert_eq!(ContentHash::of(plain), ContentHash::of(spaced));
        assert_ne!(
            ContentHash::of(plain),
            ContentHash::of(&plain.replace("Visit", "Visits"))
        );
    }

    #[test]
    fn keys_are_sorted_by_utf16_code_units() {
        let canonical = canonical_document("{\"\u{1f600}\":1,\"\u{fb33}\":2,\"a\":3}").expect("an object");
        assert_eq!(canonical, "{\"a\":3,\"\u{1f600}\":1,\"\u{fb33}\":2}");
    }

    #[test]
    fn floats_are_refused() {
        assert!(canonical_document("{\"a\":1.5}").is_err());
        assert!(canonical_document("[]").is_err());
    }
}
