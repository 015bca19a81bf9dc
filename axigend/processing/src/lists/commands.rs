//! Commands to a list by mail: subscribe, unsubscribe, help, and the codes that confirm (domains-groupware,
//! "Subscription flow").

use std::sync::Arc;

use axigen_shared::Refusal;
use axigen_shared::value::email_address;
use axigend_config::Settings;
use axigend_directory::{ListAddress, MailingList};
use axigend_message::{Content, Decoder, Part, Walker};
use axigend_queue::Entry;
use axigend_storage::{BodySource, Flags, NewMessage};
use bytes::Bytes;

use super::code::{self, Action};
use super::folders::{self, CONFIRMED_REQUESTS, INBOX, PENDING, PENDING_REQUESTS, REJECT, REQUESTS};
use super::header::{Header, one_line};
use super::mail::{self, Ready, compose, date, may_answer};
use super::texts::{Text, Words};
use crate::attempt::Parts;

/// Most bytes of a mail that are read for a command.
const READ_MOST: u64 = 256 * 1024;
/// Longest name of a member that can be given by mail, in bytes: it has to fit into a code.
const NAME_MOST: usize = 100;
/// Field of a waiting request that says whom to subscribe.
pub(super) const SUBSCRIBER: &str = "X-Axigen-Subscriber";
/// As [`SUBSCRIBER`], the name.
pub(super) const SUBSCRIBER_NAME: &str = "X-Axigen-Subscriber-Name";

/// What a mail asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Command {
    Subscribe(String),
    Unsubscribe,
    Help,
    Confirm(String),
    Unknown(String),
}

/// A list that is asked, and by whom.
pub(super) struct Asked<'a> {
    pub(super) parts: &'a Parts,
    pub(super) settings: &'a Settings,
    pub(super) list: &'a Arc<MailingList>,
    /// Sender, who is also whoever is subscribed.
    pub(super) sender: &'a str,
    pub(super) now: i64,
}

/// What was done, in words for the log, and the answers.
pub(super) type Done = (String, Vec<Ready>);

/// Reads the command in a mail and does it.
pub(super) async fn command(
    asked: &Asked<'_>,
    which: ListAddress,
    entry: &Entry,
    header: &Header,
) -> Result<Done, Refusal> {
    if !may_answer(asked.sender, header) {
        return Ok((
            "not answered: a program, a list or nobody sent it".to_owned(),
            Vec::new(),
        ));
    }
    let key = asked.list.mailbox.key();
    if !asked
        .parts
        .lists
        .rates
        .allow((key.domain, key.account), asked.sender, asked.now)
    {
        return Ok(("not answered: too many in an hour".to_owned(), Vec::new()));
    }
    let subject = header.value("Subject").unwrap_or_default();
    let command = match which {
        ListAddress::Subscribe => Command::Subscribe(String::new()),
        ListAddress::Unsubscribe => Command::Unsubscribe,
        _ => read(&subject, &first_line(entry.body.as_ref())),
    };
    let words = Words {
        user: asked.sender.to_owned(),
        subject: one_line(&subject),
        date: date(asked.now),
        ..Words::default()
    };
    match command {
        Command::Subscribe(given) => {
            let name = if given.is_empty() {
                header.author().0
            } else {
                given
            };
            asked.subscribe(name, words).await
        }
        Command::Unsubscribe => asked.unsubscribe(words).await,
        Command::Help => asked.answer("help", Text::Help, words).await,
        Command::Confirm(code) => asked.confirm(&code, words).await,
        Command::Unknown(line) => {
            let words = Words {
                command: line,
                ..words
            };
            asked
                .answer("an unknown command", Text::UnknownCommand, words)
                .await
        }
    }
}

