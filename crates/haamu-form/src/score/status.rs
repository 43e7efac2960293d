//! What each question counts as (2.3), and which questions are shown (R60-R62).

use std::collections::BTreeMap;

use crate::answer::{Answer, AnswerState};
use crate::checklist::{
    AnswerOption, Change, Condition, Constraint, ContextValue, Facts, Known, Question, QuestionKind, Section,
};
use crate::{Answers, Checklist, Decimal, Exact, LocalDateTime, Slot};

/// Whether and how a question counts, the first that fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuestionStatus {
    /// Its condition, or its section's, does not hold.
    NotShown,
    /// A reviewer or an upheld dispute removed it.
    Voided,
    /// Shown, and nothing was given.
    Unanswered,
    /// It does not concern this visit.
    NotApplicable,
    /// It could not be observed.
    NotObserved,
    /// Answered, and it carries no points.
    Unscored,
    /// Answered, and its points only add.
    Bonus,
    /// Answered, and it enters the ratio.
    Scored,
}

impl QuestionStatus {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::NotShown,
        Self::Voided,
        Self::Unanswered,
        Self::NotApplicable,
        Self::NotObserved,
        Self::Unscored,
        Self::Bonus,
        Self::Scored,
    ];

    /// The name in results.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotShown => "not_shown",
            Self::Voided => "voided",
            Self::Unanswered => "unanswered",
            Self::NotApplicable => "not_applicable",
            Self::NotObserved => "not_observed",
            Self::Unscored => "unscored",
            Self::Bonus => "bonus",
            Self::Scored => "scored",
        }
    }

    /// Whether there is an answer that counts as one.
    #[must_use]
    pub const fn is_answered(self) -> bool {
        matches!(self, Self::Unscored | Self::Bonus | Self::Scored)
    }
}

/// Which questions are shown, given the answers so far; a repeated question is where it is shown in any instance.
#[must_use]
pub fn shown_questions(checklist: &Checklist, answers: &Answers) -> Vec<bool> {
    let settled = Settled::new(checklist, answers, &[]);
    let is_shown = |status: QuestionStatus| status != QuestionStatus::NotShown;
    (0..checklist.questions().len())
        .map(|index| match checklist.repeat_of(index) {
            None => is_shown(settled.statuses[index]),
            Some(_) => settled.of_instances(index).any(is_shown),
        })
        .collect()
}

/// Which options of a choice question are offered at a place, given the answers so far.
///
/// # Panics
/// If the checklist has no such question.
#[must_use]
pub fn offered_options(checklist: &Checklist, answers: &Answers, slot: impl Into<Slot>) -> Vec<bool> {
    let slot = slot.into();
    let settled = Settled::new(checklist, answers, &[]);
    let options = checklist.questions()[slot.question].kind.options();
    options
        .iter()
        .map(|option| settled.offers(option, slot.instance))
        .collect()
}

/// The status of every question and the values that were worked out.
#[derive(Debug)]
pub(crate) struct Settled<'a> {
    checklist: &'a Checklist,
    answers: &'a Answers,
    statuses: Vec<QuestionStatus>,
    /// By section that is repeated: by instance, by question of the section.
    instances: BTreeMap<usize, Vec<Vec<QuestionStatus>>>,
    values: BTreeMap<Slot, Exact>,
    /// The first date and time that counts as answered so far.
    first_moment: Option<LocalDateTime>,
}

/// The facts of one place: those of the visit, and of one instance where it is in one.
struct View<'s, 'a> {
    settled: &'s Settled<'a>,
    instance: Option<usize>,
}

impl<'a> Settled<'a> {
    /// Settles all questions.
    ///
    /// Conditions and calculations look only at earlier questions, so one pass settles all but
    /// the derived changes, which no condition sees and which come last.
    pub(crate) fn new(checklist: &'a Checklist, answers: &'a Answers, voided: &[Slot]) -> Self {
        let mut settled = Self {
            checklist,
            answers,
            statuses: vec![QuestionStatus::NotShown; checklist.questions().len()],
            instances: BTreeMap::new(),
            values: BTreeMap::new(),
            first_moment: None,
        };
        for (index, section) in checklist.sections().iter().enumerate() {
            let count = answers.instance_count(index);
            if count > 0 {
                let hidden = vec![QuestionStatus::NotShown; section.questions.len()];
                settled.instances.insert(index, vec![hidden; count]);
            }
            if !settled.holds(section.show_if.as_ref(), None) {
                continue;
            }
            if section.repeat.is_none() {
                settled.section(section, None, voided);
            }
            for instance in 0..count {
                settled.section(section, Some(instance), voided);
            }
        }
        settled.changes();
        settled
    }

