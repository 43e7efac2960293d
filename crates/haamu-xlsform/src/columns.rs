//! Columns by what they mean, and texts by language.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::workbook::{Row, Sheet};

/// The columns of a sheet.
#[derive(Debug)]
pub(crate) struct Columns<'s> {
    sheet: &'s Sheet,
    /// The first column of each meaning, such as `type` or `relevant`.
    plain: BTreeMap<String, usize>,
    /// Columns of texts, such as `label::English (en)`, as meaning, language and column.
    texts: Vec<(String, Option<String>, usize)>,
}

/// Meanings that may have languages.
const TRANSLATED: [&str; 6] = [
    "label",
    "hint",
    "constraint_message",
    "required_message",
    "guidance_hint",
    "media",
];

impl<'s> Columns<'s> {
    pub(crate) fn of(sheet: &'s Sheet) -> Self {
        let mut columns = Self {
            sheet,
            plain: BTreeMap::new(),
            texts: Vec::new(),
        };
        for (index, heading) in sheet.headings.iter().enumerate() {
            let (meaning, language) = split(heading);
            if TRANSLATED.contains(&meaning.as_str()) {
                columns.texts.push((meaning, language, index));
            } else {
                columns.plain.entry(full(heading)).or_insert(index);
            }
        }
        columns
    }

    /// The text of a cell; empty if there is none.
    pub(crate) fn cell<'r>(&self, row: &'r Row, meaning: &str) -> &'r str {
        let index = self.plain.get(meaning).copied();
        index
            .and_then(|index| row.cells.get(index))
            .map(String::as_str)
            .unwrap_or_default()
    }

    pub(crate) fn has(&self, meaning: &str) -> bool {
        self.plain.contains_key(meaning)
    }

    /// The heading of a meaning as it is written.
    pub(crate) fn heading(&self, meaning: &str) -> &str {
        let of_text = self
            .texts
            .iter()
            .find(|(known, ..)| known == meaning)
            .map(|(.., index)| *index);
        let index = self.plain.get(meaning).copied().or(of_text);
        index
            .and_then(|index| self.sheet.headings.get(index))
            .map_or("", String::as_str)
    }

    /// Meanings of columns beside the ones that are read.
    pub(crate) fn others(&self, known: &[&str]) -> Vec<&str> {
        self.plain
            .keys()
            .map(String::as_str)
            .filter(|meaning| !meaning.is_empty() && !known.contains(meaning))
            .collect()
    }

    /// The texts of a meaning by language tag; a column without one has the default language.
    pub(crate) fn texts(&self, row: &Row, meaning: &str, default: &str) -> Map<String, Value> {
        let mut texts = Map::new();
        for (known, language, index) in &self.texts {
            let text = row.cells.get(*index).map(String::as_str).unwrap_or_default();
            if known == meaning && !text.is_empty() {
                let language = language.as_deref().unwrap_or(default);
                texts
                    .entry(language.to_owned())
                    .or_insert_with(|| Value::String(text.to_owned()));
            }
        }
        texts
    }

    /// The languages of all texts of a meaning.
    pub(crate) fn languages(&self, meaning: &str) -> Vec<Option<String>> {
        self.texts
            .iter()
            .filter(|(known, ..)| known == meaning)
            .map(|(_, language, _)| language.clone())
            .collect()
    }

    /// Whether a row has any text of a meaning.
    pub(crate) fn has_text(&self, row: &Row, meaning: &str) -> bool {
        let columns = self.texts.iter().filter(|(known, ..)| known == meaning);
        columns
            .into_iter()
            .any(|(.., index)| row.cells.get(*index).is_some_and(|text| !text.is_empty()))
    }
}

/// A heading as it is looked up: `Relevant` is `relevant`, `list name` is `list_name`.
fn full(heading: &str) -> String {
    let heading = heading.trim().to_lowercase();
    // Old forms say `bind:relevant`.
    let bound = heading
        .strip_prefix("bind")
        .map(|rest| rest.trim_start_matches([':', ' ']));
    if let Some(meaning) = bound
        .filter(|meaning| ["relevant", "constraint", "required", "readonly", "calculate"].contains(meaning))
    {
        return full(meaning);
    }
    match heading.as_str() {
        "list name" => "list_name".to_owned(),
        "value" => "name".to_owned(),
        "relevance" => "relevant".to_owned(),
        "calculate" => "calculation".to_owned(),
        "read_only" | "read only" => "readonly".to_owned(),
        "constraint message" | "constraint-msg" => "constraint_message".to_owned(),
        "caption" | "text" => "label".to_owned(),
        "requiredmsg" | "required message" => "required_message".to_owned(),
        _ => heading,
    }
}

/// The meaning and the language of a heading: `label::Suomi (fi)` or `label:fi`.
fn split(heading: &str) -> (String, Option<String>) {
    let parts: Vec<&str> = heading
        .split(':')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect();
    let meaning = parts.first().map(|part| full(part)).unwrap_or_default();
    // `media::image::fi` has what is shown in between.
    let language = if meaning == "media" {
        parts.get(2)
    } else {
        parts.get(1)
    };
    let meaning = match meaning.as_str() {
        "image" | "audio" | "video" | "big-image" => "media".to_owned(),
        _ => meaning,
    };
    (meaning, language.map(|name| tag(name)))
}

/// The tag of a language: what stands in brackets, a known name, or the name itself.
pub(crate) fn tag(name: &str) -> String {
    const NAMES: [(&str, &str); 16] = [
        ("english", "en"),
        ("finnish", "fi"),
        ("suomi", "fi"),
        ("swedish", "sv"),
        ("svenska", "sv"),
        ("french", "fr"),
        ("français", "fr"),
        ("francais", "fr"),
        ("spanish", "es"),
        ("español", "es"),
        ("espanol", "es"),
        ("portuguese", "pt"),
        ("arabic", "ar"),
        ("german", "de"),
        ("russian", "ru"),
        ("swahili", "sw"),
    ];
    let name = name.trim().to_lowercase();
    if let Some((_, rest)) = name.rsplit_once('(')
        && let Some(tag) = rest.strip_suffix(')')
        && !tag.trim().is_empty()
    {
        return tag.trim().to_owned();
    }
    let known = NAMES.iter().find(|(known, _)| *known == name);
    known.map_or_else(
        || name.replace(char::is_whitespace, "-"),
        |(_, tag)| (*tag).to_owned(),
    )
}
