//! The real server as the server side of the worlds of `haamu-sim`: the router with real tokens, frames and
//! bodies, on a real database, with its files in memory.
//!
//! Everything of a world happens on one thread, and the world's clock is the server's. What is random in the
//! server is only secret: keys, tokens and the pauses between attempts. So the same plan ends in the same way.
//!
//! What the server does not have, or not in this way, is counted as meaningless or refused:
//! * reviewers write corrections only by adopting work that was set aside, so that is what they do;
//! * a brief changes only when its shopper accepts it, or with what happens to the visit;
//! * a visit is taken away by giving it to somebody else, as long as nothing was handed in;
//! * an evaluation with conflicts is not approved.

mod exchange;
mod inspection;
mod logs;
mod operation;
mod requests;
mod template;
mod trouble;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use axum::Router;
use haamu_app::{
    App, AppSettings, Clock, IdentitySettings, PortFuture, Ports, WebAnswer, WebFailure, WebPort, WebRequest,
};
use haamu_domain::Timestamp;
use haamu_server::HttpSettings;
use haamu_sim::backend::{Session, Terms};
use haamu_sim::{Fault, Invariant, Plan, START};
use haamu_store::Db;
use haamu_store::testing::TestObjects;
use haamu_sync::{Document, DocumentId, Incarnation, OpId};
use sea_orm::DatabaseConnection;
use tokio::runtime::Runtime;

use crate::agency::CHEAP_HASHING;
use crate::database::TestDatabase;
use crate::mail::TestMail;

pub use logs::LogWatch;
pub use template::{Kind, Template};

/// A page of the feed has so many bytes for each entity that the plan puts on one.
const BYTES_OF_AN_ENTITY: usize = 600;

/// The clock of a world's server, which is set with every request.
#[derive(Clone, Debug)]
struct WorldClock {
    millis: Arc<AtomicI64>,
    /// Makes the identifiers of a millisecond different, always in the same way.
    draws: Arc<AtomicU64>,
}

impl WorldClock {
    fn new() -> Self {
        let start = i64::try_from(START).expect("a time");
        Self {
            millis: Arc::new(AtomicI64::new(start)),
            draws: Arc::default(),
        }
    }

    /// Sets the clock to the world's time. Each request has a time of its own, by which the log of the
    /// server can be read in the order of its arrival.
    fn tick(&self, now: u64) {
        let now = i64::try_from(now).expect("a time");
        let before = self.millis.load(Ordering::SeqCst);
        self.millis.store(now.max(before + 1), Ordering::SeqCst);
    }
}

impl Clock for WorldClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.millis.load(Ordering::SeqCst))
    }

    fn entropy(&self) -> [u8; 10] {
        let draw = self.draws.fetch_add(1, Ordering::SeqCst) + 1;
        let mut bytes = [0; 10];
        bytes[2..].copy_from_slice(&draw.to_be_bytes());
        bytes
    }
}

/// What runs, and what it runs on.
struct Running {
    /// Opened before the app, whose timeline is therefore the current one.
    reader: Db,
    /// Sees what is committed and nothing else.
    observer: DatabaseConnection,
    app: App,
    router: Router,
    database: Arc<TestDatabase>,
    objects: TestObjects,
}

/// A visit as the coordinator sees it.
#[derive(Clone, Debug)]
struct Planned {
    document: DocumentId,
    visit: String,
    assignment: String,
    user: usize,
}

/// A backup, with what the world knew when it was made.
struct Backup {
    database: TestDatabase,
    objects: TestObjects,
    operations: BTreeSet<OpId>,
    settled: BTreeMap<DocumentId, Document>,
}

/// The server side of one world.
pub struct RealServer {
    template: Arc<Template>,
    running: Running,
    backup: Option<Backup>,
    clock: WorldClock,
    settings: AppSettings,
    terms: Terms,
    planned: Vec<Planned>,
    /// Contents as they were approved.
    settled: BTreeMap<DocumentId, Document>,
    /// An access token of each person that is no longer good.
    expired: Vec<String>,
    /// Access tokens of the staff by their e-mail, with the time when they were obtained.
    staff: BTreeMap<String, (String, i64)>,
    /// Counts sign-ins.
    families: u64,
    /// Counts processes.
    starts: u8,
    /// Counts restores: every other one finds the objects of the present.
    restores: u32,
    /// Counts requests: jobs are done now and then.
    requests: u64,
    /// Whether its storage has failed in this world.
    was_troubled: bool,
    /// Whether something on the way takes small bodies only.
    is_small: bool,
    /// Whether parts carry a digest of their own, as those of our client do.
    has_digests: bool,
    /// Whether every exchange is printed.
    is_traced: bool,
    /// Refresh tokens that were given out.
    secrets: Vec<String>,
    violations: Vec<(Invariant, String)>,
    /// Last, for everything else ends on it.
    runtime: Runtime,
}

