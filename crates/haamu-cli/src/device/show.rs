//! How the device shows visits, progress and notices.

use std::fmt::Write as _;
use std::io::IsTerminal;
use std::time::Duration;

use haamu_client::{
    Backlog, ClientError, Failure, FieldVisit, FieldworkError, Hold, MAX_FILE_BYTES, Notice, OpenVisit,
    PortErrorKind, Refusal, Rest,
};
use haamu_domain::{AssignmentState, binding};
use haamu_form::score::{self, QuestionStatus};
use haamu_form::{AnswerState, Checklist, Finding, Language, Question, Score, Slot, Texts};
use indicatif::{ProgressBar, ProgressStyle};

use super::promise;
use super::words::{Words, obstacle};

/// A line of the list of visits.
pub(super) fn list_line(number: usize, visit: &FieldVisit, is_waiting: bool, words: &Words) -> String {
    let brief = &visit.brief;
    let is_offered = brief.state == AssignmentState::Assigned && visit.state == "planned";
    let state = if visit.is_revoked {
        words.handed_over
    } else if is_offered {
        words.offered
    } else {
        words.state(&visit.state)
    };
    let mark = if is_waiting { " *" } else { "" };
    let mut line = format!(
        "{number:>3}  {}  {state:<12} {}, {} — {} ({} {}, {} {}){mark}",
        brief.visit,
        brief.location.name,
        brief.location.city,
        brief.round,
        words.visit_by,
        brief.visit_by,
        words.report_by,
        brief.report_by,
    );
    let part = brief.daypart.map(|part| promise::daypart(part, words).to_owned());
    let more = [
        part,
        promise::answer_by(brief, words).filter(|_| !visit.is_revoked),
    ];
    let more: Vec<_> = more.into_iter().flatten().collect();
    if !more.is_empty() {
        let _ = write!(line, "\n     {}", more.join("; "));
    }
    if visit.state == "returned"
        && let Some(reason) = &brief.return_reason
    {
        let _ = write!(line, "\n     {} {reason}", words.returned);
    }
    line
}

/// What the checklist knows of the location.
fn attribute_lines(open: &OpenVisit, language: Language) -> String {
    let checklist = &open.checklist;
    let mut text = String::new();
    for (name, value) in &open.visit.brief.location_attributes {
        let attribute = checklist.location_attribute(&format!("location.{name}"));
        let label = attribute.and_then(|of| of.label.best(language.tag(), checklist.default_language()));
        let _ = writeln!(
            text,
            "{}: {value}",
            label.map_or(name.as_str(), |label| label.text)
        );
    }
    text
}

/// A visit with its questions.
pub(super) fn visit(open: &OpenVisit, words: &Words, language: Language) -> String {
    let checklist = &open.checklist;
    let score = open.score();
    let best = |texts: &Texts, otherwise: &str| {
        let found = texts.best(language.tag(), checklist.default_language());
        found.map_or_else(|| otherwise.to_owned(), |found| found.text.to_owned())
    };
    let mut text = promise::lines(&open.visit.brief, words);
    text.push_str(&attribute_lines(open, language));
    for (place, section) in checklist.sections().iter().enumerate() {
        let _ = writeln!(text, "\n{}", best(&section.title, section.id.as_str()));
        let Some(repeat) = &section.repeat else {
            for question in section.questions.clone() {
                question_lines(&mut text, open, &score, question.into(), words, &best);
            }
            continue;
        };
        let count = open.bound.draft.answers().instance_count(place);
        for instance in 0..count {
            let label = best(&repeat.label, section.id.as_str());
            let _ = writeln!(text, " {label} {}", instance + 1);
            for question in section.questions.clone() {
                let slot = Slot::in_instance(question, instance);
                question_lines(&mut text, open, &score, slot, words, &best);
            }
        }
        let _ = writeln!(
            text,
            "  {} ({count}/{}): {}",
            words.add_one, repeat.max, section.id
        );
    }
    if let Some(display) = &score.display {
        let _ = writeln!(text, "\n{display} %");
    }
    text
}

