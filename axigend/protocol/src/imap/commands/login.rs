//! LOGIN (RFC 9051, 6.2.3), and what every successful login has in common.

use zeroize::Zeroizing;

use super::super::{
    backend::{Answer, LoginAttempt, Request},
    cursor::{Cursor, Parsed},
    dialogue::{Call, Dialogue, Fail, Fine},
};
use crate::sasl::{Credentials, Password};

pub(super) fn parse(cursor: &mut Cursor<'_>, _: &Call) -> Parsed<Credentials> {
    cursor.space()?;
    let login = cursor.astring()?;
    let login = cursor.utf8(login, "the user name")?;
    cursor.space()?;
    let password = Zeroizing::new(cursor.astring()?);
    Ok(Credentials {
        login,
        password: Password::new(&password),
    })
}

pub(super) async fn run(dialogue: &mut Dialogue, _: &Call, credentials: Credentials) -> Result<Fine, Fail> {
    if !dialogue.settings.login.login(dialogue.is_private()) {
        return Err(if dialogue.is_private() {
            Fail::no("NOPERM", "LOGIN is disabled")
        } else {
            Fail::no(
                "PRIVACYREQUIRED",
                "Plain text authentication disallowed on non-secure connections",
            )
        });
    }
    log_in(dialogue, credentials, "LOGIN").await
}

/// Checks the credentials and enters the authenticated state.
pub(super) async fn log_in(
    dialogue: &mut Dialogue,
    credentials: Credentials,
    mechanism: &'static str,
) -> Result<Fine, Fail> {
    let attempt = LoginAttempt {
        credentials,
        mechanism,
        remote: dialogue.peer.remote,
    };
    match dialogue.wire.ask(Request::Authenticate(attempt)).await {
        Ok(Answer::LoggedIn { account }) => {
            tracing::info!("{account} logged in with {mechanism}");
            dialogue.account = Some(account);
            Ok(Fine::with_code(
                format!("CAPABILITY {}", dialogue.capabilities()),
                "Logged in",
            ))
        }
        Ok(_) => Err(Fail::no("SERVERBUG", "Internal error")),
        Err(refusal) => Err(Fail::Login(refusal)),
    }
}
