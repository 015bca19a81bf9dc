//! The table of commands: a row says what a command is called, in which state it is allowed, and who runs it.

use super::{
    commands::{
        login::{Auth, Pass, User},
        other::{Capa, Noop, Quit, Rset, Stls},
        retrieve::{Retr, Top},
        scan::{Dele, List, Stat, Uidl},
    },
    session::Session,
};

/// States of RFC 1939; UPDATE is not one in which commands are heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Before login.
    Authorization,
    /// After login.
    Transaction,
}

/// A wrong command: the text after `-ERR `.
pub(super) struct Wrong(pub &'static str);

/// A command of one kind.
pub(super) trait Command: Sized {
    /// Reads the arguments.
    fn parse(arguments: &[u8]) -> Result<Self, Wrong>;
    /// Does the work: says an answer or asks a question.
    fn run(self, session: &mut Session) -> Result<(), Wrong>;
}

/// One line of the table.
pub(super) struct Row {
    /// The keyword, in capitals.
    pub name: &'static str,
    /// Where it is allowed.
    pub in_states: &'static [State],
    /// Parses and runs it.
    pub act: fn(&mut Session, &[u8]) -> Result<(), Wrong>,
}

const BEFORE: &[State] = &[State::Authorization];
const AFTER: &[State] = &[State::Transaction];
const ANY: &[State] = &[State::Authorization, State::Transaction];

/// All commands.
static COMMANDS: &[Row] = &[
    row::<User>("USER", BEFORE),
    row::<Pass>("PASS", BEFORE),
    row::<Auth>("AUTH", BEFORE),
    row::<Stls>("STLS", BEFORE),
    row::<Capa>("CAPA", ANY),
    row::<Stat>("STAT", AFTER),
    row::<List>("LIST", AFTER),
    row::<Uidl>("UIDL", AFTER),
    row::<Retr>("RETR", AFTER),
    row::<Top>("TOP", AFTER),
    row::<Dele>("DELE", AFTER),
    row::<Rset>("RSET", AFTER),
    // RFC 1939 has NOOP after login only; some clients keep a connection alive earlier.
    row::<Noop>("NOOP", ANY),
    row::<Quit>("QUIT", ANY),
];

const fn row<C: Command>(name: &'static str, in_states: &'static [State]) -> Row {
    Row {
        name,
        in_states,
        act: act::<C>,
    }
}

fn act<C: Command>(session: &mut Session, arguments: &[u8]) -> Result<(), Wrong> {
    C::parse(arguments)?.run(session)
}

/// Does what a command line says, if its row allows it now.
pub(super) fn dispatch(session: &mut Session, line: &[u8]) -> Result<(), Wrong> {
    let end = memchr::memchr(b' ', line).unwrap_or(line.len());
    let (verb, rest) = line.split_at(end);
    let Some(row) = COMMANDS
        .iter()
        .find(|row| row.name.as_bytes().eq_ignore_ascii_case(verb.trim_ascii_end()))
    else {
        return Err(Wrong("Unknown command"));
    };
    match session.state() {
        state if row.in_states.contains(&state) => (row.act)(session, rest.get(1..).unwrap_or_default()),
        State::Authorization => Err(Wrong("Log in first")),
        State::Transaction => Err(Wrong("Already logged in")),
    }
}

/// For commands without arguments.
pub(super) fn no_arguments(arguments: &[u8]) -> Result<(), Wrong> {
    if arguments.trim_ascii().is_empty() {
        Ok(())
    } else {
        Err(Wrong("No argument expected"))
    }
}

/// Numbers separated by blanks, at most `N` of them.
pub(super) fn numbers<const N: usize>(arguments: &[u8]) -> Result<[Option<u64>; N], Wrong> {
    let mut found = [None; N];
    let mut places = found.iter_mut();
    for word in arguments
        .split(|octet| *octet == b' ')
        .filter(|word| !word.is_empty())
    {
        let number = std::str::from_utf8(word)
            .ok()
            .filter(|word| word.bytes().all(|digit| digit.is_ascii_digit()))
            .map(|word| word.parse().unwrap_or(u64::MAX));
        match (places.next(), number) {
            (Some(place), Some(number)) => *place = Some(number),
            (None, _) => return Err(Wrong("Too many arguments")),
            (_, None) => return Err(Wrong("A number is expected")),
        }
    }
    Ok(found)
}

/// A message number as an index may be; too large a number is just not there.
pub(super) fn message_number(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
