//! Which array elements the fields of an alternative are bound to: two fields of one element must hold in the same element.
//!
//! Where one path leads through several arrays, their elements go together in any way, and an event may be made so that there
//! are more ways than anyone can try. So the steps are counted, and when they are used up nothing holds any more.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::Field;
use super::lookup::{Elements, Hit, visit};

/// How many steps are made for one pattern and one event. The events of AWS's services take some hundreds at most.
const MOST_STEPS: usize = 4_000_000;
/// What it costs to keep a binding, in comparisons.
const KEPT: usize = 16;
/// With fewer bindings, looking at each of them is as good as an index.
const FEW: usize = 16;

/// What is left to be tried.
#[derive(Debug)]
pub(super) struct Steps(usize);

impl Default for Steps {
    fn default() -> Self {
        Self(MOST_STEPS)
    }
}

impl Steps {
    /// Makes so many steps; false when there are no more.
    fn take(&mut self, steps: usize) -> bool {
        self.0 = self.0.saturating_sub(steps);
        self.0 > 0
    }
}

/// The ways in which the fields so far hold: each binds some arrays to one of their elements.
#[derive(Debug)]
pub(super) struct Bindings(Vec<Elements>);

impl Default for Bindings {
    /// No field yet: nothing is bound.
    fn default() -> Self {
        Self(vec![Elements::new()])
    }
}

impl Bindings {
    /// Whether the fields do not hold together.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The bindings that are left once this field holds as well.
    pub(super) fn narrowed(&self, field: &Field, event: &Map<String, Value>, steps: &mut Steps) -> Self {
        let index = Index::of(&self.0);
        let mut narrowed = Vec::new();
        let absence = field.accepts_absence();
        let mut occupied = if absence { vec![false; self.0.len()] } else { Vec::new() };
        visit(event, &field.path, &mut |hit, elements| {
            let Hit::Leaf(value) = hit else { return true };
            let accepted = field.accepts(value);
            if !accepted && !absence {
                return steps.take(1);
            }
            let mut go_on = true;
            index.each_candidate(elements, &mut |at| {
                let binding = &self.0[at];
                go_on = steps.take(1);
                if go_on && agree(binding, elements) {
                    if accepted {
                        go_on = steps.take(KEPT);
                        narrowed.push(merge(binding, elements));
                    }
                    if absence {
                        occupied[at] = true;
                    }
                }
                go_on
            });
            // On to the end even when nothing more seems to be gained: a tighter binding may leave a later field absent.
            go_on
        });
        if !steps.take(1) {
            return Self(Vec::new());
        }
        let free = self.0.iter().zip(occupied).filter(|(_, occupied)| !occupied);
        narrowed.extend(free.map(|(binding, _)| binding.clone()));
        if narrowed.len() > 1 {
            narrowed.sort_unstable();
            narrowed.dedup();
        }
        Self(narrowed)
    }

    /// Forgets what none of these fields can look at: it only multiplies the bindings.
    pub(super) fn forget_unused(&mut self, event: &Map<String, Value>, fields: &[Field], steps: &mut Steps) {
        if self.0.len() <= 4 {
            return;
        }
        let mut used = Vec::new();
        for field in fields {
            visit(event, &field.path, &mut |_, elements| {
                used.extend(elements.iter().map(|(array, _)| *array));
                steps.take(1)
            });
            used.sort_unstable();
            used.dedup();
        }
        for binding in &mut self.0 {
            binding.retain(|(array, _)| used.binary_search(array).is_ok());
        }
        self.0.sort_unstable();
        self.0.dedup();
    }
}

/// Finds the bindings that may go together with a leaf without a look at all of them.
struct Index {
    all: usize,
    /// The bindings of each element.
    by_element: HashMap<(usize, usize), Vec<usize>>,
    /// How many bindings each array has.
    by_array: HashMap<usize, usize>,
}

impl Index {
    fn of(bindings: &[Elements]) -> Self {
        let mut index = Self { all: bindings.len(), by_element: HashMap::new(), by_array: HashMap::new() };
        if bindings.len() > FEW {
            for (at, binding) in bindings.iter().enumerate() {
                for element in binding {
                    index.by_element.entry(*element).or_default().push(at);
                    *index.by_array.entry(element.0).or_default() += 1;
                }
            }
        }
        index
    }

    /// Calls `visit` with each binding that may agree with these elements, until it returns false.
    fn each_candidate(&self, elements: &Elements, visit: &mut dyn FnMut(usize) -> bool) {
        // Where every binding binds an array, only those of the same element agree. The fewest of these will do.
        let bound = elements.iter().filter(|(array, _)| self.by_array.get(array) == Some(&self.all));
        let those = |element| self.by_element.get(element).map(Vec::as_slice).unwrap_or_default();
        match bound.map(those).min_by_key(|bindings| bindings.len()) {
            Some(bindings) => bindings.iter().all(|at| visit(*at)),
            None => (0..self.all).all(visit),
        };
    }
}

/// Whether no array is bound to different elements.
fn agree(binding: &Elements, elements: &Elements) -> bool {
    binding.iter().all(|(bound, at)| elements.iter().all(|(array, index)| bound != array || at == index))
}

/// The elements of both, which agree.
fn merge(binding: &Elements, elements: &Elements) -> Elements {
    let mut merged = binding.clone();
    merged.extend(elements.iter().filter(|element| !binding.contains(element)));
    merged.sort_unstable();
    merged
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use serde_json::{Map, Value, json};

    use crate::pattern::Pattern;

    /// Far above what it takes, on any machine, and far below what trying everything would take.
    const SOON: Duration = Duration::from_secs(20);

    #[test]
    fn many_elements_are_paired_by_their_index() {
        let pattern = |z: i64| Pattern::parse(&json!({ "a": { "x": [1], "y": [1], "z": [z] } }).to_string()).unwrap();
        let elements: Vec<Value> = (0..20_000).map(|z| json!({ "x": 1, "y": 1, "z": z })).collect();
        let event = json!({ "a": elements });
        let began = Instant::now();
        assert!(pattern(19_999).matches(&event));
        assert!(!pattern(20_000).matches(&event));
        assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    }

    #[test]
    fn arrays_that_go_together_in_too_many_ways_do_not_match() {
        // One path leads through eight arrays, and each of eight fields may be bound in each of them.
        let fields: Vec<String> = (0..8).map(|field| format!("x{field}")).collect();
        let prefix = |parts: usize| vec!["p"; parts].join(".");
        let mut event = Map::new();
        for parts in 1..=8 {
            let rest = if parts < 8 { format!("{}.", prefix(8 - parts)) } else { String::new() };
            let element: Map<_, _> = fields.iter().map(|field| (format!("{rest}{field}"), json!(1))).collect();
            event.insert(prefix(parts), vec![Value::Object(element); 6].into());
        }
        let mut wanted: Map<_, _> = fields.iter().map(|field| (field.clone(), json!([1]))).collect();
        wanted.insert("zz".to_owned(), json!([2]));
        let pattern = Pattern::parse(&json!({ prefix(8): wanted }).to_string()).unwrap();
        let began = Instant::now();
        let event = Value::Object(event);
        assert!(!pattern.matches(&event));
        assert!(!pattern.explain(&event).matched);
        assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    }
}
