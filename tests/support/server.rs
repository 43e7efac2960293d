//! A server in this process, with a clock that the test moves.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use haamu_app::{App, AppSettings, Clock, Ports};
use haamu_domain::Timestamp;
use haamu_server::{HttpSettings, Web};
use haamu_store::{Db, FileSettings, Files, StatementCount};
use haamu_sync::Incarnation;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

use crate::agency::{self, Origin, PASSWORD, Person, Scene, TestAgency};
use crate::database::TestDatabase;
use crate::examples;
use crate::mail::TestMail;

/// When tests begin: a Friday afternoon in Finland.
const START: &str = "2026-11-20T12:00:00Z";

/// A clock that stands still until it is moved.
#[derive(Clone, Debug)]
pub struct TestClock(Arc<AtomicI64>);

impl Default for TestClock {
    fn default() -> Self {
        let start: jiff::Timestamp = START.parse().expect("a time");
        Self(Arc::new(AtomicI64::new(start.as_millisecond())))
    }
}

impl TestClock {
    /// Milliseconds since 1970.
    #[must_use]
    pub fn millis(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    /// Moves on.
    pub fn advance_seconds(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.millis())
    }
}

/// A server with two agencies, of which no one may see anything of the other.
#[derive(Debug)]
pub struct TestServer {
    /// The use cases.
    pub app: App,
    /// The clock of the server, and of devices.
    pub clock: TestClock,
    /// The mails that were sent.
    pub mail: TestMail,
    /// The agency of most tests.
    pub north: TestAgency,
    /// The other one.
    pub south: TestAgency,
    /// The server's routes.
    pub router: Router,
    tokens: Mutex<HashMap<String, String>>,
    /// The database; none where the server was started without people.
    pub database: TestDatabase,
    /// How many statements the database was given.
    pub statements: StatementCount,
    folder: TempDir,
}

impl TestServer {
    /// A server with its two agencies.
    pub async fn start(database: TestDatabase) -> Self {
        Self::start_with(database, AppSettings::default()).await
    }

    /// A server with other settings.
    pub async fn start_with(database: TestDatabase, settings: AppSettings) -> Self {
        Self::start_from(database, settings, Origin::default()).await
    }

    /// A server with people of this origin.
    pub async fn start_from(database: TestDatabase, settings: AppSettings, mut origin: Origin) -> Self {
        let clock = TestClock::default();
        let incarnation = Incarnation::from_bytes(rand::random());
        let db = Db::open(&database.settings(), incarnation, clock.millis())
            .await
            .expect("a database");
        let statements = db.statements();
        let north = agency::insert(&db, "north", &mut origin, clock.now()).await;
        let south = agency::insert(&db, "south", &mut origin, clock.now()).await;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let objects = FileSettings::Folder(folder.path().join("objects"));
        let files = Files::open(&objects, &incarnation.to_string())
            .await
            .expect("an object store");
        let mail = TestMail::default();
        let ports = Ports {
            clock: Box::new(clock.clone()),
            mail: Box::new(mail.clone()),
            web: Box::new(Web::new().expect("a client")),
        };
        let app = App::new(db, files, settings, ports).await.expect("an app");
        Self {
            router: haamu_server::router(app.clone(), HttpSettings::default()),
            app,
            clock,
            mail,
            north,
            south,
            tokens: Mutex::default(),
            database,
            statements,
            folder,
        }
    }

    /// The folder of its files.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Begins a request.
    pub fn request(&self, method: Method, path: &str) -> Call<'_> {
        Call {
            server: self,
            method,
            path: path.to_owned(),
            headers: HeaderMap::new(),
            body: Body::empty(),
            sent: None,
        }
    }

    /// Begins reading.
    pub fn get(&self, path: &str) -> Call<'_> {
        self.request(Method::GET, path)
    }

    /// What somebody reads.
    ///
    /// # Panics
    /// They are refused.
    pub async fn read(&self, path: &str, person: &Person) -> Value {
        self.get(path).by(person).await.send().await.ok()
    }

    /// The items of a list that somebody reads.
    ///
    /// # Panics
    /// They are refused, or it is no list.
    pub async fn list(&self, path: &str, person: &Person) -> Vec<Value> {
        let listed = self.read(path, person).await;
        listed["items"].as_array().expect("items").clone()
    }

    /// The evaluation of a visit, as its reviewer sees it.
    pub async fn evaluation(&self, scene: &Scene) -> Value {
        let path = format!("/v1/visits/{}/evaluation", scene.visit);
        self.read(&path, self.north.reviewer()).await
    }

    /// Begins posting JSON.
    #[expect(clippy::needless_pass_by_value, reason = "tests write the body in place")]
    pub fn post(&self, path: &str, body: Value) -> Call<'_> {
        self.request(Method::POST, path).json(&body)
    }

    /// An access token of a person; they sign in the first time.
    pub async fn token(&self, person: &Person) -> String {
        let known = self
            .tokens
            .lock()
            .expect("not poisoned")
            .get(&person.email)
            .cloned();
        if let Some(token) = known {
            return token;
        }
        let session = self.sign_in(person).await;
        let token = session["access_token"].as_str().expect("a token").to_owned();
        self.tokens
            .lock()
            .expect("not poisoned")
            .insert(person.email.clone(), token.clone());
        token
    }

    /// A new session of a person.
    pub async fn sign_in(&self, person: &Person) -> Value {
        let body = json!({"email": person.email, "password": PASSWORD});
        self.post("/v1/sessions", body).send().await.created()
    }

    /// Forgets who is signed in, as when tokens have run out.
    pub fn forget_tokens(&self) {
        self.tokens.lock().expect("not poisoned").clear();
    }

    /// Does all jobs that are due.
    pub async fn run_jobs(&self) {
        while self.app.run_next_job().await.expect("jobs can be claimed") {}
    }

    /// Does all jobs that are due, each of them twice at once, as when a claim is lost and its process goes on.
    pub async fn run_jobs_doubly(&self) {
        while let Some(claimed) = self.app.claim_job().await.expect("jobs can be claimed") {
            let (one, other) = tokio::join!(self.app.do_job(&claimed), self.app.do_job(&claimed));
            one.and(other).expect("outcomes can be noted");
        }
    }

    /// Listens on a free port of this machine, for as long as the test's runtime lasts.
    pub async fn listen(&self) -> SocketAddr {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let address = listener.local_addr().expect("an address");
        let router = self.router.clone();
        tokio::spawn(async move { axum::serve(listener, router).await });
        address
    }
}

