//! Reading JSON documents with all their errors at once.
//!
//! serde stops at the first error and reads numbers through floats. A
//! checklist author wants every error with its path, and rule R1 wants the
//! text of a number. So a document is first read into a tree whose numbers are
//! still text, and typed values are read from that tree; each error is noted
//! with its path, and reading goes on.

mod scope;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::{self, Write as _};

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::{Decimal, Finding, Id, Texts};

pub(crate) use scope::QuestionScope;

/// Objects and lists may be nested this deep.
const MAX_DEPTH: usize = 64;

/// A JSON value whose numbers are still text and whose objects keep repeated keys.
#[derive(Clone, Debug)]
pub(crate) enum Node<'a> {
    Null,
    Bool(bool),
    Number(&'a str),
    String(Cow<'a, str>),
    Array(Vec<Self>),
    Object(Vec<(Cow<'a, str>, Self)>),
}

impl<'a> Node<'a> {
    /// Reads a whole document.
    pub(crate) fn parse(text: &'a str) -> Result<Self, Finding> {
        // Reading the entries of an object checks all that is in them.
        if text.trim_ascii_start().starts_with('{') {
            return Self::from_text(text, MAX_DEPTH);
        }
        let raw: &RawValue = parse_part(text)?;
        Self::from_text(raw.get(), MAX_DEPTH)
    }

    /// Reads a text that is a valid JSON value, or is an object that is still to be checked.
    fn from_text(text: &'a str, depth: usize) -> Result<Self, Finding> {
        // The first byte of a value tells its kind.
        Ok(match text.trim_ascii_start().as_bytes().first() {
            Some(b'{' | b'[') if depth == 0 => {
                let message = format!("nested more than {MAX_DEPTH} levels deep");
                return Err(Finding::error("json_too_deep", "", message));
            }
            Some(b'{') => {
                let Entries(entries) = parse_part(text)?;
                let node = |(key, raw): (_, &'a RawValue)| Ok((key, Self::from_text(raw.get(), depth - 1)?));
                Self::Object(entries.into_iter().map(node).collect::<Result<_, Finding>>()?)
            }
            Some(b'[') => {
                let Items(items) = parse_part(text)?;
                let node = |raw: &'a RawValue| Self::from_text(raw.get(), depth - 1);
                Self::Array(items.into_iter().map(node).collect::<Result<_, Finding>>()?)
            }
            // Without escapes, the text is what stands between the quotes.
            Some(b'"') if !text.contains('\\') => Self::String(Cow::Borrowed(text.trim_matches('"'))),
            Some(b'"') => Self::String(parse_part::<Text<'_>>(text)?.0),
            Some(b't') => Self::Bool(true),
            Some(b'f') => Self::Bool(false),
            Some(b'n') | None => Self::Null,
            Some(_) => Self::Number(text),
        })
    }

    /// The value of a key, if this is an object that has it.
    pub(crate) fn field(&self, key: &str) -> Option<&Self> {
        let Self::Object(entries) = self else { return None };
        entries.iter().find(|(name, _)| name == key).map(|(_, node)| node)
    }

    /// The items of the list at a key; empty if there is none.
    pub(crate) fn items(&self, key: &str) -> &[Self] {
        match self.field(key) {
            Some(Self::Array(items)) => items,
            _ => &[],
        }
    }

    /// What kind of value this is, for messages.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "true or false",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

fn parse_part<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Finding> {
    serde_json::from_str(text)
        .map_err(|error| Finding::error("json_syntax", "", format!("not JSON: {error}")))
}

/// A string that borrows from the document unless it holds escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// The entries of an object, repeated keys kept.
struct Entries<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

/// The items of a list.
struct Items<'a>(Vec<&'a RawValue>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor;
        impl<'de> Visitor<'de> for EntriesVisitor {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some((key, value)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
                    entries.push((key.0, value));
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(EntriesVisitor)
    }
}

impl<'de> Deserialize<'de> for Items<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ItemsVisitor;
        impl<'de> Visitor<'de> for ItemsVisitor {
            type Value = Items<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(Items(items))
            }
        }
        deserializer.deserialize_seq(ItemsVisitor)
    }
}

/// Where reading stands, and what it has found so far.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    /// The path of the present place.
    place: String,
    pub(crate) findings: Vec<Finding>,
    pub(crate) scope: QuestionScope,
    /// The oldest minor version of the format that knows everything read so far.
    pub(crate) needed_minor: u32,
    /// The operations of calculations so far.
    pub(crate) operations: u32,
}

impl Reader {
    /// Notes an error at the present place.
    pub(crate) fn error(&mut self, code: &'static str, message: impl Into<String>) {
        let path = self.path();
        self.findings.push(Finding::error(code, path, message));
    }

    /// Notes an error whose sentence holds values.
    pub(crate) fn error_with(&mut self, code: &'static str, message: String, values: &[&dyn fmt::Display]) {
        let path = self.path();
        self.findings
            .push(Finding::error(code, path, message).with(values));
    }

    /// Notes that something is known since a minor version of the format.
    pub(crate) fn needs_minor(&mut self, minor: u32) {
        self.needed_minor = self.needed_minor.max(minor);
    }

    /// Notes an error at `key` of the present place.
    pub(crate) fn error_at(&mut self, key: &str, code: &'static str, message: impl Into<String>) {
        self.at_key(key, |reader| reader.error(code, message));
    }

    /// Notes that something else stands where `expected` was wanted.
    pub(crate) fn wrong_type(&mut self, expected: &str, node: &Node<'_>) {
        self.error(
            "wrong_type",
            format!("expected {expected}, found {}", node.kind()),
        );
    }

    /// Reads inside the value of a key.
    pub(crate) fn at_key<T>(&mut self, key: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.enter_key(key);
        let value = read(self);
        self.place.truncate(before);
        value
    }

    /// Reads inside an item of a list.
    pub(crate) fn at_index<T>(&mut self, index: usize, read: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.enter_index(index);
        let value = read(self);
        self.place.truncate(before);
        value
    }

    /// Goes to the value of a key, and says how long the path was before.
    #[inline(never)]
    fn enter_key(&mut self, key: &str) -> usize {
        let before = self.place.len();
        if before > 0 {
            self.place.push('.');
        }
        self.place.push_str(key);
        before
    }

    #[inline(never)]
    fn enter_index(&mut self, index: usize) -> usize {
        let before = self.place.len();
        let _ = write!(self.place, "[{index}]");
        before
    }

    /// The path of the present place.
    pub(crate) fn path(&self) -> String {
        self.place.clone()
    }
}

/// A type that is read from a [`Node`]. `None` means that an error was noted.
pub(crate) trait Read: Sized {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self>;
}

/// The fields of one object; [`Fields::finish`] names the ones that nobody asked for.
pub(crate) struct Fields<'n, 'a> {
    entries: &'n [(Cow<'a, str>, Node<'a>)],
    known: BTreeSet<&'static str>,
}

impl<'n, 'a> Fields<'n, 'a> {
    /// Opens an object, and notes repeated keys.
    pub(crate) fn open(node: &'n Node<'a>, reader: &mut Reader) -> Option<Self> {
        let Node::Object(entries) = node else {
            reader.wrong_type("an object", node);
            return None;
        };
        note_repeated_keys(entries, reader);
        Some(Self {
            entries,
            known: BTreeSet::new(),
        })
    }

    /// The raw value of a field, `None` if it is absent.
    pub(crate) fn node(&mut self, key: &'static str) -> Option<&'n Node<'a>> {
        self.known.insert(key);
        self.entries
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, node)| node)
    }

    /// A field that may be absent. `null` is not the same as absent.
    pub(crate) fn optional<T: Read>(&mut self, key: &'static str, reader: &mut Reader) -> Option<T> {
        let node = self.node(key)?;
        reader.at_key(key, |reader| T::read(node, reader))
    }

    /// A field that came with minor version 1 of the format, and may be absent.
    pub(crate) fn newer<T: Read>(&mut self, key: &'static str, reader: &mut Reader) -> Option<T> {
        self.since(1, key, reader)
    }

    /// A field that is known since a minor version of the format.
    pub(crate) fn since<T: Read>(&mut self, minor: u32, key: &'static str, reader: &mut Reader) -> Option<T> {
        if self.node(key).is_some() {
            reader.needs_minor(minor);
        }
        self.optional(key, reader)
    }

    /// A field that must be there.
    pub(crate) fn required<T: Read>(&mut self, key: &'static str, reader: &mut Reader) -> Option<T> {
        if self.node(key).is_none() {
            reader.error_at(key, "missing_field", "this field is required");
            return None;
        }
        self.optional(key, reader)
    }

    /// A list that is empty if the field is absent.
    pub(crate) fn list<T: Read>(&mut self, key: &'static str, reader: &mut Reader) -> Vec<T> {
        self.optional::<Vec<T>>(key, reader).unwrap_or_default()
    }

    /// Notes an error for each field that was not asked for.
    pub(crate) fn finish(self, reader: &mut Reader) {
        for (key, _) in self.entries {
            if !self.known.contains(key.as_ref()) {
                let known: Vec<_> = self.known.iter().copied().collect();
                let message = format!("unknown field; known here: {}", known.join(", "));
                reader.error_at(key, "unknown_field", message);
            }
        }
    }
}

