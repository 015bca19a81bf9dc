//! MAIL: opens a transaction (RFC 5321, 4.1.1.2; SIZE: RFC 1870, 6; SMTPUTF8: RFC 6531, 3.4).

use crate::smtp::{
    answer,
    command::Command,
    parameter::MailParameters,
    path::{self, ReversePath},
    reply::Reply,
    request::Request,
    session::{Pending, Session},
};

/// MAIL FROM:<reverse-path> [parameters].
pub(in crate::smtp) struct Mail {
    reverse_path: ReversePath,
    parameters: MailParameters,
}

impl Command for Mail {
    fn parse(arguments: &str, session: &Session) -> Result<Self, Reply> {
        let text = keyword(arguments, "FROM:")
            .ok_or_else(|| Reply::new(501, "5.5.4", "Syntax: MAIL FROM:<address>"))?;
        let (mailbox, rest) = path::parse(text, &session.settings.primary_domain)
            .map_err(|path::BadPath| Reply::new(553, "5.1.7", "Invalid mail address"))?;
        let extended = session.hello.as_ref().is_some_and(|hello| hello.extended);
        if !extended && !rest.trim().is_empty() {
            return Err(Reply::new(555, "5.5.4", "Parameters need EHLO"));
        }
        let parameters = MailParameters::parse(rest, &session.settings.policy)?;
        if !parameters.smtp_utf8 && mailbox.as_ref().is_some_and(|mailbox| !mailbox.is_ascii()) {
            return Err(non_ascii());
        }
        let reverse_path = mailbox.map_or(ReversePath::Null, ReversePath::Mailbox);
        Ok(Self {
            reverse_path,
            parameters,
        })
    }

    fn run(self, session: &mut Session) -> Result<(), Reply> {
        let max = session.settings.policy.max_octets().unwrap_or(u64::MAX);
        let size = self.parameters.size;
        if size.is_some_and(|size| size > max) {
            session.say(&answer::too_large());
        } else if session.account.is_some() {
            let request = Request::Sender {
                reverse_path: self.reverse_path.clone(),
                size,
            };
            session.ask(request, Pending::Sender(self.reverse_path, self.parameters));
        } else {
            session.open_transaction(self.reverse_path, self.parameters);
        }
        Ok(())
    }
}

/// What follows `FROM:` or `TO:`.
pub(in crate::smtp) fn keyword<'a>(arguments: &'a str, keyword: &str) -> Option<&'a str> {
    let arguments = arguments.trim_start_matches(' ');
    let (head, rest) = arguments.split_at_checked(keyword.len())?;
    head.eq_ignore_ascii_case(keyword).then_some(rest)
}

/// An address beyond ASCII without SMTPUTF8 (RFC 6531, 3.5).
pub(in crate::smtp) fn non_ascii() -> Reply {
    Reply::new(553, "5.6.7", "Non-ASCII addresses need SMTPUTF8")
}
