//! A post: whether it is published, waits, or is rejected (domains-groupware, "Posting and moderation folders").

use axigen_shared::Refusal;
use axigend_directory::{ContentAllow, Directory, MailingList, Moderate, Resolution, SenderAllow};
use axigend_message::{Content, Part, Walker};
use axigend_queue::Envelope;
use axigend_storage::BodySource;

use super::folders::{DELETED, INBOX, PENDING};
use super::header::Header;
use super::texts::Text;

/// Bytes of a message looked at together.
const PIECE: usize = 64 * 1024;

/// Field by which a list knows what has passed through it, also when another list has put its own List-Id there.
pub(super) const BEEN_THERE: &str = "X-BeenThere";

/// What becomes of a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ruling {
    /// It goes into this folder of the list's mailbox.
    File(&'static str),
    /// It is not published: it is kept among the rejected ones, and its sender is told so.
    Reject(Text, &'static str),
    /// It goes nowhere.
    Drop(&'static str),
}

/// The list's List-Id (RFC 2919).
pub(super) fn list_id(list: &MailingList) -> String {
    format!("<{}.{}>", list.mailbox.name, list.mailbox.domain.name)
}

/// Who a post is from, as far as that can be known.
pub(super) struct Author {
    is_member: bool,
    is_moderator: bool,
}

impl Author {
    /// Whoever administers the list and has an account here must have logged in: a From field is soon written.
    pub(super) fn of(
        directory: &Directory,
        list: &MailingList,
        envelope: &Envelope,
        header: &Header,
    ) -> Result<Self, Refusal> {
        let (_, author) = header.author();
        let authenticated = envelope.authenticated.as_deref();
        let named = [envelope.reverse_path.as_str(), author.as_str()];
        let is_local = matches!(
            directory.resolve(&list.admin_email, "")?,
            Resolution::Account(_) | Resolution::Group(_)
        );
        let is_admin = |address: &str| list.is_admin(address);
        Ok(Self {
            is_member: authenticated
                .into_iter()
                .chain(named)
                .any(|address| list.user(address).is_some()),
            is_moderator: authenticated.is_some_and(is_admin) || !is_local && named.into_iter().any(is_admin),
        })
    }
}

/// Decides about a post.
pub(super) fn judge(
    list: &MailingList,
    envelope: &Envelope,
    header: &Header,
    author: &Author,
    content: ContentAllow,
) -> Ruling {
    if envelope.reverse_path.is_empty() {
        return Ruling::Drop("it comes from nobody");
    }
    if !header.is_whole() {
        return Ruling::Drop("its header is too large");
    }
    let id = list_id(list);
    let own = list.address();
    let has_passed = header.values("List-Id").iter().any(|value| value.contains(&id))
        || header
            .values(BEEN_THERE)
            .iter()
            .any(|value| value.eq_ignore_ascii_case(&own));
    if has_passed {
        return Ruling::Drop("it has been distributed by this list before");
    }
    let automatic = header
        .value("Auto-Submitted")
        .is_some_and(|value| !value.trim().to_ascii_lowercase().starts_with("no"));
    if automatic {
        return Ruling::Drop("a program wrote it");
    }
    let allowed = match list.sender_allow {
        SenderAllow::All => true,
        SenderAllow::Subscribers => author.is_member || author.is_moderator,
        SenderAllow::Moderator => author.is_moderator,
    };
    if !allowed {
        return Ruling::Reject(Text::Rejected, "this sender may not post");
    }
    if content > list.content_allow {
        return Ruling::Reject(Text::InvalidFormat, "this kind of content is not accepted");
    }
    let waits = match list.moderate {
        Moderate::None => false,
        Moderate::All => !author.is_moderator,
        Moderate::NonSubscribers => !author.is_member && !author.is_moderator,
    };
    Ruling::File(if waits { PENDING } else { INBOX })
}

impl Ruling {
    /// The folder that the post goes into.
    pub(super) fn folder(&self) -> Option<&'static str> {
        match self {
            Self::File(folder) => Some(folder),
            Self::Reject(..) => Some(DELETED),
            Self::Drop(_) => None,
        }
    }
}

/// The richest content in a message; one that cannot be read counts as anything.
pub(super) fn content_of(body: &dyn BodySource) -> ContentAllow {
    let mut walker = Walker::new();
    let mut piece = vec![0; PIECE];
    let mut offset = 0;
    while offset < body.len() {
        match body.read_at(offset, &mut piece) {
            Ok(count) if count > 0 => {
                offset += count as u64;
                walker.feed(piece.get(..count).unwrap_or_default());
            }
            _ => return ContentAllow::All,
        }
    }
    let root = walker.finish().root;
    match &root.content {
        Content::Leaf => leaf(&root, ContentAllow::All),
        Content::Message(_) => ContentAllow::All,
        Content::Multipart(_) => within(&root),
    }
}

fn leaf(part: &Part, other: ContentAllow) -> ContentAllow {
    let disposition = part.disposition.as_ref();
    let attached =
        disposition.is_some_and(|disposition| disposition.kind.eq_ignore_ascii_case(b"attachment"));
    match (part.media_type.as_str(), part.subtype.as_str()) {
        ("text", "plain") if !attached => ContentAllow::Text,
        ("text", "html") if !attached => ContentAllow::Html,
        _ => other,
    }
}

fn within(part: &Part) -> ContentAllow {
    match &part.content {
        Content::Leaf => leaf(part, ContentAllow::Attachments),
        Content::Message(_) => ContentAllow::Attachments,
        Content::Multipart(parts) => {
            let least = match part.subtype.as_str() {
                "mixed" | "alternative" | "related" => ContentAllow::Text,
                _ => ContentAllow::All,
            };
            let richest = parts.iter().map(within).max().unwrap_or(ContentAllow::Text);
            // Two forms of one text are more than text.
            richest.max(least).max(if part.subtype == "alternative" {
                ContentAllow::Html
            } else {
                least
            })
        }
    }
}
