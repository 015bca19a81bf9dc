//! The command line of `axictl`: what the user typed, checked, with nothing looked up yet.
//!
//! Owns option names, their help and their conflicts. Does not own what they mean for a run: [`crate::address`] finds
//! the socket, [`crate::input`] cuts the words into commands. `--generate man` and `--generate completion` print from the same
//! declaration, so that the manual page and the completion scripts cannot differ from it.

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use std::path::PathBuf;

/// Everything the user can say on the command line.
#[derive(Debug, Parser)]
#[command(
    name = "axictl",
    version,
    about = "Administers a running axigend in the language of AXIGEN's command line interface",
    long_about = None,
    subcommand_precedence_over_arg = true,
    disable_help_subcommand = true,
    override_usage = USAGE,
    after_help = AFTER_HELP
)]
pub struct Arguments {
    /// Commands to run, one an argument: 'UPDATE Domain example.test' 'LIST Accounts'.
    ///
    /// When the first argument is a single word, all arguments are the words of one command, and an argument `|` begins
    /// the next one. Without commands: an interactive shell on a terminal, else a script from standard input.
    #[arg(value_name = "COMMAND", allow_hyphen_values = false)]
    pub commands: Vec<String>,

    #[command(flatten)]
    pub target: Target,

    /// Run the commands of this file, one a line ("-" is standard input); lines that begin with # are remarks.
    #[arg(short = 'f', long = "file", value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "commands")]
    pub file: Option<PathBuf>,

    /// Go on with the next command after one has failed (the exit status is still 1).
    #[arg(long)]
    pub continue_on_error: bool,

    #[command(flatten)]
    pub output: Output,

    /// Print the manual page, a completion script or the reference of all settings, and leave.
    #[arg(long, value_name = "WHAT", conflicts_with_all = ["commands", "file"])]
    pub generate: Option<Generate>,

    /// Shell for which `--generate completion` prints.
    #[arg(long, value_name = "SHELL", default_value = "bash", requires = "generate")]
    pub shell: CompletionShell,

    #[command(subcommand)]
    pub subcommand: Option<Local>,
}

/// Which daemon, and as whom.
#[derive(Debug, Args)]
pub struct Target {
    /// The control socket of the daemon.
    ///
    /// Default: AXIGEN_SOCKET from the environment, else `run/control.sock` below the directory of -W, else
    /// /var/opt/axigen/run/control.sock.
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath, global = true)]
    pub socket: Option<PathBuf>,

    /// Working directory of the daemon (the -W it was started with).
    #[arg(short = 'W', long, value_name = "DIR", value_hint = ValueHint::DirPath, global = true)]
    pub workdir: Option<PathBuf>,

    /// Log in as this administrative user; needed unless you are root or the daemon's own user.
    #[arg(short = 'u', long, value_name = "NAME", global = true)]
    pub user: Option<String>,

    /// Read the password for --user from the first line of this file ("-" is standard input) instead of asking.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "user", global = true)]
    pub password_file: Option<PathBuf>,
}

/// In which form replies are printed.
#[derive(Debug, Args)]
pub struct Output {
    /// One JSON object a reply.
    #[arg(long, conflicts_with_all = ["plain", "table"], global = true)]
    pub json: bool,

    /// AXIGEN's own text, as on TCP port 7000 (the default when standard output is not a terminal).
    #[arg(long, conflicts_with = "table", global = true)]
    pub plain: bool,

    /// Tables (the default on a terminal).
    #[arg(long, global = true)]
    pub table: bool,

    /// Whether to colour prompts and tables; `auto` honours NO_COLOR.
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true)]
    pub color: When,
}

/// Colour or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal, unless NO_COLOR is set or TERM is `dumb`.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What `--generate` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Generate {
    /// The manual page axictl(1).
    Man,
    /// A completion script, see --shell.
    Completion,
    /// The manual page axigen-reference(5): every context, command and setting.
    Reference,
}

/// Shells that `--generate completion` knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CompletionShell {
    /// GNU Bash.
    Bash,
    /// Z shell.
    Zsh,
    /// fish.
    Fish,
}

/// What can be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Imported {
    /// An account a row.
    Accounts,
}