/// Notes each key that stands more than once in an object.
pub(crate) fn note_repeated_keys(entries: &[(Cow<'_, str>, Node<'_>)], reader: &mut Reader) {
    let mut keys: Vec<&str> = entries.iter().map(|(key, _)| key.as_ref()).collect();
    keys.sort_unstable();
    if keys.windows(2).all(|pair| pair[0] != pair[1]) {
        return;
    }
    let mut seen = BTreeSet::new();
    for (key, _) in entries {
        if !seen.insert(key) {
            reader.error_at(
                key,
                "repeated_key",
                "this key stands more than once in the object",
            );
        }
    }
}

impl Read for bool {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        if let Node::Bool(value) = node {
            return Some(*value);
        }
        reader.wrong_type("true or false", node);
        None
    }
}

impl Read for String {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        if let Node::String(text) = node {
            return Some(text.clone().into_owned());
        }
        reader.wrong_type("a string", node);
        None
    }
}

impl Read for i64 {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        if let Node::Number(text) = node {
            let value = text.parse().ok();
            if value.is_none() {
                reader.error(
                    "not_an_integer",
                    format!("{} is not a whole number in range", brief(text)),
                );
            }
            return value;
        }
        reader.wrong_type("a whole number", node);
        None
    }
}

impl Read for u32 {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let value = i64::read(node, reader)?;
        let count = Self::try_from(value).ok();
        if count.is_none() {
            reader.error(
                "out_of_range",
                format!("{value} is not between 0 and {}", Self::MAX),
            );
        }
        count
    }
}

