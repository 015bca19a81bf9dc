//! The table of commands: a row says what a command is called, when it is allowed, and who parses and runs it.
//!
//! The dispatcher checks the row once; no command checks its own state. Order is the order of HELP.

use super::{
    commands::{
        auth::Auth, bdat::Bdat, data::Data, hello, mail::Mail, other, rcpt::Rcpt, start_tls::StartTls,
    },
    reply::Reply,
    session::Session,
};

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Before HELO or EHLO.
    Start,
    /// Between transactions.
    Ready,
    /// After MAIL.
    Mail,
    /// After the first accepted RCPT.
    Recipients,
    /// After the first BDAT.
    Chunking,
}

/// A command of one kind: its arguments as a type, and its work.
pub(super) trait Command: Sized {
    /// Reads the arguments; a refusal counts as a wrong command.
    fn parse(arguments: &str, session: &Session) -> Result<Self, Reply>;
    /// Does the work: says a reply or asks a question. A refusal given back counts as a wrong command.
    fn run(self, session: &mut Session) -> Result<(), Reply>;
}

/// One line of the table.
pub(super) struct Row {
    /// The keyword, in capitals.
    pub name: &'static str,
    /// Where it is allowed.
    pub in_states: &'static [State],
    /// Parses and runs it.
    pub act: fn(&mut Session, &str) -> Result<(), Reply>,
}

const ANY: &[State] = &[
    State::Start,
    State::Ready,
    State::Mail,
    State::Recipients,
    State::Chunking,
];

/// All commands.
pub(super) static COMMANDS: &[Row] = &[
    row::<hello::Helo>("HELO", ANY),
    row::<hello::Ehlo>("EHLO", ANY),
    row::<StartTls>(
        "STARTTLS",
        &[State::Start, State::Ready, State::Mail, State::Recipients],
    ),
    row::<Auth>("AUTH", &[State::Ready]),
    row::<Mail>("MAIL", &[State::Ready]),
    row::<Rcpt>("RCPT", &[State::Mail, State::Recipients]),
    row::<Data>("DATA", &[State::Mail, State::Recipients]),
    // BDAT looks at the state itself: its octets must be read in any case.
    row::<Bdat>("BDAT", ANY),
    row::<other::Rset>("RSET", ANY),
    row::<other::Noop>("NOOP", ANY),
    row::<other::Help>("HELP", ANY),
    row::<other::Vrfy>("VRFY", ANY),
    row::<other::Expn>("EXPN", ANY),
    row::<other::Quit>("QUIT", ANY),
];

const fn row<C: Command>(name: &'static str, in_states: &'static [State]) -> Row {
    Row {
        name,
        in_states,
        act: act::<C>,
    }
}

fn act<C: Command>(session: &mut Session, arguments: &str) -> Result<(), Reply> {
    C::parse(arguments, session)?.run(session)
}

/// Does what a command line says, if its row allows it now.
pub(super) fn dispatch(session: &mut Session, line: &str) -> Result<(), Reply> {
    let line = line.trim_end_matches([' ', '\t']);
    let (verb, arguments) = line.split_once(' ').unwrap_or((line, ""));
    let Some(row) = COMMANDS.iter().find(|row| row.name.eq_ignore_ascii_case(verb)) else {
        return Err(Reply::new(500, "5.5.1", "Command not recognized"));
    };
    let state = session.state();
    if !row.in_states.contains(&state) {
        return Err(out_of_sequence(state));
    }
    (row.act)(session, arguments)
}

/// 503 with what would have to come first.
pub(super) fn out_of_sequence(state: State) -> Reply {
    Reply::new(
        503,
        "5.5.1",
        match state {
            State::Start => "Bad sequence of commands, send EHLO first",
            State::Ready => "Bad sequence of commands, send MAIL first",
            State::Mail | State::Recipients => "Bad sequence of commands, a mail transaction is open",
            State::Chunking => "Bad sequence of commands, BDAT is in progress",
        },
    )
}

/// For commands without arguments.
pub(super) fn no_arguments(arguments: &str) -> Result<(), Reply> {
    if arguments.is_empty() {
        Ok(())
    } else {
        Err(Reply::new(501, "5.5.4", "No argument expected"))
    }
}

#[cfg(test)]
mod tests {
    use super::{ANY, COMMANDS};

    #[test]
    fn rows_are_sane() {
        for (at, row) in COMMANDS.iter().enumerate() {
            assert_eq!(row.name, row.name.to_ascii_uppercase());
            assert!(!row.in_states.is_empty() && row.in_states.len() <= ANY.len());
            assert!(COMMANDS.iter().skip(at + 1).all(|other| other.name != row.name));
        }
    }
}
