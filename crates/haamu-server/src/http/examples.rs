//! Examples of the API document: what was sent and answered once, kept in `openapi/examples`.

use std::collections::{BTreeMap, HashMap};

use haamu_domain::{Code, LocalDate};
use haamu_wire::{IssueOut, ObstacleOut, Problem};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::openapi::example::{Example, ExampleBuilder};
use utoipa::openapi::path::Operation;
use utoipa::openapi::{Content, OpenApi, Ref, RefOr};

use super::problem::{TYPE_PREFIX, status_of};
use super::route::operations;

/// Name and text of each file.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/examples.rs"));

/// An operation's example, as its file holds it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Recorded {
    /// What is sent, if there is a body that can be shown as text.
    request: Option<Sent>,
    /// What is answered, likewise.
    #[serde(default)]
    answers: Vec<Answered>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    media_type: String,
    value: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answered {
    status: u16,
    media_type: String,
    value: Value,
}

/// Adds to every operation the example that its file holds, and the examples of problems.
pub(super) fn attach(document: &mut OpenApi) {
    let files: HashMap<&str, &str> = FILES.iter().copied().collect();
    for item in document.paths.paths.values_mut() {
        for operation in operations(item) {
            let id = operation.operation_id.as_deref().unwrap_or_default();
            let recorded = files.get(id).and_then(|text| serde_json::from_str(text).ok());
            if let Some(recorded) = recorded {
                show(operation, recorded);
            }
        }
    }
    let problems = Code::ALL.iter().map(|code| {
        let example = ExampleBuilder::new()
            .summary(code.title())
            .value(Some(problem(*code)))
            .build();
        (name_of(*code), RefOr::T(example))
    });
    let components = document.components.get_or_insert_default();
    components.examples = problems.collect();
}

fn show(operation: &mut Operation, recorded: Recorded) {
    if let Some(sent) = recorded.request
        && let Some(RefOr::T(request)) = &mut operation.request_body
        && let Some(content) = request.content.get_mut(&sent.media_type)
    {
        put(content, sent.value);
    }
    for answered in recorded.answers {
        let status = answered.status.to_string();
        if let Some(RefOr::T(response)) = operation.responses.responses.get_mut(&status)
            && let Some(content) = response.content.get_mut(&answered.media_type)
        {
            put(content, answered.value);
        }
    }
}

fn put(content: &mut RefOr<Content>, value: Value) {
    if let RefOr::T(content) = content {
        content.example = Some(value);
    }
}

/// References to the examples of these codes.
pub(super) fn of_problems(codes: &[Code]) -> BTreeMap<String, RefOr<Example>> {
    let reference = |code: &Code| {
        let to = format!("#/components/examples/{}", name_of(*code));
        (code.as_str().to_owned(), RefOr::Ref(Ref::new(to)))
    };
    codes.iter().map(reference).collect()
}

fn name_of(code: Code) -> String {
    format!("problem_{}", code.as_str())
}

/// What a problem with this code looks like.
fn problem(code: Code) -> Value {
    let mut problem = Problem {
        kind: format!("{TYPE_PREFIX}{}", code.as_str()),
        title: code.title().to_owned(),
        status: status_of(code).as_u16(),
        code: code.as_str().to_owned(),
        detail: None,
        request_id: Some("6f1c2d9a0b7e4835".to_owned()),
        issues: Vec::new(),
        min_build: None,
        obstacles: Vec::new(),
    };
    match code {
        Code::ValidationFailed => problem.issues.push(IssueOut {
            path: "name".to_owned(),
            code: "required".to_owned(),
            message: "a name".to_owned(),
        }),
        Code::ChecklistUnsound => problem.issues.push(IssueOut {
            path: "sections[0].questions[2].points".to_owned(),
            code: "out_of_range".to_owned(),
            message: "at most 1000".to_owned(),
        }),
        Code::NotEligible => problem.obstacles.push(ObstacleOut {
            code: "rotation".to_owned(),
            allowed_from: LocalDate::parse("2027-02-19"),
            detail: None,
            days: None,
        }),
        Code::UpgradeRequired => problem.min_build = Some("android/120".to_owned()),
        Code::WrongOffset => problem.detail = Some("262144".to_owned()),
        _ => {}
    }
    json!(problem)
}
