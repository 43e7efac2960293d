//! The run loop: it carries the engine's effects out and feeds their outcome back.

use ed25519_dalek::SigningKey;
use haamu_domain::{Role, UserId};
use haamu_sync::engine::{
    Config, DeviceState, Edit, Effect, Engine, Enrolment, Event, Failure, Notice, Upload, UploadFailure,
};
use haamu_sync::{AuthorId, BlobHash, DeviceId, OpId};
use sha2::{Digest, Sha256};

use crate::ports::{FileStore, LocalStore, Platform, PortError, Transport};
use crate::session::{Credentials, Session};

const SESSION: &str = "session";
const DEVICE_KEY: &str = "device_key";

/// Why the device could not do what its person asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// Storage of the device failed.
    #[error(transparent)]
    Port(#[from] PortError),
    /// Nobody is signed in on this device.
    #[error("nobody is signed in on this device")]
    SignedOut,
    /// The server refused or could not be reached.
    #[error("{}", words(.0))]
    Server(Failure),
    /// Whoever signed in is no shopper.
    #[error("only shoppers work with a device; this person is {0}")]
    NotAShopper(&'static str),
    /// Somebody else's work is on this device.
    #[error("this device holds the work of another person")]
    AnotherPerson,
    /// The edit could not be saved: storage is full or broken. Nothing was changed.
    #[error("the edit could not be saved on this device")]
    NotSaved,
    /// What is stored is not what it should be.
    #[error("the stored {0} cannot be read")]
    Corrupt(&'static str),
}

fn words(failure: &Failure) -> &'static str {
    match failure {
        Failure::Network => "the server cannot be reached",
        Failure::NotOurServer => "what answers there is no Haamu server",
        Failure::Unauthorised => "the e-mail or the password is wrong",
        Failure::Forbidden | Failure::NotEnrolled => "the server does not allow this",
        Failure::UpgradeRequired => "this program is too old for the server",
        Failure::Busy(_) => "the server is busy; try again in a moment",
        Failure::TooLarge | Failure::FrameRefused | Failure::Server => "the server failed",
    }
}

/// How a run of the loop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// Everything is sent and received.
    UpToDate,
    /// An attempt failed; the next one would come by itself.
    Waiting(Failure),
    /// The person must sign in again; recording goes on.
    AuthRequired,
    /// The app must be updated; recording goes on.
    UpgradeRequired,
}

/// A device: the engine with everything that it needs.
#[derive(Debug)]
pub struct Device<S, F, T, P> {
    engine: Engine,
    store: S,
    files: F,
    transport: T,
    platform: P,
    session: Option<Session>,
}

impl<S: LocalStore, F: FileStore, T: Transport, P: Platform> Device<S, F, T, P> {
    /// Opens the device on its storage. At first run it draws its name; the
    /// server learns of it with the first sync.
    ///
    /// # Errors
    /// Storage failed.
    pub async fn open(
        mut store: S,
        files: F,
        transport: T,
        platform: P,
        build: &str,
    ) -> Result<Self, ClientError> {
        let snapshot = store.load().await?;
        let session = read_session(&mut store).await?;
        let config = Config::new(build, platform.random());
        let author = session
            .as_ref()
            .map_or(AuthorId::default(), |session| session.user.author());
        let fresh = DeviceState::new(fresh_device_id(&platform), author);
        let engine = Engine::new(config, snapshot, fresh);
        Ok(Self {
            engine,
            store,
            files,
            transport,
            platform,
            session,
        })
    }

    /// The engine, for reading.
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Who is signed in.
    pub const fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    /// Signs a person in, for whom the device then works.
    ///
    /// # Errors
    /// The server refuses, or another person's work is on the device.
    pub async fn sign_in(&mut self, server: &str, credentials: &Credentials) -> Result<(), ClientError> {
        let signed_in = self
            .transport
            .sign_in(credentials)
            .await
            .map_err(ClientError::Server)?;
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
        if is_new {
            // A device that has recorded nothing yet takes the name of whoever signs in first.
            let row = DeviceState::new(row.device, author);
            self.engine.start_with(row);
        }
        self.session = Some(session);
        self.handle(Event::SignedIn);
        self.carry_out(&mut |_| {}).await?;
        Ok(())
    }

