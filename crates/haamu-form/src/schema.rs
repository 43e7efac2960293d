//! The JSON Schema of checklist documents: the reference of the format.
//!
//! It says what a document may look like. What cannot be said in a schema (a
//! condition names an earlier question, option ids are unique, …) is for
//! [`Checklist::parse`](crate::Checklist::parse) and
//! [`Checklist::publish_check`](crate::Checklist::publish_check) to say. That
//! both know the same fields is checked by tests.

mod document;
mod question;
mod rule;

use schemars::generate::SchemaSettings;
use serde_json::Value;

/// The JSON Schema (draft 2020-12) of `haamu-checklist/1` documents.
#[must_use]
pub fn checklist_schema() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<document::Checklist>().to_value();
    schema["title"] = Value::from("haamu-checklist/1");
    without_null(&mut schema);
    schema
}

/// Limits of a band may be `null`; elsewhere what is absent is left out.
const NULLABLE: [&str; 4] = ["zero_low", "full_low", "full_high", "zero_high"];

/// Takes away the `null` that stands for an absent value in the types that the schema is made from.
fn without_null(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if let Some(Value::Object(properties)) = fields.get_mut("properties") {
                for (name, property) in properties.iter_mut() {
                    if !NULLABLE.contains(&name.as_str()) {
                        strip(property);
                    }
                }
            }
            fields.values_mut().for_each(without_null);
        }
        Value::Array(items) => items.iter_mut().for_each(without_null),
        _ => {}
    }
}

fn strip(property: &mut Value) {
    let null = Value::from("null");
    if let Some(Value::Array(types)) = property.get_mut("type") {
        types.retain(|name| *name != null);
        if let [only] = types.as_slice() {
            property["type"] = only.clone();
        }
    }
    if let Some(Value::Array(parts)) = property.get_mut("anyOf") {
        parts.retain(|part| part["type"] != null);
    }
    if let Some(Value::Array(values)) = property.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
}
