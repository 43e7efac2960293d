//! Why a use case was not carried out.

use haamu_domain::eligibility::Obstacle;
use haamu_domain::{Code, TransitionError};
use haamu_form::{Finding, Findings};
use haamu_store::{CarriesStoreError, StoreError};

/// Why a use case was not carried out. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The request asks for what is not possible.
    #[error("{} ({})", .0.code.title(), .0.code.as_str())]
    Refused(Box<Refusal>),
    /// The database or the object store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A fault of the program or of its surroundings.
    #[error("{what}")]
    Internal {
        /// What could not be done.
        what: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// A refusal, in words for whoever asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// A stable code.
    pub code: Code,
    /// What is particular to this occurrence.
    pub detail: Option<String>,
    /// What is wrong with single fields.
    pub issues: Vec<Issue>,
    /// The least build of the app that would be let in, where the build was too old.
    pub min_build: Option<String>,
    /// Which rules of the programme stand in the way.
    pub obstacles: Vec<Obstacle>,
    /// In how many seconds it may be tried again, where that is known.
    pub retry_after: Option<u64>,
}

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// Where.
    pub path: String,
    /// A stable code.
    pub code: String,
    /// One sentence for a person.
    pub message: String,
}

impl Refusal {
    const fn new(code: Code) -> Self {
        Self {
            code,
            detail: None,
            issues: Vec::new(),
            min_build: None,
            obstacles: Vec::new(),
            retry_after: None,
        }
    }
}

impl Error {
    /// A refusal without more to say than its code.
    #[must_use]
    pub fn refused(code: Code) -> Self {
        Self::Refused(Box::new(Refusal::new(code)))
    }

    /// A refusal that says what is particular to it.
    #[must_use]
    pub fn because(code: Code, detail: impl Into<String>) -> Self {
        Self::Refused(Box::new(Refusal {
            detail: Some(detail.into()),
            ..Refusal::new(code)
        }))
    }

    /// A refusal with issues.
    #[must_use]
    pub fn with_issues(code: Code, issues: Vec<Issue>) -> Self {
        Self::Refused(Box::new(Refusal {
            issues,
            ..Refusal::new(code)
        }))
    }

    /// A refusal of a build that is too old.
    pub(crate) fn too_old(min_build: String) -> Self {
        let detail = format!("This server takes {min_build} or newer.");
        Self::Refused(Box::new(Refusal {
            detail: Some(detail),
            min_build: Some(min_build),
            ..Refusal::new(Code::UpgradeRequired)
        }))
    }

    /// A refusal because of rules of the programme.
    pub(crate) fn not_eligible(obstacles: Vec<Obstacle>) -> Self {
        Self::Refused(Box::new(Refusal {
            obstacles,
            ..Refusal::new(Code::NotEligible)
        }))
    }

    /// The same refusal, saying of which of several things it is.
    pub(crate) fn at(self, path: &str) -> Self {
        match self {
            Self::Refused(mut refusal) if refusal.issues.is_empty() => {
                let before = refusal.detail.take().map(|detail| format!(": {detail}"));
                refusal.detail = Some(format!("{path}{}", before.unwrap_or_default()));
                Self::Refused(refusal)
            }
            other => other,
        }
    }

    /// A refusal that passes with time.
    #[must_use]
    pub fn until(code: Code, retry_after_seconds: u64) -> Self {
        Self::Refused(Box::new(Refusal {
            retry_after: Some(retry_after_seconds),
            ..Refusal::new(code)
        }))
    }

    /// A refusal that passes with time, and says what it is about.
    pub(crate) fn until_then(code: Code, detail: String, retry_after_seconds: u64) -> Self {
        Self::Refused(Box::new(Refusal {
            detail: Some(detail),
            retry_after: Some(retry_after_seconds),
            ..Refusal::new(code)
        }))
    }

    /// A refusal because of one field.
    #[must_use]
    pub fn issue(path: &str, code: &str, message: impl Into<String>) -> Self {
        let issue = Issue {
            path: path.to_owned(),
            code: code.to_owned(),
            message: message.into(),
        };
        Self::with_issues(Code::ValidationFailed, vec![issue])
    }

