//! `alert-drill schema`.

use super::print;
use crate::exit::Exit;
use crate::scenario;

pub(super) fn execute() -> Exit {
    print(scenario::schema_text().as_bytes())
}
