//! The table in `lab/README.md` is the code's.

use std::fmt::Write as _;
use std::{env, fs};

use super::*;

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
const UPDATE: &str = "UPDATE_LAB_README";
const BEGIN: &str = "## Services and operations\n";

/// The part of the README that the code decides, heading included.
fn table() -> String {
    let mut table = BEGIN.to_owned();
    table.push_str(
        "\nEvery operation that is not listed is refused by its name, as those of the last column are: a pipeline or an \
         infrastructure tool\nmay ask for them.\n\n| service | supported | refused by name |\n|---|---|---|\n",
    );
    let mut services = Service::ALL;
    services.sort_unstable_by_key(|service| service.title());
    for service in services {
        let Operations { supported, refused } = service.operations();
        let _ = writeln!(table, "| {} | {} | {} |", service.title(), listed(&supported), listed(&refused));
    }
    table.push('\n');
    table
}

fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[test]
fn the_readme_lists_what_the_code_serves() {
    let readme = fs::read_to_string(README).unwrap();
    let begin = readme.find(BEGIN).expect("lab/README.md has a part \"Services and operations\"");
    let end = readme[begin + BEGIN.len()..].find("\n## ").map_or(readme.len(), |at| begin + BEGIN.len() + at + 1);
    let table = table();
    if readme[begin..end] == table {
        return;
    }
    if env::var_os(UPDATE).is_some() {
        fs::write(README, format!("{}{table}{}", &readme[..begin], &readme[end..])).unwrap();
        return;
    }
    panic!(
        "lab/README.md does not list the operations that the code has. Refresh it with\n  \
         {UPDATE}=1 cargo test -p alert-drill-lab --lib the_readme_lists"
    );
}

#[test]
fn no_operation_is_both_served_and_refused() {
    for service in Service::ALL {
        let Operations { supported, refused } = service.operations();
        let both: Vec<_> = refused.iter().filter(|name| supported.contains(name)).collect();
        assert!(both.is_empty(), "{}: {both:?}", service.title());
    }
}

#[test]
fn every_operation_of_lambda_has_a_route() {
    let routes: Vec<_> = routes::lambda_operations().collect();
    for name in Service::Lambda.operations().supported {
        assert!(routes.contains(&name), "no route leads to {name}");
    }
}
