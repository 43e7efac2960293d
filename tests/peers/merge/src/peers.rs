//! What the adapters of the peers share.

#[cfg(feature = "peers")]
pub mod automerge;
#[cfg(feature = "peers")]
pub mod loro;
#[cfg(feature = "peers")]
pub mod yrs;

/// Several byte strings as one.
pub fn joined(parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len() + 4).sum();
    let mut out = Vec::with_capacity(length);
    for part in parts {
        let length = u32::try_from(part.len()).expect("messages are short");
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(part);
    }
    out
}

/// The first of several byte strings, and the rest.
pub fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    let (length, rest) = bytes.split_first_chunk().expect("a length");
    rest.split_at(u32::from_le_bytes(*length) as usize)
}