    fn holds(&self, condition: Option<&Condition>, instance: Option<usize>) -> bool {
        let view = View {
            settled: self,
            instance,
        };
        condition.is_none_or(|condition| condition.holds(&view))
    }

    fn section(&mut self, section: &'a Section, instance: Option<usize>, voided: &[Slot]) {
        for index in section.questions.clone() {
            let question = &self.checklist.questions()[index];
            if !self.holds(question.show_if.as_ref(), instance) {
                continue;
            }
            let slot = Slot {
                question: index,
                instance,
            };
            let status = if voided.iter().any(|voided| slot.is_meant_by(*voided)) {
                QuestionStatus::Voided
            } else if let QuestionKind::Calculated(calculated) = &question.kind {
                let view = View {
                    settled: self,
                    instance,
                };
                // Rounded, or sums of many values would need denominators without bound.
                let exact = calculated.calculation.value(&view);
                match exact
                    .and_then(|exact| Decimal::rounded(&exact, 4))
                    .map(Decimal::to_exact)
                {
                    Some(value) => {
                        self.values.insert(slot, value);
                        counted_status(question)
                    }
                    None => QuestionStatus::NotApplicable,
                }
            } else {
                let state = self.answers.state_at(self.checklist, slot);
                let options = question.kind.options();
                // What is not offered any more cannot be what was meant (R62).
                if state
                    .chosen()
                    .iter()
                    .all(|chosen| self.offers(&options[*chosen], instance))
                {
                    shown_status(question, state)
                } else {
                    QuestionStatus::Unanswered
                }
            };
            *self.status_mut(slot) = status;
            if self.first_moment.is_none()
                && instance.is_none()
                && let Some(Known::Answer(_, Answer::DateTime(moment))) = self.known(slot)
            {
                self.first_moment = Some(*moment);
            }
        }
    }

    fn changes(&mut self) {
        for (index, question) in self.checklist.questions().iter().enumerate() {
            let QuestionKind::Change(change) = &question.kind else {
                continue;
            };
            let count = self.instances.get(&question.section).map_or(0, Vec::len);
            let in_instances = (0..count).map(|instance| Slot::in_instance(index, instance));
            for slot in std::iter::once(Slot::from(index)).chain(in_instances) {
                if self.status(slot) == QuestionStatus::NotApplicable
                    && self.change_difference(change, slot.instance).is_some()
                {
                    *self.status_mut(slot) = counted_status(question);
                }
            }
        }
    }

    /// The checklist.
    pub(crate) const fn checklist(&self) -> &'a Checklist {
        self.checklist
    }

    /// The answers.
    pub(crate) const fn answers(&self) -> &'a Answers {
        self.answers
    }

    /// The status at a place.
    pub(crate) fn status(&self, slot: Slot) -> QuestionStatus {
        let Some(instance) = slot.instance else {
            return self.statuses[slot.question];
        };
        let section = self.checklist.questions()[slot.question].section;
        let first = self.checklist.sections()[section].questions.start;
        self.instances[&section][instance][slot.question - first]
    }

    fn status_mut(&mut self, slot: Slot) -> &mut QuestionStatus {
        let section = self.checklist.questions()[slot.question].section;
        let first = self.checklist.sections()[section].questions.start;
        match slot.instance.zip(self.instances.get_mut(&section)) {
            Some((instance, instances)) => &mut instances[instance][slot.question - first],
            None => &mut self.statuses[slot.question],
        }
    }

    /// The statuses of a repeated question, by instance.
    pub(crate) fn of_instances(&self, question: usize) -> impl Iterator<Item = QuestionStatus> + '_ {
        let section = self.checklist.questions()[question].section;
        let place = question - self.checklist.sections()[section].questions.start;
        let instances = self.instances.get(&section).into_iter().flatten();
        instances.map(move |statuses| statuses[place])
    }

    /// The number that was worked out at a place, if there is one.
    pub(crate) fn value(&self, slot: Slot) -> Option<&Exact> {
        self.values.get(&slot)
    }

    /// Whether an option is offered.
    pub(crate) fn offers(&self, option: &AnswerOption, instance: Option<usize>) -> bool {
        self.holds(option.show_if.as_ref(), instance)
    }

    /// Whether a section's condition holds.
    pub(crate) fn shows_section(&self, section: usize) -> bool {
        self.holds(self.checklist.sections()[section].show_if.as_ref(), None)
    }

    /// Whether a constraint is broken, in one instance where its section is repeated.
    pub(crate) fn breaks(&self, constraint: &Constraint, instance: Option<usize>) -> bool {
        self.holds(Some(&constraint.fail_if), instance)
    }

    /// The answer or value at a place, or none where it is missing (R61).
    fn known(&self, slot: Slot) -> Option<Known<'_>> {
        if !self.status(slot).is_answered() {
            return None;
        }
        if let Some(value) = self.values.get(&slot) {
            return Some(Known::Number(value));
        }
        match self.answers.state_at(self.checklist, slot) {
            AnswerState::Given(answer) => Some(Known::Answer(
                &self.checklist.questions()[slot.question].kind,
                answer,
            )),
            _ => None,
        }
    }

    /// End minus start; none if an end is missing or both are at the maximum (R15).
    pub(crate) fn change_difference(&self, change: &Change, instance: Option<usize>) -> Option<i64> {
        let view = View {
            settled: self,
            instance,
        };
        let end = |index| match view.effective(index)? {
            Known::Answer(QuestionKind::Scale(scale), Answer::Integer(value)) => Some((*value, scale.max)),
            _ => None,
        };
        let ((from, max), (to, _)) = (end(change.from)?, end(change.to)?);
        (from < max || to < max).then_some(to - from)
    }
}

