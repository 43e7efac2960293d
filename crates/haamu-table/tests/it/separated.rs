//! CSV.

use haamu_table::{CSV, Limits, TableError, XLSX, read};

use crate::{ok, refused, rows};

#[test]
fn whatever_separates_the_cells_they_are_the_same() {
    let expected = vec![(2, vec!["1", "Aino, Espoo; ylä"]), (4, vec!["2", ""])];
    for sign in [",", ";", "\t"] {
        for (start, end) in [("", "\n"), ("\u{feff}", "\r\n")] {
            let text = format!(
                "{start} ID {sign}Name{end}1{sign}\"Aino, Espoo; ylä\"{end}{sign}{end}2{sign}  {end}"
            );
            let table = ok(text.as_bytes());
            assert_eq!(table.heading, ["id", "name"]);
            assert_eq!(rows(&table), expected, "{text:?}");
        }
    }
    assert_eq!(ok(b"sep=;\nid;name\n1;Aino, Espoo\n").heading, ["id", "name"]);
}

#[test]
fn other_encodings_are_named() {
    let said = |bytes: &[u8]| refused(bytes).to_string();
    let wide: Vec<u8> = "id,name\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(said(&wide).contains("UTF-16"), "{}", said(&wide));
    let marked = [b"\xff\xfe".as_slice(), &wide].concat();
    assert!(said(&marked).contains("UTF-16"));
    let latin = b"id,name\n1,Aino\n2,P\xe4ivi\n";
    assert_eq!(
        said(latin),
        "The file is not UTF-8 (byte 18, line 3); spreadsheets write that as \"CSV UTF-8\"."
    );
}

#[test]
fn what_the_sender_calls_a_file_must_fit() {
    let limits = Limits::default();
    let csv = b"id\n1\n";
    for name in [
        None,
        Some(CSV),
        Some("Text/CSV; charset=\"UTF-8\"; header=present"),
        Some("application/octet-stream"),
    ] {
        assert_eq!(
            read(csv, name, &limits).expect("a table").rows.len(),
            1,
            "{name:?}"
        );
    }
    for name in [XLSX, "text/csv; charset=iso-8859-1", "application/json"] {
        let error = read(csv, Some(name), &limits).expect_err("another type");
        assert!(matches!(error, TableError::MediaType(_)), "{name}: {error}");
    }
}

#[test]
fn limits_hold() {
    let limits = Limits {
        rows: 2,
        columns: 2,
        cell: 3,
        file: 40,
        ..Limits::default()
    };
    let refused = |text: &str| {
        read(text.as_bytes(), None, &limits)
            .expect_err("too large")
            .to_string()
    };
    assert!(read(b"a,b\n1,2\n\n,\n\xc3\xa4\xc3\xa4\xc3\xa4,4\n", None, &limits).is_ok());
    assert_eq!(refused("a,b\n1,2\n3,4\n5,6\n"), "At most 2 rows at once.");
    assert_eq!(refused("a,b,c\n"), "At most 2 columns.");
    assert_eq!(
        refused("a,b\n1,2\n3,four\n"),
        "A cell has at most 3 characters (row 3, column 2)."
    );
    assert_eq!(refused(&"a\n".repeat(30)), "A file has at most 40 bytes.");
}

#[test]
fn a_row_of_another_length_than_the_heading_is_told_and_the_others_are_read() {
    let table = read(b"a,b\n1,2,3\n1\n1,2\n", None, &Limits::default()).expect("a table");
    let rows = table.rows.iter();
    let rows: Vec<_> = rows
        .map(|row| (row.number, row.wrong_length, row.cells.len()))
        .collect();
    assert_eq!(rows, [(2, Some(3), 0), (3, Some(1), 0), (4, None, 2)]);
}
