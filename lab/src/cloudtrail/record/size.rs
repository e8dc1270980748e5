//! How large the fields of a record may be: a long text is cut, and large parameters or answers are left out.
//!
//! Source: "CloudTrail record contents" in the CloudTrail user guide; what stands in place of what is left out, as records
//! of real accounts have it.

use std::io;

use serde_json::{Value, json};

/// The largest `userAgent` and `errorMessage`, in bytes.
const LARGEST_TEXT: usize = 1024;
/// The largest `requestParameters` and `responseElements`, in bytes.
const LARGEST_ELEMENTS: usize = 100 * 1024;

/// The beginning of a text, as much as fits.
pub(super) fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(LARGEST_TEXT)]
}

/// The elements of the field of this name, or that they are too large.
pub(super) fn or_omitted(field: &str, elements: Value) -> Value {
    match size(&elements) {
        size if size > LARGEST_ELEMENTS => {
            json!({ "reason": format!("{field} too large"), "omitted": true, "originalSize": size })
        }
        _ => elements,
    }
}

/// How long a value is as JSON.
fn size(value: &Value) -> usize {
    struct Counter(usize);

    impl io::Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let mut counter = Counter(0);
    // Counting cannot fail.
    let _ = serde_json::to_writer(&mut counter, value);
    counter.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_is_cut_or_left_out() {
        assert_eq!(cut("short"), "short");
        assert_eq!(cut(&"보".repeat(1000)).len(), 1023, "not within a character");
        let small = json!({ "a": "x".repeat(LARGEST_ELEMENTS - 8) });
        assert_eq!(or_omitted("requestParameters", small.clone()), small);
        let large = json!({ "a": "x".repeat(LARGEST_ELEMENTS - 7) });
        let omitted = json!({ "reason": "responseElements too large", "omitted": true, "originalSize": 102_401 });
        assert_eq!(or_omitted("responseElements", large), omitted);
        assert_eq!(or_omitted("responseElements", Value::Null), Value::Null);
    }
}
