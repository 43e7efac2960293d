//! The run loop: it carries the engine's effects out and feeds their outcome back.

use haamu_sync::engine::{
    Config, DeviceState, Edit, Effect, Engine, Event, Failure, Notice, Snapshot, Upload, UploadFailure,
};
use haamu_sync::{AuthorId, BlobHash, Bytes, DeviceId, OpId};
use sha2::{Digest, Sha256};

pub use crate::error::ClientError;
use crate::ports::{FileStore, LocalStore, Pass, Platform, PortErrorKind, Transport};
use crate::session::Session;
use crate::surroundings::Surroundings;

pub(crate) const SESSION: &str = "session";
/// The server of whoever signed in last; it outlives their session.
pub(crate) const SERVER: &str = "server";
/// What tells this installation from a copy of it.
const INSTALLATION: &str = "installation";
/// Files with this address are sent under the device's own key.
const DEPOSIT_PREFIX: &str = "/v1/deposits/";

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
    pub(crate) engine: Engine,
    pub(crate) store: S,
    pub(crate) files: F,
    pub(crate) transport: T,
    pub(crate) platform: P,
    pub(crate) session: Option<Session>,
    pub(crate) surroundings: Surroundings,
    /// The effect that is being carried out: what it was called from may be dropped meanwhile.
    under_way: Option<Effect>,
    /// Whether the session could not be written down.
    pub(crate) is_session_unsaved: bool,
    /// How the loop ended last: as long as nothing happens, that is how it is.
    rest: Rest,
    build: String,
}