impl RealServer {
    /// A server for the world of a plan.
    #[must_use]
    pub fn start(template: &Arc<Template>, plan: &Plan) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let clock = WorldClock::new();
        let settings = AppSettings {
            page_bytes: BYTES_OF_AN_ENTITY * usize::from(plan.setting.page.max(1)),
            ..settings()
        };
        let users = usize::from(plan.setting.users.max(1));
        let running = runtime.block_on(async {
            let database = template.database().copy().await;
            Running::start(
                Arc::new(database),
                TestObjects::default(),
                &clock,
                settings.clone(),
                0,
            )
            .await
        });
        let mut server = Self {
            template: Arc::clone(template),
            running,
            backup: None,
            clock,
            settings,
            terms: template.terms(users),
            planned: Vec::new(),
            settled: BTreeMap::new(),
            expired: Vec::new(),
            staff: BTreeMap::new(),
            families: 0,
            starts: 0,
            restores: 0,
            requests: 0,
            was_troubled: false,
            is_small: plan.faults.contains(&Fault::SmallBodies),
            has_digests: !plan.setting.json,
            is_traced: std::env::var_os("HAAMU_SIM_TRACE").is_some(),
            secrets: Vec::new(),
            violations: Vec::new(),
            runtime,
        };
        server.prepare_trouble();
        server.expire_tokens(users);
        for number in 0..usize::from(plan.setting.documents.max(1)) {
            server.plan_visit(number % users);
        }
        server.make_backup();
        server
    }

    /// Notes that something does not hold.
    fn violated(&mut self, invariant: Invariant, what: String) {
        self.violations.push((invariant, what));
    }

    /// Whether its storage fails at the moment.
    fn is_troubled(&self) -> bool {
        self.running.objects.is_failing()
    }

    /// The access token that a device shows.
    fn shown(&self, session: &Session) -> String {
        if session.is_valid {
            session.access.clone()
        } else {
            self.expired[session.user].clone()
        }
    }

    /// Puts a new process on a database and an object store, in place of the present one.
    fn begin(&mut self, database: Arc<TestDatabase>, objects: TestObjects) {
        self.starts = self.starts.wrapping_add(1);
        let (clock, settings, starts) = (&self.clock, self.settings.clone(), self.starts);
        self.running = self
            .runtime
            .block_on(Running::start(database, objects, clock, settings, starts));
    }
}

impl Running {
    async fn start(
        database: Arc<TestDatabase>,
        objects: TestObjects,
        clock: &WorldClock,
        settings: AppSettings,
        starts: u8,
    ) -> Self {
        let now = clock.now().millis();
        let open = async |half: u8| {
            let incarnation =
                Incarnation::from_bytes([half, starts, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
            let opened = Db::open(&database.settings(), incarnation, now).await;
            opened.expect("a database")
        };
        let reader = open(1).await;
        let ports = Ports {
            clock: Box::new(clock.clone()),
            mail: Box::new(TestMail::default()),
            web: Box::new(NoWeb),
        };
        let app = App::new(open(2).await, objects.files(), settings, ports);
        let app = app.await.expect("an app");
        Self {
            reader,
            observer: database.connect().await,
            router: haamu_server::router(app.clone(), HttpSettings::default()),
            app,
            objects,
            database,
        }
    }
}

/// Worlds have nobody else in them.
struct NoWeb;

impl WebPort for NoWeb {
    fn send(&self, _: WebRequest) -> PortFuture<'_, Result<WebAnswer, WebFailure>> {
        Box::pin(async { Err(WebFailure("there is no web".to_owned())) })
    }
}

/// Whoever signs in a thousand times does so cheaply.
fn settings() -> AppSettings {
    AppSettings {
        identity: IdentitySettings {
            hashing: CHEAP_HASHING,
            ..IdentitySettings::default()
        },
        ..AppSettings::default()
    }
}

impl fmt::Debug for RealServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RealServer")
            .field("planned", &self.planned)
            .field("starts", &self.starts)
            .finish_non_exhaustive()
    }
}
