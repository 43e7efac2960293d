//! Reading the checklist document.

use std::collections::BTreeSet;

use crate::read::{Fields, Node, QuestionScope, Reader, brief};
use crate::{Decimal, Finding, Findings};

use super::attribute::LocationAttribute;
use super::kind::QuestionKind;
use super::places::{Place, at_matrices, is_matrix, places_of};
use super::read_attribute::SINCE as ATTRIBUTES_SINCE;
use super::read_matrix::read_matrix;
use super::read_question::read_question;
use super::{AttachedFile, Checklist, Header, Matrix, Question, Section};

/// The format that this crate reads.
const FORMAT: &str = "haamu-checklist/1";
/// The newest minor version of the format that this crate knows.
const FORMAT_MINOR: u32 = 2;

/// Reads a document; see [`Checklist::parse`].
pub(super) fn checklist(document: &str) -> Result<Checklist, Findings> {
    let node = Node::parse(document)?;
    from_node(&node)
}

/// Reads a document that stands inside another one.
pub(crate) fn from_node(node: &Node<'_>) -> Result<Checklist, Findings> {
    let mut reader = Reader::default();
    reader.scope = QuestionScope::of(node);
    let checklist = read_checklist(node, &mut reader);
    if let Some(checklist) = &checklist {
        note_repeated_ids(checklist, &mut reader);
        note_unsound_changes(checklist, &mut reader);
    }
    Findings::check(at_matrices(reader.findings))?;
    checklist.ok_or_else(|| Findings::from(Finding::error("wrong_type", "", "not a checklist document")))
}

fn read_checklist(node: &Node<'_>, reader: &mut Reader) -> Option<Checklist> {
    let mut fields = Fields::open(node, reader)?;
    let format_minor = check_format(&mut fields, reader)?;
    let files: Vec<AttachedFile> = fields.newer("files", reader).unwrap_or_default();
    let header = Header {
        format_minor,
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
        quiz: fields.newer("quiz", reader),
        guidelines: fields.newer("guidelines", reader).unwrap_or_default(),
    };
    let scoring = fields.optional("scoring", reader).unwrap_or_default();
    let touchpoints = fields.list("touchpoints", reader);
    let themes = fields.list("themes", reader);
    let location_attributes: Vec<LocationAttribute> = fields
        .since(ATTRIBUTES_SINCE, "location_attributes", reader)
        .unwrap_or_default();
    let parts = read_sections(&mut fields, reader);
    fields.finish(reader);

    let Parts {
        sections,
        questions,
        matrices,
        places,
    } = parts?;
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
        location_attributes,
        files,
        matrices,
        sections,
        questions,
        question_indexes,
        places,
        needed_minor: reader.needed_minor,
    })
}

/// A document of another format or a newer minor version is refused by name, and nothing else of it is read.
fn check_format(fields: &mut Fields<'_, '_>, reader: &mut Reader) -> Option<u32> {
    let format: Option<String> = fields.optional("format", reader);
    if let Some(format) = format
        && format != FORMAT
    {
        let message = format!("format {:?} is not {FORMAT:?}", brief(&format));
        reader.error_at("format", "unknown_format", message);
        return None;
    }
    let minor: u32 = fields.optional("format_minor", reader).unwrap_or(0);
    if minor > FORMAT_MINOR {
        let message =
            format!("{FORMAT} minor version {minor} is newer than {FORMAT_MINOR}, which is known here");
        reader.error_at("format_minor", "newer_format", message);
        return None;
    }
    Some(minor)
}

/// The sections of a document and what stands in them.
#[derive(Default)]
struct Parts {
    sections: Vec<Section>,
    questions: Vec<Question>,
    matrices: Vec<Matrix>,
    places: Vec<Place>,
}

impl Parts {
    fn push(&mut self, (section, questions, matrices): SectionParts) {
        self.sections.push(section);
        self.questions.extend(questions);
        for matrix in matrices {
            for question in &mut self.questions[matrix.questions.clone()] {
                question.matrix = Some(self.matrices.len());
            }
            self.matrices.push(matrix);
        }
    }
}

fn read_sections(fields: &mut Fields<'_, '_>, reader: &mut Reader) -> Option<Parts> {
    let Some(node) = fields.node("sections") else {
        reader.error_at("sections", "missing_field", "this field is required");
        return None;
    };
    reader.at_key("sections", |reader| {
        let Node::Array(items) = node else {
            reader.wrong_type("a list", node);
            return None;
        };
        let mut parts = Parts::default();
        let mut is_sound = true;
        // Places count every question of the document, also one that could not be read.
        for (index, item) in items.iter().enumerate() {
            let first = parts.places.len();
            let listed = item.items("questions").iter().enumerate();
            parts
                .places
                .extend(listed.flat_map(|(position, node)| places_of(position, node)));
            let read = reader.at_index(index, |reader| read_section(item, index, first, reader));
            is_sound &= read.is_some();
            // Later sections are read for their errors, but nothing is built on a gap.
            if let Some(section) = read.filter(|_| is_sound) {
                parts.push(section);
            }
        }
        is_sound.then_some(parts)
    })
}

