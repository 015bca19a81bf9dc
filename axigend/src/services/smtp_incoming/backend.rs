//! The answers to the session's questions, each from the part that knows.

use std::{net::IpAddr, sync::Arc, time::Duration};

use axigen_shared::{Cause, Refusal};
use axigend_config::Settings;
use axigend_directory::{Account, LoginContext, ServiceSwitch};
use axigend_net::Backend;
use axigend_protocol::{
    sasl::Credentials,
    smtp::{self, Answer, Opened, Request, ReversePath, Session, Submission},
};
use axigend_queue::{BodyType, Envelope, Incoming, Recipient};
use axigend_storage::ask;
use jiff::ZonedDateTime;

use super::{Desk, recipient};

/// Wait before a wrong password is answered, so that guessing is slow; the same as in POP3 (services-core 3.2.4).
const FAILED_LOGIN_DELAY: Duration = Duration::from_secs(2);
/// Most recipients named in the line that logs a new message; of more the number says enough.
const LOGGED_RECIPIENTS: usize = 50;
/// Longest Message-ID in that line.
const LOGGED_MESSAGE_ID: usize = 256;

/// What answers one SMTP session.
pub(super) struct SmtpBackend {
    desk: Arc<Desk>,
    settings: Arc<Settings>,
    remote: Option<IpAddr>,
    account: Option<Arc<Account>>,
    /// The message on its way in. Dropping it leaves nothing behind.
    incoming: Option<Incoming>,
}

impl SmtpBackend {
    pub(super) fn new(desk: Arc<Desk>, settings: Arc<Settings>, remote: Option<IpAddr>) -> Self {
        Self {
            desk,
            settings,
            remote,
            account: None,
            incoming: None,
        }
    }

    async fn authenticate(&mut self, credentials: Credentials) -> Result<String, Refusal> {
        let context = LoginContext {
            primary_domain: &self.settings.server.primary_domain,
            allow_alias_logins: self.settings.server.allow_alias_logins,
            remote: self.remote,
        };
        let password = credentials.password.as_bytes();
        let directory = &self.desk.directory;
        let checked = directory
            .authenticate(
                &credentials.login,
                password,
                ServiceSwitch::SmtpOutgoing,
                &context,
            )
            .await;
        if checked
            .as_ref()
            .is_err_and(|refusal| refusal.cause == Cause::AuthenticationFailed)
        {
            tokio::time::sleep(FAILED_LOGIN_DELAY).await;
        }
        let account = checked?;
        let address = account.address();
        self.account = Some(account);
        Ok(address)
    }

    /// The account as it is now; one that is gone or whose domain is out of service does not send.
    async fn sender(&self) -> Result<(), Refusal> {
        let Some(account) = &self.account else {
            return Ok(());
        };
        let (directory, key) = (Arc::clone(&self.desk.directory), account.key());
        match ask(move || directory.account(&key)).await? {
            Some(account) => recipient::may_send(&self.desk, &account).await,
            None => Err(Refusal::new(
                Cause::NotPermitted,
                format!("{} is gone", account.address()),
            )),
        }
    }

    fn open(&mut self, announced: u64) -> Opened {
        let mut incoming = self.desk.queue.incoming();
        incoming.expect(announced);
        let opened = Opened {
            id: incoming.id().to_string(),
            date: date(&ZonedDateTime::now()),
        };
        self.incoming = Some(incoming);
        opened
    }

    async fn chunk(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        let Some(incoming) = &mut self.incoming else {
            return Err(no_message());
        };
        let taken = incoming.chunk(bytes).await;
        if taken.is_err() {
            self.incoming = None;
        }
        taken
    }

    async fn commit(&mut self, submission: Submission) -> Result<(), Refusal> {
        let incoming = self.incoming.take().ok_or_else(no_message)?;
        let hello = &submission.hello;
        let address = self
            .remote
            .map_or_else(|| "local".to_owned(), |address| address.to_string());
        let envelope = Envelope {
            reverse_path: submission.reverse_path.address().to_owned(),
            recipients: submission.recipients.iter().map(Recipient::new).collect(),
            received_at: ZonedDateTime::now().timestamp().as_second(),
            body_type: body_type(submission.body_type),
            smtp_utf8: submission.smtp_utf8,
            authenticated: submission.authenticated.clone(),
            peer: format!("{hello} [{address}]"),
        };
        let announce = |id| {
            tracing::info!(
                "New mail {}, enqueued with id {id}",
                described(&submission, &address)
            );
        };
        self.desk.processing.accept(incoming, envelope, announce).await
    }
}