    /// Records an edit. When it returns, the edit is durable.
    ///
    /// # Errors
    /// [`ClientError::NotSaved`]: nothing was changed.
    pub async fn edit(&mut self, edit: Edit) -> Result<OpId, ClientError> {
        if self.session.is_none() {
            return Err(ClientError::SignedOut);
        }
        self.handle(Event::Edit(edit));
        let mut outcome = Err(ClientError::NotSaved);
        self.carry_out(&mut |notice| {
            if let Notice::Saved(op) = notice {
                outcome = Ok(*op);
            }
        })
        .await?;
        outcome
    }

    /// Keeps a file. Its bytes are durable before anything refers to them.
    ///
    /// # Errors
    /// Storage failed.
    pub async fn keep_file(&mut self, bytes: &[u8]) -> Result<BlobHash, ClientError> {
        let sha256 = BlobHash::from_bytes(Sha256::digest(bytes).into());
        self.files.put(sha256, bytes).await?;
        Ok(sha256)
    }

    /// Sends and receives until there is nothing left to do, or an attempt fails.
    ///
    /// # Errors
    /// Storage of the device failed, or nobody is signed in.
    pub async fn sync(&mut self, mut observe: impl FnMut(&Notice)) -> Result<Rest, ClientError> {
        if self.session.is_none() {
            return Err(ClientError::SignedOut);
        }
        self.handle(Event::SyncNow);
        self.run(&mut observe).await
    }

    /// Waits for the next attempt that the engine planned, and makes it.
    ///
    /// # Errors
    /// Storage of the device failed.
    pub async fn retry(&mut self, mut observe: impl FnMut(&Notice)) -> Result<Rest, ClientError> {
        if let Some(at) = self.engine.poll_timeout() {
            self.platform.sleep_until(at).await;
            self.handle(Event::Timeout);
        }
        self.run(&mut observe).await
    }

    async fn run(&mut self, observe: &mut impl FnMut(&Notice)) -> Result<Rest, ClientError> {
        let mut rest = Rest::UpToDate;
        self.carry_out(&mut |notice| {
            match notice {
                Notice::UpToDate => rest = Rest::UpToDate,
                Notice::Retrying(failure) => rest = Rest::Waiting(*failure),
                Notice::AuthRequired => rest = Rest::AuthRequired,
                Notice::UpgradeRequired => rest = Rest::UpgradeRequired,
                _ => {}
            }
            observe(notice);
        })
        .await?;
        Ok(rest)
    }

    fn handle(&mut self, event: Event) {
        self.engine.handle(self.platform.now(), event);
    }

    /// Carries effects out until none is left.
    async fn carry_out(&mut self, observe: &mut impl FnMut(&Notice)) -> Result<(), ClientError> {
        while let Some(effect) = self.engine.poll_effect() {
            let event = match effect {
                Effect::Notify(notice) => {
                    observe(&notice);
                    continue;
                }
                Effect::Commit(id, batch) => match self.store.commit(&batch).await {
                    Ok(()) => Event::Committed(id),
                    Err(_) => Event::CommitFailed(id),
                },
                Effect::Enrol(id, enrolment) => Event::Enrolled(id, self.enrol(&enrolment).await?),
                Effect::Sync(id, request) => {
                    let session = self.session.as_ref().ok_or(ClientError::SignedOut)?;
                    Event::Synced(id, self.transport.sync(session, &request).await.map(Box::new))
                }
                Effect::Upload(id, upload) => Event::Uploaded(id, self.upload(&upload).await?),
                Effect::RefreshAuth(id) => Event::AuthRefreshed(id, self.refresh().await?),
            };
            self.handle(event);
        }
        Ok(())
    }

