//! What the adapters of the peers share.

#[cfg(feature = "peers")]
pub mod automerge;
#[cfg(feature = "peers")]
pub mod loro;
#[cfg(feature = "peers")]
pub mod yrs;

use crate::contestant::Runner;

/// The peers, each as it is fastest, and as it keeps what we keep.
pub fn all(questions: &[String]) -> Vec<Box<dyn Runner>> {
    #[cfg(feature = "peers")]
    {
        let questions = || questions.to_vec();
        vec![
            Box::new(yrs::Yrs { questions: questions(), keeps_history: false }),
            Box::new(yrs::Yrs { questions: questions(), keeps_history: true }),
            Box::new(loro::Loro { questions: questions(), commits_each: false }),
            Box::new(loro::Loro { questions: questions(), commits_each: true }),
            Box::new(automerge::Automerge { questions: questions(), commits_each: false }),
            Box::new(automerge::Automerge { questions: questions(), commits_each: true }),
        ]
    }
    #[cfg(not(feature = "peers"))]
    {
        let _ = questions;
        Vec::new()
    }
}

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
