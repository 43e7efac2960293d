//! Reading question types with what belongs to each.

use std::collections::BTreeSet;

use crate::read::{Fields, Node, Read, Reader, brief, read_word};
use crate::{Decimal, Id, Texts};

use super::kind::{
    AnswerOption, Band, Change, DurationUnit, MultiChoice, MultiMode, PhotoRules, QuestionKind, Scale,
};
use super::limits::{CountRange, NumberLimits, TextLimits};
use super::read_calculation::read_calculated;

pub(super) fn read_kind(
    type_name: &str,
    fields: &mut Fields<'_, '_>,
    reader: &mut Reader,
) -> Option<QuestionKind> {
    Some(match type_name {
        "yes_no" => {
            let yes_is_good = fields
                .optional("good_answer", reader)
                .is_none_or(|GoodAnswer(yes)| yes);
            QuestionKind::YesNo { yes_is_good }
        }
        "single_choice" => QuestionKind::SingleChoice {
            options: read_options(fields, reader)?,
        },
        "multi_choice" => {
            let options = read_options(fields, reader);
            let node = fields.node("multi");
            let options = options?;
            let mode = node.map_or(Some(MultiMode::Sum), |node| {
                reader.at_key("multi", |reader| read_multi(node, &options, reader))
            });
            QuestionKind::MultiChoice(MultiChoice { options, mode: mode? })
        }
        "scale" | "ces" | "csat" => QuestionKind::Scale(fields.required("scale", reader)?),
        "nps" => QuestionKind::Scale(match fields.node("scale") {
            Some(_) => fields.optional("scale", reader)?,
            None => Scale::nps(),
        }),
        "number" => {
            let band = fields.optional("band", reader).unwrap_or_default();
            let limits = NumberLimits {
                min: fields.newer("min", reader),
                max: fields.newer("max", reader),
                unit: fields.optional("unit", reader),
            };
            let _measured_by: Option<String> = fields.optional("measured_by", reader);
            QuestionKind::Number { band, limits }
        }
        "duration" => {
            let band = fields.optional("band", reader).unwrap_or_default();
            let _measured_by: Option<String> = fields.optional("measured_by", reader);
            QuestionKind::Duration {
                band,
                unit: fields.optional("unit", reader),
            }
        }
        "change" => {
            let ends: Option<ChangeEnds> = fields.required("change", reader);
            let band = fields.optional("band", reader).unwrap_or(Band::CHANGE_DEFAULT);
            let ChangeEnds { from, to } = ends?;
            QuestionKind::Change(Change { from, to, band })
        }
        "text" => {
            let mut range = |[min, max]: [&'static str; 2]| CountRange {
                min: fields.optional(min, reader).unwrap_or(0),
                max: fields.optional(max, reader),
            };
            let [characters, words, sentences] = TextLimits::default().all().map(|(_, keys, _)| range(keys));
            if words != CountRange::default() || sentences != CountRange::default() {
                reader.needs_minor(1);
            }
            QuestionKind::Text(TextLimits {
                characters,
                words,
                sentences,
            })
        }
        "datetime" => QuestionKind::DateTime,
        "money" => QuestionKind::Money {
            currency: fields.optional("currency", reader),
        },
        "photo" => QuestionKind::Photo(fields.optional("photo", reader).unwrap_or_default()),
        "receipt" => QuestionKind::Receipt(fields.optional("photo", reader).unwrap_or_default()),
        "audio" => QuestionKind::Audio,
        "location" => QuestionKind::Location,
        "calculated" | "barcode" | "signature" | "file" => return read_newer_kind(type_name, fields, reader),
        other => {
            let message = format!("{:?} is not a question type", brief(other));
            reader.error_at("type", "unknown_type", message);
            return None;
        }
    })
}