impl<S: LocalStore, F: FileStore, T: Transport, P: Platform> Device<S, F, T, P> {
    /// Opens the device on its storage. At first run it draws its name; the
    /// server learns of it with the first sync. A copy of another machine's
    /// storage takes a new name before anything is written.
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
        let fresh = fresh_device(&platform, session.as_ref());
        let engine = Engine::new(config, snapshot, fresh);
        let mut device = Self {
            engine,
            store,
            files,
            transport,
            platform,
            session,
            surroundings: Surroundings::default(),
            under_way: None,
            is_session_unsaved: false,
            rest: Rest::UpToDate,
            build: build.to_owned(),
        };
        device.find_out_copy().await?;
        Ok(device)
    }

    /// Takes a new name if everything here was copied from another machine.
    async fn find_out_copy(&mut self) -> Result<(), ClientError> {
        let noted = self.store.read_value(INSTALLATION).await?;
        let is_copy = match (&noted, self.platform.installation()) {
            (Some(noted), Some(own)) => *noted != own,
            _ => false,
        };
        if is_copy {
            self.handle(Event::Copied);
            self.carry_out(&mut |_| {}).await?;
        }
        if is_copy || noted.is_none() {
            self.note_installation().await?;
        }
        Ok(())
    }

    pub(crate) async fn note_installation(&mut self) -> Result<(), ClientError> {
        if let Some(own) = self.platform.installation() {
            self.store.write_value(INSTALLATION, Some(&own)).await?;
        }
        Ok(())
    }

    /// Begins with nothing, under a name of its own.
    pub(crate) fn start_anew(&mut self, device: DeviceState) {
        let config = Config::new(&self.build, self.platform.random());
        self.engine = Engine::new(config, Snapshot::default(), device);
        self.under_way = None;
    }

    /// The engine, for reading.
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Who is signed in.
    pub const fn session(&self) -> Option<&Session> {
        self.session.as_ref()
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

    /// Sends and receives until there is nothing left to do, or an attempt fails.
    ///
    /// # Errors
    /// Storage of the device failed, or nobody is signed in.
    pub async fn sync(&mut self, mut observe: impl FnMut(&Notice)) -> Result<Rest, ClientError> {
        if self.session.is_none() {
            return Err(ClientError::SignedOut);
        }
        self.note_surroundings();
        self.handle(Event::SyncNow);
        let rest = self.run(&mut observe).await?;
        if rest == Rest::UpToDate {
            self.fetch_receipts().await?;
        }
        Ok(rest)
    }

    /// Waits for the next attempt that the engine planned, and makes it.
    ///
    /// # Errors
    /// Storage of the device failed.
    pub async fn retry(&mut self, mut observe: impl FnMut(&Notice)) -> Result<Rest, ClientError> {
        if let Some(at) = self.engine.poll_timeout() {
            // A clock of coarse steps may say that it is not time yet, and the engine would wait on.
            while self.platform.now().monotonic < at {
                self.platform.sleep_until(at).await;
            }
            self.handle(Event::Timeout);
        }
        self.run(&mut observe).await
    }

    pub(crate) async fn run(&mut self, observe: &mut impl FnMut(&Notice)) -> Result<Rest, ClientError> {
        let mut rest = self.rest;
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
        self.rest = rest;
        Ok(rest)
    }

    pub(crate) fn handle(&mut self, event: Event) {
        // Whatever carried a request out was dropped, and the request with it.
        if let Some(given_up) = self.under_way.as_ref().and_then(given_up) {
            self.under_way = None;
            self.engine.handle(self.platform.now(), given_up);
        }
        self.engine.handle(self.platform.now(), event);
    }

    /// Carries effects out until none is left.
    ///
    /// It may be dropped at any time, as by an app that goes on without waiting: a commit that was under way is made
    /// once more by the next call, and a request counts as broken off.
    pub(crate) async fn carry_out(&mut self, observe: &mut impl FnMut(&Notice)) -> Result<(), ClientError> {
        loop {
            if self.under_way.is_none() {
                self.under_way = self.engine.poll_effect();
            }
            match &self.under_way {
                None => return Ok(()),
                Some(Effect::Notify(notice)) => {
                    observe(notice);
                    self.under_way = None;
                    continue;
                }
                Some(_) => {}
            }
            let outcome = self.perform().await;
            let effect = self.under_way.take();
            // What cannot even be begun is not begun again and again.
            let event = match &outcome {
                Ok(_) => None,
                Err(_) => effect.as_ref().and_then(given_up),
            };
            if let Some(event) = event {
                self.engine.handle(self.platform.now(), event);
            }
            self.engine.handle(self.platform.now(), outcome?);
            self.save_session().await;
        }
    }

    /// Carries out what is under way, and says what came of it.
    async fn perform(&mut self) -> Result<Event, ClientError> {
        Ok(match &self.under_way {
            Some(Effect::Commit(id, batch)) => match self.store.commit(batch).await {
                Ok(()) => Event::Committed(*id),
                Err(_) => Event::CommitFailed(*id),
            },
            Some(Effect::Sync(id, request)) => {
                let session = self.session.as_ref().ok_or(ClientError::SignedOut)?;
                Event::Synced(*id, self.transport.sync(session, request).await.map(Box::new))
            }
            Some(Effect::Enrol(id, enrolment)) => {
                let (id, enrolment) = (*id, *enrolment);
                Event::Enrolled(id, self.enrol(&enrolment).await?)
            }
            Some(Effect::RefreshAuth(id)) => {
                let id = *id;
                Event::AuthRefreshed(id, self.refresh().await?)
            }
            Some(Effect::Upload(id, upload)) => {
                let (id, upload) = (*id, upload.clone());
                Event::Uploaded(id, self.upload(&upload).await?)
            }
            Some(Effect::Deposit(id, request)) => {
                let (id, request) = (*id, request.clone());
                let signer = self.signer().await?;
                let answer = self.transport.deposit(&signer, &request).await;
                Event::Deposited(id, answer.map(Box::new))
            }
            // Nothing is to be done, and the engine takes this for nothing.
            Some(Effect::Notify(_)) | None => Event::Timeout,
        })
    }

    async fn upload(&mut self, upload: &Upload) -> Result<Result<u64, UploadFailure>, ClientError> {
        let bytes = match self.files.read(upload.sha256).await {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Ok(Err(UploadFailure::LocalDamage)),
            Err(error) if error.kind == PortErrorKind::Temporary => {
                return Ok(Err(UploadFailure::Unreadable));
            }
            // One file that cannot be read keeps no other from being sent.
            Err(_) => return Ok(Err(UploadFailure::LocalDamage)),
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
        let signer;
        let pass = if upload.url.starts_with(DEPOSIT_PREFIX) {
            signer = self.signer().await?;
            Pass::Device(&signer)
        } else {
            Pass::Session(self.session.as_ref().ok_or(ClientError::SignedOut)?)
        };
        let uploaded = match self.transport.upload(pass, upload, part).await {
            Ok(uploaded) => uploaded,
            Err(failure) => return Ok(Err(failure)),
        };
        if let Some(receipt) = uploaded.receipt {
            let receipt = Event::Receipt(upload.sha256, upload.document, Bytes::from(receipt));
            self.engine.handle(self.platform.now(), receipt);
        }
        Ok(Ok(uploaded.offset))
    }
}

/// What becomes of a request whose answer nobody waits for any more. A commit is carried out once more instead.
fn given_up(effect: &Effect) -> Option<Event> {
    const BROKEN: Failure = Failure::Network;
    Some(match effect {
        Effect::Commit(..) | Effect::Notify(_) => return None,
        Effect::Enrol(id, _) => Event::Enrolled(*id, Err(BROKEN)),
        Effect::Sync(id, _) => Event::Synced(*id, Err(BROKEN)),
        Effect::Deposit(id, _) => Event::Deposited(*id, Err(BROKEN)),
        Effect::Upload(id, _) => Event::Uploaded(*id, Err(UploadFailure::Request(BROKEN))),
        Effect::RefreshAuth(id) => Event::AuthRefreshed(*id, Err(BROKEN)),
    })
}

async fn read_session(store: &mut impl LocalStore) -> Result<Option<Session>, ClientError> {
    let Some(bytes) = store.read_value(SESSION).await? else {
        return Ok(None);
    };
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|_| ClientError::Corrupt("session"))
}

/// The row of a device that starts for the first time.
pub(crate) fn fresh_device(platform: &impl Platform, session: Option<&Session>) -> DeviceState {
    let author = session.map_or(AuthorId::default(), |session| session.user.author());
    let [first, ..] = *platform.random().as_chunks::<16>().0 else {
        return DeviceState::new(DeviceId::default(), author);
    };
    DeviceState::new(DeviceId::from_bytes(first), author)
}

/// The server of whoever signed in last, read before the device is opened: the transport needs it.
///
/// # Errors
/// Storage failed.
pub async fn stored_server(store: &mut impl LocalStore) -> Result<Option<String>, ClientError> {
    let stored = store.read_value(SERVER).await?;
    let text = stored.map(String::from_utf8).transpose();
    text.map_err(|_| ClientError::Corrupt("server address"))
}
