//! From an evaluation to what a client may see of it.

use std::collections::BTreeSet;

use haamu_domain::retention::PurgeClass;
use haamu_domain::{CoarseTime, LocalDate, Redactor, VisitId};
use haamu_form::score::{QuestionStatus, Rollup, Trigger, display_percentage};
use haamu_form::trace::{Place, Trace, TraceLine};
use haamu_form::{Checklist, Decimal, Draft, Exact, Language, Rounding, Score, Slot, Texts};

use crate::labels::{self, Labels};

use super::answers::Words;
use super::model::{
    BandView, CriticalView, LocalisedText, LossView, PhotoView, ScoreView, SectionView, TagView, VisitReport,
    VisitView,
};

/// The names around a visit. None of them is a shopper's.
#[derive(Clone, Debug)]
pub struct ReportContext {
    /// The visit.
    pub visit: VisitId,
    /// The agency's name.
    pub agency: String,
    /// The client organisation's name.
    pub client_organisation: String,
    /// The programme's name.
    pub programme: String,
    /// The round's name.
    pub round: String,
    /// The day by whose period the results count.
    pub counts_in: LocalDate,
    /// The location's name.
    pub location: String,
    /// The location's city.
    pub city: String,
    /// The content hash of the checklist version.
    pub checklist_hash: String,
    /// Roughly when.
    pub time: CoarseTime,
    /// Whether so few people are on shift that even the week would tell who served.
    pub is_month_only: bool,
}

/// A photo that a client may see: re-encoded, without metadata.
#[derive(Clone, Debug)]
pub struct PhotoSource {
    /// Where it was added.
    pub slot: Slot,
    /// The shopper's words for it.
    pub caption: Option<String>,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
}

/// Everything that a visit report is made of.
#[derive(Debug)]
pub struct ReportInput<'a> {
    /// The names around the visit.
    pub context: ReportContext,
    /// The checklist version.
    pub checklist: &'a Checklist,
    /// The evaluation.
    pub evaluation: &'a Draft,
    /// Its score.
    pub score: &'a Score,
    /// Why.
    pub trace: &'a Trace,
    /// Masks what a client must not read.
    pub redactor: &'a Redactor,
    /// The photos, in order.
    pub photos: &'a [PhotoSource],
    /// What was deleted because its time was over.
    pub purged: &'a BTreeSet<PurgeClass>,
    /// The language of the report.
    pub language: Language,
}

impl VisitReport {
    /// Makes a report.
    #[must_use]
    pub fn build(input: &ReportInput<'_>) -> Self {
        let labels = Labels::of(input.language);
        let period = labels::period_text(input.context.time, input.context.is_month_only, input.language);
        let words = Words {
            checklist: input.checklist,
            evaluation: input.evaluation,
            score: input.score,
            redactor: input.redactor,
            language: input.language,
            period: &period,
        };
        let builder = Builder { input, labels, words };
        let may_see = input.checklist.client_questions();
        Self {
            format: "haamu-visit-report/1",
            language: input.language.tag(),
            purpose_mark: labels.purpose_mark,
            visit: builder.visit(&period),
            score: builder.score(),
            critical: builder.critical(),
            sections: builder.sections(),
            touchpoints: builder.touchpoints(),
            themes: builder.themes(),
            losses: input
                .trace
                .lines
                .iter()
                .filter(|line| is_for_client(&may_see, line))
                .map(|line| builder.loss(line))
                .collect(),
            answers: builder.words.answers(),
            photos: builder.photos(),
            deleted: builder.deleted(),
        }
    }
}

struct Builder<'a> {
    input: &'a ReportInput<'a>,
    labels: &'static Labels,
    words: Words<'a>,
}

