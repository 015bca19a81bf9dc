//! `axictl`: administers a running axigend in the language of AXIGEN's command line interface.
//!
//! Start reading here. `args` is what the user typed, `address` which daemon is meant, `client` the control protocol, `session`
//! runs commands and prints replies through `render`; `shell` and `script` are the two sources of commands. `logs` follows the
//! daemon's log; `provision` is export, diff, apply and import; `schema` and `generate` need no daemon. The tool knows no command of the language: grammar, completion and help are the daemon's.

mod address;
mod args;
mod client;
mod generate;
mod input;
mod logs;
mod provision;
mod render;
mod schema;
mod script;
mod secrets;
mod session;
mod shell;

use args::{Arguments, Local};
use axigen_shared::control::Subject;
use clap::Parser;
use client::Client;
use render::{Form, Printer};
use script::Script;
use session::{End, Lines, Session};
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

/// All commands succeeded.
const DONE: u8 = 0;
/// A command failed.
const FAILED: u8 = 1;
/// Wrong usage; clap ends with the same status.
const USAGE: u8 = 2;
/// The daemon cannot be reached, or was lost on the way.
const UNREACHABLE: u8 = 3;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    ExitCode::from(match run(&arguments) {
        Ok(status) => status,
        Err(End::Unreachable(gone)) => {
            eprintln!("axictl: {gone}");
            UNREACHABLE
        }
        // `axictl ... | head`: the reader has seen enough.
        Err(End::Broken(error)) if error.kind() == io::ErrorKind::BrokenPipe => DONE,
        Err(End::Broken(error)) => {
            eprintln!("axictl: {error}");
            FAILED
        }
    })
}

fn run(arguments: &Arguments) -> Result<u8, End> {
    let printer = Printer::new(&arguments.output);
    if let Some(what) = arguments.generate {
        generate::print(what, arguments.shell)?;
        return Ok(DONE);
    }
    match &arguments.subcommand {
        Some(Local::Schema {
            without_effect,
            context,
        }) => return schema::print(printer.form(), context.as_deref(), *without_effect).map_err(End::from),
        Some(Local::Logs { module, level }) => return follow_log(arguments, printer, module, *level),
        Some(local) => return provision(arguments, printer, local),
        None => {}
    }
    let commands = input::from_arguments(&arguments.commands);
    if commands.is_empty() && !arguments.commands.is_empty() {
        eprintln!("axictl: no command between the bars; see axictl --help");
        return Ok(USAGE);
    }
    // The script is opened before the connection: a misspelt file name is not the daemon's business.
    let script = match &arguments.file {
        Some(path) => match Script::open(path) {
            Ok(script) => Some(script),
            Err(error) => {
                eprintln!("axictl: {error}");
                return Ok(USAGE);
            }
        },
        None if commands.is_empty() && !io::stdin().is_terminal() => Some(Script::standard_input()),
        None => None,
    };
    let address = address::choose(&arguments.target, |name| std::env::var_os(name));
    let mut session = Session::new(Client::connect(&address)?, printer);
    let user = arguments.target.user.as_deref();
    if commands.is_empty() && script.is_none() {
        if printer.form() == Form::Json {
            eprintln!("axictl: --json needs commands or a script; the shell shows tables or --plain text");
            return Ok(USAGE);
        }
        shell::run(session, user)?;
        return Ok(DONE);
    }
    if let Some(why) = log_in(&mut session, arguments, &commands, script.is_some())? {
        eprintln!("axictl: {why}");
        return Ok(FAILED);
    }
    let go_on = arguments.continue_on_error;
    match script {
        Some(mut script) => script::run(&mut session, &mut script, go_on)?,
        None => script::run(&mut session, &mut script::Arguments(commands.into()), go_on)?,
    }
    // Who has lost work must know, also in the mail of a cron job; that SAVE CONFIG is due is for people.
    if let Some(reminder) = session
        .reminder()
        .filter(|_| session.is_pending() || io::stderr().is_terminal())
    {
        session.printer().notice(reminder);
    }
    Ok(if session.failures() == 0 { DONE } else { FAILED })
}

