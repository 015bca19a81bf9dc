//! Documents that are printed from declarations are the same as in the tree.
//!
//! `UPDATE=1 cargo test --release -p axigen-tests --test documents` rewrites those that are not.

use axigen_tests::{binary, top};
use std::fs;
use std::process::Command;

#[track_caller]
fn check(file: &str, arguments: &[&str]) {
    let output = Command::new(binary("axictl"))
        .args(arguments)
        .output()
        .expect("axictl starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let printed = String::from_utf8(output.stdout).expect("text");
    let path = top().join(file);
    let kept = fs::read_to_string(&path).unwrap_or_default();
    if kept == printed {
        return;
    }
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, printed).expect("the document can be written");
        return;
    }
    let differs = kept
        .lines()
        .zip(printed.lines())
        .position(|(kept, printed)| kept != printed);
    let line = differs.unwrap_or_else(|| kept.lines().count().min(printed.lines().count())) + 1;
    panic!(
        "{file} is stale from line {line} on: UPDATE=1 cargo test --release -p axigen-tests --test documents"
    );
}

#[test]
fn the_manual_page_of_axictl_is_fresh() {
    check("man/axictl.1", &["--generate", "man"]);
}

#[test]
fn the_reference_of_settings_and_commands_is_fresh() {
    check("man/axigen-reference.5", &["--generate", "reference"]);
}

#[test]
fn every_manual_page_names_itself_and_its_neighbours_exist() {
    let pages: Vec<_> = fs::read_dir(top().join("man"))
        .expect("man/")
        .flatten()
        .map(|entry| entry.path())
        .collect();
    let name = |path: &std::path::Path| path.file_name().expect("a name").to_string_lossy().into_owned();
    let names: Vec<String> = pages.iter().map(|path| name(path)).collect();
    for path in &pages {
        let text = fs::read_to_string(path).expect("a manual page");
        let page = name(path);
        let (title, section) = page.rsplit_once('.').expect("name and section");
        let head = format!(".TH {} {section}", title.to_uppercase());
        assert!(
            text.to_uppercase().contains(&head.to_uppercase()),
            "{page} does not begin with {head}"
        );
        for line in text.lines().filter_map(|line| line.strip_prefix(".BR ")) {
            let mut words = line.split_whitespace();
            let (Some(neighbour), Some(place)) = (words.next(), words.next()) else {
                continue;
            };
            let section = place.trim_start_matches('(').chars().next().unwrap_or(' ');
            if neighbour.starts_with("axi") && place.starts_with('(') {
                let file = format!("{}.{section}", neighbour.replace('\\', ""));
                assert!(
                    names.contains(&file),
                    "{page} points to {file}, which does not exist"
                );
            }
        }
    }
}
