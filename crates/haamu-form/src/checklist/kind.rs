//! Question types with what belongs to each.

use super::calculation::Calculation;
use super::condition::Condition;
use super::limits::{NumberLimits, TextLimits};
use crate::{Decimal, Exact, Id, Texts};

/// The type of a question (2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuestionKind {
    /// Yes or no; one of them is good.
    YesNo {
        /// Whether "yes" is the good answer.
        yes_is_good: bool,
    },
    /// One of several options.
    SingleChoice {
        /// The options, in document order.
        options: Vec<AnswerOption>,
    },
    /// Any number of options.
    MultiChoice(MultiChoice),
    /// A whole number between two limits; `nps`, `ces` and `csat` items too.
    Scale(Scale),
    /// A decimal number.
    Number {
        /// Which values earn points.
        band: Band,
        /// Which values are taken.
        limits: NumberLimits,
    },
    /// A length of time, a decimal number of `unit`.
    Duration {
        /// Which values earn points.
        band: Band,
        /// The unit of the answer and of the band's limits; required for publishing.
        unit: Option<DurationUnit>,
    },
    /// Derived: one scale minus another.
    Change(Change),
    /// Derived: worked out from earlier answers.
    Calculated(Box<CalculatedValue>),
    /// Words.
    Text(TextLimits),
    /// A local date and time.
    DateTime,
    /// An amount in minor units of a currency.
    Money {
        /// ISO 4217 code, such as `EUR`.
        currency: Option<String>,
    },
    /// Photos.
    Photo(PhotoRules),
    /// A photographed receipt.
    Receipt(PhotoRules),
    /// A recording.
    Audio,
    /// A place.
    Location,
    /// A code read off a product or a sign.
    Barcode(Vec<Symbology>),
    /// A drawn signature, kept as a picture.
    Signature,
    /// Documents and other files.
    File(FileRules),
}

impl QuestionKind {
    /// The options of a choice question.
    #[must_use]
    pub fn options(&self) -> &[AnswerOption] {
        match self {
            Self::SingleChoice { options } | Self::MultiChoice(MultiChoice { options, .. }) => options,
            Self::YesNo { .. }
            | Self::Scale(_)
            | Self::Number { .. }
            | Self::Duration { .. }
            | Self::Change(_)
            | Self::Text(_)
            | Self::DateTime
            | Self::Money { .. }
            | Self::Photo(_)
            | Self::Receipt(_)
            | Self::Audio
            | Self::Location
            | Self::Calculated(_)
            | Self::Barcode(_)
            | Self::Signature
            | Self::File(_) => &[],
        }
    }

    /// Whether an answer of this type can earn points.
    #[must_use]
    pub const fn can_be_scored(&self) -> bool {
        matches!(
            self,
            Self::YesNo { .. }
                | Self::SingleChoice { .. }
                | Self::MultiChoice(_)
                | Self::Scale(_)
                | Self::Number { .. }
                | Self::Duration { .. }
                | Self::Change(_)
                | Self::Calculated(_)
        )
    }

    /// Whether the value follows from other answers and cannot be given.
    #[must_use]
    pub const fn is_derived(&self) -> bool {
        matches!(self, Self::Change(_) | Self::Calculated(_))
    }

    /// Whether the answer consists of attached files only.
    #[must_use]
    pub const fn is_media(&self) -> bool {
        matches!(
            self,
            Self::Photo(_) | Self::Receipt(_) | Self::Audio | Self::Signature | Self::File(_)
        )
    }
}

/// A selectable answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerOption {
    /// The identifier, unique in the question.
    pub id: Id,
    /// The words of the option.
    pub text: Texts,
    /// The points it brings, 0 if absent; a number of fault points under `deduct`.
    pub points: Decimal,
    /// Whether choosing it triggers the question's critical effect.
    pub critical: bool,
    /// Whether it means "does not apply".
    pub na: bool,
    /// Whether it excludes the other options (R6).
    pub exclusive: bool,
    /// Whether it counts under `at_least`.
    pub good: bool,
    /// Whether choosing it requires a comment.
    pub comment_required: bool,
    /// When it is offered; always, if absent. An answer that names it all the same counts, and is a finding.
    pub show_if: Option<Condition>,
}

/// The options of a multi-select question and how they earn points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MultiChoice {
    /// The options, in document order.
    pub options: Vec<AnswerOption>,
    /// How the selected options earn points.
    pub mode: MultiMode,
}

/// How selected options earn points. Options are indexes into the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MultiMode {
    /// The sum of the selected options' points.
    Sum,
    /// The question's points minus the selected faults' points.
    Deduct,
    /// Full points if all of `required` and none of `forbidden` are selected.
    AllRequired {
        /// Options that must be selected.
        required: Vec<usize>,
        /// Options that must not be selected.
        forbidden: Vec<usize>,
    },
    /// Points in proportion to the number of good options, full from `count` on.
    AtLeast {
        /// The number of good options that earns full points, at least 1.
        count: u32,
    },
}

/// The limits of a scale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scale {
    /// The lowest answer.
    pub min: i64,
    /// The highest answer.
    pub max: i64,
    /// What the lowest answer means.
    pub min_label: Texts,
    /// What the highest answer means.
    pub max_label: Texts,
    /// Whether a higher answer is better.
    pub higher_is_better: bool,
}

/// The optimum band: a trapezoid of earned share over the value (2.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Band {
    /// At or below this, nothing.
    pub zero_low: Option<Decimal>,
    /// From this on, everything; absent: no penalty for less.
    pub full_low: Option<Decimal>,
    /// Up to this, everything; absent: no penalty for more.
    pub full_high: Option<Decimal>,
    /// At or above this, nothing.
    pub zero_high: Option<Decimal>,
}