/// A question at a place, with its options, if it is shown there.
fn question_lines(
    text: &mut String,
    open: &OpenVisit,
    score: &Score,
    slot: Slot,
    words: &Words,
    best: &impl Fn(&Texts, &str) -> String,
) {
    let checklist = &open.checklist;
    let question = &checklist.questions()[slot.question];
    let status = match slot.instance {
        None => score.questions[slot.question].status,
        Some(instance) => score.questions[slot.question].instances[instance].status,
    };
    // Nobody answers what is worked out.
    if status == QuestionStatus::NotShown || question.kind.is_derived() {
        return;
    }
    let mark = if open.bound.conflicts.contains(&slot) {
        format!("[!] ({})", words.conflict)
    } else {
        mark(
            question,
            open.bound.draft.answers().state_at(checklist, slot),
            words,
        )
    };
    let stem = question
        .matrix
        .map(|matrix| best(&checklist.matrices()[matrix].text, "") + " – ");
    let asked = stem.unwrap_or_default() + &best(&question.text, "");
    let _ = writeln!(text, "  {:<22} {mark} {asked}", slot.path(checklist));
    let offered = score::offered_options(checklist, open.bound.draft.answers(), slot);
    let options = question.kind.options().iter().zip(offered);
    for (option, _) in options.filter(|(_, is_offered)| *is_offered) {
        let _ = writeln!(text, "      {:<20} {}", option.id, best(&option.text, ""));
    }
}

fn mark(question: &Question, state: &AnswerState, words: &Words) -> String {
    match state {
        AnswerState::Missing if question.required => format!("[ ] ({})", words.required),
        AnswerState::Missing => "[ ]".to_owned(),
        AnswerState::NotApplicable | AnswerState::NotObserved | AnswerState::Given(_) => "[x]".to_owned(),
    }
}

/// What is missing or does not fit, with the question that it is about.
pub(super) fn finding(checklist: &Checklist, finding: &Finding, language: Language) -> String {
    let id = finding
        .path
        .split_once('.')
        .map_or(finding.path.as_str(), |(_, id)| id);
    let slot = Slot::parse(checklist, id);
    let text = slot.and_then(|slot| {
        let texts = &checklist.questions()[slot.question].text;
        texts.best(language.tag(), checklist.default_language())
    });
    let said = finding.text(language);
    match text {
        Some(question) => format!("  {id:<22} {said} ({})", question.text),
        None => format!("  {id:<22} {said}"),
    }
}

/// What a person should be told of a notice.
pub(super) fn notice(notice: &Notice, words: &Words) -> Option<String> {
    match notice {
        Notice::NewIdentity(_) => Some(words.new_identity.to_owned()),
        Notice::FileDamaged(_) => Some(words.damaged.to_owned()),
        Notice::FileRefused(_) => Some(words.refused.to_owned()),
        Notice::HeldBack(files, bytes, hold) => {
            let why = match hold {
                Hold::Offline => words.hold_offline,
                Hold::Battery => words.hold_battery,
                Hold::Metered => words.hold_metered,
            };
            Some(format!(
                "{files} {} ({}): {why}",
                words.photos_waiting,
                size(*bytes)
            ))
        }
        Notice::Revoked(_, _) => Some(words.revoked.to_owned()),
        Notice::AcknowledgementWithdrawn(_) => Some(words.withdrawn.to_owned()),
        Notice::Stalled => Some(words.stalled.to_owned()),
        Notice::SetAside(_, disposition, _) => Some(format!("1 {}", words.aside(*disposition))),
        _ => None,
    }
}

/// How a sync ended.
pub(super) fn rest(backlog: &Backlog, rest: Rest, words: &Words) -> &'static str {
    match rest {
        Rest::UpToDate if backlog.unsent_files > 0 => words.held_back,
        Rest::UpToDate if backlog.refused_files > 0 => words.refused,
        Rest::UpToDate => words.up_to_date,
        Rest::Waiting(Failure::Network) => words.offline,
        Rest::Waiting(Failure::NotOurServer) => words.portal,
        Rest::Waiting(Failure::Storage) => words.storage,
        Rest::Waiting(_) => words.server_busy,
        Rest::AuthRequired => words.sign_in_again,
        Rest::UpgradeRequired => words.update_app,
    }
}

/// What a person is told of an error, where there are words for it.
pub(super) fn error(error: &anyhow::Error, words: &Words, language: Language) -> Option<String> {
    let client = match error.downcast_ref::<FieldworkError>() {
        Some(FieldworkError::Client(client)) => client,
        Some(fieldwork) => return fieldwork_error(fieldwork, words),
        None => error.downcast_ref::<ClientError>()?,
    };
    Some(match client {
        ClientError::NotAccepted(refusal) => refused(refusal, words, language),
        client => client_error(client, words)?.to_owned(),
    })
}

