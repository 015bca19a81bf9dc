//! The dialogue: greeting, one command after the other, goodbye (RFC 9051, 3 and 7.1).
//!
//! Owns the state of a connection and what every command has in common: tag, permission, counting errors, telling
//! changes, the tagged answer. What a command does is in `commands`.

use axigen_shared::Cause;

pub(crate) use super::call::{Call, Enabled, Fail, Fine, Then};
use super::{
    answer::{Situation, no},
    backend::Request,
    capability::{Standing, list},
    commands::{self, InState, Numbers, Row},
    cursor::{Bad, Cursor},
    frame::{self, Heard, Limits, Literal, Raw},
    selected::Selected,
    session::Settings,
    wire::{Stop, Wire},
    write::one_line,
};
use crate::session::Peer;

/// Longest part of a command that is logged.
const LOGGED_MAX: usize = 500;

/// A connection's state.
pub(crate) struct Dialogue {
    pub(crate) wire: Wire,
    pub(crate) settings: Settings,
    pub(crate) peer: Peer,
    /// TLS is up.
    pub(crate) tls: bool,
    /// The account's address, once logged in.
    pub(crate) account: Option<String>,
    pub(crate) enabled: Enabled,
    pub(crate) selected: Option<Selected>,
    /// Wrong commands since the last one that a logged-in client got done.
    errors: u32,
    /// Wrong commands of the whole connection.
    all_errors: u32,
    auth_errors: u32,
}

/// Why the connection ends.
enum End {
    Stop(Stop),
    TooManyErrors,
    Logout,
}

impl From<Stop> for End {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl Dialogue {
    pub(crate) fn new(wire: Wire, settings: Settings, peer: Peer) -> Self {
        let tls = peer.tls.is_some();
        let enabled = Enabled::default();
        Self {
            wire,
            settings,
            peer,
            tls,
            account: None,
            enabled,
            selected: None,
            errors: 0,
            all_errors: 0,
            auth_errors: 0,
        }
    }

    /// The whole conversation.
    pub(crate) async fn hold(mut self) {
        self.greet();
        let Err(end) = self.converse().await;
        let goodbye = match end {
            End::Stop(Stop::Gone) | End::Logout => None,
            End::Stop(Stop::Timeout) => Some("Autologout"),
            End::Stop(Stop::Shutdown) => Some("Server shutting down"),
            End::Stop(Stop::Flood) => Some("Too much unwanted input"),
            End::Stop(Stop::MailboxGone) => Some("The selected mailbox was deleted"),
            End::TooManyErrors => Some("Too many errors"),
        };
        self.leave().await;
        if let Some(text) = goodbye {
            self.wire.say(format!("* BYE {text}\r\n").as_bytes());
        }
    }

    fn greet(&mut self) {
        let text = match self.settings.greeting.as_str() {
            "" => format!("{} IMAP4rev1 ready", self.settings.server_name),
            text => text.to_owned(),
        };
        let line = format!(
            "* OK [CAPABILITY {}] {}\r\n",
            self.capabilities(),
            one_line(&text)
        );
        self.wire.say(line.as_bytes());
    }

    /// Command after command; ends only with a reason.
    async fn converse(&mut self) -> Result<std::convert::Infallible, End> {
        loop {
            if let Some(stop) = self.wire.stopped() {
                return Err(stop.into());
            }
            let limits = if self.account.is_some() {
                Limits::LOGGED_IN
            } else {
                Limits::PRE_LOGIN
            };
            match frame::command(&self.wire, limits).await? {
                Heard::Fault(raw, bad) => {
                    log_command(&raw);
                    let mut cursor = Cursor::new(&raw.bytes, 0);
                    let tag = cursor
                        .tag()
                        .map(|tag| String::from_utf8_lossy(tag).into_owned())
                        .ok();
                    self.say_bad(tag.as_deref(), &bad)?;
                }
                Heard::Command(raw) => self.run(raw, None).await?,
                Heard::Append(raw, literal) => self.run(raw, Some(literal)).await?,
            }
        }
    }

    async fn run(&mut self, raw: Raw, literal: Option<Literal>) -> Result<(), End> {
        log_command(&raw);
        let mut cursor = Cursor::new(&raw.bytes, 0);
        let tag = match cursor.tag() {
            Ok(tag) => String::from_utf8_lossy(tag).into_owned(),
            Err(bad) => return self.say_bad(None, &bad),
        };
        if cursor.peek().is_none() {
            // No command, so nobody waits for this "tag"; it may be a secret, which is not repeated.
            return self.say_bad(None, &Bad::new("expected a command after a tag"));
        }
        let (row, by_uid, arguments) = match self.find(&mut cursor) {
            Ok(found) => found,
            Err(bad) => {
                self.refuse_literal(literal).await?;
                return self.say_bad(Some(&tag), &bad);
            }
        };
        let utf8_names = self.enabled.utf8_names();
        let call = Call {
            tag: tag.clone(),
            name: row.name,
            by_uid,
            raw,
            arguments,
            literal,
            utf8_names,
        };
        let mut result = (row.run)(self, call).await;
        let expunge = match row.numbers {
            Numbers::Unused => Some(true),
            Numbers::Used => Some(by_uid),
            Numbers::Silent => None,
        };
        if let Some(expunge) = expunge
            && !matches!(result, Err(Fail::Stop(_)))
            && let Err(fail) = self.sync(expunge).await
        {
            result = Err(fail);
        }
        self.say_result(&tag, row.name, result).await
    }