impl Band {
    /// The default band of a change from tense to relaxed (R15).
    pub const CHANGE_DEFAULT: Self = Self {
        zero_low: Some(Decimal::integer(-2)),
        full_low: Some(Decimal::integer(1)),
        full_high: None,
        zero_high: None,
    };

    /// The earned share of `value`, from 0 to 1 (R13).
    #[must_use]
    pub fn share(&self, value: &Exact) -> Exact {
        if let Some(full) = self.full_low.map(Decimal::to_exact)
            && value < &full
        {
            return Self::slope(self.zero_low, &full, value);
        }
        if let Some(full) = self.full_high.map(Decimal::to_exact)
            && value > &full
        {
            return Self::slope(self.zero_high, &full, value);
        }
        Exact::ONE
    }

    /// The share on the way from `zero` to `full`; 0 where there is no way or it has not begun.
    fn slope(zero: Option<Decimal>, full: &Exact, value: &Exact) -> Exact {
        let Some(zero) = zero.map(Decimal::to_exact) else {
            return Exact::ZERO;
        };
        let share = (value - &zero).divided_by(&(full - &zero));
        share.map_or(Exact::ZERO, |share| share.clamped(&Exact::ZERO, &Exact::ONE))
    }

    /// Whether `zero_low ≤ full_low ≤ full_high ≤ zero_high`, absent limits left out.
    #[must_use]
    pub fn is_ascending(&self) -> bool {
        let limits = [self.zero_low, self.full_low, self.full_high, self.zero_high];
        limits.iter().flatten().is_sorted()
    }
}

/// The unit of a duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DurationUnit {
    /// Seconds.
    Seconds,
    /// Minutes.
    Minutes,
    /// Hours.
    Hours,
}

impl DurationUnit {
    /// The name in documents and beside values: `s`, `min` or `h`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Seconds => "s",
            Self::Minutes => "min",
            Self::Hours => "h",
        }
    }
}

/// The two scales of a `change` question and its band.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The index of the scale at the start.
    pub from: usize,
    /// The index of the scale at the end.
    pub to: usize,
    /// Which differences earn points.
    pub band: Band,
}

/// What is asked of photos.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhotoRules {
    /// The greatest number of photos.
    pub max_count: u32,
    /// Whether people may be in the picture.
    pub people_allowed: bool,
    /// Whether the time, place and device written in the file are removed for readers.
    pub strip_metadata: bool,
}

impl Default for PhotoRules {
    fn default() -> Self {
        Self {
            max_count: 10,
            people_allowed: false,
            strip_metadata: true,
        }
    }
}

/// A value worked out from earlier answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalculatedValue {
    /// How.
    pub calculation: Calculation,
    /// Which values earn points; they are compared unrounded.
    pub band: Band,
    /// What the value counts, such as `min`; for readers only.
    pub unit: Option<String>,
    /// Decimals that readers see, 0 to 4.
    pub decimals: u32,
}

/// A kind of code on products and signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Symbology {
    /// 13 digits, the last of which checks the others (GS1).
    Ean13,
    /// 8 digits, the last of which checks the others (GS1).
    Ean8,
    /// 12 digits, the last of which checks the others (GS1).
    UpcA,
    /// Letters and digits in bars (ISO/IEC 15417).
    Code128,
    /// Capital letters and digits in bars (ISO/IEC 16388).
    Code39,
    /// A square code (ISO/IEC 18004).
    Qr,
    /// A small square code (ISO/IEC 16022).
    DataMatrix,
}

impl Symbology {
    /// All kinds, with their names in documents.
    pub const ALL: [(&'static str, Self); 7] = [
        ("ean_13", Self::Ean13),
        ("ean_8", Self::Ean8),
        ("upc_a", Self::UpcA),
        ("code_128", Self::Code128),
        ("code_39", Self::Code39),
        ("qr", Self::Qr),
        ("data_matrix", Self::DataMatrix),
    ];

    /// Whether a code of this kind can hold the text: digits and their check digit, or the characters that it knows.
    #[must_use]
    pub fn can_hold(self, text: &str) -> bool {
        match self {
            Self::Ean13 => text.len() == 13 && has_check_digit(text),
            Self::Ean8 => text.len() == 8 && has_check_digit(text),
            Self::UpcA => text.len() == 12 && has_check_digit(text),
            Self::Code128 => !text.is_empty() && text.is_ascii(),
            Self::Code39 => {
                let is_known =
                    |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || "-. $/+%".contains(c);
                !text.is_empty() && text.chars().all(is_known)
            }
            // The most that the largest symbols hold.
            Self::Qr => (1..=2_953).contains(&text.len()),
            Self::DataMatrix => (1..=2_335).contains(&text.len()),
        }
    }
}

/// Whether the last digit is right: from the end, digits count once and three times in turn (GS1 General Specifications, 7.9).
fn has_check_digit(text: &str) -> bool {
    let weighted = |(place, byte): (usize, u8)| {
        let digit = u32::from(byte - b'0');
        if place % 2 == 0 { digit } else { 3 * digit }
    };
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    is_digits && text.bytes().rev().enumerate().map(weighted).sum::<u32>() % 10 == 0
}

/// What is asked of documents and other files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRules {
    /// The greatest number of files.
    pub max_count: u32,
    /// Media types that are taken, such as `application/pdf`; all, if empty.
    pub media_types: Vec<String>,
}

impl Default for FileRules {
    fn default() -> Self {
        Self {
            max_count: 10,
            media_types: Vec::new(),
        }
    }
}
