//! Reading calculations.

use crate::Decimal;
use crate::read::{Fields, Node, Read, Reader};

use super::calculation::{Aggregate, Calculation, Choice};
use super::kind::{Band, CalculatedValue};

/// A checklist works values out with at most so many operations: each may run over all instances of a section.
const MAX_OPERATIONS: u32 = 500;
/// The names of all operations, for messages.
const OPERATIONS: &str = "question, add, subtract, multiply, divide, least, greatest, first_of, if, \
    minutes_between, count_selected, count_instances, sum_over, mean_over, min_over, max_over";

impl Read for Calculation {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        if matches!(node, Node::String(_)) {
            return Decimal::read(node, reader).map(Self::Number);
        }
        reader.operations += 1;
        if reader.operations > MAX_OPERATIONS {
            let message = format!("a checklist works values out with at most {MAX_OPERATIONS} operations");
            reader.error("too_many_operations", message);
            return None;
        }
        let mut fields = Fields::open(node, reader)?;
        let Node::Object(entries) = node else { return None };
        let is = |name: &str| entries.iter().any(|(key, _)| key == name);
        let calculation = if is("if") {
            read_choice(&mut fields, reader)
        } else if let Some(found) = read_question(&mut fields, reader) {
            found
        } else if let Some(found) = read_parts(&mut fields, reader) {
            found
        } else {
            reader.error("unknown_value", format!("a calculation has one of {OPERATIONS}"));
            return None;
        };
        fields.finish(reader);
        calculation
    }
}

fn read_choice(fields: &mut Fields<'_, '_>, reader: &mut Reader) -> Option<Calculation> {
    let condition = fields.required("if", reader);
    let then = fields.required("then", reader);
    let otherwise = fields.required("else", reader);
    Some(Calculation::If(Box::new(Choice {
        condition: condition?,
        then: then?,
        otherwise: otherwise?,
    })))
}

/// Operations on questions; the outer `None` means that it is none of them.
fn read_question(fields: &mut Fields<'_, '_>, reader: &mut Reader) -> Option<Option<Calculation>> {
    if fields.node("question").is_some() {
        let question = named(fields, "question", reader, Reader::source);
        return Some(question.map(Calculation::Question));
    }
    if fields.node("count_selected").is_some() {
        let question = named(fields, "count_selected", reader, Reader::source);
        return Some(question.map(Calculation::CountSelected));
    }
    if fields.node("count_instances").is_some() {
        let section = named(fields, "count_instances", reader, Reader::repeated_section);
        return Some(section.map(Calculation::CountInstances));
    }
    if fields.node("minutes_between").is_some() {
        let ids: Option<Vec<String>> = fields.optional("minutes_between", reader);
        return Some(reader.at_key("minutes_between", |reader| {
            let ids: [String; 2] = two(ids?, reader)?;
            let [from, to] = ids.map(|id| reader.source(&id));
            Some(Calculation::MinutesBetween([from?, to?]))
        }));
    }
    let aggregates = [
        ("sum_over", Aggregate::Sum),
        ("mean_over", Aggregate::Mean),
        ("min_over", Aggregate::Min),
        ("max_over", Aggregate::Max),
    ];
    let (key, aggregate) = aggregates
        .into_iter()
        .find(|(key, _)| fields.node(key).is_some())?;
    let question = named(fields, key, reader, Reader::source_in_instances);
    Some(question.map(|question| Calculation::OverInstances(aggregate, question)))
}

/// Operations on other values; the outer `None` means that it is none of them.
fn read_parts(fields: &mut Fields<'_, '_>, reader: &mut Reader) -> Option<Option<Calculation>> {
    type Make = fn(Vec<Calculation>) -> Calculation;
    let lists: [(&str, Make); 5] = [
        ("add", Calculation::Add),
        ("multiply", Calculation::Multiply),
        ("least", Calculation::Least),
        ("greatest", Calculation::Greatest),
        ("first_of", Calculation::FirstOf),
    ];
    if let Some((key, make)) = lists.into_iter().find(|(key, _)| fields.node(key).is_some()) {
        let parts: Option<Vec<Calculation>> = fields.optional(key, reader);
        if parts.as_ref().is_some_and(Vec::is_empty) {
            reader.error_at(key, "empty_list", "nothing is put together here");
        }
        return Some(parts.map(make));
    }
    type Join = fn(Box<[Calculation; 2]>) -> Calculation;
    let pairs: [(&str, Join); 2] = [
        ("subtract", Calculation::Subtract),
        ("divide", Calculation::Divide),
    ];
    let (key, make) = pairs.into_iter().find(|(key, _)| fields.node(key).is_some())?;
    let parts: Option<Vec<Calculation>> = fields.optional(key, reader);
    Some(reader.at_key(key, |reader| Some(make(Box::new(two(parts?, reader)?)))))
}

fn two<T>(parts: Vec<T>, reader: &mut Reader) -> Option<[T; 2]> {
    let pair = <[T; 2]>::try_from(parts).ok();
    if pair.is_none() {
        reader.error("out_of_range", "exactly two are wanted here");
    }
    pair
}

/// What the id at a key names.
fn named(
    fields: &mut Fields<'_, '_>,
    key: &'static str,
    reader: &mut Reader,
    find: fn(&mut Reader, &str) -> Option<usize>,
) -> Option<usize> {
    let id: String = fields.optional(key, reader)?;
    reader.at_key(key, |reader| find(reader, &id))
}

/// Reads what belongs to a calculated question.
pub(super) fn read_calculated(fields: &mut Fields<'_, '_>, reader: &mut Reader) -> Option<CalculatedValue> {
    let calculation = fields.required("calculation", reader);
    let band: Band = fields.optional("band", reader).unwrap_or_default();
    let unit = fields.optional("unit", reader);
    let decimals: u32 = fields.optional("decimals", reader).unwrap_or(2);
    if decimals > 4 {
        reader.error_at("decimals", "out_of_range", "at most four decimals are displayed");
    }
    Some(CalculatedValue {
        calculation: calculation?,
        band,
        unit,
        decimals,
    })
}
