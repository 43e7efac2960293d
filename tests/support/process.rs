//! The program `haamu` as processes, which can be killed.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// A process that takes longer than this hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program: `HAAMU_BIN`, or what was built beside the tests.
fn haamu() -> PathBuf {
    if let Some(named) = std::env::var_os("HAAMU_BIN") {
        return named.into();
    }
    let tests = std::env::current_exe().expect("this program has a path");
    let built = tests
        .parent()
        .and_then(Path::parent)
        .expect("a target folder")
        .join("haamu");
    assert!(
        built.exists(),
        "build the program first: cargo build -p haamu-cli"
    );
    built
}

fn command() -> Command {
    let mut command = Command::new(haamu());
    for (name, _) in
        std::env::vars().filter(|(name, _)| name.starts_with("HAAMU_") || name.starts_with("AWS_"))
    {
        command.env_remove(name);
    }
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// Runs the program to its end.
pub async fn run(arguments: &[&str], input: Option<&Path>) -> Output {
    let mut command = command();
    command.args(arguments);
    if let Some(input) = input {
        command.stdin(std::fs::File::open(input).expect("an input file"));
    }
    timeout(PATIENCE, command.output())
        .await
        .expect("it ends")
        .expect("it starts")
}

/// A server process.
#[derive(Debug)]
pub struct ServerProcess {
    folder: PathBuf,
    environment: Vec<(&'static str, String)>,
    address: String,
    /// The set-up code of a new installation.
    pub setup_code: Option<String>,
    child: Child,
    http: reqwest::Client,
}

impl ServerProcess {
    /// Starts a server with its data below a folder.
    pub async fn start(folder: &Path, mut environment: Vec<(&'static str, String)>) -> Self {
        lift_limits(&mut environment);
        let started = spawn(folder, &environment, "127.0.0.1:0", true).await;
        Self::of(folder, environment, started)
    }

    /// Starts a further server on storage that is set up already, with what is its own below a folder.
    pub async fn join(folder: &Path, mut environment: Vec<(&'static str, String)>) -> Self {
        lift_limits(&mut environment);
        let (child, address, _) = spawn(folder, &environment, "127.0.0.1:0", false).await;
        Self::of(folder, environment, (child, address, None))
    }

    fn of(
        folder: &Path,
        environment: Vec<(&'static str, String)>,
        (child, address, setup_code): (Child, String, Option<String>),
    ) -> Self {
        Self {
            folder: folder.to_owned(),
            environment,
            address,
            setup_code,
            child,
            http: reqwest::Client::new(),
        }
    }

    /// Runs the program to its end with the settings of this server, which may run meanwhile.
    pub async fn run_beside(&self, arguments: &[&str]) -> Output {
        let mut command = command();
        command
            .args(arguments)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .env("HAAMU_DATA_DIR", self.folder.join("data"));
        timeout(PATIENCE, command.output())
            .await
            .expect("it ends")
            .expect("it starts")
    }

    /// Kills the process, as a power cut would.
    pub async fn kill(&mut self) {
        self.child.kill().await.expect("it can be killed");
    }

    /// Starts it again at the same address.
    pub async fn restart(&mut self) {
        let (child, ..) = spawn(&self.folder, &self.environment, &self.address, false).await;
        self.child = child;
    }

    /// Ends the process if it runs, and starts it again with another setting.
    pub async fn restart_with(&mut self, name: &'static str, value: &str) {
        let _ = self.child.kill().await;
        self.environment.retain(|(known, _)| *known != name);
        self.environment.push((name, value.to_owned()));
        self.restart().await;
    }

    /// Its root.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    ///
    /// # Panics
    /// It said something else than an address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address.parse().expect("an address")
    }

    /// The number of the process, while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Calls an operation, which must succeed.
    pub async fn call(&self, method: Method, path: &str, token: &str, body: Option<&Value>) -> Value {
        let (status, value) = self.try_call(method, path, token, body).await.expect("an answer");
        assert!(status.is_success(), "{path}: {status} {value}");
        value
    }

    /// Calls an operation, which may be refused, or not be answered as the process is killed.
    pub async fn try_call(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: Option<&Value>,
    ) -> reqwest::Result<(StatusCode, Value)> {
        let mut request = self
            .http
            .request(method, format!("{}/v1/{path}", self.url()))
            .bearer_auth(token);
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await?;
        let (status, text) = (response.status(), response.text().await?);
        Ok((status, serde_json::from_str(&text).unwrap_or(Value::String(text))))
    }

    /// Posts JSON.
    pub async fn post(&self, path: &str, token: &str, body: &Value) -> Value {
        self.call(Method::POST, path, token, Some(body)).await
    }

    /// Replaces.
    pub async fn put(&self, path: &str, token: &str, body: &Value) -> Value {
        self.call(Method::PUT, path, token, Some(body)).await
    }

    /// Changes.
    pub async fn patch(&self, path: &str, token: &str, body: &Value) -> Value {
        self.call(Method::PATCH, path, token, Some(body)).await
    }

    /// A new shopper who is old enough, by their id.
    pub async fn add_shopper(&self, token: &str, person: &Value) -> String {
        let made = self.post("users", token, person).await;
        let id = made["id"].as_str().expect("an id").to_owned();
        let profile = serde_json::json!({"born_on": "1990-05-17"});
        let _ = self
            .patch(&format!("shoppers/{id}/profile"), token, &profile)
            .await;
        id
    }

    /// Reads.
    pub async fn get(&self, path: &str, token: &str) -> Value {
        self.call(Method::GET, path, token, None).await
    }

    /// Posts a CSV file.
    pub async fn post_csv(&self, path: &str, token: &str, csv: String) -> Value {
        let request = self
            .http
            .post(format!("{}/v1/{path}", self.url()))
            .bearer_auth(token);
        let response = request
            .header("content-type", "text/csv")
            .body(csv)
            .send()
            .await
            .expect("an answer");
        assert!(response.status().is_success(), "{path}: {}", response.status());
        response.json().await.expect("JSON")
    }

    /// Signs in, and hands out the access token.
    pub async fn sign_in(&self, email: &str, password: &str) -> String {
        let body = serde_json::json!({"email": email, "password": password});
        let session = self.post("sessions", "", &body).await;
        session["access_token"].as_str().expect("a token").to_owned()
    }
}

/// Everybody comes from one address here.
fn lift_limits(environment: &mut Vec<(&'static str, String)>) {
    for limit in ["HAAMU_PUBLIC_PER_MINUTE", "HAAMU_CREDENTIALS_PER_MINUTE"] {
        environment.push((limit, "0".to_owned()));
    }
}

async fn spawn(
    folder: &Path,
    environment: &[(&'static str, String)],
    listen: &str,
    is_new: bool,
) -> (Child, String, Option<String>) {
    let log = std::fs::File::options()
        .create(true)
        .append(true)
        .open(folder.join("server.log"));
    let mut child = command()
        .args(["serve", "--listen", listen, "--data-dir"])
        .arg(folder.join("data"))
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stdout(Stdio::piped())
        .stderr(log.expect("a log file"))
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().expect("an output")).lines();
    let (mut address, mut setup_code) = (None, None);
    let read = async {
        while let Some(line) = lines.next_line().await.expect("text") {
            if let Some(found) = line.strip_prefix("Listening on http://") {
                address = Some(found.to_owned());
                if !is_new {
                    break;
                }
            }
            if let Some((_, code)) = line.split_once("administrator: ") {
                setup_code = Some(code.to_owned());
                break;
            }
        }
    };
    timeout(PATIENCE, read).await.expect("it listens in time");
    let log = || std::fs::read_to_string(folder.join("server.log")).unwrap_or_default();
    let address = address.unwrap_or_else(|| panic!("the server did not start: {}", log()));
    (child, address, setup_code)
}

/// A device: one process for each command, one file for its state.
#[derive(Debug)]
pub struct DeviceProcess {
    store: PathBuf,
    password: String,
}

impl DeviceProcess {
    /// A device with its state in a file.
    #[must_use]
    pub fn new(store: PathBuf, password: &str) -> Self {
        Self {
            store,
            password: password.to_owned(),
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command();
        command.arg("device").args(arguments);
        command
            .env("HAAMU_DEVICE", &self.store)
            .env("HAAMU_PASSWORD", &self.password)
            .env("HAAMU_LANG", "en");
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs a command to its end.
    pub async fn try_run(&self, arguments: &[&str]) -> Result<String, String> {
        let output = timeout(PATIENCE, self.command(arguments).output())
            .await
            .expect("it ends")
            .expect("it starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() {
            Ok(text(&output.stdout))
        } else {
            Err(text(&output.stderr) + &text(&output.stdout))
        }
    }

    /// Runs a command that must succeed.
    pub async fn run(&self, arguments: &[&str]) -> String {
        self.try_run(arguments)
            .await
            .unwrap_or_else(|error| panic!("{arguments:?}: {error}"))
    }

    /// Starts a command and kills it after a while; says whether it was killed before its end.
    pub async fn run_killed(&self, arguments: &[&str], after: Duration) -> bool {
        let mut child = self.command(arguments).spawn().expect("it starts");
        if timeout(after, child.wait()).await.is_ok() {
            return false;
        }
        child.kill().await.expect("it can be killed");
        true
    }
}