impl Asked<'_> {
    pub(super) async fn mail(&self, to: &str, text: Text, words: &Words) -> Result<Ready, Refusal> {
        mail::mail(self.parts, self.settings, self.list, to, (text, words)).await
    }

    async fn answer(&self, what: &str, text: Text, words: Words) -> Result<Done, Refusal> {
        let answer = self.mail(self.sender, text, &words).await?;
        Ok((format!("{what} from <{}>", self.sender), vec![answer]))
    }

    async fn subscribe(&self, name: String, words: Words) -> Result<Done, Refusal> {
        let words = Words {
            name: one_line(&name),
            command: "subscribe".to_owned(),
            ..words
        };
        if name.len() > NAME_MOST || name.chars().any(char::is_control) {
            return self
                .answer("a name that is none", Text::InvalidUserName, words)
                .await;
        }
        if self.list.user(self.sender).is_some() {
            return self
                .answer("subscribe of a member", Text::UserAlreadySubscribed, words)
                .await;
        }
        self.ask(Action::Subscribe, words).await
    }

    async fn unsubscribe(&self, words: Words) -> Result<Done, Refusal> {
        let words = Words {
            command: "unsubscribe".to_owned(),
            ..words
        };
        if self.list.user(self.sender).is_none() {
            return self
                .answer("unsubscribe of no member", Text::NotAUser, words)
                .await;
        }
        self.ask(Action::Unsubscribe, words).await
    }

    /// Asks for a confirmation; a copy rests in the folder Requests.
    async fn ask(&self, action: Action, words: Words) -> Result<Done, Refusal> {
        // The name travels in the code, so that nothing has to be kept until the answer comes.
        let argument = hex(words.name.as_bytes());
        let directory = &self.parts.directory;
        let code = code::make(directory, self.list, (action, &argument), self.sender, self.now).await?;
        let words = Words { code, ..words };
        let what = format!("{} of <{}>, to be confirmed", words.command, self.sender);
        let copy = compose(
            self.list,
            self.sender,
            (Text::NeedsConfirmation, &words),
            &words.date,
            "<copy@localhost>",
        );
        if let Err(refusal) = self.file(REQUESTS, copy).await {
            tracing::warn!(module = "PROCESSING", "{}: {refusal}", self.list.address());
        }
        let answer = self.mail(self.sender, Text::NeedsConfirmation, &words).await?;
        Ok((what, vec![answer]))
    }

    /// What a code stands for is done.
    async fn confirm(&self, code: &str, words: Words) -> Result<Done, Refusal> {
        let directory = &self.parts.directory;
        let known = code::check(directory, self.list, code, self.sender, self.now).await?;
        let Some((action, argument)) = known else {
            return self.answer("a wrong code", Text::BadConfirmation, words).await;
        };
        let name = unhex(&argument);
        match action {
            Action::Subscribe if self.list.admin_confirm => self.wait_for_admin(name, words).await,
            Action::Subscribe => self.welcome(&name, words).await,
            Action::Unsubscribe => {
                let left = directory.unsubscribe(self.list, self.sender).await?;
                let text = if left { Text::Goodbye } else { Text::NotAUser };
                self.answer("unsubscribe, confirmed", text, words).await
            }
            Action::Publish => self.move_waiting(PENDING, &argument, INBOX, words).await,
            Action::Reject => self.move_waiting(PENDING, &argument, REJECT, words).await,
            Action::Approve => {
                self.move_waiting(PENDING_REQUESTS, &argument, CONFIRMED_REQUESTS, words)
                    .await
            }
            Action::Deny => {
                self.move_waiting(PENDING_REQUESTS, &argument, REJECT, words)
                    .await
            }
        }
    }

    /// Makes the sender a member.
    pub(super) async fn welcome(&self, name: &str, words: Words) -> Result<Done, Refusal> {
        let joined = self
            .parts
            .directory
            .subscribe(self.list, self.sender, name)
            .await?;
        let text = if joined {
            Text::Welcome
        } else {
            Text::UserAlreadySubscribed
        };
        let words = Words {
            name: name.to_owned(),
            ..words
        };
        self.answer("subscribe, confirmed", text, words).await
    }

    /// Files the request for the administrator, who is told of it when it is found there.
    async fn wait_for_admin(&self, name: String, words: Words) -> Result<Done, Refusal> {
        let request = format!(
            "Date: {}\r\nFrom: <{}>\r\nTo: <{}>\r\nSubject: subscribe {}\r\n{SUBSCRIBER}: {}\r\n{SUBSCRIBER_NAME}: {}\r\n\r\n",
            words.date,
            self.sender,
            self.list.address_of(ListAddress::Request),
            super::header::encoded_text(&name),
            self.sender,
            hex(name.as_bytes()),
        );
        self.file(PENDING_REQUESTS, request).await?;
        self.parts.lists.wake.notify_one();
        self.answer("subscribe, to be approved", Text::NeedsAdminConfirmation, words)
            .await
    }

    /// Puts a message of our own into a folder of the list.
    async fn file(&self, folder: &str, message: String) -> Result<(), Refusal> {
        let account = &self.list.mailbox;
        let mailbox = self.parts.stores.get(&account.message_dir)?.mailbox(account.id);
        folders::make(&mailbox, self.list).await?;
        let body: Arc<dyn BodySource> = Arc::new(Bytes::from(message));
        let message = NewMessage {
            body,
            flags: Flags::default(),
            internal_date: self.now,
        };
        mailbox
            .append(folder, vec![message], account.mailbox_limits)
            .await
            .map(drop)
    }

    /// Moves what waits, as whoever reads the mailbox could do himself; the rest follows from where it is then.
    async fn move_waiting(
        &self,
        from: &str,
        argument: &str,
        to: &str,
        words: Words,
    ) -> Result<Done, Refusal> {
        let account = &self.list.mailbox;
        let mailbox = self.parts.stores.get(&account.message_dir)?.mailbox(account.id);
        folders::make(&mailbox, self.list).await?;
        let folder = mailbox.folder(from)?;
        let numbers = argument.split_once('-');
        let uid = numbers.and_then(|(validity, uid)| {
            let same = validity.parse() == Ok(folder.uid_validity);
            uid.parse::<u32>().ok().filter(|_| same)
        });
        let row = match uid {
            Some(uid) => mailbox.message(folder.id, uid)?,
            None => None,
        };
        let Some(row) = row else {
            return self
                .answer(
                    "a code for what does not wait any more",
                    Text::BadConfirmation,
                    words,
                )
                .await;
        };
        mailbox
            .move_messages(folder.id, vec![row.uid], to, account.mailbox_limits)
            .await?;
        self.parts.lists.wake.notify_one();
        Ok((
            format!("moved from {from} to {to} for <{}>", self.sender),
            Vec::new(),
        ))
    }
}