/// A request under way.
#[derive(Debug)]
#[must_use]
pub struct Call<'a> {
    server: &'a TestServer,
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Body,
    /// Media type and bytes of the body, where they are known beforehand.
    sent: Option<(String, Vec<u8>)>,
}

impl Call<'_> {
    /// Signed by a person.
    pub async fn by(self, person: &Person) -> Self {
        let token = self.server.token(person).await;
        self.bearer(&token)
    }

    /// With an access token.
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// With a header.
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        let value = HeaderValue::from_str(value).expect("a header's value");
        self.headers.insert(HeaderName::from_static(name), value);
        self
    }

    /// With a JSON body.
    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string().into_bytes())
    }

    /// With a body.
    pub fn body(self, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let bytes = body.into();
        let mut call = self.stream(media_type, Body::from(bytes.clone()));
        call.sent = Some((media_type.to_owned(), bytes));
        call
    }

    /// With a body that may arrive in any way.
    pub fn stream(self, media_type: &str, body: Body) -> Self {
        let mut call = self.header("content-type", media_type);
        call.body = body;
        call
    }

    /// Sends it.
    pub async fn send(self) -> Answer {
        let shown = format!("{} {}", self.method, self.path);
        let mut request = Request::new(self.body);
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.path.parse().expect("a path");
        *request.headers_mut() = self.headers;
        let response = self
            .server
            .router
            .clone()
            .oneshot(request)
            .await
            .expect("the router answers");
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("a whole body");
        let answer = Answer {
            shown,
            status: parts.status,
            headers: parts.headers,
            body: body.to_vec(),
        };
        examples::note(&self.method, &self.path, self.sent.as_ref(), &answer);
        answer
    }
}

/// What the server answered.
#[derive(Debug)]
pub struct Answer {
    shown: String,
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{}: {error}: {}", self.shown, self.text()))
    }

    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The JSON of a 200.
    #[track_caller]
    #[must_use]
    pub fn ok(self) -> Value {
        self.expect(StatusCode::OK).json()
    }

    /// The JSON of a 201.
    #[track_caller]
    #[must_use]
    pub fn created(self) -> Value {
        self.expect(StatusCode::CREATED).json()
    }

    /// The answer, which must have this status.
    #[track_caller]
    #[must_use]
    pub fn expect(self, status: StatusCode) -> Self {
        assert_eq!(self.status, status, "{}: {}", self.shown, self.text());
        self
    }

    /// The code of a problem, which must be one with this status.
    #[track_caller]
    #[must_use]
    pub fn problem(self, status: u16) -> String {
        let media_type = self.header(header::CONTENT_TYPE.as_str()).map(str::to_owned);
        let problem = self
            .expect(StatusCode::from_u16(status).expect("a status"))
            .json();
        assert_eq!(media_type.as_deref(), Some("application/problem+json"));
        assert_eq!(problem["status"], status);
        problem["code"].as_str().expect("a code").to_owned()
    }

    /// The code of a problem, and `path code` of its issues.
    #[track_caller]
    #[must_use]
    pub fn issues(self, status: u16) -> Vec<String> {
        let body = self.json();
        let _ = self.problem(status);
        let issues = body["issues"].as_array().cloned().unwrap_or_default();
        let one = |issue: &Value| {
            format!(
                "{} {}",
                issue["path"].as_str().unwrap_or_default(),
                issue["code"].as_str().unwrap_or_default()
            )
        };
        issues.iter().map(one).collect()
    }
}
