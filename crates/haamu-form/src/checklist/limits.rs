//! What answers of words and numbers must keep to; limits never touch scores.

use unicode_segmentation::UnicodeSegmentation;

use crate::Decimal;

/// How long an answer in words may be. Blanks at both ends do not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TextLimits {
    /// Unicode scalar values.
    pub characters: CountRange,
    /// Words by the rules of Unicode (UAX 29): what is between word boundaries and has a letter or digit.
    pub words: CountRange,
    /// Sentences by the rules of Unicode (UAX 29) that have a letter or digit.
    pub sentences: CountRange,
}

/// The least and greatest number of something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CountRange {
    /// The least number; 0 if anything will do.
    pub min: u32,
    /// The greatest number, if limited.
    pub max: Option<u32>,
}

impl CountRange {
    /// Whether no number keeps to it.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.max.is_some_and(|max| self.min > max)
    }
}

/// What a text is measured by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextMeasure {
    /// Characters.
    Characters,
    /// Words.
    Words,
    /// Sentences.
    Sentences,
}

impl TextMeasure {
    /// How many of them `text` has.
    #[must_use]
    pub fn count(self, text: &str) -> u32 {
        let text = text.trim();
        let count = match self {
            Self::Characters => text.chars().count(),
            Self::Words => text.unicode_words().count(),
            Self::Sentences => text.unicode_sentences().count(),
        };
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// The plural in documents and English sentences.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Characters => "characters",
            Self::Words => "words",
            Self::Sentences => "sentences",
        }
    }
}

impl TextLimits {
    /// Each measure with its keys in documents and its limits.
    #[must_use]
    pub const fn all(&self) -> [(TextMeasure, [&'static str; 2], CountRange); 3] {
        [
            (
                TextMeasure::Characters,
                ["min_chars", "max_chars"],
                self.characters,
            ),
            (TextMeasure::Words, ["min_words", "max_words"], self.words),
            (
                TextMeasure::Sentences,
                ["min_sentences", "max_sentences"],
                self.sentences,
            ),
        ]
    }
}

/// Which numbers are taken as an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NumberLimits {
    /// The lowest number, itself allowed.
    pub min: Option<Decimal>,
    /// The highest number, itself allowed.
    pub max: Option<Decimal>,
    /// What the number counts or measures, such as `°C` or `persons`; for people only.
    pub unit: Option<String>,
}

impl NumberLimits {
    /// Whether no number keeps to them.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!((self.min, self.max), (Some(min), Some(max)) if min > max)
    }
}
