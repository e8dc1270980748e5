//! Finding what an event has at a pattern's path.
//!
//! AWS flattens the event: names are joined with dots, arrays add nothing to the path, and only scalars are leaves. So
//! `{"a.b": 1}` and `{"a": {"b": 1}}` are the same to a pattern. Here the path is followed through the event instead, which
//! reads only what the pattern names.

use serde_json::{Map, Value};

/// Which element of which array a leaf lies in: the address of each array's memory, and the index. A scalar that is itself
/// an element of the innermost array is not bound to its index (as in AWS), so that two scalars of one array go together.
pub(crate) type Elements = Vec<(usize, usize)>;

/// What can lie at a path.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Hit<'e> {
    /// A scalar: what matchers see.
    Leaf(&'e Value),
    /// An object: not a leaf, so nothing to a matcher.
    Object,
    /// An empty array: no leaf either.
    EmptyArray,
}

/// Called with each hit and its elements; returns whether to go on.
type Visit<'v, 'e> = &'v mut dyn FnMut(Hit<'e>, &Elements) -> bool;

/// Visits everything at `path`. Returns whether the visitor wanted to go on to the end.
pub(crate) fn visit<'e>(event: &'e Map<String, Value>, path: &str, visit: Visit<'_, 'e>) -> bool {
    in_object(event, path, &mut Elements::new(), visit)
}

fn in_object<'e>(object: &'e Map<String, Value>, path: &str, elements: &mut Elements, visit: Visit<'_, 'e>) -> bool {
    if let Some(value) = object.get(path)
        && !at_end(value, elements, visit)
    {
        return false;
    }
    for (dot, _) in path.match_indices('.') {
        if let Some(value) = object.get(&path[..dot])
            && !on_the_way(value, &path[dot + 1..], elements, visit)
        {
            return false;
        }
    }
    true
}

fn on_the_way<'e>(value: &'e Value, rest: &str, elements: &mut Elements, visit: Visit<'_, 'e>) -> bool {
    match value {
        Value::Object(object) => in_object(object, rest, elements, visit),
        Value::Array(array) => each(array, elements, &mut |item, elements| match item {
            Value::Object(_) | Value::Array(_) => on_the_way(item, rest, elements, visit),
            _ => true,
        }),
        _ => true,
    }
}

fn at_end<'e>(value: &'e Value, elements: &mut Elements, visit: Visit<'_, 'e>) -> bool {
    match value {
        Value::Object(_) => visit(Hit::Object, elements),
        Value::Array(array) if array.is_empty() => visit(Hit::EmptyArray, elements),
        Value::Array(array) => {
            for item in array {
                // A scalar carries the elements of the arrays around its own array only.
                if !item.is_object() && !item.is_array() && !visit(Hit::Leaf(item), elements) {
                    return false;
                }
            }
            each(array, elements, &mut |item, elements| match item {
                Value::Object(_) | Value::Array(_) => at_end(item, elements, visit),
                _ => true,
            })
        }
        _ => visit(Hit::Leaf(value), elements),
    }
}

fn each<'e>(
    array: &'e [Value],
    elements: &mut Elements,
    visit: &mut dyn FnMut(&'e Value, &mut Elements) -> bool,
) -> bool {
    let address = array.as_ptr().addr();
    for (index, item) in array.iter().enumerate() {
        elements.push((address, index));
        let go_on = visit(item, elements);
        elements.pop();
        if !go_on {
            return false;
        }
    }
    true
}

/// Every leaf of the event with its dotted path, in document order.
pub(crate) fn leaves(event: &Map<String, Value>) -> Vec<(String, &Value)> {
    fn walk<'e>(value: &'e Value, path: &str, found: &mut Vec<(String, &'e Value)>) {
        match value {
            Value::Object(object) => walk_object(object, path, found),
            Value::Array(array) => array.iter().for_each(|item| walk(item, path, found)),
            _ => found.push((path.to_owned(), value)),
        }
    }
    fn walk_object<'e>(object: &'e Map<String, Value>, path: &str, found: &mut Vec<(String, &'e Value)>) {
        for (name, value) in object {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            walk(value, &path, found);
        }
    }
    let mut found = Vec::new();
    walk_object(event, "", &mut found);
    found
}
