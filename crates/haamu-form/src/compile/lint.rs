//! The question linter (2.18): how questions are put, in Finnish, Swedish and English.
//!
//! It looks at words and endings, not at grammar, and so may be wrong both
//! ways: its findings are hints for an author. A survey of customers and a
//! checklist for shoppers are judged by different rules: a shopper's question
//! should be closed and factual, a customer's open and neutral.

use crate::checklist::{Perspective, Question, QuestionKind, Scale};
use crate::{Checklist, Finding, Severity, Texts};

/// By which rules questions are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleSet {
    /// Questions to customers.
    CustomerSurvey,
    /// Items that a shopper observes.
    ShopperChecklist,
}

impl RuleSet {
    /// The rules for a checklist, by its kind of visit.
    #[must_use]
    pub fn of(checklist: &Checklist) -> Self {
        match checklist.header().visit_kind.as_deref() {
            Some(kind) if kind.contains("survey") => Self::CustomerSurvey,
            _ => Self::ShopperChecklist,
        }
    }
}

/// What the linter finds, in checklist order. Texts in other languages are not judged.
#[must_use]
pub fn lint(checklist: &Checklist, rules: RuleSet) -> Vec<Finding> {
    let mut linter = Linter {
        rules,
        findings: Vec::new(),
    };
    for (index, question) in checklist.questions().iter().enumerate() {
        linter.question(question, &checklist.document_path(index));
    }
    linter.findings
}

struct Linter {
    rules: RuleSet,
    findings: Vec<Finding>,
}

impl Linter {
    fn note(&mut self, severity: Severity, code: &'static str, path: &str, message: impl Into<String>) {
        self.findings.push(match severity {
            Severity::Error => Finding::error(code, path, message),
            Severity::Warning => Finding::warning(code, path, message),
        });
    }

    fn question(&mut self, question: &Question, path: &str) {
        for (language, text) in question.text.iter() {
            if let Some(words) = Words::of(language) {
                let path = format!("{path}.text.{language}");
                self.text(question, &Text::read(text), words, &path);
            }
        }
        if self.rules == RuleSet::ShopperChecklist {
            self.escape(question, path);
        }
        if let QuestionKind::Scale(scale) = &question.kind {
            self.scale(question, scale, path);
        }
    }

    fn text(&mut self, question: &Question, text: &Text, words: &Words, path: &str) {
        let is_survey = self.rules == RuleSet::CustomerSurvey;
        if let Some(found) = text
            .starting_with(words.leading_starts)
            .or_else(|| text.containing(words.leading_phrases))
        {
            self.note(
                Severity::Error,
                "lint_leading",
                path,
                format!("{found:?} suggests the answer"),
            );
        }
        let is_scale = matches!(question.kind, QuestionKind::Scale(_));
        if is_survey && !is_scale && (words.is_closed)(text) {
            self.note(
                Severity::Warning,
                "lint_closed",
                path,
                "a customer says more to an open question",
            );
        }
        if let Some(found) = (words.second_predicate)(text) {
            let severity = if is_survey {
                Severity::Warning
            } else {
                Severity::Error
            };
            self.note(
                severity,
                "lint_double_barrelled",
                path,
                format!("{found:?} asks two things at once"),
            );
        }
        let is_factual = question.perspective != Some(Perspective::OwnExperience);
        let is_open = matches!(question.kind, QuestionKind::Text(_));
        let has_criterion = text.has_criterion || !question.help.is_empty() || is_scale || is_open;
        if !is_survey
            && is_factual
            && !has_criterion
            && let Some(found) = text.word_beginning_with(words.subjective)
        {
            let message = format!("{found:?} is a matter of taste: say by what it is judged");
            self.note(Severity::Warning, "lint_subjective", path, message);
        }
        // "Do not describe looks" asks for none.
        let is_forbidden = text.has_any(words.negations);
        if let Some(found) = text.containing(words.personal).filter(|_| !is_forbidden) {
            let message = format!("{found:?} asks for a person's name or looks");
            self.note(Severity::Error, "lint_person", path, message);
        }
    }

    /// Something that may not happen, or not be seen, needs a way to say so.
    fn escape(&mut self, question: &Question, path: &str) {
        let may_not_occur = question.theme.as_ref().is_some_and(|theme| {
            ["nonverbal", "recovery", "body"]
                .iter()
                .any(|part| theme.as_str().contains(part))
        });
        let is_observed =
            question.perspective == Some(Perspective::StaffBehaviour) && question.points.is_some();
        let has_escape = question.allows_not_applicable()
            || question.not_observed_allowed
            || question.show_if.is_some()
            || !question.kind.can_be_scored()
            || matches!(question.kind, QuestionKind::Change(_));
        if may_not_occur && is_observed && !has_escape {
            let message = "it may not occur or not be seen: allow \"not observed\" or \"does not apply\"";
            self.note(Severity::Warning, "lint_no_escape", path, message);
        }
    }

