//! Calls of the HTTP API, as JSON.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::{Response, StatusCode};
use ureq::{Body, http};

/// The API of one server.
#[derive(Debug)]
pub(super) struct Api {
    agent: Agent,
    server: String,
    base: String,
}

/// Somebody signed in.
#[derive(Clone, Debug)]
pub(super) struct Session {
    token: String,
}

impl Session {
    /// Its access token.
    pub(super) fn token(&self) -> &str {
        &self.token
    }
}

impl Api {
    pub(super) fn new(address: &str) -> Self {
        let settings = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)));
        Self {
            agent: Agent::new_with_config(settings.build()),
            server: format!("http://{address}"),
            base: format!("http://{address}/v1"),
        }
    }

    /// The server's address, as a device is given it.
    pub(super) fn server(&self) -> &str {
        &self.server
    }

    /// Signs in.
    pub(super) fn sign_in(&self, email: &str, password: &str) -> Result<Session> {
        let body = json!({"email": email, "password": password});
        let answer = self.send("POST", "sessions", None, "application/json", &body.to_string())?;
        session(&answer)
    }

    /// Sets up the agency and its first administrator.
    pub(super) fn set_up(&self, body: &Value) -> Result<Session> {
        session(&self.send("POST", "setup", None, "application/json", &body.to_string())?)
    }

    /// Sends JSON and reads JSON.
    pub(super) fn post(&self, session: &Session, path: &str, body: &Value) -> Result<Value> {
        self.send("POST", path, Some(session), "application/json", &body.to_string())
    }

    /// Changes something and reads JSON.
    pub(super) fn patch(&self, session: &Session, path: &str, body: &Value) -> Result<Value> {
        self.send(
            "PATCH",
            path,
            Some(session),
            "application/json",
            &body.to_string(),
        )
    }

    /// Sends a document of another type and reads JSON.
    pub(super) fn post_text(
        &self,
        session: &Session,
        path: &str,
        media_type: &str,
        body: &str,
    ) -> Result<Value> {
        self.send("POST", path, Some(session), media_type, body)
    }

    /// Reads JSON.
    pub(super) fn get(&self, session: &Session, path: &str) -> Result<Value> {
        let text = self.get_text(session, path)?;
        serde_json::from_str(&text).with_context(|| format!("GET {path} answered no JSON"))
    }

    /// Reads a document.
    pub(super) fn get_text(&self, session: &Session, path: &str) -> Result<String> {
        let request = self
            .agent
            .get(format!("{}/{path}", self.base))
            .header("authorization", format!("Bearer {}", session.token));
        let answer = request.call().with_context(|| format!("GET {path}"))?;
        read(answer, "GET", path)
    }

    fn send(
        &self,
        method: &str,
        path: &str,
        session: Option<&Session>,
        media_type: &str,
        body: &str,
    ) -> Result<Value> {
        let mut request = http::Request::builder()
            .method(method)
            .uri(format!("{}/{path}", self.base))
            .header("content-type", media_type);
        if let Some(session) = session {
            request = request.header("authorization", format!("Bearer {}", session.token));
        }
        let answer = self
            .agent
            .run(request.body(body.to_owned())?)
            .with_context(|| format!("{method} {path}"))?;
        let text = read(answer, method, path)?;
        if text.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&text).with_context(|| format!("{method} {path} answered no JSON"))
    }
}

/// The body of a success; a failure is an error that says what the server said.
fn read(mut answer: Response<Body>, method: &str, path: &str) -> Result<String> {
    let status: StatusCode = answer.status();
    let text = answer
        .body_mut()
        .with_config()
        .limit(64 * 1024 * 1024)
        .read_to_string()?;
    if status.is_success() {
        Ok(text)
    } else {
        bail!("{method} {path} answered {status}: {text}")
    }
}

fn session(answer: &Value) -> Result<Session> {
    Ok(Session {
        token: text(answer, "access_token")?,
    })
}

/// A text of a JSON object.
pub(super) fn text(object: &Value, key: &str) -> Result<String> {
    let found = object.get(key).and_then(Value::as_str);
    found
        .map(str::to_owned)
        .with_context(|| format!("the answer lacks {key}: {object}"))
}

/// The items of a list.
pub(super) fn items(list: &Value) -> Result<&Vec<Value>> {
    list.get("items")
        .and_then(Value::as_array)
        .with_context(|| format!("the answer is no list: {list}"))
}
