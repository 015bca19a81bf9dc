//! The mails that a list sends by itself: their texts, and the keywords in them (domains-groupware, "Attributes").

use axigend_directory::{ListAddress, MailingList};

/// Which mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Text {
    UnknownCommand,
    InvalidUserName,
    NotAUser,
    BadConfirmation,
    UserAlreadySubscribed,
    InvalidFormat,
    NeedsConfirmation,
    NeedsAdminConfirmation,
    Rejected,
    Welcome,
    Goodbye,
    Denied,
    /// The answer to `help`, which has no attribute.
    Help,
    /// To the moderator: a post waits. No attribute.
    PostWaits,
    /// To the administrator: a subscription waits. No attribute.
    RequestWaits,
}

/// What keywords stand for beside what the list says itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Words {
    pub(super) user: String,
    pub(super) name: String,
    pub(super) command: String,
    pub(super) code: String,
    pub(super) reject_code: String,
    pub(super) subject: String,
    pub(super) date: String,
}

impl Text {
    /// The attribute that may hold another text; empty when there is none.
    const fn attribute(self) -> &'static str {
        match self {
            Self::UnknownCommand => "unknownCommand",
            Self::InvalidUserName => "invalidUserName",
            Self::NotAUser => "notAUser",
            Self::BadConfirmation => "badConfirmation",
            Self::UserAlreadySubscribed => "userAlreadySubscribed",
            Self::InvalidFormat => "invalidFormat",
            Self::NeedsConfirmation => "requestNeedsConfirmation",
            Self::NeedsAdminConfirmation => "requestNeedsAdminConfirmation",
            Self::Rejected => "autoRejectResponse",
            Self::Welcome => "welcome",
            Self::Goodbye => "goodbye",
            Self::Denied => "subscribeDenied",
            Self::Help | Self::PostWaits | Self::RequestWaits => "",
        }
    }

    const fn subject(self) -> &'static str {
        match self {
            Self::UnknownCommand => "%LIST%: command not understood",
            Self::InvalidUserName => "%LIST%: name not accepted",
            Self::NotAUser => "%LIST%: you are not a member",
            Self::BadConfirmation => "%LIST%: code not accepted",
            Self::UserAlreadySubscribed => "%LIST%: you are a member already",
            Self::InvalidFormat => "%LIST%: content not accepted",
            Self::NeedsConfirmation | Self::PostWaits | Self::RequestWaits => "confirm %CODE%",
            Self::NeedsAdminConfirmation => "%LIST%: your request waits for approval",
            Self::Rejected => "%LIST%: your message was not published",
            Self::Welcome => "Welcome to %LIST%",
            Self::Goodbye => "You have left %LIST%",
            Self::Denied => "%LIST%: your request was not approved",
            Self::Help => "%LIST%: help",
        }
    }

    const fn default(self) -> &'static str {
        match self {
            Self::UnknownCommand => {
                "Your mail to %REQUEST% holds no command that this list knows:\r\n\r\n    %COMMAND%\r\n\r\nSend the word help to the same address to read which there are."
            }
            Self::InvalidUserName => "The name in your request to %LISTADDR% cannot be taken: %NAME%",
            Self::NotAUser => "%USER% is not a member of %LISTADDR%, so there is nothing to end.",
            Self::BadConfirmation => {
                "The code in your mail to %LISTADDR% is wrong, too old, or was made for another address.\r\nPlease send your request again."
            }
            Self::UserAlreadySubscribed => "%USER% is a member of %LISTADDR% already.",
            Self::InvalidFormat => {
                "Your message \"%SUBJECT%\" to %LISTADDR% was not published:\r\nthe list does not accept its kind of content."
            }
            Self::NeedsConfirmation => {
                "Someone, probably you, asked at %LISTADDR% for: %COMMAND% %USER%\r\n\r\nIf this is what you want, reply to this mail and leave its subject as it is.\r\nIf not, do nothing: without your reply nothing happens.\r\n\r\nThe code is valid for seven days:\r\n\r\n    confirm %CODE%"
            }
            Self::NeedsAdminConfirmation => {
                "Thank you. The administrator of %LISTADDR% has to approve your request; you will hear of it by mail."
            }
            Self::Rejected => "Your message \"%SUBJECT%\" to %LISTADDR% was not published.",
            Self::Welcome => {
                "You are a member of %LIST% now.\r\n\r\nTo write to all members, send mail to %LISTADDR%.\r\nTo leave, send any mail to %UNSUBSCRIBE%."
            }
            Self::Goodbye => "%USER% is not a member of %LISTADDR% any more.",
            Self::Denied => "The administrator of %LISTADDR% did not approve your request.",
            Self::Help => {
                "Send one of these words to %REQUEST%, in the body or as the subject:\r\n\r\n    subscribe [your name]\r\n    unsubscribe\r\n    help\r\n\r\nA human answers at %OWNER%."
            }
            Self::PostWaits => {
                "A message from %USER% waits at %LISTADDR%:\r\n\r\n    %SUBJECT%\r\n\r\nTo publish it, reply to this mail and leave its subject as it is.\r\nTo reject it, send this line to %REQUEST%:\r\n\r\n    confirm %REJECTCODE%\r\n\r\nOr move it from the folder Pending of the list's mailbox to INBOX or to Reject."
            }
            Self::RequestWaits => {
                "%USER% (%NAME%) asks to become a member of %LISTADDR%.\r\n\r\nTo approve it, reply to this mail and leave its subject as it is.\r\nTo deny it, send this line to %REQUEST%:\r\n\r\n    confirm %REJECTCODE%\r\n\r\nOr move it from the folder PendingRequests of the list's mailbox to ConfirmedRequests or to Reject."
            }
        }
    }

    /// Subject and text for this list.
    pub(super) fn filled(self, list: &MailingList, words: &Words) -> (String, String) {
        let set = list.text(self.attribute()).filter(|text| !text.is_empty());
        let (subject, text) = set.map_or((None, self.default()), with_subject);
        let mut subject = fill(subject.unwrap_or_else(|| self.subject()), list, words);
        // Whoever replies sends the code back in the subject, whatever the administrator has made of it.
        if !words.code.is_empty() && !subject.contains(&words.code) {
            subject = format!("{subject} confirm {}", words.code);
        }
        (subject, fill(text, list, words))
    }
}

