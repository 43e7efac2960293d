//! What is known of a visit beside its answers, given on the command line.

use haamu_form::{Answers, Checklist, Context, Finding};

use crate::terminal;

/// Something that conditions may ask of the visit, such as `location.drive_in=yes`.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    key: String,
    value: String,
}

impl std::str::FromStr for Known {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (key, value) = text.split_once('=').ok_or("a key, =, and a value")?;
        if !Context::is_key(key) {
            let known = Context::KEYS.join(", ");
            return Err(format!("one of {known}, location.<attribute> before the ="));
        }
        Ok(Self {
            key: key.to_owned(),
            value: value.to_owned(),
        })
    }
}

/// The answers, with what is known of the visit; it goes before what their file says. What is
/// not of the kind that the checklist declares is told on standard error.
pub(crate) fn with_known(checklist: &Checklist, answers: Answers, known: &[Known]) -> Answers {
    let mut context = answers.context().clone();
    for Known { key, value } in known {
        context.set(key, value);
    }
    for misfit in checklist.misfits(&context) {
        let Finding { path, message, .. } = misfit;
        terminal::complain(&anyhow::anyhow!("{path}: {message}"));
    }
    answers.with_context(context)
}
