//! Who works with the device: signing in and out, sessions, and the device's own key.

use ed25519_dalek::SigningKey;
use haamu_domain::{Role, UserId};
use haamu_sync::engine::{Backlog, DeviceState, Enrolment, Event, Failure, Notice};
use haamu_sync::{BlobHash, DeviceId};

use crate::driver::{ClientError, Device, SERVER, SESSION, fresh_device};
use crate::ports::{DeviceSigner, FileStore, LocalStore, Platform, SignedIn, Transport};
use crate::rescue::Exported;
use crate::session::{Credentials, Session};

/// What becomes of unsent work when somebody signs out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignOut {
    /// There must be none.
    IfAllIsSent,
    /// It stays on this device until the same person signs in again.
    KeepWork,
}

impl<S: LocalStore, F: FileStore, T: Transport, P: Platform> Device<S, F, T, P> {
    /// Signs a person in, for whom the device then works.
    ///
    /// # Errors
    /// The server refuses, or another person's work is on the device.
    pub async fn sign_in(&mut self, server: &str, credentials: &Credentials) -> Result<(), ClientError> {
        self.sign_in_with(server, credentials, None).await
    }

    /// Signs a person in with a code of their second factor: of an authenticator app, or a recovery code.
    ///
    /// # Errors
    /// [`ClientError::CodeNeeded`] without a code, [`ClientError::CodeWrong`], or as for [`Device::sign_in`].
    pub async fn sign_in_with(
        &mut self,
        server: &str,
        credentials: &Credentials,
        code: Option<&str>,
    ) -> Result<(), ClientError> {
        let signed_in = self
            .transport
            .sign_in(credentials, code)
            .await
            .map_err(ClientError::Server)?;
        let signed_in = match signed_in {
            SignedIn::Session(session) => session,
            SignedIn::CodeNeeded => return Err(ClientError::CodeNeeded),
            SignedIn::CodeWrong => return Err(ClientError::CodeWrong),
        };
        if signed_in.me.role != Role::Shopper {
            return Err(ClientError::NotAShopper(signed_in.me.role.as_str()));
        }
        let session = Session {
            server: server.to_owned(),
            user: UserId::from_uuid(signed_in.me.user),
            display_name: signed_in.me.display_name,
            access_token: signed_in.access_token.expose().to_owned(),
            refresh_token: signed_in.refresh_token.expose().to_owned(),
        };
        let author = session.user.author();
        let row = self.engine.device().clone();
        let is_new = self.engine.is_unused();
        if !is_new && row.author != author {
            return Err(ClientError::AnotherPerson);
        }
        self.write_session(&session).await?;
        self.is_session_unsaved = false;
        if is_new {
            // A device that has recorded nothing yet takes the name of whoever signs in first.
            self.engine.start_with(DeviceState::new(row.device, author));
        }
        self.session = Some(session);
        self.handle(Event::SignedIn);
        self.carry_out(&mut |_| {}).await?;
        Ok(())
    }

    /// Ends the session, here and on the server if that can be reached. What is on this device stays on it,
    /// for the same person.
    ///
    /// # Errors
    /// [`ClientError::UnsentWork`] if there is some and it was not said that it stays; or storage failed.
    pub async fn sign_out(&mut self, unsent: SignOut) -> Result<(), ClientError> {
        let Some(session) = self.session.clone() else {
            return Err(ClientError::SignedOut);
        };
        let backlog = self.engine.backlog();
        if unsent == SignOut::IfAllIsSent && is_unsent(&backlog) {
            return Err(ClientError::UnsentWork(backlog));
        }
        // Whether or not the server hears of it, nobody goes on here with this session.
        let heard = self.transport.sign_out(&session).await;
        self.store.write_value(SESSION, None).await?;
        self.session = None;
        self.is_session_unsaved = false;
        match heard {
            Ok(()) | Err(Failure::Unauthorised | Failure::Forbidden) => Ok(()),
            Err(failure) => Err(ClientError::SignedOutHereOnly(failure)),
        }
    }

