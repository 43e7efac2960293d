//! What may be referred to while a checklist document is being read.

use std::collections::{BTreeMap, BTreeSet};

use super::{Node, Reader, brief};

/// The names that stand in the document being read, and which of them may be referred to here.
#[derive(Debug, Default)]
pub(crate) struct QuestionScope {
    indexes: BTreeMap<String, usize>,
    /// The section of each question.
    sections: Vec<usize>,
    section_indexes: BTreeMap<String, usize>,
    /// Whether each section is repeated.
    repeated: Vec<bool>,
    files: BTreeMap<String, usize>,
    /// The location's attributes that are numbers.
    numbers: BTreeSet<String>,
    /// Questions below this index are earlier than the place that is being read.
    pub(crate) earlier_than: usize,
    /// The section whose questions are being read; none where the section itself is.
    pub(crate) here: Option<usize>,
}

impl QuestionScope {
    /// All names of a document, so that references can be read in one pass.
    pub(crate) fn of(document: &Node<'_>) -> Self {
        let mut scope = Self::default();
        let id_of = |node: &Node<'_>| match node.field("id") {
            Some(Node::String(id)) => Some(id.clone().into_owned()),
            _ => None,
        };
        for (index, file) in document.items("files").iter().enumerate() {
            if let Some(id) = id_of(file) {
                scope.files.entry(id).or_insert(index);
            }
        }
        for attribute in document.items("location_attributes") {
            let is_number = matches!(attribute.field("type"), Some(Node::String(name)) if name == "number");
            scope.numbers.extend(id_of(attribute).filter(|_| is_number));
        }
        for (section, node) in document.items("sections").iter().enumerate() {
            scope.repeated.push(node.field("repeat").is_some());
            if let Some(id) = id_of(node) {
                scope.section_indexes.entry(id).or_insert(section);
            }
            for question in node.items("questions") {
                let is_matrix =
                    matches!(question.field("type"), Some(Node::String(name)) if name == "matrix");
                let ids: Vec<Option<String>> = if is_matrix {
                    let name = |row: &Node<'_>| Some(format!("{}.{}", id_of(question)?, id_of(row)?));
                    question.items("rows").iter().map(name).collect()
                } else {
                    vec![id_of(question)]
                };
                for id in ids {
                    if let Some(id) = id {
                        scope.indexes.entry(id).or_insert(scope.sections.len());
                    }
                    scope.sections.push(section);
                }
            }
        }
        scope
    }
}

impl Reader {
    /// The question that is named here, wherever it stands, if its answer is one here.
    pub(crate) fn source_anywhere(&mut self, id: &str) -> Option<usize> {
        let index = self.known_question(id)?;
        let section = self.scope.sections[index];
        if self.scope.repeated[section] && self.scope.here != Some(section) {
            let message = format!(
                "{:?} has an answer in each instance of its section; a calculated value makes one of them",
                brief(id)
            );
            self.error("question_is_repeated", message);
            return None;
        }
        Some(index)
    }

    /// The earlier question that is named here, if its answer is one here.
    pub(crate) fn source(&mut self, id: &str) -> Option<usize> {
        let index = self.source_anywhere(id)?;
        self.earlier(index, id)
    }

    /// The earlier question of a repeated section that is named here, outside that section.
    pub(crate) fn source_in_instances(&mut self, id: &str) -> Option<usize> {
        let index = self.known_question(id)?;
        let section = self.scope.sections[index];
        if !self.scope.repeated[section] || self.scope.here == Some(section) {
            let message = format!(
                "{:?} is not a question of another section that is repeated",
                brief(id)
            );
            self.error("question_not_repeated", message);
            return None;
        }
        self.earlier(index, id)
    }

    /// The earlier repeated section that is named here.
    pub(crate) fn repeated_section(&mut self, id: &str) -> Option<usize> {
        let known = self.scope.section_indexes.get(id).copied();
        let repeated = known.filter(|section| {
            let is_earlier = self.scope.here.is_none_or(|here| *section < here);
            self.scope.repeated[*section] && is_earlier
        });
        if repeated.is_none() {
            let message = format!("{:?} is not an earlier section that is repeated", brief(id));
            self.error("section_not_repeated", message);
        }
        repeated
    }

    /// Whether what is known of the visit under a key has an order: numbers that are known of the location do.
    pub(crate) fn has_order(&self, key: &str) -> bool {
        let name = key.strip_prefix("location.");
        name.is_some_and(|name| self.scope.numbers.contains(name))
    }

    /// The attached file that is named here.
    pub(crate) fn file(&mut self, id: &str) -> Option<usize> {
        let index = self.scope.files.get(id).copied();
        if index.is_none() {
            self.error("unknown_file", format!("there is no file {:?}", brief(id)));
        }
        index
    }

    fn known_question(&mut self, id: &str) -> Option<usize> {
        let index = self.scope.indexes.get(id).copied();
        if index.is_none() {
            self.error(
                "unknown_question",
                format!("there is no question {:?}", brief(id)),
            );
        }
        index
    }

    fn earlier(&mut self, index: usize, id: &str) -> Option<usize> {
        if index >= self.scope.earlier_than {
            let message = format!("{:?} is not earlier than the place of this condition", brief(id));
            self.error("condition_not_earlier", message);
            return None;
        }
        Some(index)
    }
}
