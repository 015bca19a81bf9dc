//! What SMTP knows of a message beside its bytes (RFC 5321, 2.3.1).

/// The `BODY=` declaration of MAIL FROM (RFC 6152; RFC 3030).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BodyType {
    /// 7BIT, or nothing said.
    #[default]
    SevenBit,
    /// 8BITMIME.
    EightBitMime,
    /// BINARYMIME.
    BinaryMime,
}

/// One accepted RCPT TO.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The forward-path as accepted, `local@domain`; without `@` it means the primary domain.
    pub address: String,
}

impl Recipient {
    /// The recipient with this address.
    pub fn new(address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
        }
    }
}

/// The envelope of a queued message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Envelope {
    /// MAIL FROM without the brackets; empty is the null reverse-path `<>`.
    pub reverse_path: String,
    /// At least one.
    pub recipients: Vec<Recipient>,
    /// When the message was received, unix seconds.
    pub received_at: i64,
    /// Declared body type.
    pub body_type: BodyType,
    /// Whether SMTPUTF8 was asked for (RFC 6531).
    pub smtp_utf8: bool,
    /// Address of the authenticated account, if the sender logged in.
    pub authenticated: Option<String>,
    /// Who handed it in, for the log: "host.example [192.0.2.7]", or "local".
    pub peer: String,
}