/// A text that was set may begin with its subject: `Subject: Welcome`, an empty line, the text.
fn with_subject(text: &str) -> (Option<&str>, &str) {
    const FIELD: &str = "subject:";
    let (first, rest) = text.split_once("\r\n").unwrap_or((text, ""));
    match first.split_at_checked(FIELD.len()) {
        Some((name, subject)) if name.eq_ignore_ascii_case(FIELD) => {
            (Some(subject.trim()), rest.strip_prefix("\r\n").unwrap_or(rest))
        }
        _ => (None, text),
    }
}

/// Puts words in the place of keywords. A single pass, so that nothing in a word is a keyword; unknown ones stay.
pub(super) fn fill(text: &str, list: &MailingList, words: &Words) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let keyword = after.split_once('%');
        let known = keyword.and_then(|(keyword, beyond)| Some((word(keyword, list, words)?, beyond)));
        if let Some((word, beyond)) = known {
            out.push_str(&word);
            rest = beyond;
        } else {
            out.push('%');
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

fn word(keyword: &str, list: &MailingList, words: &Words) -> Option<String> {
    let description = match list.description.as_str() {
        "" => &list.mailbox.name,
        description => description,
    };
    Some(match keyword {
        "LIST" => list.mailbox.name.clone(),
        "LISTADDR" => list.address(),
        "DESCRIPTION" => description.to_owned(),
        "USER" => words.user.clone(),
        "NAME" => words.name.clone(),
        "COMMAND" => words.command.clone(),
        "CODE" => words.code.clone(),
        "REJECTCODE" => words.reject_code.clone(),
        "ADMIN" => list.admin_email.clone(),
        "SUBJECT" => words.subject.clone(),
        "DATE" => words.date.clone(),
        "REQUEST" => list.address_of(ListAddress::Request),
        "UNSUBSCRIBE" => list.address_of(ListAddress::Unsubscribe),
        "OWNER" => list.address_of(ListAddress::Owner),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::with_subject;

    #[test]
    fn a_text_may_begin_with_its_subject() {
        for (text, subject, body) in [
            ("Subject: Hello\r\n\r\nText", Some("Hello"), "Text"),
            ("SUBJECT:Hello\r\nText", Some("Hello"), "Text"),
            ("Subject: only", Some("only"), ""),
            ("No subject: here", None, "No subject: here"),
            ("Sübject: x", None, "Sübject: x"),
            ("", None, ""),
        ] {
            assert_eq!(with_subject(text), (subject, body), "{text}");
        }
    }
}
