//! A score that was kept, where answers that it was made of are not there any more.

use serde_json::Value;

use crate::checklist::CriticalEffect;
use crate::{Checklist, Exact, Slot};

use super::visit::visit_score;
use super::{InstanceScore, QuestionStatus, Score, ScoreOutput, SectionInstance, Trigger};

impl Score {
    /// The score that was kept as `stored`, the JSON of a [`ScoreOutput`]: what became of each question and which
    /// answers were critical is taken from there, and the rest follows from it. `computed` is the score of the
    /// answers that are left, for what the JSON does not tell. None if the result would not be written as `stored`.
    #[must_use]
    pub fn restored(checklist: &Checklist, computed: &Self, stored: &str) -> Option<Self> {
        let kept: Value = serde_json::from_str(stored).ok()?;
        let mut questions = computed.questions.clone();
        for (question, score) in checklist.questions().iter().zip(&mut questions) {
            let of_question = &kept["questions"][question.id.as_str()];
            (score.status, score.earned, score.possible) = counts(of_question)?;
            if let Some(value) = of_question.get("value") {
                score.value = Some(exact(value)?);
            }
            if let Some(instances) = of_question.get("instances") {
                let instances = instances.as_array()?.iter().map(instance);
                score.instances = instances.collect::<Option<_>>()?;
            }
        }
        let mut instances = Vec::with_capacity(computed.sections.len());
        for (section, score) in checklist.sections().iter().zip(&computed.sections) {
            let kept = &kept["sections"][section.id.as_str()]["instances"];
            let raws = kept.as_array().map(Vec::as_slice).unwrap_or_default();
            let of_section = raws.iter().enumerate().map(|(place, kept)| {
                let factor = score
                    .instances
                    .get(place)
                    .map_or(Exact::ONE, |one| one.factor.clone());
                Some(SectionInstance {
                    raw: optional(&kept["raw"])?,
                    factor,
                })
            });
            instances.push(of_section.collect::<Option<_>>()?);
        }
        let critical = kept["critical"].as_array()?.iter();
        let triggers = critical.map(|path| trigger(checklist, path.as_str()?));
        let triggers = triggers.collect::<Option<Vec<_>>>()?;
        let restored = visit_score(checklist, questions, instances, triggers);
        let written = serde_json::to_string(&ScoreOutput::new(checklist, &restored)).ok()?;
        (written == stored).then_some(restored)
    }
}

/// Status, points earned and points possible.
fn counts(kept: &Value) -> Option<(QuestionStatus, Exact, Exact)> {
    let status = kept["status"].as_str()?;
    let status = QuestionStatus::ALL
        .into_iter()
        .find(|known| known.as_str() == status)?;
    Some((status, exact(&kept["earned"])?, exact(&kept["possible"])?))
}

fn instance(kept: &Value) -> Option<InstanceScore> {
    let (status, earned, possible) = counts(kept)?;
    Some(InstanceScore {
        status,
        earned,
        possible,
        value: kept
            .get("value")
            .map_or(Some(None), |value| exact(value).map(Some))?,
    })
}

fn exact(kept: &Value) -> Option<Exact> {
    kept.as_str()?.parse().ok()
}

fn optional(kept: &Value) -> Option<Option<Exact>> {
    match kept {
        Value::Null => Some(None),
        kept => exact(kept).map(Some),
    }
}

fn trigger(checklist: &Checklist, path: &str) -> Option<Trigger> {
    let slot = Slot::parse(checklist, path)?;
    let question = &checklist.questions()[slot.question];
    Some(Trigger {
        question: slot.question,
        instance: slot.instance,
        effect: question
            .critical
            .map_or(CriticalEffect::Flag, |critical| critical.effect),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Answers, Decisions, parse_answers_file, score};

    const RETAIL: &str = include_str!("../../../../deploy/examples/checklists/retail-store-visit.json");
    const ANSWERS: [&str; 2] = [
        include_str!("../../../../deploy/examples/answers/retail-disrespect.json"),
        r#"{"answers": {}}"#,
    ];

    #[test]
    fn a_kept_score_is_restored_without_the_answers_that_it_was_made_of() {
        let checklist = Checklist::parse(RETAIL).expect("sound");
        for file in ANSWERS {
            let file: Value = serde_json::from_str(file).expect("JSON");
            let answers = serde_json::json!({"answers": file["answers"]}).to_string();
            let (answers, _) = parse_answers_file(&checklist, &answers).expect("answers");
            let whole = score(&checklist, &answers, Decisions::default());
            let stored = serde_json::to_string(&ScoreOutput::new(&checklist, &whole)).expect("JSON");
            let nothing = score(&checklist, &Answers::empty(&checklist), Decisions::default());
            let restored = Score::restored(&checklist, &nothing, &stored).expect("the score");
            assert_eq!((restored.display, restored.grade), (whole.display, whole.grade));
            assert_eq!(
                (restored.triggers, restored.sections),
                (whole.triggers, whole.sections)
            );
        }
    }

    #[test]
    fn what_does_not_follow_from_itself_is_no_score() {
        let checklist = Checklist::parse(RETAIL).expect("sound");
        let nothing = score(&checklist, &Answers::empty(&checklist), Decisions::default());
        let stored = serde_json::to_string(&ScoreOutput::new(&checklist, &nothing)).expect("JSON");
        let wrong = stored.replacen("\"display\":null", "\"display\":\"100.0\"", 1);
        assert_ne!(stored, wrong);
        assert_eq!(Score::restored(&checklist, &nothing, &wrong), None);
        assert_eq!(Score::restored(&checklist, &nothing, "{}"), None);
    }
}