impl Builder<'_> {
    fn visit(&self, period: &str) -> VisitView {
        let context = &self.input.context;
        let header = self.input.checklist.header();
        VisitView {
            id: context.visit.to_string(),
            agency: context.agency.clone(),
            client_organisation: context.client_organisation.clone(),
            programme: context.programme.clone(),
            round: context.round.clone(),
            counts_in: context.counts_in.to_string(),
            counts_in_text: labels::month_text(context.counts_in),
            location: context.location.clone(),
            city: context.city.clone(),
            period: period.to_owned(),
            checklist: self
                .words
                .of_checklist(&header.title, header.id.as_ref().map_or("", |id| id.as_str())),
            checklist_version: header.version.unwrap_or_default(),
            checklist_hash: context.checklist_hash.clone(),
        }
    }

    fn score(&self) -> ScoreView {
        let score = self.input.score;
        let mode = self.input.checklist.scoring().mode;
        ScoreView {
            display: score.display.as_deref().map(|display| self.number(display)),
            exact: score.last.as_ref().map(ToString::to_string),
            grade: score.grade.as_ref().map(|grade| self.band(grade.as_str())),
            mode: mode.as_str(),
            mode_text: labels::mode_text(mode, self.input.language),
            n: 1,
            n_text: self.labels.one_visit,
            is_thin: self.is_thin(),
        }
    }

    fn band(&self, id: &str) -> BandView {
        let label = match self.input.checklist.score_band(id) {
            Some(band) => self.words.of_checklist(&band.label, id),
            None => LocalisedText {
                lang: self.input.language.tag().to_owned(),
                text: self.labels.failed.to_owned(),
            },
        };
        BandView {
            id: id.to_owned(),
            label,
        }
    }

    /// Whether the points that applied are below half of the visible ones (R11).
    fn is_thin(&self) -> bool {
        let mut applicable = Exact::ZERO;
        let mut visible = Exact::ZERO;
        let questions = self.input.checklist.questions().iter();
        for (index, (question, score)) in questions.zip(&self.input.score.questions).enumerate() {
            if !question.kind.can_be_scored() || question.bonus {
                continue;
            }
            let points = question.points.unwrap_or_default().to_exact();
            let alone = [(score.status, &score.possible)];
            let in_instances = score.instances.iter().map(|one| (one.status, &one.possible));
            let is_alone = self.input.checklist.repeat_of(index).is_none();
            for (status, possible) in alone.into_iter().filter(|_| is_alone).chain(in_instances) {
                if !matches!(status, QuestionStatus::NotShown | QuestionStatus::Voided) {
                    visible = &visible + &points;
                    applicable = &applicable + possible;
                }
            }
        }
        &applicable + &applicable < visible
    }

    fn critical(&self) -> Vec<CriticalView> {
        let of_trigger = |trigger: &Trigger| {
            let lines = self.input.trace.lines.iter();
            let about = |line: &&TraceLine| {
                line.reason.cause() == Some(trigger.question)
                    || (line.place == Place::Question(trigger.question)
                        && line.instance == trigger.instance
                        && line.effect.is_zero()
                        && line.points.is_zero())
            };
            let sentences: Vec<_> = lines
                .filter(about)
                .map(|line| line.sentence(self.input.language))
                .collect();
            let effect = if sentences.is_empty() {
                self.labels.critical_without_effect.to_owned()
            } else {
                sentences.join(" ")
            };
            CriticalView {
                question: self.input.checklist.questions()[trigger.question].id.to_string(),
                text: self.words.question(trigger.slot()),
                effect,
            }
        };
        let may_see = self.input.checklist.client_questions();
        let is_for_client = |trigger: &&Trigger| may_see[trigger.question];
        let triggers = self.input.score.triggers.iter().filter(is_for_client);
        triggers.map(of_trigger).collect()
    }

    fn sections(&self) -> Vec<SectionView> {
        let pairs = self
            .input
            .checklist
            .sections()
            .iter()
            .zip(&self.input.score.sections);
        pairs
            .map(|(section, score)| SectionView {
                id: section.id.to_string(),
                title: self.words.of_checklist(&section.title, section.id.as_str()),
                weight: self.number(&section.weight.to_string()),
                earned: self.points(&(&score.earned + &score.bonus)),
                possible: self.points(&score.possible),
                display: score.last.as_ref().map(|value| self.percentage(value)),
                exact: score.last.as_ref().map(ToString::to_string),
            })
            .collect()
    }

    fn touchpoints(&self) -> Vec<TagView> {
        let rollups = self.input.score.touchpoints(self.input.checklist);
        let touchpoints = self.input.checklist.touchpoints().iter();
        let tag = |(touchpoint, rollup): (&haamu_form::Touchpoint, &Rollup)| {
            let phase = touchpoint
                .phase
                .map(|phase| labels::phase_text(phase, self.input.language));
            self.tag(&touchpoint.label, rollup, phase)
        };
        touchpoints.zip(&rollups).map(tag).collect()
    }

    fn themes(&self) -> Vec<TagView> {
        let rollups = self.input.score.themes(self.input.checklist);
        let themes = self.input.checklist.themes().iter();
        themes
            .zip(&rollups)
            .map(|(theme, rollup)| self.tag(&theme.label, rollup, None))
            .collect()
    }

    fn tag(&self, label: &Texts, rollup: &Rollup, phase: Option<&'static str>) -> TagView {
        TagView {
            id: rollup.id.to_string(),
            label: self.words.of_checklist(label, rollup.id.as_str()),
            phase,
            display: rollup.score.as_ref().map(|value| self.percentage(value)),
            exact: rollup.score.as_ref().map(ToString::to_string),
        }
    }

    fn loss(&self, line: &TraceLine) -> LossView {
        let checklist = self.input.checklist;
        let (question, text, answer) = match line.place {
            Place::Visit => (None, None, None),
            Place::Section(index) => {
                let section = &checklist.sections()[index];
                (
                    None,
                    Some(self.words.of_checklist(&section.title, section.id.as_str())),
                    None,
                )
            }
            Place::Question(question) => {
                let slot = Slot {
                    question,
                    instance: line.instance,
                };
                let id = checklist.questions()[question].id.to_string();
                (Some(id), Some(self.words.question(slot)), self.words.answer(slot))
            }
        };
        LossView {
            question,
            text,
            answer,
            points: self.points(&line.points),
            effect: line.effect_text(self.input.language),
            effect_exact: line.effect.to_string(),
            rule: line.reason.rule(),
            reason: line.reason.code(),
            sentence: line.sentence(self.input.language),
            is_loss: line.effect.is_negative(),
        }
    }

    /// What a reader would look for in vain.
    fn deleted(&self) -> Vec<&'static str> {
        let parts = [(PurgeClass::Photo, "photos"), (PurgeClass::Narrative, "texts")];
        let gone = parts
            .into_iter()
            .filter(|(class, _)| self.input.purged.contains(class));
        gone.map(|(_, name)| name).collect()
    }

    fn photos(&self) -> Vec<PhotoView> {
        let view = |(index, photo): (usize, &PhotoSource)| {
            let caption = photo
                .caption
                .as_deref()
                .map(str::trim)
                .filter(|caption| !caption.is_empty());
            let alt = caption.map_or_else(
                || format!("{}: {}", self.labels.photo, self.words.question(photo.slot).text),
                |caption| self.input.redactor.mask(caption),
            );
            PhotoView {
                question: self.input.checklist.questions()[photo.slot.question]
                    .id
                    .to_string(),
                alt,
                number: index + 1,
                width: photo.width,
                height: photo.height,
            }
        };
        self.input.photos.iter().enumerate().map(view).collect()
    }

    fn percentage(&self, value: &Exact) -> String {
        let scoring = self.input.checklist.scoring();
        self.number(&display_percentage(
            value,
            scoring.display_decimals,
            scoring.rounding,
            true,
        ))
    }

    /// Points with at most two decimals.
    fn points(&self, value: &Exact) -> String {
        let hundredth = value.divided_by(&Exact::integer(100)).unwrap_or_default();
        let text = display_percentage(&hundredth, 2, Rounding::HalfUp, false);
        let short = Decimal::parse(&text)
            .map(|decimal| decimal.to_string())
            .unwrap_or(text);
        self.number(&short)
    }

    fn number(&self, text: &str) -> String {
        match self.input.language {
            Language::Finnish | Language::Swedish => text.replace('.', ","),
            Language::English => text.to_owned(),
        }
    }
}

/// Whether a line is neither about a question that is kept from clients nor caused by one.
fn is_for_client(may_see: &[bool], line: &TraceLine) -> bool {
    let about = match line.place {
        Place::Question(index) => Some(index),
        Place::Visit | Place::Section(_) => None,
    };
    about
        .into_iter()
        .chain(line.reason.cause())
        .all(|index| may_see[index])
}