    /// Removes everything from this device, so that somebody else can work with it. Unsent work
    /// must have been exported as it is now.
    ///
    /// # Errors
    /// [`ClientError::UnsentWork`] if there is some that the export does not have; or storage failed.
    pub async fn erase(&mut self, exported: Option<&Exported>) -> Result<(), ClientError> {
        let backlog = self.engine.backlog();
        let is_exported = exported.is_some_and(|exported| exported.is_of(&self.engine));
        // What the server refuses is nowhere else.
        if (is_unsent(&backlog) || backlog.refused_files > 0) && !is_exported {
            return Err(ClientError::UnsentWork(backlog));
        }
        let files: Vec<BlobHash> = self.engine.blobs().map(|blob| blob.sha256).collect();
        self.store.erase().await?;
        self.session = None;
        self.is_session_unsaved = false;
        self.start_anew(fresh_device(&self.platform, None));
        self.note_installation().await?;
        for sha256 in files {
            self.files.delete(sha256).await?;
        }
        Ok(())
    }

    /// Sends unsent work under the device's own key, for when its person cannot sign in any more. It
    /// takes no effect by itself: somebody at the agency decides about it.
    ///
    /// # Errors
    /// [`ClientError::Server`] if it was broken off, of which what arrived is kept; or storage failed.
    pub async fn deposit(&mut self, mut observe: impl FnMut(&Notice)) -> Result<(), ClientError> {
        self.handle(Event::Deposit);
        let mut outcome = Err(ClientError::Server(Failure::Network));
        self.carry_out(&mut |notice| {
            match notice {
                Notice::Deposited => outcome = Ok(()),
                Notice::NotDeposited(failure) => outcome = Err(ClientError::Server(*failure)),
                _ => {}
            }
            observe(notice);
        })
        .await?;
        outcome
    }

    pub(crate) async fn enrol(&mut self, enrolment: &Enrolment) -> Result<Result<(), Failure>, ClientError> {
        let key = self.device_key(enrolment.device).await?;
        let session = self.session.clone().ok_or(ClientError::SignedOut)?;
        let public_key = key.verifying_key().to_bytes();
        match self.transport.enrol(&session, enrolment, &public_key).await {
            Ok(access_token) => {
                self.take_session(Session {
                    access_token,
                    ..session
                })
                .await;
                Ok(Ok(()))
            }
            Err(failure) => Ok(Err(failure)),
        }
    }

    /// The device's name and key, by which it is known without anybody signed in.
    pub(crate) async fn signer(&mut self) -> Result<DeviceSigner, ClientError> {
        let device = self.engine.device().device;
        let key = self.device_key(device).await?;
        Ok(DeviceSigner { device, key })
    }

    /// The key of a device, made when it is enrolled first. One that takes a new name makes a new key,
    /// for the old one is on the other phone too.
    async fn device_key(&mut self, device: DeviceId) -> Result<SigningKey, ClientError> {
        let name = format!("device_key/{device}");
        if let Some(stored) = self.store.read_value(&name).await? {
            let bytes = <[u8; 32]>::try_from(stored).map_err(|_| ClientError::Corrupt("device key"))?;
            return Ok(SigningKey::from_bytes(&bytes));
        }
        let key = SigningKey::from_bytes(&self.platform.random());
        self.store.write_value(&name, Some(&key.to_bytes())).await?;
        Ok(key)
    }

    pub(crate) async fn refresh(&mut self) -> Result<Result<(), Failure>, ClientError> {
        let session = self.session.clone().ok_or(ClientError::SignedOut)?;
        match self.transport.refresh(&session).await {
            Ok(renewed) => {
                let session = Session {
                    access_token: renewed.access_token.expose().to_owned(),
                    refresh_token: renewed.refresh_token.expose().to_owned(),
                    ..session
                };
                self.take_session(session).await;
                Ok(Ok(()))
            }
            Err(failure) => Ok(Err(failure)),
        }
    }

    async fn write_session(&mut self, session: &Session) -> Result<(), ClientError> {
        let bytes = serde_json::to_vec(session).map_err(|_| ClientError::Corrupt("session"))?;
        self.store
            .write_value(SERVER, Some(session.server.as_bytes()))
            .await?;
        self.store.write_value(SESSION, Some(&bytes)).await?;
        Ok(())
    }

    /// Goes on with other tokens. The server has used the former ones up, so these hold whether or not there is room
    /// for them; until there is, they are written again and again.
    async fn take_session(&mut self, session: Session) {
        self.session = Some(session);
        self.is_session_unsaved = true;
        self.save_session().await;
    }

    /// Writes tokens down that could not be written down before.
    pub(crate) async fn save_session(&mut self) {
        if !self.is_session_unsaved {
            return;
        }
        if let Some(session) = self.session.clone() {
            self.is_session_unsaved = self.write_session(&session).await.is_err();
        }
    }
}

fn is_unsent(backlog: &Backlog) -> bool {
    backlog.unsent_ops > 0 || backlog.unsent_files > 0
}
