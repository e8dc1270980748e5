//! `alert-drill explain`.

use std::fmt::Write as _;

use super::{ExplainArgs, fail, print};
use crate::diagnosis::Code;
use crate::exit::Exit;
use crate::scenario::nearest::nearest;
use crate::text::Lang;

pub(super) fn execute(args: &ExplainArgs, lang: Lang) -> Exit {
    let Some(asked) = &args.code else {
        let mut list = String::new();
        for code in Code::ALL {
            let _ = writeln!(list, "{code:<26} {}", code.title(lang));
        }
        return print(list.as_bytes());
    };
    let wanted = asked.to_ascii_uppercase().replace('-', "_");
    match Code::ALL.into_iter().find(|code| code.to_string() == wanted) {
        Some(code) => print(code.page(lang).as_bytes()),
        None => fail(Exit::Usage, &unknown(asked, &wanted)),
    }
}

fn unknown(asked: &str, wanted: &str) -> String {
    let codes = Code::ALL.map(|code| code.to_string());
    match nearest(wanted, codes.iter().map(String::as_str)) {
        Some(near) => format!("there is no finding {asked} (did you mean {near}?)"),
        None => format!("there is no finding {asked}; `alert-drill explain` lists them"),
    }
}
