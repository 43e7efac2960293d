//! The parts of files that are arriving. A part is written once and never changed, so
//! that requests which overlap in time leave one truth about the same bytes.

use bytes::Bytes;
use haamu_domain::Code;
use haamu_store::{StagedPart, Staging};

use crate::{App, Error};

use super::{Found, UploadPart, UploadState, wrong_offset};

/// So many other requests may stage the next part before ours without ours being given up.
const ATTEMPTS: u32 = 16;

impl App {
    /// Stages what is new of a part; what is here already must be the same. Returns how far the parts reach then.
    pub(super) async fn stage(&self, staging: &Staging, offset: u64, bytes: Bytes) -> Result<u64, Error> {
        let files = &self.inner.files;
        for _ in 0..ATTEMPTS {
            let parts = files.list_parts(staging).await?;
            let held = held_upto(&parts);
            if offset > held {
                return Err(wrong_offset(held));
            }
            let known = usize::try_from(held - offset)
                .unwrap_or(usize::MAX)
                .min(bytes.len());
            if !self.holds(staging, &parts, offset, &bytes[..known]).await? {
                return Err(wrong_offset(held));
            }
            let rest = bytes.slice(known..);
            let end = held + rest.len() as u64;
            if rest.is_empty() || files.put_part(staging, held, rest).await? {
                return Ok(end);
            }
        }
        Err(Error::refused(Code::Conflict))
    }

    /// Whether the parts have exactly these bytes there.
    async fn holds(
        &self,
        staging: &Staging,
        parts: &[StagedPart],
        offset: u64,
        bytes: &[u8],
    ) -> Result<bool, Error> {
        let end = offset + bytes.len() as u64;
        for part in contiguous(parts) {
            let (from, to) = (part.offset.max(offset), (part.offset + part.length).min(end));
            if from >= to {
                continue;
            }
            let held = self.inner.files.read_part(staging, part.offset).await?;
            if range(&held, part.offset, from, to) != range(bytes, offset, from, to) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Everything that has arrived of a file.
    pub(super) async fn read_staged(&self, staging: &Staging) -> Result<Bytes, Error> {
        let files = &self.inner.files;
        let parts = files.list_parts(staging).await?;
        let length = held_upto(&parts);
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
        for part in contiguous(&parts) {
            bytes.extend_from_slice(&files.read_part(staging, part.offset).await?);
        }
        Ok(Bytes::from(bytes))
    }

    /// Answers a part of a file that has arrived: it changes nothing, and must be a part of it.
    pub(super) async fn take_again(&self, found: &Found, part: &UploadPart) -> Result<UploadState, Error> {
        let state = self.state_of(found).await?;
        let end = part.offset.saturating_add(part.bytes.len() as u64);
        if end > state.offset {
            return Err(wrong_offset(state.offset));
        }
        let staging = &found.staging;
        // What was deleted since can be compared with nothing, and is not kept again.
        if found.is_given_up {
            return Ok(state);
        }
        let kept = self.inner.files.read_blob(staging.agency, staging.sha256).await?;
        if range(&kept, 0, part.offset, end) == Some(&part.bytes[..]) {
            Ok(state)
        } else {
            Err(wrong_offset(state.offset))
        }
    }
}

/// What stands from `from` to `to` of a file in bytes that begin at `start`.
fn range(bytes: &[u8], start: u64, from: u64, to: u64) -> Option<&[u8]> {
    let index = |place: u64| usize::try_from(place.checked_sub(start)?).ok();
    bytes.get(index(from)?..index(to)?)
}

/// How far parts reach from the start without a gap.
pub(crate) fn held_upto(parts: &[StagedPart]) -> u64 {
    contiguous(parts)
        .last()
        .map_or(0, |part| part.offset + part.length)
}

/// The parts from the start up to the first gap, each beginning where the last one ends.
fn contiguous(parts: &[StagedPart]) -> Vec<&StagedPart> {
    let mut end = 0;
    let mut found = Vec::with_capacity(parts.len());
    for part in parts {
        if part.offset > end {
            break;
        }
        // What begins within another part was left by an upload that began anew since.
        if part.offset == end && part.length > 0 {
            end += part.length;
            found.push(part);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_count_up_to_the_first_gap() {
        let part = |offset, length| StagedPart { offset, length };
        assert_eq!(held_upto(&[]), 0);
        assert_eq!(held_upto(&[part(0, 10), part(10, 5), part(20, 5)]), 15);
        assert_eq!(held_upto(&[part(5, 5)]), 0);
        assert_eq!(held_upto(&[part(0, 10), part(5, 2), part(10, 5)]), 15);
    }

    #[test]
    fn a_range_lies_within_the_bytes_or_is_none() {
        assert_eq!(range(b"abcdef", 10, 12, 14), Some(&b"cd"[..]));
        assert_eq!(range(b"abcdef", 10, 9, 12), None);
        assert_eq!(range(b"abcdef", 10, 12, 17), None);
    }
}
