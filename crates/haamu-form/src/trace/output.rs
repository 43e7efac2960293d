//! The trace as JSON.

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use crate::Checklist;

use super::{Place, Trace, TraceLine};

/// A trace together with its checklist, ready to be written as a JSON list of
/// lines: `rule`, `reason`, `section` or `question` where it is about one,
/// `instance` (from 0) where the question's section is repeated, `cause` where another question is the reason, `points` and `effect`.
#[derive(Debug)]
pub struct TraceOutput<'a> {
    checklist: &'a Checklist,
    trace: &'a Trace,
}

impl<'a> TraceOutput<'a> {
    /// The output of `trace`, which must be of `checklist`.
    #[must_use]
    pub const fn new(checklist: &'a Checklist, trace: &'a Trace) -> Self {
        Self { checklist, trace }
    }
}

impl Serialize for TraceOutput<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut lines = serializer.serialize_seq(Some(self.trace.lines.len()))?;
        for line in &self.trace.lines {
            lines.serialize_element(&Line {
                checklist: self.checklist,
                line,
            })?;
        }
        lines.end()
    }
}

struct Line<'a> {
    checklist: &'a Checklist,
    line: &'a TraceLine,
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { checklist, line } = self;
        let question_id = |index: usize| &checklist.questions()[index].id;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("rule", line.reason.rule())?;
        map.serialize_entry("reason", line.reason.code())?;
        match line.place {
            Place::Visit => {}
            Place::Section(index) => map.serialize_entry("section", &checklist.sections()[index].id)?,
            Place::Question(index) => map.serialize_entry("question", question_id(index))?,
        }
        if let Some(instance) = line.instance {
            map.serialize_entry("instance", &instance)?;
        }
        if let Some(cause) = line.reason.cause() {
            map.serialize_entry("cause", question_id(cause))?;
        }
        map.serialize_entry("points", &line.points)?;
        map.serialize_entry("effect", &line.effect)?;
        map.end()
    }
}