impl<'s> Facts<'s> for View<'s, '_> {
    fn effective(&self, question: usize) -> Option<Known<'s>> {
        let settled: &'s Settled<'_> = self.settled;
        let is_repeated = settled.checklist.repeat_of(question).is_some();
        settled.known(Slot {
            question,
            instance: self.instance.filter(|_| is_repeated),
        })
    }

    fn context(&self, key: &str) -> Option<ContextValue<'_>> {
        let settled = self.settled;
        let text = settled.answers.context().get(key).or_else(|| match key {
            "channel" => settled.checklist.header().channel.as_deref(),
            "weekday" => settled.first_moment.map(LocalDateTime::weekday),
            _ => None,
        })?;
        settled.checklist.context_value(key, text)
    }

    fn instances(&self, section: usize) -> usize {
        let statuses = self.settled.instances.get(&section).into_iter().flatten();
        let is_shown =
            |of: &&Vec<QuestionStatus>| of.iter().any(|status| *status != QuestionStatus::NotShown);
        statuses.filter(is_shown).count()
    }

    fn over_instances(&self, question: usize) -> Vec<Known<'s>> {
        let settled: &'s Settled<'_> = self.settled;
        let count = settled.of_instances(question).count();
        let slots = (0..count).map(|instance| Slot::in_instance(question, instance));
        slots.filter_map(|slot| settled.known(slot)).collect()
    }
}

fn shown_status(question: &Question, state: &AnswerState) -> QuestionStatus {
    match state {
        // A change has no answer of its own; it is settled after all others.
        _ if matches!(question.kind, QuestionKind::Change(_)) => QuestionStatus::NotApplicable,
        AnswerState::Missing => QuestionStatus::Unanswered,
        AnswerState::NotApplicable => QuestionStatus::NotApplicable,
        AnswerState::NotObserved => QuestionStatus::NotObserved,
        AnswerState::Given(answer) if is_na_option(&question.kind, answer) => QuestionStatus::NotApplicable,
        AnswerState::Given(_) => counted_status(question),
    }
}

fn is_na_option(kind: &QuestionKind, answer: &Answer) -> bool {
    match answer {
        Answer::Option(index) => kind.options()[*index].na,
        Answer::Options(indexes) => indexes.iter().any(|index| kind.options()[*index].na),
        Answer::YesNo(_)
        | Answer::Integer(_)
        | Answer::Decimal(_)
        | Answer::Text(_)
        | Answer::DateTime(_)
        | Answer::Media => false,
    }
}

const fn counted_status(question: &Question) -> QuestionStatus {
    if question.points.is_none() || !question.kind.can_be_scored() {
        QuestionStatus::Unscored
    } else if question.bonus {
        QuestionStatus::Bonus
    } else {
        QuestionStatus::Scored
    }
}