/// Types that came with minor version 1.
fn read_newer_kind(
    type_name: &str,
    fields: &mut Fields<'_, '_>,
    reader: &mut Reader,
) -> Option<QuestionKind> {
    reader.needs_minor(1);
    Some(match type_name {
        "calculated" => QuestionKind::Calculated(Box::new(read_calculated(fields, reader)?)),
        "barcode" => QuestionKind::Barcode(fields.list("symbologies", reader)),
        "signature" => QuestionKind::Signature,
        _ => QuestionKind::File(fields.optional("file", reader).unwrap_or_default()),
    })
}

fn read_options(fields: &mut Fields<'_, '_>, reader: &mut Reader) -> Option<Vec<AnswerOption>> {
    let options: Vec<AnswerOption> = fields.required("options", reader)?;
    if options.is_empty() {
        reader.error_at("options", "empty_list", "a choice needs at least one option");
    }
    let mut seen = BTreeSet::new();
    for (index, option) in options.iter().enumerate() {
        if !seen.insert(&option.id) {
            let message = format!("the option id {:?} stands more than once", option.id.as_str());
            reader.at_key("options", |reader| {
                reader.at_index(index, |reader| reader.error_at("id", "repeated_id", message));
            });
        }
    }
    Some(options)
}

fn read_multi(node: &Node<'_>, options: &[AnswerOption], reader: &mut Reader) -> Option<MultiMode> {
    #[derive(Clone, Copy)]
    enum Name {
        Sum,
        Deduct,
        AllRequired,
        AtLeast,
    }
    impl Read for Name {
        fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
            let words = [
                ("sum", Self::Sum),
                ("deduct", Self::Deduct),
                ("all_required", Self::AllRequired),
                ("at_least", Self::AtLeast),
            ];
            read_word(node, reader, &words)
        }
    }
    let mut fields = Fields::open(node, reader)?;
    let mode = match fields.optional("mode", reader).unwrap_or(Name::Sum) {
        Name::Sum => Some(MultiMode::Sum),
        Name::Deduct => Some(MultiMode::Deduct),
        Name::AllRequired => {
            let required = read_option_indexes("required", &mut fields, options, reader);
            let forbidden = read_option_indexes("forbidden", &mut fields, options, reader);
            Some(MultiMode::AllRequired { required, forbidden })
        }
        Name::AtLeast => {
            let count: Option<u32> = fields.required("count", reader);
            if count == Some(0) {
                reader.error_at("count", "out_of_range", "the count is at least 1");
            }
            count.map(|count| MultiMode::AtLeast { count })
        }
    };
    fields.finish(reader);
    mode
}

fn read_option_indexes(
    key: &'static str,
    fields: &mut Fields<'_, '_>,
    options: &[AnswerOption],
    reader: &mut Reader,
) -> Vec<usize> {
    let ids: Vec<Id> = fields.list(key, reader);
    let mut indexes = Vec::with_capacity(ids.len());
    for id in ids {
        match options.iter().position(|option| option.id == id) {
            Some(index) => indexes.push(index),
            None => reader.error_at(
                key,
                "unknown_option",
                format!("there is no option {:?}", id.as_str()),
            ),
        }
    }
    indexes
}

/// `yes` or `no`, true for `yes`.
struct GoodAnswer(bool);

impl Read for GoodAnswer {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        read_word(node, reader, &[("yes", true), ("no", false)]).map(Self)
    }
}

impl Read for AnswerOption {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let mut fields = Fields::open(node, reader)?;
        let id = fields.required("id", reader);
        let text: Texts = fields.optional("text", reader).unwrap_or_default();
        let points = fields.optional("points", reader).unwrap_or_default();
        let critical = fields.optional("critical", reader).unwrap_or(false);
        let na = fields.optional("na", reader).unwrap_or(false);
        let exclusive = fields.optional("exclusive", reader).unwrap_or(false);
        let good = fields.optional("good", reader).unwrap_or(true);
        let comment_required = fields.optional("comment_required", reader).unwrap_or(false);
        let show_if = fields.newer("show_if", reader);
        fields.finish(reader);
        Some(Self {
            id: id?,
            text,
            points,
            critical,
            na,
            exclusive,
            good,
            comment_required,
            show_if,
        })
    }
}

