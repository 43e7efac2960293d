//! Visits that are offered to the person of the device.

use haamu_domain::LocalDate;
use haamu_sync::engine::Failure;
use haamu_wire::AcceptIn;

use crate::driver::{ClientError, Device};
use crate::fieldwork::FieldVisit;
use crate::ports::{Accepted, FileStore, LocalStore, Platform, Transport};

/// Why the server does not let a person have a visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// A stable word.
    pub code: String,
    /// The server's own words.
    pub said: String,
    /// The rules that stand in the way.
    pub rules: Vec<BrokenRule>,
}

/// A rule that stands in the way of a visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenRule {
    /// Which one, a stable word.
    pub code: String,
    /// The first day on which it would allow the visit, where time cures it.
    pub allowed_from: Option<LocalDate>,
}

impl<S: LocalStore, F: FileStore, T: Transport, P: Platform> Device<S, F, T, P> {
    /// Accepts a visit on behalf of its person, who declares with it that neither they nor anybody near to them has
    /// a tie to the place, and says on which day they go, if they know. It needs the server; what becomes of the
    /// brief comes with the next sync.
    ///
    /// # Errors
    /// Nobody is signed in, the server cannot be reached, or [`ClientError::NotAccepted`].
    pub async fn accept(&mut self, visit: &FieldVisit, due_on: Option<LocalDate>) -> Result<(), ClientError> {
        let said = AcceptIn {
            due_on,
            companion: None,
            independent: true,
        };
        let mut answer = self.ask_to_accept(visit, &said).await?;
        if answer == Err(Failure::Unauthorised) {
            answer = match self.refresh().await? {
                Ok(()) => self.ask_to_accept(visit, &said).await?,
                Err(failure) => Err(failure),
            };
        }
        match answer.map_err(ClientError::Server)? {
            Accepted::Yes => Ok(()),
            Accepted::Refused(why) => Err(ClientError::NotAccepted(why)),
        }
    }

    async fn ask_to_accept(
        &mut self,
        visit: &FieldVisit,
        said: &AcceptIn,
    ) -> Result<Result<Accepted, Failure>, ClientError> {
        let session = self.session.as_ref().ok_or(ClientError::SignedOut)?;
        let assignment = visit.brief.assignment;
        Ok(self.transport.accept(session, assignment, said).await)
    }
}
