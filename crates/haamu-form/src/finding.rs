//! Findings: what is wrong with a document, where, and how badly.

mod words;

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;

use crate::{Language, Texts};

/// How much a [`Finding`] matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The document cannot be used for its purpose.
    Error,
    /// Usable, yet probably not what its author wanted.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

/// One thing that is wrong, with its place and a code that stays stable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Error or warning.
    pub severity: Severity,
    /// Machine-readable kind, such as `answer_unknown_option`; never renamed.
    pub code: &'static str,
    /// Where, such as `sections[0].questions[2].points` or `answers.greeting`;
    /// empty for the document as a whole.
    pub path: String,
    /// One English sentence for a person.
    pub message: String,
    /// What the sentence in other languages is filled with.
    #[serde(skip)]
    values: Vec<String>,
    /// The sentence in the checklist's own words, by language; empty where it is the product's.
    #[serde(skip)]
    texts: Texts,
}

impl Finding {
    /// An error.
    #[must_use]
    pub fn error(code: &'static str, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            path: path.into(),
            message: message.into(),
            values: Vec::new(),
            texts: Texts::default(),
        }
    }

    /// A warning.
    #[must_use]
    pub fn warning(code: &'static str, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            code,
            path: path.into(),
            message: message.into(),
            values: Vec::new(),
            texts: Texts::default(),
        }
    }

    /// With the values that its sentence holds, in the order of the sentence.
    pub(crate) fn with(mut self, values: &[&dyn fmt::Display]) -> Self {
        self.values = values.iter().map(ToString::to_string).collect();
        self
    }

    /// With the sentence in the words of the checklist's author.
    pub(crate) fn with_texts(mut self, texts: &Texts) -> Self {
        self.texts = texts.clone();
        self
    }

    /// One sentence for a person, in the language asked for. What concerns
    /// shoppers is in all three; what only authors of checklists see is English.
    #[must_use]
    pub fn text(&self, language: Language) -> Cow<'_, str> {
        if let Some(own) = self.texts.in_language(language.tag()) {
            return Cow::Borrowed(own);
        }
        let Some(template) = words::template(self.code, language) else {
            return Cow::Borrowed(&self.message);
        };
        let mut text = template.to_owned();
        for (index, value) in self.values.iter().enumerate() {
            text = text.replace(&format!("{{{index}}}"), value);
        }
        // A sentence with a gap says less than the English one.
        if text.contains('{') {
            Cow::Borrowed(&self.message)
        } else {
            Cow::Owned(text)
        }
    }

    /// The same as a warning.
    #[must_use]
    pub(crate) fn into_warning(self) -> Self {
        Self {
            severity: Severity::Warning,
            ..self
        }
    }

    /// Whether the severity is [`Severity::Error`].
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "." } else { &self.path };
        write!(f, "{} {} {path} {}", self.severity, self.code, self.message)
    }
}

/// All errors found in a document, at least one, in document order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Findings(Vec<Finding>);

impl Findings {
    /// The findings, of which at least one is an error.
    pub(crate) fn from_vec(findings: Vec<Finding>) -> Self {
        debug_assert!(
            findings.iter().any(Finding::is_error),
            "a failure without an error"
        );
        Self(findings)
    }

    /// Ok if `findings` holds no error.
    pub(crate) fn check(findings: Vec<Finding>) -> Result<(), Self> {
        if findings.iter().any(Finding::is_error) {
            Err(Self(findings))
        } else {
            Ok(())
        }
    }

    /// The first error.
    #[must_use]
    pub fn first_error(&self) -> &Finding {
        let first = self.0.iter().find(|finding| finding.is_error());
        first.expect("findings are only made where there is an error")
    }

    /// All findings, in document order.
    #[must_use]
    pub fn as_slice(&self) -> &[Finding] {
        &self.0
    }

    /// The same findings with `root` before each path.
    #[must_use]
    pub fn below(mut self, root: &str) -> Self {
        for finding in &mut self.0 {
            finding.path = match finding.path.as_str() {
                "" => root.to_owned(),
                path => format!("{root}.{path}"),
            };
        }
        self
    }

    /// All findings, in document order.
    #[must_use]
    pub fn into_vec(self) -> Vec<Finding> {
        self.0
    }
}

impl From<Finding> for Findings {
    fn from(finding: Finding) -> Self {
        Self(vec![finding])
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.first_error();
        let more = self.0.len() - 1;
        write!(f, "{} at {}: {}", first.code, first.path, first.message)?;
        if more > 0 {
            write!(f, " (and {more} more)")
        } else {
            Ok(())
        }
    }
}

impl std::error::Error for Findings {}
