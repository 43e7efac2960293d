//! Sections that are filled in several times, and the places of answers in them.

use crate::{Checklist, Texts};

/// How the instances of a repeated section make up its score.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RepeatScoring {
    /// The mean of the instances' scores: each counts the same, however much of it applies,
    /// and the section has the possible points of an average instance.
    #[default]
    Mean,
    /// The sum of their points: each adds to what is possible.
    Sum,
}

/// A section that is filled in once for each staff member, product, ….
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// The least number of instances.
    pub min: u32,
    /// The greatest number of instances, at most [`Repeat::LIMIT`].
    pub max: u32,
    /// How the instances make up the section's score.
    pub scoring: RepeatScoring,
    /// What one instance is: "Staff member".
    pub label: Texts,
}

impl Repeat {
    /// No section can be filled in more often.
    pub const LIMIT: u32 = 200;
}

/// A place for an answer: a question, and where its section is repeated, one of the instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// The index of the question.
    pub question: usize,
    /// The index of the instance, from 0; none where the section is not repeated.
    pub instance: Option<usize>,
}

impl From<usize> for Slot {
    fn from(question: usize) -> Self {
        Self {
            question,
            instance: None,
        }
    }
}

impl Slot {
    /// The place in an instance of a repeated section.
    #[must_use]
    pub const fn in_instance(question: usize, instance: usize) -> Self {
        Self {
            question,
            instance: Some(instance),
        }
    }

    /// How the place is written: `greeting`, or `staff[0].greeting` in the first instance of `staff`.
    #[must_use]
    pub fn path(self, checklist: &Checklist) -> String {
        let question = &checklist.questions()[self.question];
        match self.instance {
            None => question.id.to_string(),
            Some(instance) => {
                let section = &checklist.sections()[question.section];
                format!("{}[{instance}].{}", section.id, question.id)
            }
        }
    }

    /// The place that [`Slot::path`] writes so. The id alone of a repeated question means all its instances.
    #[must_use]
    pub fn parse(checklist: &Checklist, path: &str) -> Option<Self> {
        if let Some(question) = checklist.question_index(path) {
            return Some(question.into());
        }
        let (section, rest) = path.split_once('[')?;
        let (instance, question) = rest.split_once("].")?;
        // One place is written in one way only.
        let instance: usize = instance
            .parse()
            .ok()
            .filter(|number: &usize| number.to_string() == instance)?;
        let question = checklist.question_index(question)?;
        let of = &checklist.sections()[checklist.questions()[question].section];
        let max = usize::try_from(of.repeat.as_ref()?.max).ok()?;
        (of.id.as_str() == section && instance < max).then_some(Self::in_instance(question, instance))
    }

    /// Whether this place is meant by `named`, which may mean all instances.
    #[must_use]
    pub fn is_meant_by(self, named: Self) -> bool {
        self.question == named.question && (named.instance.is_none() || named.instance == self.instance)
    }
}
