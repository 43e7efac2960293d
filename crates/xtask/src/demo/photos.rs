//! Photos for the demo: drawn here, with the traces that a phone leaves in a file.
//!
//! The traces (maker, time, place) are what the server must remove before
//! anybody of the client sees a photo.

use anyhow::Result;
use image::codecs::jpeg::JpegEncoder;
use image::{Rgb, RgbImage};

const WIDTH: u32 = 1600;
const HEIGHT: u32 = 1200;

/// What a photo shows.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scene {
    Entrance,
    Dish,
    Receipt,
}

impl Scene {
    /// The scene for a question of the example checklists.
    pub(super) fn of(question: &str) -> Self {
        match question {
            "photo_dish" => Self::Dish,
            "receipt_photo" => Self::Receipt,
            _ => Self::Entrance,
        }
    }
}

/// A JPEG file with EXIF data; another seed gives another picture.
pub(super) fn make(scene: Scene, seed: u32) -> Result<Vec<u8>> {
    let image = RgbImage::from_fn(WIDTH, HEIGHT, |x, y| {
        let base = match scene {
            Scene::Entrance => entrance(x, y, seed),
            Scene::Dish => dish(x, y, seed),
            Scene::Receipt => receipt(x, y, seed),
        };
        grain(base, x, y, seed)
    });
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, 82).encode_image(&image)?;
    Ok(with_exif(&jpeg))
}

/// A street door between two windows, under a sign.
fn entrance(x: u32, y: u32, seed: u32) -> Rgb<u8> {
    let tint = u8::try_from(seed * 23 % 90).unwrap_or(0);
    match (x, y) {
        (_, 1000..) => Rgb([120, 118, 114]),
        (100..1500, 180..300) => Rgb([30 + tint, 90, 140 - tint]),
        (650..950, 420..1000) if (690..910).contains(&x) && y > 460 => Rgb([150, 190, 205]),
        (650..950, 420..1000) => Rgb([70, 52, 40]),
        (160..560 | 1040..1440, 420..860) => Rgb([235, 225, 190 - tint / 2]),
        _ => Rgb([196, 182, 168]),
    }
}

/// A plate with a main course and a garnish on a wooden table.
fn dish(x: u32, y: u32, seed: u32) -> Rgb<u8> {
    let within = |cx: u32, cy: u32, radius: u32| {
        let (dx, dy) = (x.abs_diff(cx), y.abs_diff(cy));
        dx * dx + dy * dy < radius * radius
    };
    let tint = u8::try_from(seed * 31 % 70).unwrap_or(0);
    if within(720, 560, 190) {
        Rgb([205 - tint, 120 + tint / 2, 70])
    } else if within(960, 700, 110) {
        Rgb([90, 140 + tint / 2, 60])
    } else if within(800, 600, 430) {
        Rgb([246, 244, 240])
    } else if within(800, 600, 480) {
        Rgb([222, 218, 212])
    } else {
        let vein = u8::try_from((x / 9 + y / 140) % 18).unwrap_or(0);
        Rgb([128 + vein, 92 + vein, 60])
    }
}

/// A strip of paper with lines of print.
fn receipt(x: u32, y: u32, seed: u32) -> Rgb<u8> {
    if !(480..1120).contains(&x) || !(60..1140).contains(&y) {
        return Rgb([72, 64, 60]);
    }
    let line = y / 44;
    let is_print = y % 44 < 20 && x > 530 && (x * 7 + line * 131 + seed * 17) % 29 > 9;
    let is_amount = x > 940 || x < 820 - (line * 37 + seed * 5) % 160;
    if is_print && is_amount && x < 1070 {
        Rgb([60, 60, 66])
    } else {
        Rgb([250, 249, 245])
    }
}

/// A little noise, so that the file is as large as a photo's.
fn grain(Rgb(colour): Rgb<u8>, x: u32, y: u32, seed: u32) -> Rgb<u8> {
    let mut state = x
        .wrapping_mul(374_761_393)
        .wrapping_add(y.wrapping_mul(668_265_263))
        .wrapping_add(seed.wrapping_mul(2_246_822_519));
    state = (state ^ (state >> 13)).wrapping_mul(1_274_126_177);
    let noise = u8::try_from((state >> 24) % 11).unwrap_or(0);
    Rgb(colour.map(|channel| channel.saturating_add(noise).saturating_sub(5)))
}

/// The file with an EXIF segment after its first marker.
fn with_exif(jpeg: &[u8]) -> Vec<u8> {
    let exif = exif();
    let length = u16::try_from(exif.len() + 2).unwrap_or(u16::MAX);
    let (start, rest) = jpeg.split_at(2);
    [start, &[0xff, 0xe1], &length.to_be_bytes(), &exif, rest].concat()
}

/// Maker, time and place in the form of EXIF 2.3: a TIFF structure of two directories.
fn exif() -> Vec<u8> {
    const ASCII: u16 = 2;
    const LONG: u16 = 4;
    const RATIONAL: u16 = 5;
    const MAIN_ENTRIES: u32 = 3;
    const GPS_ENTRIES: u32 = 4;
    let gps_at = 8 + 2 + MAIN_ENTRIES * 12 + 4;
    let data_at = gps_at + 2 + GPS_ENTRIES * 12 + 4;
    let maker = b"Haamu Phone\0";
    let time = b"2026:11:20 14:35:12\0";
    let (maker_at, time_at) = (data_at, data_at + 12);
    let (latitude_at, longitude_at) = (data_at + 32, data_at + 56);
    let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        [
            &tag.to_le_bytes()[..],
            &kind.to_le_bytes(),
            &count.to_le_bytes(),
            &value,
        ]
        .concat()
    };
    let main = [
        entry(0x010f, ASCII, 12, maker_at.to_le_bytes()),
        entry(0x0132, ASCII, 20, time_at.to_le_bytes()),
        entry(0x8825, LONG, 1, gps_at.to_le_bytes()),
    ];
    let gps = [
        entry(1, ASCII, 2, *b"N\0\0\0"),
        entry(2, RATIONAL, 3, latitude_at.to_le_bytes()),
        entry(3, ASCII, 2, *b"E\0\0\0"),
        entry(4, RATIONAL, 3, longitude_at.to_le_bytes()),
    ];
    let directory = |entries: &[Vec<u8>]| {
        let count = u16::try_from(entries.len()).unwrap_or(0);
        [&count.to_le_bytes()[..], &entries.concat(), &[0; 4]].concat()
    };
    let degrees = |values: [(u32, u32); 3]| {
        let parts = values.map(|(top, bottom)| [top.to_le_bytes(), bottom.to_le_bytes()].concat());
        parts.concat()
    };
    [
        b"Exif\0\0II*\0\x08\0\0\0".to_vec(),
        directory(&main),
        directory(&gps),
        maker.to_vec(),
        time.to_vec(),
        degrees([(60, 1), (10, 1), (1164, 100)]),
        degrees([(24, 1), (56, 1), (1824, 100)]),
    ]
    .concat()
}