impl Backend for SmtpBackend {
    type Session = Session;

    async fn answer(&mut self, request: Request) -> Answer {
        match request {
            Request::Authenticate(credentials) => Answer::Authenticated(self.authenticate(credentials).await),
            Request::Sender { .. } => Answer::Sender(self.sender().await),
            Request::Recipient { address, size } => {
                let primary_domain = &self.settings.server.primary_domain;
                let sender = self.account.as_ref().map(|account| account.address());
                let route = recipient::route(&self.desk, primary_domain, &address, size, sender.as_deref());
                Answer::Recipient(route.await)
            }
            Request::Open { announced } => Answer::Opened(Ok(self.open(announced))),
            Request::Chunk(bytes) => Answer::Taken(self.chunk(&bytes).await),
            Request::Commit(submission) => Answer::Committed(self.commit(*submission).await),
            Request::Discard => {
                self.incoming = None;
                Answer::Discarded
            }
        }
    }
}

fn no_message() -> Refusal {
    Refusal::new(Cause::Internal, "there is no message in progress")
}

fn body_type(body: smtp::BodyType) -> BodyType {
    match body {
        smtp::BodyType::SevenBit => BodyType::SevenBit,
        smtp::BodyType::EightBitMime => BodyType::EightBitMime,
        smtp::BodyType::BinaryMime => BodyType::BinaryMime,
    }
}

/// Date and time of the Received field (RFC 5322, 3.3).
fn date(now: &ZonedDateTime) -> String {
    now.strftime("%a, %d %b %Y %H:%M:%S %z").to_string()
}

/// The message in the shape that AXIGEN's log has (services-core, "Logging").
fn described(submission: &Submission, address: &str) -> String {
    let id: String = submission.message_id.chars().take(LOGGED_MESSAGE_ID).collect();
    let id = if id.is_empty() {
        "<>".to_owned()
    } else {
        id.escape_debug().to_string()
    };
    let from = match &submission.reverse_path {
        ReversePath::Null => "",
        ReversePath::Mailbox(mailbox) => mailbox.address(),
    };
    let count = submission.recipients.len();
    let named = submission
        .recipients
        .iter()
        .take(LOGGED_RECIPIENTS)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    let more = if count > LOGGED_RECIPIENTS { ", ..." } else { "" };
    format!(
        "{id} received from {} ({address}) with envelope from <{from}>, recipients={count} ({named}{more}), size={}",
        submission.hello, submission.size
    )
}

#[cfg(test)]
mod tests {
    use super::{Submission, date, described};
    use axigend_protocol::smtp::{BodyType, ReversePath};

    #[test]
    fn date_of_received() {
        let then: jiff::ZonedDateTime = "2026-01-05T09:30:00+01:00[+01:00]".parse().expect("a time");
        assert_eq!(date(&then), "Mon, 05 Jan 2026 09:30:00 +0100");
    }

    #[test]
    fn line_of_a_new_message() {
        let mut submission = Submission {
            reverse_path: ReversePath::Null,
            recipients: vec!["b@y".into()],
            body_type: BodyType::SevenBit,
            smtp_utf8: false,
            authenticated: None,
            hello: "host.example.com".into(),
            message_id: "<id@host>".into(),
            size: 2210,
        };
        assert_eq!(
            described(&submission, "10.0.0.1"),
            "<id@host> received from host.example.com (10.0.0.1) with envelope from <>, recipients=1 (b@y), size=2210"
        );
        submission.recipients = vec!["b@y".into(); 1000];
        submission.message_id = "x\u{7}".repeat(1000);
        let line = described(&submission, "10.0.0.1");
        assert!(
            line.len() < 2000 && line.contains("recipients=1000 (b@y, ") && !line.contains('\u{7}'),
            "{line}"
        );
    }
}
