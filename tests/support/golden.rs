//! Golden files: what a persisted or transmitted format looked like when it was fixed.

use std::path::Path;

/// Compares with `tests/golden/<name>`. A format of version 1 never changes; a
/// new one gets a file of its own. `HAAMU_WRITE_GOLDEN=1` writes files that are
/// missing, and never one that is there.
///
/// # Panics
/// If the two differ, or there is no such file.
#[track_caller]
pub fn assert_golden(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(name);
    let is_missing = !path.exists();
    if is_missing && std::env::var_os("HAAMU_WRITE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, actual).expect("a golden file");
    }
    let golden = std::fs::read_to_string(&path)
        .unwrap_or_else(|_| panic!("there is no golden file {name}; HAAMU_WRITE_GOLDEN=1 writes it"));
    assert!(golden == actual, "{name} has changed; it is now\n{actual}");
}

/// The text of a golden file.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn golden(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(name);
    std::fs::read_to_string(path).unwrap_or_else(|_| panic!("there is no golden file {name}"))
}

/// Bytes as lines of hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let lines: Vec<String> = digits.chunks(40).map(|line| line.concat()).collect();
    lines.join("\n") + "\n"
}

/// The bytes of hexadecimal digits.
///
/// # Panics
/// If they are none.
#[must_use]
pub fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| {
        let text = std::str::from_utf8(pair).expect("digits");
        u8::from_str_radix(text, 16).expect("digits")
    };
    digits.chunks(2).map(byte).collect()
}
