//! Finding what an event has at a pattern's path.
//!
//! AWS flattens the event: names are joined with dots, arrays add nothing to the path, and only scalars are leaves. So
//! `{"a.b": 1}` and `{"a": {"b": 1}}` are the same to a pattern. Here the path is followed through the event instead, which
//! reads only what the pattern names.

use std::cell::OnceCell;

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

/// How many names an object has at the most to be tried one by one.
const FEW: usize = 8;
/// How many characters the paths of all leaves may have together.
const MOST_OF_PATHS: usize = 4 * 1024 * 1024;

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
    // A path may have thousands of parts, and an event thousands of small objects: the fewer are tried on the others.
    if object.len() < FEW {
        return object.iter().all(|(name, value)| {
            let rest = path.strip_prefix(name.as_str()).and_then(|rest| rest.strip_prefix('.'));
            rest.is_none_or(|rest| on_the_way(value, rest, elements, visit))
        });
    }
    path.match_indices('.').all(|(dot, _)| {
        object.get(&path[..dot]).is_none_or(|value| on_the_way(value, &path[dot + 1..], elements, visit))
    })
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

/// The leaves of an event, looked up when they are first asked for.
pub(super) struct Leaves<'e> {
    event: &'e Map<String, Value>,
    all: OnceCell<Vec<(String, &'e Value)>>,
}

impl<'e> Leaves<'e> {
    pub(super) fn of(event: &'e Map<String, Value>) -> Self {
        Self { event, all: OnceCell::new() }
    }

    /// The leaves with their dotted paths, in document order: all of them, unless their paths become too long to be written
    /// out.
    pub(super) fn all(&self) -> &[(String, &'e Value)] {
        self.all.get_or_init(|| {
            let mut walk = Walk { found: Vec::new(), left: MOST_OF_PATHS };
            walk.object(self.event, "");
            walk.found
        })
    }
}

struct Walk<'e> {
    found: Vec<(String, &'e Value)>,
    /// How many characters of paths there may still be.
    left: usize,
}

impl<'e> Walk<'e> {
    fn value(&mut self, value: &'e Value, path: &str) {
        match value {
            _ if self.left == 0 => {}
            Value::Object(object) => self.object(object, path),
            Value::Array(array) => array.iter().for_each(|item| self.value(item, path)),
            _ => {
                self.left = self.left.saturating_sub(path.len() + 1);
                self.found.push((path.to_owned(), value));
            }
        }
    }

    fn object(&mut self, object: &'e Map<String, Value>, path: &str) {
        for (name, value) in object {
            if self.left == 0 {
                return;
            }
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            // Objects without leaves have paths, too.
            self.left = self.left.saturating_sub(path.len());
            self.value(value, &path);
        }
    }
}