/// Decimals of a document are strings.
impl Read for Decimal {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let Node::String(text) = node else {
            reader.wrong_type("a decimal as a string, such as \"2.5\"", node);
            return None;
        };
        match Self::parse(text) {
            Ok(value) => Some(value),
            Err(error) => {
                reader.error("bad_decimal", format!("{:?} is {error}", brief(text)));
                None
            }
        }
    }
}

impl Read for Id {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let text = String::read(node, reader)?;
        let id = Self::new(&text);
        if id.is_none() {
            reader.error(
                "bad_id",
                "an id has 1 to 128 characters, none of them a space or a control character",
            );
        }
        id
    }
}

impl Read for Texts {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let Node::Object(entries) = node else {
            reader.wrong_type("an object of texts by language", node);
            return None;
        };
        note_repeated_keys(entries, reader);
        let mut texts = Self::default();
        for (language, node) in entries {
            let text = reader.at_key(language, |reader| String::read(node, reader));
            texts.insert(language, text?);
        }
        Some(texts)
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let Node::Array(items) = node else {
            reader.wrong_type("a list", node);
            return None;
        };
        let read = |(index, item)| reader.at_index(index, |reader| T::read(item, reader));
        // Every item is read, so that all errors are noted, before one failure fails the list.
        let values: Vec<Option<T>> = items.iter().enumerate().map(read).collect();
        values.into_iter().collect()
    }
}

/// Reads a string that is one of a few words.
pub(crate) fn read_word<T: Copy>(node: &Node<'_>, reader: &mut Reader, words: &[(&str, T)]) -> Option<T> {
    let text = String::read(node, reader)?;
    let found = words
        .iter()
        .find(|(word, _)| *word == text)
        .map(|(_, value)| *value);
    if found.is_none() {
        let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        let message = format!("{:?} is not one of {}", brief(&text), known.join(", "));
        reader.error("unknown_value", message);
    }
    found
}

/// The text, cut where it would flood a message.
pub(crate) fn brief(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(40) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}