/// Commands of the tool itself.
#[derive(Debug, Subcommand)]
pub enum Local {
    /// List every setting this version knows, from the schema built into axictl (no daemon needed).
    Schema {
        /// Only settings that are accepted and stored but change nothing yet.
        #[arg(long)]
        without_effect: bool,
        /// Only contexts whose path begins with this, for example SERVER/IMAP.
        #[arg(value_name = "CONTEXT")]
        context: Option<String>,
    },
    /// Print the configuration and all objects as one TOML file: what diff and apply read.
    Export {
        /// Do not print the hashes of passwords. A file without them cannot make new accounts.
        #[arg(long)]
        no_passwords: bool,
        /// Only domains, not the configuration of the server. So it is when domains are named.
        #[arg(long)]
        no_server: bool,
        /// Only these domains.
        #[arg(value_name = "DOMAIN")]
        domains: Vec<String>,
    },
    /// Show what apply would change; exit status 1 when that is anything.
    Diff {
        /// The file, as axictl export prints it; "-" is standard input.
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        file: PathBuf,
    },
    /// Make the server be as a file says: each object is changed as a whole or not at all.
    Apply {
        /// Only show what would change, as axictl diff.
        #[arg(long)]
        dry_run: bool,
        /// Remove accounts and other objects of the file's domains that are not in the file. Their mail goes with them.
        #[arg(long)]
        prune: bool,
        /// The file, as axictl export prints it; "-" is standard input.
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        file: PathBuf,
    },
    /// Bring in objects from a table.
    Import {
        /// What the rows are.
        #[arg(value_name = "WHAT")]
        what: Imported,
        /// Only check every row.
        #[arg(long)]
        dry_run: bool,
        /// A CSV file; its first row names the columns: address,password,quota,aliases or any setting of an account.
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        file: PathBuf,
    },
    /// Print the daemon's log lines as they are written, until Ctrl-C.
    Logs {
        /// Only lines of this module, for example IMAP or PROCESSING; may be repeated.
        #[arg(long, short, value_name = "MODULE")]
        module: Vec<String>,
        /// Only lines of these levels, as a sum: 1 critical, 2 error, 4 warning, 8 information, 16 protocol.
        #[arg(long, short, value_name = "SUM", default_value_t = 31)]
        level: u32,
    },
}

const USAGE: &str = "axictl [OPTIONS] [COMMAND]...\n       axictl [OPTIONS] -f FILE\n       axictl schema [--json] [--without-effect] [CONTEXT]\n       axictl [OPTIONS] logs [--level SUM] [--module MODULE]...\n       axictl [OPTIONS] export [--no-passwords] [DOMAIN]...\n       axictl [OPTIONS] diff FILE\n       axictl [OPTIONS] apply [--dry-run] [--prune] FILE\n       axictl [OPTIONS] import [--dry-run] accounts FILE.csv";

const AFTER_HELP: &str = "\
Exit status: 0 all commands succeeded, 1 a command failed, 2 wrong usage, 3 the daemon cannot be reached.

Examples:
  axictl                                                   an interactive shell
  axictl LIST Domains
  axictl 'UPDATE Domain example.test' 'LIST Accounts'
  axictl UPDATE Domain example.test '|' LIST Accounts
  axictl --json -f setup.cli
  axictl schema --without-effect";

#[cfg(test)]
mod tests {
    use super::{Arguments, Local};
    use clap::{CommandFactory, Parser};

    fn parse(words: &[&str]) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(std::iter::once("axictl").chain(words.iter().copied()))
    }

    #[test]
    fn declaration_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn words_are_commands_and_schema_is_not() {
        assert_eq!(
            parse(&["LIST Domains", "HELP"]).unwrap().commands,
            ["LIST Domains", "HELP"]
        );
        let local = parse(&["schema", "--json", "--without-effect"]).unwrap();
        assert!(local.output.json);
        assert!(matches!(
            local.subcommand,
            Some(Local::Schema {
                without_effect: true,
                context: None
            })
        ));
    }

    #[test]
    fn contradictions_are_refused() {
        for wrong in [
            &["--json", "--plain"][..],
            &["-f", "x", "LIST Domains"],
            &["--generate", "man", "LIST Domains"],
            &["--password-file", "x"],
            &["--nonsense"],
        ] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
