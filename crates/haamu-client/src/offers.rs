//! Visits that are offered to the person of the device.

use haamu_domain::LocalDate;
use haamu_sync::engine::Failure;
use haamu_wire::AcceptIn;

use crate::driver::{ClientError, Device};
use crate::fieldwork::FieldVisit;
use crate::ports::{Accepted, FileStore, LocalStore, Platform, Transport};

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
