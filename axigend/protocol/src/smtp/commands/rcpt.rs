//! RCPT: one more recipient (RFC 5321, 4.1.1.3).

use crate::smtp::{
    command::Command,
    commands::mail::{keyword, non_ascii},
    parameter,
    path::{self, Mailbox},
    policy::Delivery,
    reply::Reply,
    request::{Request, Route},
    session::{Pending, Session},
};

/// RCPT TO:<forward-path>.
pub(in crate::smtp) struct Rcpt(Mailbox);

impl Command for Rcpt {
    fn parse(arguments: &str, session: &Session) -> Result<Self, Reply> {
        let text =
            keyword(arguments, "TO:").ok_or_else(|| Reply::new(501, "5.5.4", "Syntax: RCPT TO:<address>"))?;
        let invalid = || Reply::new(553, "5.1.3", "Invalid mail address");
        let (mailbox, rest) =
            path::parse(text, &session.settings.primary_domain).map_err(|path::BadPath| invalid())?;
        let mailbox = mailbox.ok_or_else(invalid)?;
        parameter::none(rest)?;
        let smtp_utf8 = session
            .transaction
            .as_ref()
            .is_some_and(|transaction| transaction.parameters.smtp_utf8);
        if !smtp_utf8 && !mailbox.is_ascii() {
            return Err(non_ascii());
        }
        Ok(Self(mailbox))
    }

    fn run(self, session: &mut Session) -> Result<(), Reply> {
        let max = session.settings.policy.max_recipients();
        let Some(transaction) = &mut session.transaction else {
            return Ok(());
        };
        transaction.tried = true;
        if transaction.recipients.len() >= max {
            session.say(&Reply::new(452, "4.5.3", "Too many recipients"));
            return Ok(());
        }
        let size = transaction.parameters.size;
        let address = self.0.address().to_owned();
        session.ask(Request::Recipient { address, size }, Pending::Recipient(self.0));
        Ok(())
    }
}

/// Whether this client may send there; the error says why not.
pub(in crate::smtp) fn permit(session: &Session, route: Route) -> Result<(), Reply> {
    let policy = &session.settings.policy;
    let delivery = match route {
        Route::Local => policy.local_delivery,
        Route::Remote => policy.remote_delivery,
    };
    match (delivery, &session.account, route) {
        (Delivery::Auth, None, _) if !session.auth_tried => {
            Err(Reply::new(530, "5.7.0", "Authentication required"))
        }
        (Delivery::Auth, None, _) | (Delivery::None, ..) => {
            Err(Reply::new(550, "5.7.1", "Relay access denied"))
        }
        // The client may relay, but SMTP sending is not built: accepting would be a promise that nobody keeps.
        (_, _, Route::Remote) => Err(Reply::new(
            550,
            "5.7.1",
            "Delivery to other servers is not available, SMTP sending is not built yet",
        )),
        (_, _, Route::Local) => Ok(()),
    }
}
