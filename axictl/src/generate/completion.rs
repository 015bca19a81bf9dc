//! Completion scripts for the user's shell, from the declaration of the command line.
//!
//! They complete options and the tool's own words. Commands of the language are completed in the shell of axictl itself,
//! where the daemon can be asked.

use super::man::takes_value;
use crate::args::{Arguments, CompletionShell};
use clap::{Arg, CommandFactory, ValueHint};
use std::fmt::Write as _;

/// Words that may stand where a command may.
const WORDS: &str = "logs schema";

/// One option as the scripts need it.
struct Row {
    spellings: Vec<String>,
    help: String,
    values: Vec<String>,
    takes_value: bool,
    is_path: bool,
}

/// The script for a shell.
pub fn script(shell: CompletionShell) -> String {
    let rows = rows();
    match shell {
        CompletionShell::Bash => bash(&rows),
        CompletionShell::Zsh => zsh(&rows),
        CompletionShell::Fish => fish(&rows),
    }
}

fn rows() -> Vec<Row> {
    let mut rows: Vec<Row> = Arguments::command()
        .get_arguments()
        .filter(|arg| !arg.is_positional())
        .map(row)
        .collect();
    let bare = |spellings: &[&str], help: &str| Row {
        spellings: spellings.iter().map(ToString::to_string).collect(),
        help: help.to_owned(),
        values: Vec::new(),
        takes_value: false,
        is_path: false,
    };
    rows.push(bare(&["-h", "--help"], "Print help"));
    rows.push(bare(&["-V", "--version"], "Print the version"));
    rows.push(bare(
        &["--without-effect"],
        "With schema: only settings that change nothing yet",
    ));
    rows
}

fn row(arg: &Arg) -> Row {
    let short = arg.get_short().map(|short| format!("-{short}"));
    let long = arg.get_long().map(|long| format!("--{long}"));
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let takes_value = takes_value(arg);
    let values = arg
        .get_possible_values()
        .iter()
        .filter(|_| takes_value)
        .map(|value| value.get_name().to_owned())
        .collect();
    let is_path = matches!(
        arg.get_value_hint(),
        ValueHint::AnyPath | ValueHint::FilePath | ValueHint::DirPath
    );
    Row {
        spellings: [short, long].into_iter().flatten().collect(),
        help: help
            .lines()
            .next()
            .unwrap_or_default()
            .replace(['\'', '"', '[', ']', ':'], ""),
        values,
        takes_value,
        is_path,
    }
}

fn bash(rows: &[Row]) -> String {
    let mut cases = String::new();
    for row in rows.iter().filter(|row| row.takes_value) {
        let action = if row.is_path {
            "COMPREPLY=($(compgen -f -- \"$word\"))".to_owned()
        } else {
            format!(
                "COMPREPLY=($(compgen -W \"{}\" -- \"$word\"))",
                row.values.join(" ")
            )
        };
        let _ = writeln!(cases, "        {}) {action}; return ;;", row.spellings.join("|"));
    }
    let all: Vec<&str> = rows
        .iter()
        .flat_map(|row| row.spellings.iter().map(String::as_str))
        .collect();
    format!(
        "# bash completion for axictl; printed by: axictl --generate completion --shell bash\n\
         _axictl() {{\n    local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}}\n\
         \x20   case $before in\n{cases}    esac\n\
         \x20   COMPREPLY=($(compgen -W \"{} {WORDS}\" -- \"$word\"))\n}}\ncomplete -F _axictl axictl\n",
        all.join(" ")
    )
}

fn zsh(rows: &[Row]) -> String {
    let mut lines = String::new();
    for row in rows {
        for spelling in &row.spellings {
            let value = match (row.takes_value, row.is_path, row.values.is_empty()) {
                (false, ..) => String::new(),
                (true, true, _) => ":file:_files".to_owned(),
                (true, false, true) => ":value:".to_owned(),
                (true, false, false) => format!(":value:({})", row.values.join(" ")),
            };
            let _ = writeln!(lines, "    '{spelling}[{}]{value}' \\", row.help);
        }
    }
    format!(
        "#compdef axictl\n# printed by: axictl --generate completion --shell zsh\n_arguments -s \\\n{lines}    '*:command:({WORDS})'\n"
    )
}

fn fish(rows: &[Row]) -> String {
    let mut text =
        "# printed by: axictl --generate completion --shell fish\ncomplete -c axictl -f\n".to_owned();
    for row in rows {
        let mut line = "complete -c axictl".to_owned();
        for spelling in &row.spellings {
            let _ = match spelling.strip_prefix("--") {
                Some(long) => write!(line, " -l {long}"),
                None => write!(line, " -s {}", spelling.trim_start_matches('-')),
            };
        }
        if row.takes_value {
            line.push_str(if row.is_path { " -r -F" } else { " -x" });
            if !row.values.is_empty() {
                let _ = write!(line, " -a '{}'", row.values.join(" "));
            }
        }
        let _ = writeln!(text, "{line} -d '{}'", row.help);
    }
    let _ = writeln!(text, "complete -c axictl -n __fish_use_subcommand -a '{WORDS}'");
    text
}

#[cfg(test)]
mod tests {
    use super::script;
    use crate::args::CompletionShell;

    #[test]
    fn every_shell_knows_every_option() {
        for shell in [CompletionShell::Bash, CompletionShell::Zsh, CompletionShell::Fish] {
            let text = script(shell);
            for word in [
                "socket",
                "workdir",
                "continue-on-error",
                "json",
                "schema",
                "reference",
            ] {
                assert!(text.contains(word), "{word} is missing for {shell:?}");
            }
        }
    }
}