/// The command in a subject or a first line.
fn read(subject: &str, line: &str) -> Command {
    if let Some(code) = code::find(subject).or_else(|| code::find(line)) {
        return Command::Confirm(code.to_owned());
    }
    let text = if line.is_empty() { subject.trim() } else { line };
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    match word.to_ascii_lowercase().as_str() {
        "subscribe" => Command::Subscribe(rest.trim().to_owned()),
        "unsubscribe" => Command::Unsubscribe,
        "help" => Command::Help,
        _ => Command::Unknown(one_line(text).chars().take(NAME_MOST).collect()),
    }
}

/// The first line of the text of a mail that is neither empty nor quoted; nothing after a signature counts.
fn first_line(body: &dyn BodySource) -> String {
    let text = text_of(body);
    text.lines()
        .map(str::trim)
        .take_while(|line| *line != "--")
        .find(|line| !line.is_empty() && !line.starts_with('>'))
        .unwrap_or_default()
        .to_owned()
}

/// The first plain text in a mail.
fn text_of(body: &dyn BodySource) -> String {
    let length = usize::try_from(body.len().min(READ_MOST)).unwrap_or_default();
    let mut bytes = vec![0; length];
    let read = body.read_at(0, &mut bytes).unwrap_or(0);
    bytes.truncate(read);
    let mut walker = Walker::new();
    walker.feed(&bytes);
    let root = walker.finish().root;
    let Some(part) = plain(&root) else {
        return String::new();
    };
    let at = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
    let raw = bytes
        .get(at(part.body.start)..at(part.body.end))
        .unwrap_or_default();
    let mut decoder = Decoder::new(part.transfer());
    let mut out = Vec::new();
    decoder.feed(raw, &mut out);
    decoder.finish(&mut out);
    String::from_utf8_lossy(&out).into_owned()
}

fn plain(part: &Part) -> Option<&Part> {
    match &part.content {
        Content::Multipart(parts) => parts.iter().find_map(plain),
        Content::Leaf if part.media_type == "text" && part.subtype == "plain" => Some(part),
        _ => None,
    }
}

/// Bytes as digits: `0` stands for none, because an argument of a code is never empty.
fn hex(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "0".to_owned();
    }
    code::digits(bytes)
}

pub(super) fn unhex(text: &str) -> String {
    let digits = text.as_bytes().chunks_exact(2);
    let byte = |pair: &[u8]| {
        let pair = std::str::from_utf8(pair).ok()?;
        u8::from_str_radix(pair, 16).ok()
    };
    let bytes: Option<Vec<u8>> = digits.map(byte).collect();
    String::from_utf8(bytes.unwrap_or_default()).unwrap_or_default()
}

/// An address that a request names, when it is one.
pub(super) fn subscriber(header: &Header) -> Option<(String, String)> {
    let address = header.value(SUBSCRIBER)?;
    let name = header.value(SUBSCRIBER_NAME).unwrap_or_default();
    let address = email_address(address.trim()).ok()?;
    Some((address, unhex(name.trim())))
}

#[cfg(test)]
mod tests {
    use super::{Command, first_line, hex, read, unhex};
    use bytes::Bytes;

    #[test]
    fn commands_are_read() {
        let subscribe = |name: &str| Command::Subscribe(name.to_owned());
        for (subject, line, command) in [
            ("x", "SUBSCRIBE Ann  Lee ", subscribe("Ann  Lee")),
            ("subscribe", "", subscribe("")),
            ("subscribe", "unsubscribe", Command::Unsubscribe),
            ("x", "help", Command::Help),
            (
                "Re: confirm s.1.0.ab",
                "subscribe",
                Command::Confirm("s.1.0.ab".to_owned()),
            ),
            ("x", "confirm u.1.0.ab", Command::Confirm("u.1.0.ab".to_owned())),
            ("x", "what is this", Command::Unknown("what is this".to_owned())),
        ] {
            assert_eq!(read(subject, line), command, "{subject} {line}");
        }
    }

    #[test]
    fn quoted_text_and_signatures_are_no_commands() {
        let line = |text: &'static str| first_line(&Bytes::from_static(text.as_bytes()));
        assert_eq!(line("A: b\r\n\r\n\r\n> subscribe\r\n help\r\n"), "help");
        assert_eq!(line("A: b\r\n\r\n-- \r\nsubscribe\r\n"), "");
        let html = "Content-Type: multipart/alternative; boundary=x\r\n\r\n--x\r\nContent-Type: text/html\r\n\r\n<p>\r\n\
                    --x\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\naGVscA==\r\n--x--\r\n";
        assert_eq!(line(html), "help");
    }

    #[test]
    fn names_travel_in_codes() {
        for name in ["", "Ann Lee", "Jörg"] {
            assert_eq!(unhex(&hex(name.as_bytes())), name);
        }
    }
}