type SectionParts = (Section, Vec<Question>, Vec<Matrix>);

fn read_section(node: &Node<'_>, index: usize, first: usize, reader: &mut Reader) -> Option<SectionParts> {
    let mut fields = Fields::open(node, reader)?;
    reader.scope.earlier_than = first;
    reader.scope.here = None;
    let id = fields.required("id", reader);
    let title = fields.optional("title", reader).unwrap_or_default();
    let weight = fields.optional("weight", reader).unwrap_or(Decimal::ONE);
    if weight.is_negative() {
        reader.error_at("weight", "out_of_range", "a weight is not negative");
    }
    let show_if = fields.optional("show_if", reader);
    let pass_mark = fields.optional("pass_mark", reader);
    let fill_after_days = fields.optional("fill_after_days", reader);
    let repeat = fields.newer("repeat", reader);
    reader.scope.here = Some(index);
    let questions = fields
        .node("questions")
        .and_then(|node| reader.at_key("questions", |reader| read_questions(node, index, first, reader)));
    if fields.node("questions").is_none() {
        reader.error_at("questions", "missing_field", "this field is required");
    }
    let length: usize = node
        .items("questions")
        .iter()
        .map(|node| places_of(0, node).len())
        .sum();
    reader.scope.earlier_than = first + length;
    let constraints = fields.newer("constraints", reader).unwrap_or_default();
    fields.finish(reader);

    let (questions, matrices) = questions?;
    let section = Section {
        id: id?,
        title,
        weight,
        show_if,
        pass_mark,
        fill_after_days,
        repeat,
        constraints,
        questions: first..first + questions.len(),
    };
    Some((section, questions, matrices))
}

fn read_questions(
    node: &Node<'_>,
    section: usize,
    first: usize,
    reader: &mut Reader,
) -> Option<(Vec<Question>, Vec<Matrix>)> {
    let Node::Array(items) = node else {
        reader.wrong_type("a list", node);
        return None;
    };
    let mut questions = Vec::with_capacity(items.len());
    let mut matrices = Vec::new();
    let mut is_sound = true;
    let mut next = first;
    for (index, item) in items.iter().enumerate() {
        reader.scope.earlier_than = next;
        let read = reader.at_index(index, |reader| {
            if is_matrix(item) {
                let (matrix, rows) = read_matrix(item, section, next, reader)?;
                matrices.push(matrix);
                return Some(rows);
            }
            read_question(item, section, reader).map(|question| vec![question])
        });
        next += places_of(index, item).len();
        is_sound &= read.is_some();
        questions.extend(read.into_iter().flatten());
    }
    is_sound.then_some((questions, matrices))
}

/// Notes ids that stand twice.
fn note_repeated_ids(checklist: &Checklist, reader: &mut Reader) {
    let sections = checklist.sections.iter().map(|section| section.id.as_str());
    note_repeats("section", sections, reader);
    // Places in instances are written with brackets.
    let has_repeats = checklist.sections.iter().any(|section| section.repeat.is_some());
    let sections = checklist.sections.iter().map(|section| &section.id);
    let ids = sections.chain(checklist.questions.iter().map(|question| &question.id));
    for id in ids.filter(|id| has_repeats && id.as_str().contains(['[', ']'])) {
        let message = format!(
            "{:?}: beside repeated sections, ids have no brackets",
            brief(id.as_str())
        );
        reader.error("bad_id", message);
    }
    // Questions, matrices and repeated sections share the keys of answers.
    let questions = checklist.questions.iter().map(|question| question.id.as_str());
    let matrices = checklist.matrices.iter().map(|matrix| matrix.id.as_str());
    let repeated = checklist
        .sections
        .iter()
        .filter(|section| section.repeat.is_some());
    let keys = questions
        .chain(matrices)
        .chain(repeated.map(|section| section.id.as_str()));
    note_repeats("question", keys, reader);
    note_repeats(
        "file",
        checklist.files.iter().map(|file| file.id.as_str()),
        reader,
    );
    let constraints = checklist.sections.iter().flat_map(|section| &section.constraints);
    note_repeats("constraint", constraints.map(|rule| rule.id.as_str()), reader);
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
    let attributes = checklist.location_attributes.iter();
    note_repeats(
        "location attribute",
        attributes.map(|attribute| attribute.id.as_str()),
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
