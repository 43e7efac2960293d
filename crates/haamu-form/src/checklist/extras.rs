//! What a checklist says beside its questions, and a question beside its type.

use sha2::{Digest, Sha256};

use crate::{Decimal, Id, Texts};

use super::{AnswerOption, Question};

/// A checklist that tests its reader: a certification quiz.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quiz {
    /// The percentage from which the quiz is passed; compared with the exact final score.
    pub pass_mark: Decimal,
    /// How often it may be tried; without limit, if absent.
    pub attempts: Option<u32>,
}

/// A file that comes with a checklist, named by what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachedFile {
    /// The identifier that questions and guidelines name.
    pub id: Id,
    /// SHA-256 of its bytes, 64 hexadecimal digits in lower case.
    pub sha256: String,
    /// Its media type, such as `image/jpeg` or `application/pdf`.
    pub media_type: String,
    /// The name for readers.
    pub title: Texts,
    /// What a picture shows, for those who do not see it.
    pub alt: Texts,
}

impl AttachedFile {
    /// Whether it is a picture.
    #[must_use]
    pub fn is_picture(&self) -> bool {
        self.media_type.starts_with("image/")
    }
}

/// A document that the shopper reads before the visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guideline {
    /// The index of the file in [`Checklist::files`](super::Checklist::files).
    pub file: usize,
    /// Whether the shopper has to confirm having read it.
    pub must_read: bool,
}

/// Whose personal data the answer to a question holds. What holds any never reaches the client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sensitivity {
    /// Nobody's.
    #[default]
    None,
    /// That of staff: a role, a code, an exact time.
    Staff,
    /// That of the shopper.
    Shopper,
}

/// How long an answer lives; the periods are settings of the agency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RetentionClass {
    /// Exact times and staff codes: by default 90 days.
    StaffData,
    /// Words, photos, recordings: by default 12 months.
    Narrative,
    /// Answers without personal data: as long as the programme.
    Score,
    /// Receipts and amounts that payments rest on: by default 6 years.
    Voucher,
    /// What concerns the shopper: by default 24 months.
    ShopperData,
}

impl RetentionClass {
    /// The name in documents.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StaffData => "staff_data",
            Self::Narrative => "narrative",
            Self::Score => "score",
            Self::Voucher => "voucher",
            Self::ShopperData => "shopper_data",
        }
    }
}

/// In which order options are offered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OptionOrder {
    /// As written.
    #[default]
    Written,
    /// By their texts in the reader's language.
    Alphabetical,
    /// In another order on each visit, so that no option profits from its place.
    Shuffled,
}

/// Questions that are asked as the rows of one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matrix {
    /// The identifier; its questions are named `<matrix>.<row>`.
    pub id: Id,
    /// What is asked of all rows.
    pub text: Texts,
    /// Guidance for the shopper.
    pub help: Texts,
    /// The rows, as indexes into [`Checklist::questions`](super::Checklist::questions).
    pub questions: std::ops::Range<usize>,
}

impl Question {
    /// How long the answer lives: what the checklist says, else what its data and type suggest.
    #[must_use]
    pub fn retention_class(&self) -> RetentionClass {
        use super::QuestionKind as Kind;
        if let Some(class) = self.retention {
            return class;
        }
        match (self.sensitivity, &self.kind) {
            (Sensitivity::Shopper, _) => RetentionClass::ShopperData,
            (Sensitivity::Staff, _) => RetentionClass::StaffData,
            (Sensitivity::None, Kind::DateTime) => RetentionClass::StaffData,
            (Sensitivity::None, Kind::Receipt(_) | Kind::Money { .. }) => RetentionClass::Voucher,
            (
                Sensitivity::None,
                Kind::Text(_) | Kind::Photo(_) | Kind::Audio | Kind::File(_) | Kind::Signature,
            ) => RetentionClass::Narrative,
            (Sensitivity::None, _) => RetentionClass::Score,
        }
    }

    /// Whether the question itself keeps its answer from the client: it checks the shopper's care, or
    /// the answer holds personal data. See [`Checklist::client_questions`](super::Checklist::client_questions).
    #[must_use]
    pub fn is_kept_back(&self) -> bool {
        self.integrity || self.sensitivity != Sensitivity::None
    }

    /// The order in which the options are offered, as indexes into the options as written.
    ///
    /// A shuffled order depends on `seed` alone (the submission's id, say), so that a
    /// form opened again, or on another device, looks the same. Options that exclude
    /// the others or mean "does not apply" stay at their place.
    #[must_use]
    pub fn offered_options(&self, seed: &[u8], language: &str) -> Vec<usize> {
        let options = self.kind.options();
        let stays = |option: &AnswerOption| option.exclusive || option.na;
        let places: Vec<usize> = (0..options.len())
            .filter(|index| !stays(&options[*index]))
            .collect();
        let mut order = places.clone();
        match self.option_order {
            OptionOrder::Written => {}
            OptionOrder::Alphabetical => order.sort_by_key(|index| {
                let text = options[*index].text.best(language, "en");
                text.map(|text| text.text.to_lowercase()).unwrap_or_default()
            }),
            OptionOrder::Shuffled => order.sort_by_cached_key(|index| {
                let mut hash = Sha256::new();
                hash.update((seed.len() as u64).to_be_bytes());
                hash.update(seed);
                hash.update(self.id.as_str());
                hash.update([0]);
                hash.update(options[*index].id.as_str());
                <[u8; 32]>::from(hash.finalize())
            }),
        }
        let mut all: Vec<usize> = (0..options.len()).collect();
        for (place, index) in places.into_iter().zip(order) {
            all[place] = index;
        }
        all
    }
}
