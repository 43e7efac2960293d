//! What use cases work with: storage, time, identifiers and settings.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use haamu_domain::{
    Actor, AgencyId, AuditEvent, AuditId, Code, Decision, JobId, Target, Timestamp, Verb, decide, permits,
};
use haamu_form::Language;
use haamu_store::repo::{audit, jobs};
use haamu_store::{Db, Files, Reach, Tx};
use haamu_sync::Policy;
use haamu_sync::build::MinimumBuilds;
use haamu_sync::frame::MAX_PAGE_BYTES;
use tokio::sync::{Notify, Semaphore};
use uuid::Uuid;

use crate::Error;
use crate::blobs::{ReceiptKeySet, ReceiptKeys, Turns};
use crate::identity::{IdentitySettings, KeySet, TokenKeys, Webauthn};
use crate::keys::{KeyKind, KeyRing};
use crate::ports::{Clock, MailPort, Ports, WebPort};
use crate::seal::{Seal, SealKeys};

/// What an operator may set.
#[derive(Clone, Debug)]
pub struct AppSettings {
    /// How long an access token is good.
    pub access_token: Duration,
    /// How long a refresh token is good.
    pub refresh_token: Duration,
    /// The longest file that a device may send, in bytes.
    pub max_file_bytes: u64,
    /// How long what has arrived of a file is kept when nothing more arrives.
    pub staging_expiry: Duration,
    /// How many bytes an agency's uploads under way may take together.
    pub max_staged_bytes: u64,
    /// How many bytes the files of a submission may take, arriving ones included.
    pub max_submission_bytes: u64,
    /// How many bytes an agency's files may take, arriving ones included.
    pub max_agency_bytes: u64,
    /// What is asked of all devices.
    pub policy: Policy,
    /// Older builds are told to update.
    pub min_builds: MinimumBuilds,
    /// About how many bytes a page of the feed has at most.
    pub page_bytes: usize,
    /// How many visits of a round a proposed plan takes.
    pub max_planned_visits: usize,
    /// How long a claim on a background job holds unless its process renews it, in whole seconds.
    pub job_lease: Duration,
    /// What concerns passwords, invitations and attempts.
    pub identity: IdentitySettings,
    /// The server's address as people reach it, without a slash at its end; links in mails lead there.
    pub public_url: String,
    /// The language of mails to people whose language is not known.
    pub language: Language,
}

impl Default for AppSettings {
    fn default() -> Self {
        Self {
            access_token: Duration::from_secs(15 * 60),
            refresh_token: Duration::from_secs(30 * 24 * 3600),
            max_file_bytes: 20 * 1024 * 1024,
            staging_expiry: Duration::from_secs(7 * 24 * 3600),
            max_staged_bytes: 20 * 1024 * 1024 * 1024,
            max_submission_bytes: 500 * 1024 * 1024,
            max_agency_bytes: 1024 * 1024 * 1024 * 1024,
            policy: Policy::default(),
            min_builds: MinimumBuilds::default(),
            page_bytes: MAX_PAGE_BYTES,
            max_planned_visits: 5_000,
            job_lease: Duration::from_secs(60),
            identity: IdentitySettings::default(),
            public_url: "http://localhost:8080".to_owned(),
            language: Language::default(),
        }
    }
}

/// The use cases of one server process. Cloning is cheap.
#[derive(Clone)]
pub struct App {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) db: Db,
    pub(crate) files: Files,
    pub(crate) settings: AppSettings,
    pub(crate) clock: Box<dyn Clock>,
    pub(crate) tokens: TokenKeys,
    pub(crate) receipts: ReceiptKeys,
    pub(crate) seal: SealKeys,
    pub(crate) mail: Box<dyn MailPort>,
    pub(crate) web: Box<dyn WebPort>,
    /// None where the server's address allows no passkeys.
    pub(crate) webauthn: Option<Webauthn>,
    /// Hashing a password takes memory and a core: only a few at a time.
    pub(crate) hashing: Semaphore,
    /// Re-encoding a photo takes memory and a core.
    pub(crate) imaging: Semaphore,
    /// Reading a table takes memory and a core.
    pub(crate) reading: Semaphore,
    /// Working out a plan takes a core for seconds.
    pub(crate) computing: Semaphore,
    pub(crate) turns: Turns,
    jobs_added: Notify,
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("settings", &self.inner.settings)
            .finish_non_exhaustive()
    }
}

