//! The result as JSON, as `haamu score` prints it and the server keeps it.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::Checklist;
use crate::checklist::QuestionKind;

use super::{Grade, InstanceScore, QuestionScore, Rollup, Score, SectionInstance, SectionScore};

/// A score together with its checklist, ready to be written as JSON: maps are
/// in checklist order, exact values are fractions, `null` is "no score".
#[derive(Debug)]
pub struct ScoreOutput<'a> {
    checklist: &'a Checklist,
    score: &'a Score,
}

impl<'a> ScoreOutput<'a> {
    /// The output of `score`, which must be of `checklist`.
    #[must_use]
    pub const fn new(checklist: &'a Checklist, score: &'a Score) -> Self {
        Self { checklist, score }
    }
}

impl Serialize for ScoreOutput<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { checklist, score } = self;
        let critical: Vec<_> = score
            .triggers
            .iter()
            .map(|trigger| trigger.slot().path(checklist))
            .collect();
        let section_ids = checklist.sections().iter().map(|section| section.id.as_str());
        let question_ids = checklist.questions().iter().map(|question| question.id.as_str());
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("raw", &score.raw)?;
        map.serialize_entry("final", &score.last)?;
        map.serialize_entry("display", &score.display)?;
        map.serialize_entry("grade", &score.grade.as_ref().map(Grade::as_str))?;
        map.serialize_entry("critical", &critical)?;
        map.serialize_entry("sections", &Ordered(section_ids.zip(&score.sections).collect()))?;
        let kinds = checklist.questions().iter().map(|question| &question.kind);
        let of_questions: Vec<OfQuestion<'_>> = kinds
            .zip(&score.questions)
            .map(|(kind, score)| OfQuestion(kind, score))
            .collect();
        map.serialize_entry("questions", &Ordered(question_ids.zip(&of_questions).collect()))?;
        map.serialize_entry("touchpoints", &Rollups(&score.touchpoints(checklist)))?;
        map.serialize_entry("themes", &Rollups(&score.themes(checklist)))?;
        if let Some(passed) = score.has_passed(checklist) {
            map.serialize_entry("passed", &passed)?;
        }
        map.end()
    }
}

/// A JSON object in the given order.
struct Ordered<'a, T>(Vec<(&'a str, &'a T)>);

impl<T: Serialize> Serialize for Ordered<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}

struct Rollups<'a>(&'a [Rollup]);

impl Serialize for Rollups<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|rollup| (&rollup.id, rollup)))
    }
}

impl Serialize for Rollup {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("earned", &self.earned)?;
        map.serialize_entry("possible", &self.possible)?;
        map.serialize_entry("score", &self.score)?;
        map.end()
    }
}

impl Serialize for SectionScore {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("earned", &self.earned)?;
        map.serialize_entry("bonus", &self.bonus)?;
        map.serialize_entry("possible", &self.possible)?;
        map.serialize_entry("raw", &self.raw)?;
        map.serialize_entry("final", &self.last)?;
        if !self.instances.is_empty() {
            map.serialize_entry("instances", &self.instances)?;
        }
        map.end()
    }
}

impl Serialize for SectionInstance {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("raw", &self.raw)?;
        map.end()
    }
}

/// A question's score with its type: a change's value follows from two answers that are there anyway.
struct OfQuestion<'a>(&'a QuestionKind, &'a QuestionScore);

impl Serialize for OfQuestion<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(kind, score) = self;
        let shows_value = matches!(kind, QuestionKind::Calculated(_));
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("status", score.status.as_str())?;
        map.serialize_entry("earned", &score.earned)?;
        map.serialize_entry("possible", &score.possible)?;
        if let Some(value) = score.value.as_ref().filter(|_| shows_value) {
            map.serialize_entry("value", value)?;
        }
        if !score.instances.is_empty() {
            map.serialize_entry("instances", &score.instances)?;
        }
        map.end()
    }
}

impl Serialize for InstanceScore {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("status", self.status.as_str())?;
        map.serialize_entry("earned", &self.earned)?;
        map.serialize_entry("possible", &self.possible)?;
        if let Some(value) = &self.value {
            map.serialize_entry("value", value)?;
        }
        map.end()
    }
}
