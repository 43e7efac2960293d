//! Reading the checklist document.

use std::collections::{BTreeMap, BTreeSet};

use crate::read::{Fields, Node, Read, Reader, brief, read_word};
use crate::{Decimal, Finding, Findings};

use super::kind::QuestionKind;
use super::read_question::read_question;
use super::{
    BandOn, Checklist, FillAfterDays, Header, Phase, Question, Rounding, ScoreBand, ScoreMode, Scoring,
    Section, Status, Theme, Touchpoint, UnansweredPolicy,
};

/// The format that this crate reads.
const FORMAT: &str = "haamu-checklist/1";
/// The newest minor version of the format that this crate knows.
const FORMAT_MINOR: i64 = 0;

/// Reads a document; see [`Checklist::parse`].
pub(super) fn checklist(document: &str) -> Result<Checklist, Findings> {
    let node = Node::parse(document)?;
    from_node(&node)
}

/// Reads a document that stands inside another one.
pub(crate) fn from_node(node: &Node<'_>) -> Result<Checklist, Findings> {
    let mut reader = Reader::default();
    reader.scope.indexes = question_ids(node);
    let checklist = read_checklist(node, &mut reader);
    if let Some(checklist) = &checklist {
        note_repeated_ids(checklist, &mut reader);
        note_unsound_changes(checklist, &mut reader);
    }
    Findings::check(reader.findings.clone())?;
    checklist.ok_or_else(|| Findings::from(Finding::error("wrong_type", "", "not a checklist document")))
}

fn read_checklist(node: &Node<'_>, reader: &mut Reader) -> Option<Checklist> {
    let mut fields = Fields::open(node, reader)?;
    check_format(&mut fields, reader)?;
    let header = Header {
        id: fields.optional("id", reader),
        version: fields.optional("version", reader),
        status: fields.optional("status", reader),
        languages: fields.list("languages", reader),
        default_language: fields.optional("default_language", reader),
        title: fields.optional("title", reader).unwrap_or_default(),
        description: fields.optional("description", reader).unwrap_or_default(),
        channel: fields.optional("channel", reader),
        visit_kind: fields.optional("visit_kind", reader),
        scenario: fields.optional("scenario", reader).unwrap_or_default(),
        estimated_minutes: fields.optional("estimated_minutes", reader),
    };
    let scoring = fields.optional("scoring", reader).unwrap_or_default();
    let touchpoints = fields.list("touchpoints", reader);
    let themes = fields.list("themes", reader);
    let sections_and_questions = read_sections(&mut fields, reader);
    fields.finish(reader);

    let (sections, questions): (Vec<Section>, Vec<Question>) = sections_and_questions?;
    let question_indexes = questions
        .iter()
        .enumerate()
        .map(|(index, question)| (question.id.clone(), index))
        .collect();
    Some(Checklist {
        header,
        scoring,
        touchpoints,
        themes,
        sections,
        questions,
        question_indexes,
    })
}

/// A document of another format or a newer minor version is refused by name, and nothing else of it is read.
fn check_format(fields: &mut Fields<'_, '_>, reader: &mut Reader) -> Option<()> {
    let format: Option<String> = fields.optional("format", reader);
    if let Some(format) = format
        && format != FORMAT
    {
        let message = format!("format {:?} is not {FORMAT:?}", brief(&format));
        reader.error_at("format", "unknown_format", message);
        return None;
    }
    let minor: Option<i64> = fields.optional("format_minor", reader);
    if let Some(minor) = minor
        && minor > FORMAT_MINOR
    {
        let message =
            format!("{FORMAT} minor version {minor} is newer than {FORMAT_MINOR}, which is known here");
        reader.error_at("format_minor", "newer_format", message);
        return None;
    }
    Some(())
}

/// The index of every question in document order, so that conditions can be read in one pass.
fn question_ids(node: &Node<'_>) -> BTreeMap<String, usize> {
    let questions = node
        .items("sections")
        .iter()
        .flat_map(|section| section.items("questions"));
    let mut ids = BTreeMap::new();
    for (index, question) in questions.enumerate() {
        if let Some(Node::String(id)) = question.field("id") {
            ids.entry(id.clone().into_owned()).or_insert(index);
        }
    }
    ids
}

