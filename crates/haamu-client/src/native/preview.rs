//! Small pictures of photos, which reviewers see before the photos arrive.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageReader, Limits};

use crate::photos::MAX_PREVIEW_BYTES;

/// The longer side of a preview, and what it becomes as long as the preview is too large.
const SIDES: [u32; 3] = [480, 320, 200];
const QUALITY: u8 = 70;
/// Larger pictures are not decoded on a device.
const MAX_MEMORY: u64 = 256 * 1024 * 1024;

/// A small JPEG of a photo, turned upright and without anything that the camera wrote; none if the bytes
/// are no picture, or one that is small already.
#[must_use]
pub fn preview(photo: &[u8]) -> Option<Vec<u8>> {
    if photo.len() <= MAX_PREVIEW_BYTES {
        return None;
    }
    let picture = decode(photo).ok()?;
    SIDES
        .iter()
        .filter_map(|side| encode(&picture, *side).ok())
        .find(|small| small.len() <= MAX_PREVIEW_BYTES)
}

fn decode(photo: &[u8]) -> image::ImageResult<DynamicImage> {
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_MEMORY);
    let mut reader = ImageReader::new(Cursor::new(photo)).with_guessed_format()?;
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder()?;
    limits.reserve(decoder.total_bytes())?;
    let orientation = decoder.orientation()?;
    let mut picture = DynamicImage::from_decoder(decoder)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

fn encode(picture: &DynamicImage, side: u32) -> image::ImageResult<Vec<u8>> {
    let small = picture.resize(side, side, FilterType::Triangle).into_rgb8();
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, QUALITY).encode_image(&small)?;
    Ok(jpeg)
}
