//! The result as JSON, as `haamu score` prints it and the server keeps it.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::Checklist;

use super::{Grade, QuestionScore, Rollup, Score, SectionScore};

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
            .map(|trigger| &checklist.questions()[trigger.question].id)
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
        map.serialize_entry(
            "questions",
            &Ordered(question_ids.zip(&score.questions).collect()),
        )?;
        map.serialize_entry("touchpoints", &Rollups(&score.touchpoints(checklist)))?;
        map.serialize_entry("themes", &Rollups(&score.themes(checklist)))?;
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
        let mut map = serializer.serialize_map(Some(5))?;
        map.serialize_entry("earned", &self.earned)?;
        map.serialize_entry("bonus", &self.bonus)?;
        map.serialize_entry("possible", &self.possible)?;
        map.serialize_entry("raw", &self.raw)?;
        map.serialize_entry("final", &self.last)?;
        map.end()
    }
}

impl Serialize for QuestionScore {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("status", self.status.as_str())?;
        map.serialize_entry("earned", &self.earned)?;
        map.serialize_entry("possible", &self.possible)?;
        map.end()
    }
}
