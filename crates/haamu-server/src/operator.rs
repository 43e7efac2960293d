//! What the operator of a server does with its agencies.

use haamu_app::{AgencyInput, AgencyView, Error};
use haamu_domain::AgencyId;
use haamu_form::Language;
use uuid::Uuid;

use crate::Config;
use crate::serve::{ServeError, open_there};

/// An agency of the installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agency {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Since when it is there, in UTC.
    pub created_at: String,
    /// How many administrators are let in.
    pub administrators: u64,
}

/// An invitation that was put into the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitedAdministrator {
    /// The id of the agency.
    pub agency: String,
    /// The e-mail address, as it was taken down.
    pub email: String,
    /// Until when it can be accepted, in UTC.
    pub expires_at: String,
}

/// Adds an agency, whose first administrator is invited by mail: a server process sends it. Servers may run meanwhile.
///
/// # Errors
/// [`ServeError`] says what is missing or wrong.
pub async fn add_agency(
    config: &Config,
    name: &str,
    email: &str,
    language: Option<Language>,
) -> Result<InvitedAdministrator, ServeError> {
    let app = open_there(config).await?;
    let input = AgencyInput {
        name: name.to_owned(),
        email: email.to_owned(),
        language,
    };
    let made = app.add_agency(&input).await.map_err(in_words)?;
    Ok(invited(&made))
}

/// Invites somebody to run an agency that has no administrator.
///
/// # Errors
/// [`ServeError`] says what is missing or wrong.
pub async fn invite_administrator(
    config: &Config,
    agency: Uuid,
    email: &str,
    language: Option<Language>,
) -> Result<InvitedAdministrator, ServeError> {
    let app = open_there(config).await?;
    let agency = AgencyId::from_uuid(agency);
    let made = app.invite_administrator(agency, email, language).await;
    Ok(invited(&made.map_err(in_words)?))
}

/// The agencies of the installation, the oldest first.
///
/// # Errors
/// [`ServeError`] says what is missing.
pub async fn list_agencies(config: &Config) -> Result<Vec<Agency>, ServeError> {
    let app = open_there(config).await?;
    let out = |view: AgencyView| Agency {
        id: view.agency.id.to_string(),
        name: view.agency.name,
        created_at: view.agency.created_at.to_rfc3339(),
        administrators: view.administrators,
    };
    Ok(app.list_agencies().await?.into_iter().map(out).collect())
}

fn invited(made: &haamu_app::record::Invitation) -> InvitedAdministrator {
    InvitedAdministrator {
        agency: made.agency.to_string(),
        email: made.email.clone(),
        expires_at: made.expires_at.to_rfc3339(),
    }
}

/// A refusal as the operator reads it: what is particular to it, and what is wrong with each field.
fn in_words(error: Error) -> ServeError {
    let Error::Refused(refusal) = &error else {
        return error.into();
    };
    let issues = refusal.issues.iter();
    let mut said: Vec<String> = issues
        .map(|one| format!("{}: {}", one.path, one.message))
        .collect();
    said.extend(refusal.detail.clone());
    match said.is_empty() {
        true => error.into(),
        false => ServeError::Refused(said.join("; ")),
    }
}