    /// There is no such thing within reach.
    #[must_use]
    pub fn not_found(what: &'static str) -> Self {
        Self::because(Code::NotFound, format!("There is no such {what}."))
    }

    /// A fault of the program.
    pub(crate) fn internal(
        what: &'static str,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        Self::Internal {
            what,
            source: Box::new(source),
        }
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Refused(refusal) => refusal.code,
            Self::Store(StoreError::AlreadyExists(_)) => Code::AlreadyExists,
            Self::Store(StoreError::Conflict(_)) => Code::Conflict,
            Self::Store(error) if error.is_transient() => Code::Unavailable,
            Self::Store(_) | Self::Internal { .. } => Code::Internal,
        }
    }
}

impl CarriesStoreError for Error {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::Refused(_) | Self::Internal { .. } => None,
        }
    }
}

impl From<TransitionError> for Error {
    fn from(error: TransitionError) -> Self {
        Self::because(Code::NotPossibleInState, error.to_string())
    }
}

impl From<Finding> for Issue {
    fn from(finding: Finding) -> Self {
        Self {
            path: finding.path,
            code: finding.code.to_owned(),
            message: finding.message,
        }
    }
}

/// A refusal because a field names what is not there.
pub(crate) fn no_such(path: String, what: &str) -> Error {
    let issue = Issue {
        path,
        code: "not_found".to_owned(),
        message: format!("there is no such {what}"),
    };
    Error::with_issues(Code::ValidationFailed, vec![issue])
}

/// A refusal because of errors in a document.
pub(crate) fn unsound(code: Code, findings: Findings) -> Error {
    let errors = findings.into_vec().into_iter().filter(Finding::is_error);
    Error::with_issues(code, errors.map(Issue::from).collect())
}

/// Checks of input fields; all of them are made before the first refusal.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    issues: Vec<Issue>,
}

impl Checks {
    pub(crate) fn issue(&mut self, path: impl Into<String>, code: &str, message: impl Into<String>) {
        self.issues.push(Issue {
            path: path.into(),
            code: code.to_owned(),
            message: message.into(),
        });
    }

    /// A trimmed text of 1 to `longest` characters without control characters.
    pub(crate) fn text(&mut self, path: &str, text: &str, longest: usize) -> String {
        let text = text.trim();
        let length = text.chars().count();
        if length == 0 {
            self.issue(path, "required", "this field is required");
        } else if length > longest {
            self.issue(
                path,
                "too_long",
                format!("at most {longest} characters are allowed"),
            );
        } else if text.chars().any(|c| c.is_control() && c != '\n') {
            self.issue(path, "control_character", "control characters are not allowed");
        }
        text.to_owned()
    }

    /// An e-mail address in lower case, checked for its outline only: whether it exists shows when it is written to.
    pub(crate) fn email(&mut self, path: &str, text: &str) -> String {
        let email = text.trim().to_lowercase();
        let parts = email.split_once('@').filter(|(name, host)| {
            !name.is_empty() && host.contains('.') && !host.starts_with('.') && !host.ends_with('.')
        });
        let is_sound = parts.is_some()
            && email.len() <= 254
            && email.matches('@').count() == 1
            && !email.contains(|c: char| c.is_whitespace() || c.is_control());
        if !is_sound {
            self.issue(path, "bad_email", "this is not an e-mail address");
        }
        email
    }

    /// A number in a range.
    pub(crate) fn range(&mut self, path: &str, value: u32, range: std::ops::RangeInclusive<u32>) {
        if !range.contains(&value) {
            let message = format!("the value is between {} and {}", range.start(), range.end());
            self.issue(path, "out_of_range", message);
        }
    }

    /// Refuses if there was any issue.
    pub(crate) fn finish(self) -> Result<(), Error> {
        if self.issues.is_empty() {
            return Ok(());
        }
        Err(Error::with_issues(Code::ValidationFailed, self.issues))
    }
}
