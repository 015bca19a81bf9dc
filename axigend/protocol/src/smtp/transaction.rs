//! A mail transaction: from MAIL to the end of data (RFC 5321, 3.3).

use super::{
    body::Body,
    parameter::{BodyType, MailParameters},
    path::{Mailbox, ReversePath},
    request::Submission,
};

/// What has been said since MAIL.
#[derive(Debug)]
pub(super) struct Transaction {
    pub reverse_path: ReversePath,
    pub parameters: MailParameters,
    pub recipients: Vec<Mailbox>,
    /// RCPT was tried, with or without success.
    pub tried: bool,
    /// The message in progress.
    pub body: Option<Body>,
    /// A BDAT failed: only RSET, EHLO or the last chunk ends this (RFC 3030, 2).
    pub failed: bool,
}

impl Transaction {
    pub(super) fn new(reverse_path: ReversePath, parameters: MailParameters) -> Self {
        Self {
            reverse_path,
            parameters,
            recipients: Vec::new(),
            tried: false,
            body: None,
            failed: false,
        }
    }

    /// Whether BDAT has begun.
    pub(super) fn is_chunking(&self) -> bool {
        self.failed || self.body.is_some()
    }

    pub(super) fn is_binary(&self) -> bool {
        self.parameters.body == BodyType::BinaryMime
    }

    /// The only recipient, if there is only one.
    pub(super) fn only_recipient(&self) -> Option<&str> {
        match self.recipients.as_slice() {
            [recipient] => Some(recipient.address()),
            _ => None,
        }
    }

    /// What is handed over with the whole message.
    pub(super) fn submission(self, hello: String, authenticated: Option<String>) -> Submission {
        let size = self.body.as_ref().map_or(0, Body::size);
        Submission {
            reverse_path: self.reverse_path,
            recipients: self
                .recipients
                .iter()
                .map(|mailbox| mailbox.address().to_owned())
                .collect(),
            body_type: self.parameters.body,
            smtp_utf8: self.parameters.smtp_utf8,
            authenticated,
            hello,
            message_id: self.body.map(Body::into_message_id).unwrap_or_default(),
            size,
        }
    }
}