    async fn enrol(&mut self, enrolment: &Enrolment) -> Result<Result<(), Failure>, ClientError> {
        let key = self.device_key().await?;
        let session = self.session.clone().ok_or(ClientError::SignedOut)?;
        let public_key = key.verifying_key().to_bytes();
        match self.transport.enrol(&session, enrolment, &public_key).await {
            Ok(access_token) => {
                self.write_session(&Session {
                    access_token,
                    ..session
                })
                .await?;
                Ok(Ok(()))
            }
            Err(failure) => Ok(Err(failure)),
        }
    }

    /// The device's own key, made at its first enrolment.
    async fn device_key(&mut self) -> Result<SigningKey, ClientError> {
        if let Some(stored) = self.store.read_value(DEVICE_KEY).await? {
            let bytes = <[u8; 32]>::try_from(stored).map_err(|_| ClientError::Corrupt("device key"))?;
            return Ok(SigningKey::from_bytes(&bytes));
        }
        let key = SigningKey::from_bytes(&self.platform.random());
        self.store.write_value(DEVICE_KEY, Some(&key.to_bytes())).await?;
        Ok(key)
    }

    async fn refresh(&mut self) -> Result<Result<(), Failure>, ClientError> {
        let session = self.session.clone().ok_or(ClientError::SignedOut)?;
        match self.transport.refresh(&session).await {
            Ok(renewed) => {
                let session = Session {
                    access_token: renewed.access_token.expose().to_owned(),
                    refresh_token: renewed.refresh_token.expose().to_owned(),
                    ..session
                };
                self.write_session(&session).await?;
                Ok(Ok(()))
            }
            Err(failure) => Ok(Err(failure)),
        }
    }

    async fn upload(&mut self, upload: &Upload) -> Result<Result<u64, UploadFailure>, ClientError> {
        let Some(bytes) = self.files.read(upload.sha256).await? else {
            return Ok(Err(UploadFailure::LocalDamage));
        };
        let is_whole = bytes.len() as u64 == upload.total
            && BlobHash::from_bytes(Sha256::digest(&bytes).into()) == upload.sha256;
        if !is_whole {
            return Ok(Err(UploadFailure::LocalDamage));
        }
        let start = usize::try_from(upload.offset).unwrap_or(usize::MAX);
        let length = usize::try_from(upload.length).unwrap_or(usize::MAX);
        let Some(part) = bytes.get(start..start.saturating_add(length)) else {
            return Ok(Err(UploadFailure::LocalDamage));
        };
        let session = self.session.as_ref().ok_or(ClientError::SignedOut)?;
        Ok(self.transport.upload(session, upload, part).await)
    }

    async fn write_session(&mut self, session: &Session) -> Result<(), ClientError> {
        let bytes = serde_json::to_vec(session).map_err(|_| ClientError::Corrupt("session"))?;
        self.store.write_value(SESSION, Some(&bytes)).await?;
        self.session = Some(session.clone());
        Ok(())
    }
}

async fn read_session(store: &mut impl LocalStore) -> Result<Option<Session>, ClientError> {
    let Some(bytes) = store.read_value(SESSION).await? else {
        return Ok(None);
    };
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|_| ClientError::Corrupt("session"))
}

fn fresh_device_id(platform: &impl Platform) -> DeviceId {
    let [first, ..] = *platform.random().as_chunks::<16>().0 else {
        return DeviceId::default();
    };
    DeviceId::from_bytes(first)
}

/// The session of a device, read before the device is opened: its server is needed for the transport.
///
/// # Errors
/// Storage failed.
pub async fn stored_session(store: &mut impl LocalStore) -> Result<Option<Session>, ClientError> {
    read_session(store).await
}
