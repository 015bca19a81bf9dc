//! The manual page axictl(1): options from the declaration in `args`, the rest from `axictl.1.in`.

use super::roff::{Page, escaped};
use crate::args::Arguments;
use clap::{Arg, CommandFactory};
use std::fmt::Write as _;

/// What options cannot say: the shell, scripts, output forms, environment, examples. Written in roff.
const PROSE: &str = include_str!("axictl.1.in");

/// The whole page.
pub fn page() -> String {
    let command = Arguments::command();
    let mut page = Page::new("axictl", 1, "administer a running axigend");
    page.section("SYNOPSIS");
    page.raw(".nf");
    for line in [
        "axictl [options]",
        "axictl [options] command ...",
        "axictl [options] -f file",
        "axictl [options] logs [--level sum] [--module module] ...",
        "axictl schema [--json] [--without-effect] [context]",
        "axictl --generate man|completion|reference",
    ] {
        page.raw(&format!("\\fB{}\\fR", escaped(line)));
    }
    page.raw(".fi");
    let (before, after) = PROSE.split_once(".OPTIONS\n").unwrap_or((PROSE, ""));
    page.raw(before.trim_end());
    page.section("OPTIONS");
    for arg in command
        .get_arguments()
        .filter(|arg| !arg.is_positional() && !arg.is_hide_set())
    {
        page.entry(&names(arg), &meaning(arg));
    }
    page.entry("-h, --help", "Prints a summary and leaves.");
    page.entry("-V, --version", "Prints the version and leaves.");
    page.raw(after.trim_end());
    page.finish()
}

/// `-f, --file FILE`.
pub fn names(arg: &Arg) -> String {
    let short = arg.get_short().map(|short| format!("-{short}"));
    let long = arg.get_long().map(|long| format!("--{long}"));
    let mut text = [short, long].into_iter().flatten().collect::<Vec<_>>().join(", ");
    if takes_value(arg) {
        let value = arg.get_value_names().and_then(<[_]>::first);
        let _ = write!(text, " {}", value.map_or("VALUE", |name| name.as_str()));
    }
    text
}

/// Whether a word follows the option.
pub fn takes_value(arg: &Arg) -> bool {
    arg.get_action().takes_values()
}

fn meaning(arg: &Arg) -> String {
    let help = arg
        .get_long_help()
        .or_else(|| arg.get_help())
        .map(ToString::to_string)
        .unwrap_or_default();
    let values: Vec<String> = arg
        .get_possible_values()
        .iter()
        .filter(|_| takes_value(arg))
        .map(|value| value.get_name().to_owned())
        .collect();
    let listed = if values.is_empty() {
        String::new()
    } else {
        format!(" One of {}.", values.join(", "))
    };
    // Clap drops the full stop of the last sentence; paragraphs become one.
    let text = help.replace("\n\n", " ").replace('\n', " ");
    let stop = if text.ends_with('.') { "" } else { "." };
    format!("{text}{stop}{listed}")
}

#[cfg(test)]
mod tests {
    use super::page;

    #[test]
    fn every_option_is_told_and_every_section_is_there() {
        let page = page();
        for part in [
            "\\-\\-continue\\-on\\-error",
            "\\-\\-socket PATH",
            "SH \"OPTIONS\"",
            "EXIT STATUS",
            "ENVIRONMENT",
        ] {
            assert!(page.contains(part), "{part} is missing");
        }
        assert!(!page.contains(".OPTIONS"));
    }
}
