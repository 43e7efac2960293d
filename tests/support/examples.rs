//! Examples of the API document: written down from what the suites send and are answered.
//!
//! `HAAMU_WRITE_EXAMPLES=1` makes every successful exchange of a test add what `openapi/examples` still
//! lacks about its operation; what is there stays. A file that has become wrong is deleted first.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use axum::http::{Method, header};
use serde_json::{Map, Value, json};

use crate::server::Answer;

/// Fields whose values open something; examples show only what they look like.
const SECRETS: [&str; 7] = [
    "access_token",
    "refresh_token",
    "token",
    "secret",
    "challenge",
    "ceremony",
    "client_secret",
];
/// So many items of a list are shown.
const MOST_ITEMS: usize = 2;
/// A page is shown up to here, in characters.
const MOST_TEXT: usize = 600;

static IS_WRITING: LazyLock<bool> = LazyLock::new(|| std::env::var_os("HAAMU_WRITE_EXAMPLES").is_some());
static DOCUMENT: LazyLock<Value> = LazyLock::new(document);

/// The API document.
///
/// # Panics
/// It is no JSON.
#[must_use]
pub fn document() -> Value {
    serde_json::from_str(haamu_server::openapi_document()).expect("JSON")
}

/// The folder with a file for each operation.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi/examples")
}

/// Whether a body of this media type can be shown in a document.
#[must_use]
pub fn is_text(media_type: &str) -> bool {
    media_type.ends_with("json") || media_type.starts_with("text/")
}

/// The media type, of those that an operation takes or answers, that an example is wanted of.
#[must_use]
pub fn wanted(body: &Value) -> Option<&str> {
    let content = body["content"].as_object()?;
    content.keys().map(String::as_str).find(|name| is_text(name))
}

/// Adds to an operation's example what this exchange can add, where examples are being written.
pub(crate) fn note(method: &Method, path: &str, request: Option<&(String, Vec<u8>)>, answer: &Answer) {
    if !*IS_WRITING || !answer.status.is_success() {
        return;
    }
    let Some(operation) = find(&DOCUMENT, method, path) else {
        return;
    };
    let id = operation["operationId"].as_str().expect("an id");
    let file = folder().join(format!("{id}.json"));
    let known = std::fs::read_to_string(&file).unwrap_or_else(|_| "{}".to_owned());
    let mut example: Map<String, Value> = serde_json::from_str(&known).expect("an example");
    if !example.contains_key("request")
        && let Some(media_type) = wanted(&operation["requestBody"])
        && let Some((sent, bytes)) = request
        && let Some(value) = read(sent, media_type, bytes)
    {
        example.insert(
            "request".to_owned(),
            json!({"media_type": media_type, "value": shown(id, value)}),
        );
    }
    let status = answer.status.as_u16();
    let response = &operation["responses"][status.to_string()];
    let mut answers = example.get("answers").and_then(Value::as_array).cloned();
    let is_known = |answers: &Vec<Value>| answers.iter().any(|known| known["status"] == status);
    let sent = answer.header(header::CONTENT_TYPE.as_str()).unwrap_or_default();
    if !answers.as_ref().is_some_and(is_known)
        && let Some(media_type) = wanted(response)
        && let Some(value) = read(sent, media_type, &answer.body)
        // An empty list shows nothing.
        && value["items"] != json!([])
    {
        let body = json!({"status": status, "media_type": media_type, "value": shown(id, value)});
        answers.get_or_insert_default().push(body);
    }
    if let Some(answers) = answers {
        example.insert("answers".to_owned(), answers.into());
    }
    let text = serde_json::to_string_pretty(&example).expect("JSON") + "\n";
    if !example.is_empty() && text != known {
        // Other tests look at the same file meanwhile.
        let unfinished = file.with_extension(format!("{:x}", rand::random::<u64>()));
        std::fs::write(&unfinished, text).expect("an example");
        std::fs::rename(unfinished, file).expect("an example");
    }
}

/// The operation that a path leads to: that with the fewest parameters.
fn find<'a>(document: &'a Value, method: &Method, path: &str) -> Option<&'a Value> {
    let path = path.split('?').next().unwrap_or_default();
    let segments: Vec<&str> = path.split('/').collect();
    let matches = |template: &&String| {
        let parts: Vec<&str> = template.split('/').collect();
        let fits = |(part, segment): (&&str, &&str)| part.starts_with('{') || part == segment;
        parts.len() == segments.len() && parts.iter().zip(&segments).all(fits)
    };
    let paths = document["paths"].as_object().expect("paths");
    let template = paths
        .keys()
        .filter(matches)
        .min_by_key(|template| template.matches('{').count())?;
    paths[template].get(method.as_str().to_lowercase())
}

fn read(sent: &str, media_type: &str, bytes: &[u8]) -> Option<Value> {
    let sent = sent.split(';').next().unwrap_or_default().trim();
    if sent != media_type {
        return None;
    }
    let value = match media_type.ends_with("json") {
        true => serde_json::from_slice(bytes).ok()?,
        false => Value::String(String::from_utf8(bytes.to_vec()).ok()?),
    };
    (!value.is_null()).then_some(value)
}

fn shown(operation: &str, mut value: Value) -> Value {
    if operation == "read_openapi" {
        return json!({"openapi": value["openapi"], "info": value["info"], "paths": {}});
    }
    if let Value::String(text) = &mut value
        && let Some((end, _)) = text.char_indices().nth(MOST_TEXT)
    {
        text.truncate(end);
        text.push('…');
    }
    veil(&mut value);
    value
}

/// Shortens lists, and leaves only the form of secrets.
fn veil(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(veil),
        Value::Object(fields) => {
            for (name, field) in fields {
                if name == "items"
                    && let Value::Array(items) = field
                {
                    items.truncate(MOST_ITEMS);
                }
                match field {
                    Value::String(text) if SECRETS.contains(&name.as_str()) => *text = form_of(text),
                    other => veil(other),
                }
            }
        }
        _ => {}
    }
}

fn form_of(secret: &str) -> String {
    let one = |(at, c): (usize, char)| match c.is_ascii_alphanumeric() && at > 5 {
        true => 'x',
        false => c,
    };
    secret.chars().enumerate().map(one).collect()
}
