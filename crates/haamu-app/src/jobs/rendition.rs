//! Photos for readers: decoded within limits, turned upright, made smaller,
//! and encoded anew, so that nothing the camera wrote is left.

use std::io::Cursor;

use bytes::Bytes;
use haamu_domain::retention::PurgeClass;
use haamu_domain::{AgencyId, AuditEvent, SubmissionId};
use haamu_store::Tx;
use haamu_store::repo::blobs::{self, Rendition};
use haamu_store::repo::{purge_content, purge_files, submissions};
use haamu_sync::BlobHash;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageReader, Limits};
use serde_json::json;

use crate::{App, Error};

use super::Job;

/// The longer side of what readers see, in pixels.
const LONGEST_SIDE: u32 = 1_600;
/// The JPEG quality of what readers see.
const QUALITY: u8 = 82;
/// Larger pictures are not decoded: a small file can unfold into gigabytes.
const MAX_SIDE: u32 = 20_000;
/// Decoding takes at most so many bytes.
const MAX_MEMORY: u64 = 512 * 1024 * 1024;

/// A photo for readers.
struct Encoded {
    width: u32,
    height: u32,
    jpeg: Vec<u8>,
}

impl App {
    pub(super) async fn make_rendition(
        &self,
        agency: AgencyId,
        sha256: BlobHash,
        submission: SubmissionId,
    ) -> Result<(), Error> {
        let (is_made, is_deleted) = self
            .look(agency, |tx: Tx| async move {
                let tx = &tx;
                let is_made = !blobs::list_renditions(tx, agency, &[sha256]).await?.is_empty();
                Ok((
                    is_made,
                    purge_files::is_given_up(tx, agency, submission, sha256).await?,
                ))
            })
            .await?;
        let rendition = if is_made || is_deleted {
            None
        } else {
            Some(self.encode_rendition(agency, sha256).await?)
        };
        let rendition = rendition.as_ref();
        self.act_alone(agency, |tx: Tx| async move {
            let tx = &tx;
            if let Some(rendition) = rendition {
                blobs::insert_rendition(tx, agency, rendition, self.now()).await?;
            }
            let found = submissions::find(tx, agency, submission).await?;
            if found.is_some_and(|found| found.purged.contains(&PurgeClass::Photo)) && !is_deleted {
                // What comes after the photos of the evaluation were deleted goes in the next night.
                purge_content::unmark(tx, submission, PurgeClass::Photo).await?;
            }
            let job = Job::ProcessSubmission { submission };
            self.enqueue(tx, agency, &job, self.now()).await?;
            let detail = json!({
                "submission": submission.to_string(),
                "readable": rendition.map(|rendition| rendition.is_readable),
            });
            Ok((
                (),
                AuditEvent::named("blob.make_rendition", "blob", sha256).with(detail),
            ))
        })
        .await
    }

    /// Stores the photo for readers, and says what it is.
    async fn encode_rendition(&self, agency: AgencyId, sha256: BlobHash) -> Result<Rendition, Error> {
        let original = self.inner.files.read_blob(agency, sha256).await?;
        let permit = self
            .inner
            .imaging
            .acquire()
            .await
            .map_err(|error| Error::internal("re-encode a photo", error))?;
        let encoded = tokio::task::spawn_blocking(move || encode(&original)).await;
        drop(permit);
        let encoded = encoded.map_err(|error| Error::internal("re-encode a photo", error))?;
        let encoded = match encoded {
            Ok(encoded) => encoded,
            // A file that is no picture stays in custody; readers do not see it.
            Err(error) => {
                tracing::info!(%error, "a file cannot be shown as a photo");
                return Ok(Rendition {
                    sha256,
                    is_readable: false,
                    width: 0,
                    height: 0,
                    length: 0,
                });
            }
        };
        let rendition = Rendition {
            sha256,
            is_readable: true,
            width: encoded.width,
            height: encoded.height,
            length: encoded.jpeg.len() as u64,
        };
        let jpeg = Bytes::from(encoded.jpeg);
        self.inner.files.put_rendition(agency, sha256, jpeg).await?;
        Ok(rendition)
    }
}

fn encode(original: &[u8]) -> image::ImageResult<Encoded> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_MEMORY);
    let mut reader = ImageReader::new(Cursor::new(original)).with_guessed_format()?;
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder()?;
    // Decoders check the sides only: what the picture takes in memory is checked here.
    limits.reserve(decoder.total_bytes())?;
    let orientation = decoder.orientation()?;
    let mut picture = DynamicImage::from_decoder(decoder)?;
    picture.apply_orientation(orientation);
    if picture.width().max(picture.height()) > LONGEST_SIDE {
        picture = picture.resize(LONGEST_SIDE, LONGEST_SIDE, FilterType::CatmullRom);
    }
    let picture = picture.into_rgb8();
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, QUALITY).encode_image(&picture)?;
    Ok(Encoded {
        width: picture.width(),
        height: picture.height(),
        jpeg,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_pictures_are_made_smaller() {
        let picture = DynamicImage::new_rgb8(3_000, 1_500);
        let mut original = Vec::new();
        JpegEncoder::new(&mut original)
            .encode_image(&picture)
            .expect("encoded");
        let encoded = encode(&original).expect("re-encoded");
        assert_eq!((encoded.width, encoded.height), (1_600, 800));
    }

    #[test]
    fn what_is_no_picture_or_unfolds_without_end_is_refused() {
        assert!(encode(b"not a picture").is_err());
        assert!(encode(&[0xff, 0xd8, 0xff, 0xe0, 0, 16]).is_err());
        // A PNG head that promises 50 000 × 50 000 pixels.
        let mut bomb = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        bomb.extend_from_slice(&[0, 0, 0xc3, 0x50, 0, 0, 0xc3, 0x50, 8, 2, 0, 0, 0, 0, 0, 0, 0]);
        assert!(encode(&bomb).is_err());
    }
}
