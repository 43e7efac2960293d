//! Fuzz targets of the parsers; `cargo bolero test fuzz::expressions -p haamu-xlsform` runs one under a
//! coverage-guided fuzzer.

use haamu_form::Checklist;
use haamu_xlsform::{Workbook, expression, import, import_questions};

/// Words of the language, so that random input gets past its first sign.
const WORDS: [&str; 24] = [
    "${q}",
    ".",
    "'text'",
    "\"",
    "12",
    "-",
    "and",
    " or ",
    "=",
    "!=",
    "<=",
    "selected(",
    "not(",
    "if(",
    ")",
    ",",
    "(",
    "../q",
    "*",
    " div ",
    " mod ",
    "true()",
    "\u{202e}",
    "\0",
];

#[test]
fn expressions() {
    bolero::check!().with_type::<Vec<u8>>().for_each(|picks| {
        let text: String = picks
            .iter()
            .map(|pick| WORDS[usize::from(*pick) % WORDS.len()])
            .collect();
        drop(expression::parse(&text));
    });
}

#[test]
fn expressions_of_any_bytes() {
    bolero::check!().for_each(|bytes: &[u8]| drop(expression::parse(&String::from_utf8_lossy(bytes))));
}

const CELLS: [&str; 20] = [
    "begin group",
    "end group",
    "begin repeat",
    "end repeat",
    "select_one list",
    "select_multiple list or_other",
    "integer",
    "text",
    "q",
    "list",
    "a",
    "${q} = 'a'",
    "selected(${q}, 'a')",
    "yes",
    "",
    "note",
    "calculate",
    "\u{202e}",
    "a b",
    "-1",
];

/// Any table is imported as a sound checklist or refused in words.
#[test]
fn tables() {
    bolero::check!().with_type::<Vec<[u8; 4]>>().for_each(|rows| {
        let mut text = "| survey | | | | |\n| | type | name | label | relevant |\n".to_owned();
        for row in rows {
            text.push_str("| |");
            for pick in row {
                text.push_str(&format!(" {} |", CELLS[usize::from(*pick) % CELLS.len()]));
            }
            text.push('\n');
        }
        text.push_str("| choices | | | |\n| | list_name | name | label |\n| | list | a | A |\n");
        if let Ok(imported) = import(&Workbook::from_markdown(&text)) {
            assert!(Checklist::parse(&imported.document.to_string()).is_ok(), "{text}");
        }
    });
}

#[test]
fn lists_of_questions() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let text = format!("text,type,options,points\n{}", String::from_utf8_lossy(bytes));
        if let Ok(imported) = import_questions(&text, "fi") {
            assert!(Checklist::parse(&imported.document.to_string()).is_ok(), "{text}");
        }
    });
}
