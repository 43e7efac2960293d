//! XLSX.

use std::io::{Cursor, Write};

use haamu_table::{CSV, Limits, TableError, XLSX, read};
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::{ok, refused, rows};

fn written(fill: impl FnOnce(&mut Workbook) -> Result<(), rust_xlsxwriter::XlsxError>) -> Vec<u8> {
    let mut book = Workbook::new();
    fill(&mut book).expect("a workbook");
    book.save_to_buffer().expect("bytes")
}

#[test]
fn cells_are_what_a_person_sees() {
    let bytes = written(|book| {
        let sheet = book.add_worksheet();
        let date = Format::new().set_num_format("d.m.yyyy");
        let moment = Format::new().set_num_format("d.m.yyyy h:mm");
        for (column, name) in ["ID", " Day", "number", "Yes", "text"].into_iter().enumerate() {
            sheet.write(0, u16::try_from(column).expect("few"), name)?;
        }
        sheet.write(1, 0, 100.0)?;
        sheet.write_with_format(1, 1, &ExcelDateTime::from_ymd(2026, 2, 28)?, &date)?;
        sheet.write(1, 2, 0.1 + 0.2)?;
        sheet.write(1, 3, true)?;
        sheet.write(1, 4, " 00100\u{a0}")?;
        let afternoon = ExcelDateTime::from_ymd(2025, 12, 31)?.and_hms(13, 5, 0.0)?;
        sheet.write_with_format(4, 1, &afternoon, &moment)?;
        sheet.write(4, 2, -60.169_9)?;
        sheet.write(7, 0, "   ")?;
        Ok(())
    });
    let table = ok(&bytes);
    assert_eq!(table.heading, ["id", "day", "number", "yes", "text"]);
    let expected = vec![
        (2, vec!["100", "2026-02-28", "0.3", "true", "00100"]),
        (5, vec!["", "2025-12-31T13:05:00", "-60.1699"]),
    ];
    assert_eq!(rows(&table), expected);
    assert!(read(&bytes, Some(XLSX), &Limits::default()).is_ok());
    let called = read(&bytes, Some(CSV), &Limits::default()).expect_err("it is no CSV");
    assert_eq!(called.to_string(), "The file is called CSV and is XLSX.");
}

#[test]
fn what_could_not_be_worked_out_is_told() {
    let bytes = written(|book| {
        let sheet = book.add_worksheet();
        sheet.write(0, 0, "id")?.write(0, 1, "name")?;
        sheet.write(1, 0, "1")?;
        sheet.write_formula(1, 1, Formula::new("=NA()").set_result("#N/A"))?;
        sheet.write_formula(2, 1, Formula::new("=\"A\"&\"B\"").set_result("AB"))?;
        Ok(())
    });
    let table = ok(&bytes);
    assert_eq!(table.rows[0].faults, [(1, "#N/A".to_owned())]);
    assert_eq!(table.rows[1].cells, ["", "AB"]);
}

#[test]
fn the_first_visible_sheet_is_read_from_its_first_line() {
    let bytes = written(|book| {
        let hidden = book.add_worksheet();
        hidden.write(0, 0, "secret")?;
        hidden.set_hidden(true);
        let shown = book.add_worksheet();
        shown.set_active(true);
        shown.write(3, 0, "id")?.write(4, 0, 7)?;
        book.add_worksheet().write(0, 0, "other")?;
        Ok(())
    });
    let table = ok(&bytes);
    assert_eq!(
        (table.heading.as_slice(), rows(&table)),
        (&["id".to_owned()][..], vec![(5, vec!["7"])])
    );
}

#[test]
fn a_cell_far_away_makes_no_large_table() {
    let far = written(|book| {
        book.add_worksheet()
            .write(0, 0, "id")?
            .write(1_048_575, 0, "far")?;
        Ok(())
    });
    assert_eq!(rows(&ok(&far)), vec![(1_048_576, vec!["far"])]);
    let wide = written(|book| {
        book.add_worksheet().write(0, 0, "id")?.write(1, 16_383, "wide")?;
        Ok(())
    });
    assert_eq!(refused(&wide).to_string(), "At most 100 columns.");
}

#[test]
fn limits_hold() {
    let bytes = written(|book| {
        let sheet = book.add_worksheet();
        sheet.write(0, 0, "id")?;
        for row in 1..=3 {
            sheet.write(row, 0, "row")?;
        }
        Ok(())
    });
    let refused = |limits: Limits| read(&bytes, None, &limits).expect_err("too large").to_string();
    let all = Limits::default();
    assert_eq!(refused(Limits { rows: 2, ..all }), "At most 2 rows at once.");
    assert_eq!(
        refused(Limits { cell: 2, ..all }),
        "A cell has at most 2 characters (row 2, column 1)."
    );
    assert_eq!(
        refused(Limits { file: 100, ..all }),
        "A file has at most 100 bytes."
    );
    assert_eq!(
        refused(Limits {
            unpacked: 1_000,
            ..all
        }),
        "A workbook unpacks to at most 1000 bytes."
    );
}

#[test]
fn an_archive_that_unpacks_to_much_more_is_not_taken() {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    writer
        .start_file("xl/worksheets/sheet1.xml", options)
        .expect("a file");
    let blanks = vec![b' '; 1024 * 1024];
    for _ in 0..4 {
        writer.write_all(&blanks).expect("written");
    }
    let mut bomb = writer.finish().expect("an archive").into_inner();
    assert!(bomb.len() < 10_000, "{}", bomb.len());
    let limits = Limits {
        unpacked: 1024 * 1024,
        ..Limits::default()
    };
    let error = read(&bomb, None, &limits).expect_err("too large");
    assert!(matches!(error, TableError::TooLarge(_)));
    // The size that it states is a lie, in both places that state it.
    let size = (4 * 1024 * 1024_u32).to_le_bytes();
    let mut at = 0;
    while let Some(found) = bomb[at..].windows(4).position(|bytes| bytes == size) {
        bomb[at + found..at + found + 4].copy_from_slice(&100_u32.to_le_bytes());
        at += found + 4;
    }
    assert!(at > 0, "the size was somewhere");
    assert!(read(&bomb, None, &limits).is_err());
}

#[test]
fn archives_of_other_things_are_refused() {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    writer.start_file("word/document.xml", options).expect("a file");
    writer.write_all(b"<document/>").expect("written");
    let archive = writer.finish().expect("an archive").into_inner();
    for bytes in [
        archive.as_slice(),
        b"PK\x03\x04 and nothing more",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old",
    ] {
        assert!(matches!(refused(bytes), TableError::Unreadable(_)));
    }
    let many = {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for number in 0..1_001 {
            writer.start_file(format!("{number}"), options).expect("a file");
        }
        writer.finish().expect("an archive").into_inner()
    };
    assert_eq!(refused(&many).to_string(), "A workbook has at most 1000 parts.");
}