impl Scale {
    /// The scale of the recommendation question, 0 to 10 (R36).
    fn nps() -> Self {
        Self {
            min: 0,
            max: 10,
            min_label: Texts::default(),
            max_label: Texts::default(),
            higher_is_better: true,
        }
    }
}

impl Read for Scale {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let mut fields = Fields::open(node, reader)?;
        let min: Option<i64> = fields.required("min", reader);
        let max: Option<i64> = fields.required("max", reader);
        let min_label = fields.optional("min_label", reader).unwrap_or_default();
        let max_label = fields.optional("max_label", reader).unwrap_or_default();
        let higher_is_better = fields.optional("higher_is_better", reader).unwrap_or(true);
        fields.finish(reader);
        let (min, max) = (min?, max?);
        // The limit keeps differences of two answers within machine integers.
        if min >= max || min < -1_000_000 || max > 1_000_000 {
            reader.error("out_of_range", "min is below max, and both are within ±1 000 000");
            return None;
        }
        Some(Self {
            min,
            max,
            min_label,
            max_label,
            higher_is_better,
        })
    }
}

/// A band limit may be `null`.
struct Limit(Option<Decimal>);

impl Read for Limit {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        match node {
            Node::Null => Some(Self(None)),
            _ => Decimal::read(node, reader).map(|value| Self(Some(value))),
        }
    }
}

impl Read for Band {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let mut fields = Fields::open(node, reader)?;
        let mut limit = |key| fields.optional(key, reader).and_then(|Limit(value)| value);
        let band = Self {
            zero_low: limit("zero_low"),
            full_low: limit("full_low"),
            full_high: limit("full_high"),
            zero_high: limit("zero_high"),
        };
        fields.finish(reader);
        if !band.is_ascending() {
            reader.error(
                "band_not_ascending",
                "zero_low ≤ full_low ≤ full_high ≤ zero_high does not hold",
            );
        }
        Some(band)
    }
}

impl Read for DurationUnit {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let units = [Self::Seconds, Self::Minutes, Self::Hours];
        read_word(node, reader, &units.map(|unit| (unit.as_str(), unit)))
    }
}

/// The two ends of a change, as indexes of questions.
struct ChangeEnds {
    from: usize,
    to: usize,
}

impl Read for ChangeEnds {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let mut fields = Fields::open(node, reader)?;
        let from: Option<String> = fields.required("from", reader);
        let to: Option<String> = fields.required("to", reader);
        fields.finish(reader);
        let mut index_of = |key: &str, id: Option<String>| {
            let id = id?;
            reader.at_key(key, |reader| reader.source_anywhere(&id))
        };
        let (from, to) = (index_of("from", from), index_of("to", to));
        Some(Self { from: from?, to: to? })
    }
}

impl Read for PhotoRules {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let mut fields = Fields::open(node, reader)?;
        let default = Self::default();
        let rules = Self {
            max_count: fields.optional("max_count", reader).unwrap_or(default.max_count),
            people_allowed: fields
                .optional("people_in_frame", reader)
                .map_or(default.people_allowed, |PeopleInFrame(allowed)| allowed),
            strip_metadata: fields
                .optional("strip_metadata", reader)
                .unwrap_or(default.strip_metadata),
        };
        if !(1..=100).contains(&rules.max_count) {
            reader.error_at(
                "max_count",
                "out_of_range",
                "the number of photos is between 1 and 100",
            );
        }
        fields.finish(reader);
        Some(rules)
    }
}

struct PeopleInFrame(bool);

impl Read for PeopleInFrame {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        read_word(node, reader, &[("allowed", true), ("forbidden", false)]).map(Self)
    }
}
