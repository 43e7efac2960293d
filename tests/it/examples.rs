//! Every operation of the API document has an example, and every example is what the schemas say.

use std::collections::BTreeSet;

use haamu_tests::examples::{document, folder, is_text, wanted};
use serde_json::{Map, Value, json};

const HOW_TO: &str = "An example is an exchange that a test had: write a test of the operation that succeeds, run it with \
    HAAMU_WRITE_EXAMPLES=1, which writes openapi/examples/<operationId>.json, then `cargo xtask openapi`. A file \
    that has become wrong is deleted first.";

/// Every operation, with its name.
fn operations(document: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let items = document["paths"].as_object().expect("paths").values();
    let all = items.flat_map(|item| item.as_object().expect("operations").values());
    all.map(|operation| (operation["operationId"].as_str().expect("an id"), operation))
}

/// What an operation takes and answers: where, the media type, and what is said about it.
fn contents(operation: &Value) -> Vec<(String, &str, &Value)> {
    let mut all = Vec::new();
    let responses = operation["responses"].as_object().expect("responses");
    let bodies = responses.iter().map(|(status, body)| (status.as_str(), body));
    for (of, body) in bodies.chain([("the request", &operation["requestBody"])]) {
        for (media_type, content) in body["content"].as_object().into_iter().flatten() {
            all.push((of.to_owned(), media_type.as_str(), content));
        }
    }
    all
}

/// A schema with the components that it leads to, and no others.
fn closed(document: &Value, schema: &Value) -> Value {
    let mut components = Map::new();
    let mut waiting = vec![schema];
    while let Some(value) = waiting.pop() {
        match value {
            Value::Object(fields) => {
                let name = fields.get("$ref").and_then(Value::as_str);
                let name = name.and_then(|name| name.strip_prefix("#/components/schemas/"));
                if let Some(name) = name
                    && !components.contains_key(name)
                {
                    let found = &document["components"]["schemas"][name];
                    assert!(found.is_object(), "there is no schema {name}");
                    components.insert(name.to_owned(), found.clone());
                    waiting.push(found);
                }
                waiting.extend(fields.values());
            }
            Value::Array(items) => waiting.extend(items),
            _ => {}
        }
    }
    let mut closed = json!({"components": {"schemas": components}});
    let fields = schema.as_object().expect("a schema").clone();
    closed.as_object_mut().expect("an object").extend(fields);
    closed
}

fn complaints(document: &Value, schema: &Value, example: &Value) -> Vec<String> {
    let validator = jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&closed(document, schema))
        .expect("a schema");
    let complaint = |error: jsonschema::ValidationError<'_>| format!("{} {error}", error.instance_path());
    validator.iter_errors(example).map(complaint).collect()
}

#[test]
fn every_operation_has_examples() {
    let document = document();
    let mut missing = Vec::new();
    for (id, operation) in operations(&document) {
        let responses = operation["responses"].as_object().expect("responses");
        let successes = responses.iter().filter(|(status, _)| status.starts_with('2'));
        let bodies = successes.map(|(status, body)| (status.as_str(), body));
        for (of, body) in bodies.chain([("the request", &operation["requestBody"])]) {
            if let Some(media_type) = wanted(body)
                && body["content"][media_type].get("example").is_none()
            {
                missing.push(format!("{id}: {of}"));
            }
        }
    }
    assert!(
        missing.is_empty(),
        "no example of\n  {}\n{HOW_TO}",
        missing.join("\n  ")
    );
}

#[test]
fn every_problem_refers_to_an_example_of_each_of_its_codes() {
    let document = document();
    for (id, operation) in operations(&document) {
        for (status, media_type, content) in contents(operation) {
            if media_type != "application/problem+json" {
                continue;
            }
            let codes = operation["responses"][&status]["x-haamu-codes"].as_array();
            for code in codes.expect("codes").iter().filter_map(Value::as_str) {
                let reference = content["examples"][code]["$ref"].as_str();
                let pointer = reference.and_then(|reference| reference.strip_prefix('#'));
                let example = pointer.and_then(|pointer| document.pointer(pointer));
                let example = example.unwrap_or_else(|| panic!("{id}: {code} has no example"));
                assert_eq!(example["value"]["code"], code);
                assert_eq!(example["value"]["status"].to_string(), status, "{id}: {code}");
            }
        }
    }
}

#[test]
fn every_example_is_what_its_schema_says() {
    let document = document();
    let mut wrong = Vec::new();
    for (id, operation) in operations(&document) {
        for (of, _, content) in contents(operation) {
            if let Some(example) = content.get("example") {
                for complaint in complaints(&document, &content["schema"], example) {
                    wrong.push(format!("{id}: {of}: {complaint}"));
                }
            }
        }
    }
    let problem = json!({"$ref": "#/components/schemas/Problem"});
    for (name, example) in document["components"]["examples"].as_object().expect("examples") {
        for complaint in complaints(&document, &problem, &example["value"]) {
            wrong.push(format!("{name}: {complaint}"));
        }
    }
    assert!(wrong.is_empty(), "{}\n{HOW_TO}", wrong.join("\n"));
}

#[test]
fn every_file_of_an_example_is_used() {
    let document = document();
    for entry in std::fs::read_dir(folder()).expect("the folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().and_then(|name| name.to_str()).expect("a name");
        let found = operations(&document).find(|(id, _)| *id == name);
        let (_, operation) = found.unwrap_or_else(|| panic!("there is no operation {name}"));
        let text = std::fs::read_to_string(&path).expect("a file");
        let example: Value = serde_json::from_str(&text).expect("JSON");
        let answers = example["answers"].as_array().into_iter().flatten();
        let mut bodies: BTreeSet<String> = answers.map(|answer| answer["status"].to_string()).collect();
        if example.get("request").is_some() {
            bodies.insert("the request".to_owned());
        }
        for body in bodies {
            let mut shown = contents(operation).into_iter();
            let is_shown = shown.any(|(of, _, content)| of == body && content.get("example").is_some());
            assert!(is_shown, "{name}: {body} is in the file and not in the document");
        }
    }
}

#[test]
fn text_can_be_shown_and_pictures_cannot() {
    assert!(is_text("application/json") && is_text("application/jwk-set+json") && is_text("text/csv"));
    assert!(!is_text("image/jpeg") && !is_text("application/cbor"));
}