impl App {
    /// Puts the use cases on a database and an object store.
    ///
    /// # Errors
    /// The server's signing keys can neither be read nor be made.
    pub async fn new(db: Db, files: Files, settings: AppSettings, ports: Ports) -> Result<Self, Error> {
        let Ports { clock, mail, web } = ports;
        let tokens = KeyRing::load_or_create(&files, KeyKind::Tokens, KeySet::read).await?;
        let receipts = KeyRing::load_or_create(&files, KeyKind::Receipts, ReceiptKeySet::read).await?;
        let seal = KeyRing::load_or_create(&files, KeyKind::Seal, Seal::read).await?;
        let webauthn = crate::identity::webauthn(&settings.public_url);
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let inner = Inner {
            db,
            files,
            settings,
            clock,
            tokens,
            receipts,
            seal,
            mail,
            web,
            webauthn,
            hashing: Semaphore::new(cores),
            imaging: Semaphore::new(cores),
            reading: Semaphore::new(cores),
            computing: Semaphore::new(1),
            turns: Turns::default(),
            jobs_added: Notify::new(),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// Whether database and object store answer.
    ///
    /// # Errors
    /// They do not.
    pub async fn check_health(&self) -> Result<(), Error> {
        Ok(self.inner.db.ping().await?)
    }

    /// Waits until a use case of this process has added a job.
    pub async fn job_added(&self) {
        self.inner.jobs_added.notified().await;
    }

    /// Wakes a worker of this process, after a transaction that added a job.
    pub(crate) fn jobs_added(&self) {
        self.inner.jobs_added.notify_one();
    }

    /// What the operator has set.
    #[must_use]
    pub fn settings(&self) -> &AppSettings {
        &self.inner.settings
    }

    /// A fresh UUIDv7: a random number that sorts by time.
    pub(crate) fn fresh_uuid(&self) -> Uuid {
        let millis = self.now().sync_millis();
        uuid::Builder::from_unix_timestamp_millis(millis, &self.inner.clock.entropy()).into_uuid()
    }

    /// Does something in one transaction, with its audit entry. It reaches the actor's agency.
    pub(crate) async fn act<T, F, R>(&self, actor: &Actor, work: F) -> Result<T, Error>
    where
        F: Fn(Tx) -> R,
        R: Future<Output = Result<(T, AuditEvent), Error>>,
    {
        let reach = Reach::Agency(actor.agency);
        self.commit(reach, actor.agency, Some(actor), work).await
    }

    /// Does something that concerns a person in all their agencies, with its audit entry in the actor's one.
    pub(crate) async fn act_across<T, F, R>(&self, actor: &Actor, work: F) -> Result<T, Error>
    where
        F: Fn(Tx) -> R,
        R: Future<Output = Result<(T, AuditEvent), Error>>,
    {
        self.commit(Reach::Server, actor.agency, Some(actor), work).await
    }

    /// Does something that no person asked for in one transaction, with its audit entry.
    pub(crate) async fn act_alone<T, F, R>(&self, agency: AgencyId, work: F) -> Result<T, Error>
    where
        F: Fn(Tx) -> R,
        R: Future<Output = Result<(T, AuditEvent), Error>>,
    {
        self.commit(Reach::Agency(agency), agency, None, work).await
    }

    /// The same for what concerns a person in all their agencies.
    pub(crate) async fn act_alone_across<T, F, R>(&self, agency: AgencyId, work: F) -> Result<T, Error>
    where
        F: Fn(Tx) -> R,
        R: Future<Output = Result<(T, AuditEvent), Error>>,
    {
        self.commit(Reach::Server, agency, None, work).await
    }

    async fn commit<T, F, R>(
        &self,
        reach: Reach,
        agency: AgencyId,
        actor: Option<&Actor>,
        work: F,
    ) -> Result<T, Error>
    where
        F: Fn(Tx) -> R,
        R: Future<Output = Result<(T, AuditEvent), Error>>,
    {
        let work = &work;
        let done = self
            .inner
            .db
            .write(reach, |tx: Tx| async move {
                let (value, event) = work(tx.clone()).await?;
                let id = AuditId::from_uuid(self.fresh_uuid());
                audit::insert(&tx, id, agency, actor, &event, self.now()).await?;
                Ok::<T, Error>(value)
            })
            .await?;
        self.inner.jobs_added.notify_one();
        Ok(done)
    }

    /// Reads what an agency has in one transaction.
    pub(crate) async fn look<T, F, R>(&self, agency: AgencyId, work: F) -> Result<T, Error>
    where
        F: Fn(Tx) -> R,
        R: Future<Output = Result<T, Error>>,
    {
        self.inner.db.read(Reach::Agency(agency), work).await
    }

    /// Reads in one transaction what has to be found before the agency is known, or in all agencies.
    pub(crate) async fn look_across<T, F, R>(&self, work: F) -> Result<T, Error>
    where
        F: Fn(Tx) -> R,
        R: Future<Output = Result<T, Error>>,
    {
        self.inner.db.read(Reach::Server, work).await
    }

    /// Puts a job into the queue, in the transaction that makes it necessary.
    pub(crate) async fn enqueue(
        &self,
        tx: &Tx,
        agency: AgencyId,
        job: &crate::jobs::Job,
        run_after: Timestamp,
    ) -> Result<(), Error> {
        let new = self.new_job(agency, job, run_after)?;
        Ok(jobs::enqueue(tx, &new, self.now()).await?)
    }

    /// A job as a row for the queue.
    pub(crate) fn new_job(
        &self,
        agency: AgencyId,
        job: &crate::jobs::Job,
        run_after: Timestamp,
    ) -> Result<jobs::NewJob, Error> {
        let payload = serde_json::to_string(job).map_err(|error| Error::internal("write a job", error))?;
        Ok(jobs::NewJob {
            id: JobId::from_uuid(self.fresh_uuid()),
            agency,
            kind: job.kind(),
            dedup_key: payload.clone(),
            payload,
            run_after,
        })
    }
}

/// Refuses what the policy does not allow. What is out of reach does not exist for the actor.
pub(crate) fn require(actor: &Actor, verb: Verb, target: &Target, what: &'static str) -> Result<(), Error> {
    match decide(actor, verb, target) {
        Decision::Allowed => Ok(()),
        Decision::RoleForbids => Err(Error::refused(Code::Forbidden)),
        Decision::Limited => Err(limited(actor)),
        Decision::OutOfScope => Err(Error::not_found(what)),
    }
}

/// Refuses what the actor's role, session or token may not do to anything at all.
///
/// # Errors
/// [`Code::Forbidden`], [`Code::SecondFactorRequired`] or [`Code::ScopeMissing`].
pub(crate) fn require_permitted(actor: &Actor, verb: Verb) -> Result<(), Error> {
    match permits(actor, verb) {
        Decision::Allowed | Decision::OutOfScope => Ok(()),
        Decision::RoleForbids => Err(Error::refused(Code::Forbidden)),
        Decision::Limited => Err(limited(actor)),
    }
}

/// A refusal of what the role may do, and this session or token may not.
fn limited(actor: &Actor) -> Error {
    Error::refused(if actor.token.is_some() {
        Code::ScopeMissing
    } else {
        Code::SecondFactorRequired
    })
}

/// Refuses what the actor's role may not do to anything of the agency.
pub(crate) fn require_in_agency(actor: &Actor, verb: Verb) -> Result<(), Error> {
    require(actor, verb, &Target::agency(actor.agency), "thing")
}

/// A page of a list: the items, and the id after which the next page starts.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The items, by id.
    pub items: Vec<T>,
    /// The id of the last item, if there are more.
    pub next: Option<Uuid>,
}

impl<T> Page<T> {
    pub(crate) fn new(items: Vec<T>, has_more: bool, id: impl Fn(&T) -> Uuid) -> Self {
        let next = items.last().filter(|_| has_more).map(id);
        Self { items, next }
    }

    /// The page with its items turned into something else.
    #[must_use]
    pub fn map<U>(self, turn: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(turn).collect(),
            next: self.next,
        }
    }
}

/// How many items a page has.
pub(crate) const PAGE_SIZE: u64 = 100;
