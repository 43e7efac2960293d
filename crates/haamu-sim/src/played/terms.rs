//! What people fill in on the played server: nobody reads it, so it need only be different.

use haamu_sync::{Attachment, BlobHash, Bytes, DocumentId, FormVersion, Value};

use crate::backend::Terms;
use crate::draw::PLACES;

use super::feed::submission_of;
use super::{FORM, author};

/// Different photos; few, so that the same one is taken twice.
const PHOTOS: u8 = 12;

/// The terms of so many people.
pub(super) fn terms(users: usize) -> Terms {
    let answers: Vec<String> = (0..PLACES).map(|place| format!("answer/{place}")).collect();
    Terms {
        authors: (0..users).map(author).collect(),
        inside: answers.clone(),
        answers,
        photos: (0..PLACES).map(|place| format!("photos/{place}")).collect(),
        group: "group/0".to_owned(),
        form: FORM,
        unknown_form: FormVersion::from_bytes([0xbb; 32]),
        files: (0..PHOTOS).map(photo_of).collect(),
        answer: value_of,
        instance: value_of,
        entity: submission_of,
    }
}

/// A submission by its number.
pub(super) fn document_of(number: usize) -> DocumentId {
    DocumentId::from_bytes([0x40 + u8::try_from(number).unwrap_or_default(); 16])
}

fn value_of(number: u32) -> Value {
    Value {
        tag: 1,
        bytes: Bytes(number.to_be_bytes().to_vec().into()),
    }
}

/// A photo by its number; most are sent in several parts.
fn photo_of(number: u8) -> Attachment {
    Attachment {
        sha256: BlobHash::from_bytes([0x80 + number; 32]),
        length: 50_000 + u64::from(number) * 70_000,
        media_type: "image/jpeg".to_owned(),
        capture: Bytes::default(),
    }
}