type SectionsAndQuestions = (Vec<Section>, Vec<Question>);

fn read_sections(fields: &mut Fields<'_, '_>, reader: &mut Reader) -> Option<SectionsAndQuestions> {
    let Some(node) = fields.node("sections") else {
        reader.error_at("sections", "missing_field", "this field is required");
        return None;
    };
    reader.at_key("sections", |reader| {
        let Node::Array(items) = node else {
            reader.wrong_type("a list", node);
            return None;
        };
        let mut sections = Vec::with_capacity(items.len());
        let mut questions = Vec::new();
        let mut is_sound = true;
        // The index counts every question of the document, also one that could not be read.
        let mut next_index = 0;
        for (index, item) in items.iter().enumerate() {
            let place = Place {
                section: index,
                first_question: next_index,
            };
            next_index += item.items("questions").len();
            match reader.at_index(index, |reader| read_section(item, place, reader)) {
                Some((section, mut of_section)) => {
                    sections.push(section);
                    questions.append(&mut of_section);
                }
                None => is_sound = false,
            }
        }
        is_sound.then_some((sections, questions))
    })
}

/// Where a section stands.
#[derive(Clone, Copy)]
struct Place {
    section: usize,
    first_question: usize,
}

fn read_section(node: &Node<'_>, place: Place, reader: &mut Reader) -> Option<(Section, Vec<Question>)> {
    let mut fields = Fields::open(node, reader)?;
    reader.scope.earlier_than = place.first_question;
    let id = fields.required("id", reader);
    let title = fields.optional("title", reader).unwrap_or_default();
    let weight = fields.optional("weight", reader).unwrap_or(Decimal::ONE);
    if weight.is_negative() {
        reader.error_at("weight", "out_of_range", "a weight is not negative");
    }
    let show_if = fields.optional("show_if", reader);
    let pass_mark = fields.optional("pass_mark", reader);
    let fill_after_days = fields.optional("fill_after_days", reader);
    let questions = fields
        .node("questions")
        .and_then(|node| reader.at_key("questions", |reader| read_questions(node, place, reader)));
    if fields.node("questions").is_none() {
        reader.error_at("questions", "missing_field", "this field is required");
    }
    fields.finish(reader);

    let questions = questions?;
    let range = place.first_question..place.first_question + questions.len();
    let section = Section {
        id: id?,
        title,
        weight,
        show_if,
        pass_mark,
        fill_after_days,
        questions: range,
    };
    Some((section, questions))
}

fn read_questions(node: &Node<'_>, place: Place, reader: &mut Reader) -> Option<Vec<Question>> {
    let Node::Array(items) = node else {
        reader.wrong_type("a list", node);
        return None;
    };
    let mut questions = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        reader.scope.earlier_than = place.first_question + index;
        questions.push(reader.at_index(index, |reader| read_question(item, place.section, reader)));
    }
    questions.into_iter().collect()
}

/// Notes ids that stand twice.
fn note_repeated_ids(checklist: &Checklist, reader: &mut Reader) {
    let sections = checklist.sections.iter().map(|section| section.id.as_str());
    note_repeats("section", sections, reader);
    let questions = checklist.questions.iter().map(|question| question.id.as_str());
    note_repeats("question", questions, reader);
    let touchpoints = checklist
        .touchpoints
        .iter()
        .map(|touchpoint| touchpoint.id.as_str());
    note_repeats("touchpoint", touchpoints, reader);
    note_repeats(
        "theme",
        checklist.themes.iter().map(|theme| theme.id.as_str()),
        reader,
    );
    note_repeats(
        "score band",
        checklist.scoring.bands.iter().map(|band| band.id.as_str()),
        reader,
    );
}

fn note_repeats<'a>(what: &str, ids: impl Iterator<Item = &'a str>, reader: &mut Reader) {
    let mut seen = BTreeSet::new();
    for id in ids {
        if !seen.insert(id) {
            reader.error(
                "repeated_id",
                format!("the {what} id {:?} stands more than once", brief(id)),
            );
        }
    }
}

