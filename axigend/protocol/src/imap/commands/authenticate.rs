//! AUTHENTICATE, initial responses included (RFC 9051, 6.2.2; RFC 4959). The mechanisms are `sasl`'s.

use axigen_shared::{Cause, Refusal};

use super::{
    super::{
        cursor::{Bad, Cursor, Parsed},
        dialogue::{Call, Dialogue, Fail, Fine},
        frame::{self, Limits},
    },
    login::log_in,
};
use crate::sasl::{self, Mechanism, Progress};

pub(super) struct Arguments {
    mechanism: String,
    /// Where the initial response lies in the command, if there is one; it is a secret and stays there.
    initial: Option<(usize, usize)>,
}

pub(super) fn parse(cursor: &mut Cursor<'_>, _: &Call) -> Parsed<Arguments> {
    cursor.space()?;
    let mechanism = cursor.keyword("a mechanism name")?;
    let mut initial = None;
    if cursor.eat(b' ') {
        let start = cursor.position();
        cursor.take_while(|byte| byte.is_ascii_graphic());
        initial = Some((start, cursor.position()));
    }
    Ok(Arguments { mechanism, initial })
}

pub(super) async fn run(dialogue: &mut Dialogue, call: &Call, arguments: Arguments) -> Result<Fine, Fail> {
    let mechanism = allowed(dialogue, &arguments.mechanism)?;
    let initial = arguments
        .initial
        .and_then(|(start, end)| call.raw.bytes.get(start..end));
    let (mut exchange, mut progress) = sasl::Dialogue::begin(mechanism, initial);
    loop {
        match progress {
            Progress::Challenge(text) => {
                dialogue.wire.say(format!("+ {text}\r\n").as_bytes());
                let limits = Limits::PRE_LOGIN;
                let line = frame::line(&dialogue.wire, limits.line, limits.drain).await?;
                if !line.whole {
                    return Err(Bad::new(format!("response longer than {} bytes", limits.line)).into());
                }
                let bytes = zeroize::Zeroizing::new(line.bytes);
                progress = exchange.respond(&bytes);
            }
            Progress::Verify(credentials) => return log_in(dialogue, credentials, mechanism.name()).await,
            Progress::Cancelled => return Err(Bad::new("authentication cancelled").into()),
            Progress::Malformed(text) => return Err(Bad::new(text).into()),
            Progress::NotAuthorized => {
                let detail = "an authorization identity other than the user";
                return Err(Fail::Login(Refusal::new(Cause::AuthenticationFailed, detail)));
            }
        }
    }
}

/// The mechanism, if it may be used on this connection.
fn allowed(dialogue: &Dialogue, name: &str) -> Result<Mechanism, Fail> {
    let rules = dialogue.settings.login;
    let unsupported = Fail::no("CANNOT", "Unsupported authentication mechanism");
    let Some(mechanism) = Mechanism::named(name) else {
        return Err(unsupported);
    };
    if rules.mechanisms(dialogue.is_private()).contains(mechanism) {
        return Ok(mechanism);
    }
    if !dialogue.is_private() && rules.secure.contains(mechanism) {
        let text = "Plain text authentication disallowed on non-secure connections";
        return Err(Fail::no("PRIVACYREQUIRED", text));
    }
    Err(unsupported)
}