fn fieldwork_error(error: &FieldworkError, words: &Words) -> Option<String> {
    Some(match error {
        FieldworkError::Closed(_) => words.closed.to_owned(),
        FieldworkError::NoChecklist => words.no_checklist.to_owned(),
        FieldworkError::TakesNoFile(question) => format!("{question}: {}", words.takes_no_file),
        FieldworkError::FileTooLarge => format!("{} {}", words.file_too_large, MAX_FILE_BYTES / 1024 / 1024),
        FieldworkError::AnswerTooLong => words.answer_too_long.to_owned(),
        FieldworkError::CommentTooLong => {
            format!("{} {}", words.comment_too_long, binding::MAX_COMMENT_CHARS)
        }
        _ => return None,
    })
}

fn client_error(error: &ClientError, words: &Words) -> Option<&'static str> {
    Some(match error {
        ClientError::NotSaved => words.disk_full,
        ClientError::Port(error) if error.kind == PortErrorKind::Full => words.disk_full,
        ClientError::Port(_) => words.device_failed,
        ClientError::AnotherPerson => words.another_person,
        ClientError::NotAShopper(_) => words.not_a_shopper,
        ClientError::SignedOut => words.not_signed_in,
        ClientError::CodeWrong => words.code_wrong,
        ClientError::NotImported(_) => words.not_imported,
        ClientError::Server(failure) => match failure {
            Failure::Network => words.offline,
            Failure::NotOurServer => words.portal,
            Failure::Unauthorised => words.wrong_password,
            Failure::Forbidden | Failure::NotEnrolled => words.not_allowed,
            Failure::UpgradeRequired => words.update_app,
            Failure::Storage => words.storage,
            Failure::Busy(_) | Failure::Server | Failure::TooLarge | Failure::FrameRefused => {
                words.server_busy
            }
        },
        _ => return None,
    })
}

/// Why a visit cannot be accepted: the rules that stand in the way, or that it is offered no more.
fn refused(refusal: &Refusal, words: &Words, language: Language) -> String {
    if refusal.rules.is_empty() {
        let why = match refusal.code.as_str() {
            "not_possible_in_state" | "not_found" => words.not_open,
            _ => refusal.said.as_str(),
        };
        return format!("{} {why}", words.not_accepted);
    }
    let mut text = words.not_accepted.to_owned();
    for rule in &refusal.rules {
        let _ = write!(text, "\n  {}", obstacle(&rule.code, language));
        if let Some(date) = rule.allowed_from {
            let _ = write!(text, " ({} {date})", words.possible_from);
        }
    }
    text
}

/// A number of bytes for people.
pub(super) fn size(bytes: u64) -> String {
    indicatif::BinaryBytes(bytes).to_string()
}

/// A progress bar on a terminal; nothing elsewhere.
pub(super) struct Progress {
    bar: ProgressBar,
    is_bytes: bool,
}

impl Progress {
    /// A bar for so many steps.
    pub(super) fn new(steps: u64) -> Self {
        Self::with("{bar:30} {pos}/{len}", steps, false)
    }

    /// A bar for so many bytes of photos.
    pub(super) fn bytes(bytes: u64) -> Self {
        Self::with("{bar:30} {bytes}/{total_bytes} {msg}", bytes, true)
    }

    fn with(template: &str, length: u64, is_bytes: bool) -> Self {
        let is_shown = std::io::stderr().is_terminal() && length > 0;
        let bar = if is_shown {
            ProgressBar::new(length)
        } else {
            ProgressBar::hidden()
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar, is_bytes }
    }

    pub(super) fn step(&self) {
        self.bar.inc(1);
    }

    pub(super) fn notice(&self, notice: &Notice) {
        match notice {
            Notice::UploadProgress(file, sent, total) if self.is_bytes => {
                self.bar
                    .set_message(format!("{}: {sent}/{total}", &file.to_string()[..8]));
            }
            Notice::FileComplete(_) => self.bar.tick(),
            _ => {}
        }
        if let Notice::UploadProgress(_, sent, total) = notice
            && sent == total
        {
            self.bar.inc(*total);
        }
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