/// Prints the daemon's log until somebody ends it; why not, when that is not possible.
fn follow_log(arguments: &Arguments, printer: Printer, modules: &[String], level: u32) -> Result<u8, End> {
    let wanted = logs::Wanted { level, modules };
    let address = address::choose(&arguments.target, |name| std::env::var_os(name));
    let mut session = Session::new(Client::connect(&address)?, printer);
    let refused = match log_in(&mut session, arguments, &[], false)? {
        Some(why) => why,
        None => logs::follow(session.client(), &wanted)?,
    };
    eprintln!("axictl: {refused}");
    Ok(FAILED)
}

/// Export, diff, apply and import.
fn provision(arguments: &Arguments, printer: Printer, local: &Local) -> Result<u8, End> {
    let address = address::choose(&arguments.target, |name| std::env::var_os(name));
    let mut session = Session::new(Client::connect(&address)?, printer);
    if let Some(why) = log_in(&mut session, arguments, &[], false)? {
        eprintln!("axictl: {why}");
        return Ok(FAILED);
    }
    let client = session.client();
    let form = printer.form();
    let job = |file, check, prune| provision::Job {
        file,
        check,
        prune,
        form,
    };
    let done = match local {
        Local::Export {
            no_passwords,
            no_server,
            domains,
        } => {
            let wanted = Subject::Export {
                domains: domains.clone(),
                server: !no_server && domains.is_empty(),
                hashes: !no_passwords,
            };
            let mut out = io::BufWriter::new(io::stdout().lock());
            let refused = provision::export(client, wanted, &mut out)?;
            out.flush()?;
            refused.map_or(Ok(true), Err)
        }
        Local::Diff { file } => provision::apply(client, job(file, true, false))?,
        Local::Apply { dry_run, prune, file } => provision::apply(client, job(file, *dry_run, *prune))?,
        Local::Import { dry_run, file, .. } => provision::import(client, file, *dry_run, form)?,
        Local::Schema { .. } | Local::Logs { .. } => Ok(true),
    };
    match done {
        Ok(true) => Ok(DONE),
        Ok(false) => Ok(FAILED),
        Err(why) => {
            eprintln!("axictl: {why}");
            Ok(FAILED)
        }
    }
}

/// Logs in when that is asked for or needed; why it did not work. A script may begin with USER itself.
fn log_in(
    session: &mut Session,
    arguments: &Arguments,
    commands: &[input::Command],
    is_script: bool,
) -> Result<Option<String>, End> {
    let Some(user) = arguments.target.user.as_deref() else {
        let missing = session.needs_login() && !is_script && !begins_with_user(commands);
        let advice = "you are neither root nor the user of axigend: log in with --user NAME";
        return Ok(missing.then(|| advice.to_owned()));
    };
    let mut password = Password(arguments.target.password_file.as_deref());
    let answer = session.log_in(user, &mut password)?;
    Ok(answer.err().map(|why| format!("login of {user}: {why}")))
}

fn begins_with_user(commands: &[input::Command]) -> bool {
    let first = commands
        .first()
        .and_then(|command| command.text.split_whitespace().next());
    first.is_some_and(|word| {
        ["USER", "GET", "HELP"]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(word))
    })
}

/// Where the password for `--user` comes from when there is no shell.
struct Password<'path>(Option<&'path Path>);

impl Lines for Password<'_> {
    fn next_line(&mut self) -> Result<Option<String>, End> {
        Ok(None)
    }

    fn password(&mut self, prompt: &str) -> Result<Option<String>, End> {
        match self.0 {
            Some(path) => Script::open(path)?.next_line(),
            None => shell::hidden_line(prompt),
        }
    }
}