    /// The message of an APPEND that will not be done: read past it unless the client still waits.
    pub(crate) async fn refuse_literal(&self, literal: Option<Literal>) -> Result<(), Stop> {
        let Some(literal) = literal.filter(|literal| !literal.sync) else {
            return Ok(());
        };
        frame::drain(&self.wire, literal.size, Limits::LOGGED_IN.drain).await?;
        self.skip_rest().await
    }

    /// The rest of a command after a literal: read past it, further announced literals included.
    pub(crate) async fn skip_rest(&self) -> Result<(), Stop> {
        let limits = Limits::LOGGED_IN;
        loop {
            let line = frame::line(&self.wire, limits.line, limits.drain).await?;
            match frame::announcement(&line.bytes) {
                Some((_, next)) if !next.sync => frame::drain(&self.wire, next.size, limits.drain).await?,
                _ => return Ok(()),
            }
        }
    }

    /// The selected mailbox; the row has seen to it that there is one.
    pub(crate) fn selected(&self) -> Result<&Selected, Fail> {
        self.selected
            .as_ref()
            .ok_or_else(|| Bad::new("no mailbox is selected").into())
    }

    /// The selected mailbox, to be changed.
    pub(crate) fn selected_mut(&mut self) -> Result<&mut Selected, Fail> {
        self.selected
            .as_mut()
            .ok_or_else(|| Bad::new("no mailbox is selected").into())
    }

    /// The selected mailbox, unless it was opened with EXAMINE.
    pub(crate) fn writable(&self) -> Result<&Selected, Fail> {
        let selected = self.selected()?;
        if selected.read_only {
            Err(Fail::no("READ-ONLY", "The mailbox is open read-only"))
        } else {
            Ok(selected)
        }
    }

    /// The row of a command, whether it came in its UID form, and where its arguments begin.
    fn find(&self, cursor: &mut Cursor<'_>) -> Result<(&'static Row, bool, usize), Bad> {
        cursor.space()?;
        let mut name = cursor.keyword("a command name")?;
        let by_uid = name == "UID";
        if by_uid {
            cursor.space()?;
            name = cursor.keyword("a command name after UID")?;
        }
        let row = commands::find(&name).filter(|row| row.has_uid_form || !by_uid);
        let row = row.filter(|row| row.name != "ID" || self.settings.id_enabled);
        let Some(row) = row else {
            // Before login nothing is repeated that might be a password.
            let uid = if by_uid { "UID " } else { "" };
            let named = if self.account.is_some() {
                format!(" {uid}{}", one_line(&name))
            } else {
                String::new()
            };
            return Err(Bad::new(format!("unknown command{named}")));
        };
        let fits = match row.in_state {
            InState::Any => true,
            InState::NotLoggedIn => self.account.is_none(),
            InState::LoggedIn => self.account.is_some(),
            InState::Selected => self.selected.is_some(),
        };
        if !fits {
            let state = match (&self.account, &self.selected) {
                (None, _) => "before login",
                (Some(_), None) => "without a selected mailbox",
                (Some(_), Some(_)) => "in the selected state",
            };
            let text = if row.in_state == InState::NotLoggedIn {
                format!("{name} is not possible after login")
            } else {
                format!("{name} is not possible {state}")
            };
            return Err(Bad::new(text));
        }
        Ok((row, by_uid, cursor.position()))
    }

    async fn say_result(
        &mut self,
        tag: &str,
        name: &'static str,
        result: Result<Fine, Fail>,
    ) -> Result<(), End> {
        let fail = match result {
            Ok(fine) => return self.say_fine(tag, &fine).await,
            Err(fail) => fail,
        };
        match fail {
            Fail::Bad(bad) => return self.say_bad(Some(tag), &bad),
            Fail::No { code, text } => self.say_no(tag, &code, &text),
            Fail::Refused(refusal, situation) => {
                Wire::log_refusal(name, &refusal);
                let (code, text) = no(refusal.cause, situation);
                self.say_no(tag, code, text);
            }
            Fail::Login(refusal) => {
                Wire::log_refusal(name, &refusal);
                let (code, text) = no(refusal.cause, Situation::General);
                self.say_no(tag, code, text);
                if refusal.cause == Cause::AuthenticationFailed {
                    self.auth_errors = self.auth_errors.saturating_add(1);
                    let limit = self.settings.max_auth_errors;
                    if limit > 0 && self.auth_errors >= limit {
                        return Err(End::TooManyErrors);
                    }
                }
            }
            Fail::Stop(stop) => return Err(stop.into()),
        }
        Ok(())
    }

