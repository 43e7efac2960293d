//! Identifiers and texts by language.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

/// The identifier of a question, option, section, touchpoint, theme or score band.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Id(Box<str>);

impl Id {
    /// An identifier of 1 to 128 characters without spaces, control characters, marks of
    /// direction and invisible blanks: two identifiers that look the same are the same.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let length = text.chars().take(129).count();
        let is_sound = |c: char| !c.is_whitespace() && !c.is_control() && !is_unseen(c);
        ((1..=128).contains(&length) && text.chars().all(is_sound)).then(|| Self(text.into()))
    }

    /// The identifier as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Id {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// Marks of direction, and blanks of no width; joiners are letters' own and stay.
const fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
    )
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text in one or more languages, by language tag (`fi`, `sv`, `en`, …).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Texts(BTreeMap<String, String>);

/// A text together with the language it is in, which may not be the one asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Localised<'a> {
    /// The language of `text`.
    pub language: &'a str,
    /// The text.
    pub text: &'a str,
}

impl Texts {
    pub(crate) fn insert(&mut self, language: &str, text: String) {
        self.0.insert(language.to_owned(), text);
    }

    /// The text in exactly this language.
    #[must_use]
    pub fn in_language(&self, language: &str) -> Option<&str> {
        self.0.get(language).map(String::as_str)
    }

    /// The text in the language asked for, else in `fallback`, else in any language.
    #[must_use]
    pub fn best<'a>(&'a self, language: &str, fallback: &str) -> Option<Localised<'a>> {
        let entry = self
            .0
            .get_key_value(language)
            .or_else(|| self.0.get_key_value(fallback));
        let (language, text) = entry.or_else(|| self.0.first_key_value())?;
        Some(Localised { language, text })
    }

    /// All languages and texts, by language tag.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(language, text)| (language.as_str(), text.as_str()))
    }

    /// Whether there is no text at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A language of the product's own texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// Finnish.
    Finnish,
    /// Swedish.
    Swedish,
    /// English.
    #[default]
    English,
}

impl Language {
    /// All three, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Finnish, Self::Swedish, Self::English];

    /// The language tag: `fi`, `sv` or `en`.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Finnish => "fi",
            Self::Swedish => "sv",
            Self::English => "en",
        }
    }

    /// The language of a tag such as `sv` or `sv-FI`.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        Self::ALL
            .into_iter()
            .find(|language| language.tag().eq_ignore_ascii_case(primary))
    }
}
