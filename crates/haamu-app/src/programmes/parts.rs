//! Reading and replacing the documents of a programme.

use haamu_domain::eligibility::FieldRules;
use haamu_domain::programme_parts::{Fees, Journey, Method, PartProblem, Standards, rule_problems};
use haamu_domain::{Actor, AgencyId, AuditEvent, Code, ProgrammeId, Verb};
use haamu_store::Tx;
use haamu_store::repo::programme_parts::{self, StoredPart};
use haamu_store::repo::programmes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::certified::Training;
use crate::context::require_in_agency;
use crate::error::{Checks, Issue};
use crate::{App, Error};

use super::load;

/// A document of a programme.
pub trait ProgrammePart: Clone + Send + Sync + Serialize + DeserializeOwned {
    /// Its name in storage.
    const KIND: &'static str;

    /// What it is as long as nobody has written it; none where there is nothing to begin with.
    fn initial() -> Option<Self>;

    /// What is wrong with it.
    fn problems(&self) -> Vec<PartProblem>;

    /// Whether it asks shoppers for briefing and certification.
    fn asks_for_certification(&self) -> bool {
        false
    }
}

macro_rules! parts {
    ($($part:ty = $kind:literal, $initial:expr, $problems:expr $(, certification: $asks:expr)?;)*) => {
        $(impl ProgrammePart for $part {
            const KIND: &'static str = $kind;

            fn initial() -> Option<Self> {
                $initial
            }

            fn problems(&self) -> Vec<PartProblem> {
                $problems(self)
            }

            $(fn asks_for_certification(&self) -> bool {
                $asks(self)
            })?
        })*
    };
}

parts! {
    Journey = "journey", Some(Self::default()), Journey::problems;
    Standards = "standards", Some(Self::default()), Standards::problems;
    Method = "method", None, Method::problems;
    FieldRules = "field_rules", Some(Self::default()), rule_problems, certification: asks_for_certification;
    Fees = "fees", None, Fees::problems;
}

const fn asks_for_certification(rules: &FieldRules) -> bool {
    rules.certification
}

/// A document with the number of its revision; 0 is that which nobody has written.
#[derive(Clone, Debug)]
pub struct PartView<T> {
    /// The document.
    pub part: T,
    /// Counts changes.
    pub revision: i64,
}

impl App {
    /// A document of a programme.
    ///
    /// # Errors
    /// There is no such programme, or nobody has written the document.
    pub async fn read_part<T: ProgrammePart>(
        &self,
        actor: &Actor,
        id: ProgrammeId,
    ) -> Result<PartView<T>, Error> {
        require_in_agency(actor, Verb::ReadProgrammes)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            load(tx, actor, Verb::ReadProgrammes, id).await?;
            let found = find::<T>(tx, actor, id).await?;
            found.ok_or_else(|| Error::not_found("document of the programme"))
        })
        .await
    }

    /// Replaces a document of a programme. With `based_on`, only if it has that revision still.
    ///
    /// # Errors
    /// There is no such programme, the document has problems, or [`Code::Conflict`].
    pub async fn put_part<T: ProgrammePart>(
        &self,
        actor: &Actor,
        id: ProgrammeId,
        part: &T,
        based_on: Option<i64>,
    ) -> Result<PartView<T>, Error> {
        require_in_agency(actor, Verb::DesignProgramme)?;
        let problems = part.problems();
        if !problems.is_empty() {
            let issues = problems.into_iter().map(|problem| Issue {
                path: problem.path,
                code: problem.code.to_owned(),
                message: problem.message,
            });
            return Err(Error::with_issues(Code::ValidationFailed, issues.collect()));
        }
        let document = serde_json::to_string(part);
        let document = &document.map_err(|error| Error::internal("write a document", error))?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            // Two who replace it at a time do so one after the other.
            let locked = programmes::lock(tx, actor.agency, id).await?;
            let programme = locked.ok_or_else(|| Error::not_found("programme"))?;
            // While the programme is a draft, what is to be passed can still be written; activating it asks again.
            if programme.state.takes_visits() && part.asks_for_certification() {
                require_something_to_pass(tx, actor, id).await?;
            }
            let before = programme_parts::find(tx, actor.agency, id, T::KIND).await?;
            let revision = before.map_or(0, |before| before.revision);
            if based_on.is_some_and(|based_on| based_on != revision) {
                return Err(Error::refused(Code::Conflict));
            }
            let stored = StoredPart {
                document: document.clone(),
                revision: revision + 1,
            };
            let now = self.now();
            programme_parts::put(tx, actor.agency, id, T::KIND, &stored, actor.user, now).await?;
            let detail = json!({"part": T::KIND, "revision": stored.revision});
            let event = AuditEvent::of(Verb::DesignProgramme, "programme", id).with(detail);
            let view = PartView {
                part: part.clone(),
                revision: stored.revision,
            };
            Ok((view, event))
        })
        .await
    }
}

async fn require_something_to_pass(tx: &Tx, actor: &Actor, id: ProgrammeId) -> Result<(), Error> {
    let mut checks = Checks::default();
    if Training::load(tx, actor.agency, id).await?.is_empty() {
        let message = "the programme has neither a briefing nor a quiz";
        checks.issue("certification", "nothing_to_pass", message);
    }
    checks.finish()
}

/// A document of a programme: as it was written, or as it is to begin with.
pub(crate) async fn find<T: ProgrammePart>(
    tx: &Tx,
    actor: &Actor,
    id: ProgrammeId,
) -> Result<Option<PartView<T>>, Error> {
    find_in(tx, actor.agency, id).await
}

/// The same where no person asks.
pub(crate) async fn find_in<T: ProgrammePart>(
    tx: &Tx,
    agency: AgencyId,
    id: ProgrammeId,
) -> Result<Option<PartView<T>>, Error> {
    match programme_parts::find(tx, agency, id, T::KIND).await? {
        Some(stored) => {
            let part = serde_json::from_str(&stored.document);
            let part = part.map_err(|error| Error::internal("read a document of a programme", error))?;
            Ok(Some(PartView {
                part,
                revision: stored.revision,
            }))
        }
        None => Ok(T::initial().map(|part| PartView { part, revision: 0 })),
    }
}