    fn scale(&mut self, question: &Question, scale: &Scale, path: &str) {
        if scale.min < 0 && scale.max > 0 && scale.min != -scale.max {
            self.note(
                Severity::Error,
                "lint_unbalanced_scale",
                &format!("{path}.scale"),
                "a scale around zero reaches equally far to both sides",
            );
        }
        let languages: Vec<&str> = question.text.iter().map(|(language, _)| language).collect();
        for (label, name) in [(&scale.min_label, "min_label"), (&scale.max_label, "max_label")] {
            if !has_all(label, &languages) {
                let path = format!("{path}.scale.{name}");
                self.note(
                    Severity::Error,
                    "lint_scale_label",
                    &path,
                    "the end of a scale needs its words",
                );
            }
        }
    }
}

fn has_all(texts: &Texts, languages: &[&str]) -> bool {
    languages.iter().all(|language| {
        texts
            .in_language(language)
            .is_some_and(|text| !text.trim().is_empty())
    })
}

/// A question's text, in lower case and without what stands in brackets.
struct Text {
    lower: String,
    words: Vec<String>,
    /// Whether brackets or digits say by what it is judged.
    has_criterion: bool,
    is_question: bool,
}

impl Text {
    fn read(text: &str) -> Self {
        let mut lower = String::with_capacity(text.len());
        let mut depth = 0_usize;
        for c in text.to_lowercase().chars() {
            match c {
                '(' | '[' => depth += 1,
                ')' | ']' => depth = depth.saturating_sub(1),
                _ if depth == 0 => lower.push(c),
                _ => {}
            }
        }
        let words = lower
            .split(|c: char| !c.is_alphanumeric() && !matches!(c, '\'' | '’' | '-'))
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect();
        Self {
            has_criterion: text.contains(['(', '[']) || text.contains(|c: char| c.is_ascii_digit()),
            is_question: text.trim_end().ends_with('?'),
            lower,
            words,
        }
    }

    fn first(&self) -> &str {
        self.words.first().map(String::as_str).unwrap_or_default()
    }

    fn starting_with(&self, phrases: &'static [&'static str]) -> Option<&'static str> {
        phrases
            .iter()
            .copied()
            .find(|phrase| begins(self.lower.trim_start(), phrase))
    }

    /// A phrase that begins at a word.
    fn containing(&self, phrases: &'static [&'static str]) -> Option<&'static str> {
        let is_word_start = |at: usize| {
            !self.lower[..at]
                .chars()
                .next_back()
                .is_some_and(char::is_alphanumeric)
        };
        phrases
            .iter()
            .copied()
            .find(|phrase| self.lower.match_indices(phrase).any(|(at, _)| is_word_start(at)))
    }

    fn word_beginning_with(&self, stems: &[&str]) -> Option<&str> {
        let is_meant = |word: &&String| stems.iter().any(|stem| word.starts_with(stem));
        self.words.iter().find(is_meant).map(String::as_str)
    }

    /// Words that one of these joins, in pairs.
    fn joined_by<'a>(&'a self, conjunctions: &'a [&'a str]) -> impl Iterator<Item = (&'a str, &'a str)> {
        let is_joined = move |three: &&[String]| conjunctions.contains(&three[1].as_str());
        let pair = |three: &'a [String]| (three[0].as_str(), three[2].as_str());
        self.words.windows(3).filter(is_joined).map(pair)
    }

    fn has_any(&self, words: &[&str]) -> bool {
        self.words.iter().any(|word| words.contains(&word.as_str()))
    }
}

/// Whether a text begins with a phrase as whole words.
fn begins(text: &str, phrase: &str) -> bool {
    let phrase_ends_open = phrase.ends_with('…');
    let phrase = phrase.trim_end_matches('…');
    text.strip_prefix(phrase)
        .is_some_and(|rest| phrase_ends_open || !rest.chars().next().is_some_and(char::is_alphanumeric))
}

/// What one language puts in words.
struct Words {
    leading_starts: &'static [&'static str],
    leading_phrases: &'static [&'static str],
    is_closed: fn(&Text) -> bool,
    /// The word with which a second question begins.
    second_predicate: fn(&Text) -> Option<String>,
    subjective: &'static [&'static str],
    personal: &'static [&'static str],
    negations: &'static [&'static str],
}

impl Words {
    fn of(language: &str) -> Option<&'static Self> {
        match language.split('-').next() {
            Some("fi") => Some(&FINNISH),
            Some("sv") => Some(&SWEDISH),
            Some("en") => Some(&ENGLISH),
            _ => None,
        }
    }
}

