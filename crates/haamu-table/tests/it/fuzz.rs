//! Fuzz targets; `cargo bolero test fuzz::sheets -p haamu-table` runs one under a coverage-guided fuzzer.

use std::io::{Cursor, Write};
use std::sync::LazyLock;

use haamu_table::{Limits, read};
use rust_xlsxwriter::Workbook;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

static BOOK: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet
        .write(0, 0, "id")
        .expect("a cell")
        .write(0, 1, "day")
        .expect("a cell");
    sheet
        .write(1, 0, 1.5)
        .expect("a cell")
        .write(1, 1, true)
        .expect("a cell");
    book.save_to_buffer().expect("bytes")
});

#[test]
fn bytes() {
    bolero::check!().for_each(|bytes| {
        let _ = read(bytes, None, &Limits::default());
    });
}

/// Workbooks of which bytes of one part were overwritten: the archive is sound and what it holds is not.
#[test]
fn sheets() {
    let target = bolero::check!().with_iterations(400);
    target
        .with_type::<(u8, Vec<(u16, u8)>)>()
        .for_each(|(which, changes)| {
            let mut archive = ZipArchive::new(Cursor::new(BOOK.as_slice())).expect("an archive");
            let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
            let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
            let count = archive.len();
            for index in 0..count {
                let mut part = archive.by_index(index).expect("a part");
                let mut bytes = Vec::new();
                let name = part.name().expect("a name").into_owned();
                std::io::copy(&mut part, &mut bytes).expect("read");
                if index == usize::from(*which) % count {
                    for (at, byte) in changes {
                        let length = bytes.len();
                        bytes[usize::from(*at) % length] = *byte;
                    }
                }
                writer.start_file(name, options).expect("a part");
                writer.write_all(&bytes).expect("written");
            }
            let bytes = writer.finish().expect("an archive").into_inner();
            let _ = read(&bytes, None, &Limits::default());
        });
}