/// Notes `change` questions that are not between two scales with equal limits.
fn note_unsound_changes(checklist: &Checklist, reader: &mut Reader) {
    let limits = |index: usize| match checklist.questions.get(index).map(|question| &question.kind) {
        Some(QuestionKind::Scale(scale)) => Some((scale.min, scale.max)),
        _ => None,
    };
    for question in &checklist.questions {
        let QuestionKind::Change(change) = &question.kind else {
            continue;
        };
        let (from, to) = (limits(change.from), limits(change.to));
        if from.is_none() || from != to {
            let message = format!(
                "the change {:?} needs two scales with equal limits",
                question.id.as_str()
            );
            reader.error("change_not_comparable", message);
        }
    }
}

impl Read for Status {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let words = [
            ("example", Self::Example),
            ("draft", Self::Draft),
            ("published", Self::Published),
            ("withdrawn", Self::Withdrawn),
        ];
        read_word(node, reader, &words)
    }
}

impl Read for Scoring {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let mut fields = Fields::open(node, reader)?;
        let default = Self::default();
        let scoring = Self {
            mode: fields.optional("mode", reader).unwrap_or_default(),
            unanswered: fields.optional("unanswered", reader).unwrap_or_default(),
            cap_bonus: fields.optional("cap_bonus", reader).unwrap_or(default.cap_bonus),
            display_decimals: fields
                .optional("display_decimals", reader)
                .unwrap_or(default.display_decimals),
            rounding: fields.optional("rounding", reader).unwrap_or_default(),
            band_on: fields.optional("band_on", reader).unwrap_or_default(),
            bands: fields.list("bands", reader),
        };
        if scoring.display_decimals > 4 {
            reader.error_at(
                "display_decimals",
                "out_of_range",
                "at most four decimals are displayed",
            );
        }
        fields.finish(reader);
        Some(scoring)
    }
}

impl Read for ScoreMode {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let modes = [Self::SectionWeight, Self::PointSum, Self::ScaledPoints];
        read_word(node, reader, &modes.map(|mode| (mode.as_str(), mode)))
    }
}

impl Read for UnansweredPolicy {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        read_word(node, reader, &[("exclude", Self::Exclude), ("zero", Self::Zero)])
    }
}

impl Read for Rounding {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        read_word(
            node,
            reader,
            &[("half_up", Self::HalfUp), ("half_even", Self::HalfEven)],
        )
    }
}

impl Read for BandOn {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        read_word(
            node,
            reader,
            &[("displayed", Self::Displayed), ("exact", Self::Exact)],
        )
    }
}

impl Read for ScoreBand {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let mut fields = Fields::open(node, reader)?;
        let id = fields.required("id", reader);
        let min = fields.required("min", reader);
        let label = fields.optional("label", reader).unwrap_or_default();
        fields.finish(reader);
        Some(Self {
            id: id?,
            min: min?,
            label,
        })
    }
}

impl Read for Phase {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let words = [
            ("before", Self::Before),
            ("during", Self::During),
            ("after", Self::After),
        ];
        read_word(node, reader, &words)
    }
}

impl Read for Touchpoint {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let mut fields = Fields::open(node, reader)?;
        let id = fields.required("id", reader);
        let phase = fields.optional("phase", reader);
        let impact: Option<u32> = fields.optional("impact", reader);
        if impact.is_some_and(|impact| !(1..=5).contains(&impact)) {
            reader.error_at("impact", "out_of_range", "an impact is between 1 and 5");
        }
        let label = fields.optional("label", reader).unwrap_or_default();
        fields.finish(reader);
        Some(Self {
            id: id?,
            phase,
            impact,
            label,
        })
    }
}

impl Read for Theme {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let mut fields = Fields::open(node, reader)?;
        let id = fields.required("id", reader);
        let label = fields.optional("label", reader).unwrap_or_default();
        fields.finish(reader);
        Some(Self { id: id?, label })
    }
}

impl Read for FillAfterDays {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let mut fields = Fields::open(node, reader)?;
        let min = fields.required("min", reader);
        let max = fields.required("max", reader);
        fields.finish(reader);
        let days = Self { min: min?, max: max? };
        if days.min > days.max || days.max > 366 {
            reader.error("out_of_range", "min is at most max, and max at most 366 days");
        }
        Some(days)
    }
}