const FINNISH: Words = Words {
    leading_starts: &["eikö", "eiköhän", "etkö", "ettekö", "eivätkö", "emmekö"],
    leading_phrases: &[
        "kuinka erinomai",
        "kuinka loistav",
        "miten erinomai",
        "varmaankin",
        "tietenkin",
        "eikö niin",
    ],
    is_closed: |text| is_finnish_question_word(text.first()),
    second_predicate: |text| {
        let conjunctions = ["ja", "sekä", "tai"];
        let has_conjunction = text.has_any(&conjunctions);
        let mut asking = text.words.iter().filter(|word| is_finnish_question_word(word));
        let second = asking.nth(1).filter(|_| has_conjunction).cloned();
        let endings = ["ttiin", "vatko", "vätkö", "vat", "vät", "nut", "nyt", "neet"];
        let is_verb =
            |word: &str| word.chars().count() > 5 && endings.iter().any(|ending| word.ends_with(ending));
        second.or_else(|| {
            let mut pairs = text.joined_by(&conjunctions);
            pairs
                .find(|(before, after)| is_verb(before) && is_verb(after))
                .map(|(_, after)| after.to_owned())
        })
    },
    subjective: &[
        "hyvä",
        "riittäv",
        "asialli",
        "miellyttäv",
        "sopiva",
        "kohtuulli",
        "mukava",
        "kunnolli",
    ],
    personal: &[
        "nimikyl",
        "nimilap",
        "hiusten väri",
        "hiusväri",
        "ihonväri",
        "ulkonäkö",
        "minkä ikäi",
        "mikä oli myyjän nimi",
        "myyjän nimi",
        "henkilön nimi",
    ],
    negations: &["älä", "älkää", "ilman"],
};

/// Finnish asks by `-ko` or `-kö` on the verb.
fn is_finnish_question_word(word: &str) -> bool {
    const OTHERS: [&str; 6] = ["jotakö", "koko", "joko", "viikko", "joukko", "verkko"];
    word.chars().count() > 3 && (word.ends_with("ko") || word.ends_with("kö")) && !OTHERS.contains(&word)
}

const SWEDISH: Words = Words {
    leading_starts: &[
        "visst",
        "håller du inte med",
        "tycker du inte",
        "är det inte",
        "var det inte",
        "nog var",
        "hur utmärkt…",
        "hur fantastisk…",
    ],
    leading_phrases: &["väl ändå", "håller du inte med", "eller hur"],
    is_closed: |text| {
        const VERBS: [&str; 18] = [
            "är", "fick", "får", "hade", "har", "kan", "kunde", "blev", "gav", "gjorde", "tog", "visade",
            "hälsade", "tyckte", "tycker", "fanns", "finns", "hjälpte",
        ];
        // "Var" asks for a place as well; before a noun with its article it is a verb.
        let is_was = text.first() == "var"
            && text
                .words
                .get(1)
                .is_some_and(|word| word != "någonstans" && word != "i");
        text.is_question && (is_was || VERBS.contains(&text.first()))
    },
    second_predicate: |text| {
        let is_verb = |word: &str| {
            word.chars().count() > 4
                && (word.ends_with("ade") || word.ends_with("ades") || word.ends_with("tte"))
        };
        let verbs = [
            "är", "var", "fick", "hade", "har", "gav", "log", "tog", "gjorde", "blev",
        ];
        let mut pairs = text.joined_by(&["och", "eller"]);
        pairs
            .find(|(before, after)| (is_verb(before) && is_verb(after)) || verbs.contains(after))
            .map(|(_, after)| after.to_owned())
    },
    subjective: &[
        "bra",
        "tillräcklig",
        "trevlig",
        "lämplig",
        "saklig",
        "rimlig",
        "ordentlig",
    ],
    personal: &[
        "namnskylt",
        "namnbricka",
        "säljarens namn",
        "personens namn",
        "hårfärg",
        "hudfärg",
        "utseende",
        "hur gammal",
    ],
    negations: &["inte", "utan"],
};

const ENGLISH: Words = Words {
    leading_starts: &[
        "don't you",
        "don’t you",
        "didn't",
        "didn’t",
        "wasn't",
        "wasn’t",
        "isn't",
        "isn’t",
        "aren't",
        "aren’t",
        "wouldn't",
        "wouldn’t",
        "how great",
        "how excellent",
        "how wonderful",
    ],
    leading_phrases: &[
        "surely",
        "obviously",
        "wouldn't you agree",
        "wouldn’t you agree",
        "of course",
    ],
    is_closed: |text| {
        const VERBS: [&str; 18] = [
            "did", "was", "were", "is", "are", "do", "does", "has", "have", "had", "can", "could", "would",
            "will", "should", "may", "might", "shall",
        ];
        VERBS.contains(&text.first())
    },
    second_predicate: |text| {
        let auxiliaries = [
            "did", "was", "were", "is", "are", "has", "had", "do", "does", "have",
        ];
        let is_past = |word: &str| word.len() > 4 && word.ends_with("ed");
        let is_manner = |word: &str| word.len() > 5 && word.ends_with("ly");
        let mut pairs = text.joined_by(&["and", "or"]);
        pairs
            .find(|(before, after)| {
                auxiliaries.contains(after)
                    || (is_past(before) && is_past(after))
                    || (is_manner(before) && is_manner(after))
            })
            .map(|(_, after)| after.to_owned())
    },
    subjective: &[
        "good",
        "sufficient",
        "adequate",
        "nice",
        "appropriate",
        "reasonable",
        "proper",
        "pleasant",
    ],
    personal: &[
        "name tag",
        "name badge",
        "seller's name",
        "person's name",
        "employee's name",
        "hair colo",
        "skin colo",
        "what did the seller look",
        "how old was",
    ],
    negations: &["not", "without", "don't", "don’t"],
};