    async fn say_fine(&mut self, tag: &str, fine: &Fine) -> Result<(), End> {
        // A client that stays for days errs now and then; only one that gets nothing right is cut off. Before login
        // nothing is forgiven, or a stranger could go on for ever with a NOOP in between.
        if self.account.is_some() {
            self.errors = 0;
        }
        let code = fine
            .code
            .as_ref()
            .map(|code| format!("[{code}] "))
            .unwrap_or_default();
        self.wire
            .say(format!("{tag} OK {code}{}\r\n", fine.text).as_bytes());
        self.wire.pace().await;
        match fine.then {
            Then::Continue => Ok(()),
            Then::Close => Err(End::Logout),
            Then::StartTls => {
                let facts = self.wire.start_tls().await?;
                tracing::info!("TLS started: {} {}", facts.version, facts.cipher);
                self.tls = true;
                Ok(())
            }
        }
    }

    fn say_no(&self, tag: &str, code: &str, text: &str) {
        let code = if code.is_empty() {
            String::new()
        } else {
            format!("[{code}] ")
        };
        self.wire.say(format!("{tag} NO {code}{text}\r\n").as_bytes());
    }

    /// Tagged BAD, or untagged when there is no tag to answer; counts.
    fn say_bad(&mut self, tag: Option<&str>, bad: &Bad) -> Result<(), End> {
        self.wire
            .say(format!("{} BAD {}\r\n", tag.unwrap_or("*"), bad.text).as_bytes());
        self.errors = self.errors.saturating_add(1);
        self.all_errors = self.all_errors.saturating_add(1);
        let limit = self.settings.max_errors;
        if limit > 0 && self.errors > limit {
            tracing::info!(
                "{} wrong commands in a row, {} in all",
                self.errors,
                self.all_errors
            );
            return Err(End::TooManyErrors);
        }
        Ok(())
    }

    /// Leaves the selected mailbox, if any.
    pub(crate) async fn leave(&mut self) {
        if self.selected.take().is_none() {
            return;
        }
        if let Err(refusal) = self.wire.done(Request::Unselect).await {
            Wire::log_refusal("leaving the mailbox", &refusal);
        }
    }

    /// Whether the connection is as good as private.
    pub(crate) fn is_private(&self) -> bool {
        self.tls || self.peer.is_private()
    }

    /// Whether STARTTLS would work now.
    pub(crate) fn can_start_tls(&self) -> bool {
        self.settings.login.start_tls && self.peer.can_start_tls && !self.tls
    }

    /// The capability list for this moment.
    pub(crate) fn capabilities(&self) -> String {
        let standing = Standing {
            logged_in: self.account.is_some(),
            private: self.is_private(),
            can_start_tls: self.can_start_tls(),
            id: self.settings.id_enabled,
            append_limit: self.settings.append_limit,
        };
        list(standing, self.settings.login)
    }
}

/// Logs a command without its secrets: arguments of LOGIN and AUTHENTICATE, contents of literals, and whatever is no
/// command at all, since that may be a password sent at the wrong moment.
fn log_command(raw: &Raw) {
    if !tracing::enabled!(tracing::Level::DEBUG) {
        return;
    }
    let end = raw
        .literals
        .first()
        .map_or(raw.bytes.len(), |literal| literal.start);
    let text = String::from_utf8_lossy(raw.bytes.get(..end).unwrap_or_default());
    let mut words = text.splitn(3, ' ');
    let (tag, name) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let is_uid = name.eq_ignore_ascii_case("UID");
    if !is_uid && commands::find(&name.trim_ascii_end().to_ascii_uppercase()).is_none() {
        tracing::debug!("<< (not a command, {} bytes)", raw.bytes.len());
        return;
    }
    let secret = ["LOGIN", "AUTHENTICATE"]
        .iter()
        .any(|word| name.eq_ignore_ascii_case(word));
    let arguments = words.next().unwrap_or_default();
    let shown = if secret {
        "(hidden)"
    } else {
        arguments.trim_ascii_end()
    };
    let shown: String = shown.chars().take(LOGGED_MAX).collect();
    let more = if raw.literals.is_empty() { "" } else { "…" };
    tracing::debug!(
        "<< {} {} {}{more}",
        tag.escape_debug(),
        name.escape_debug(),
        shown.escape_debug()
    );
}
