//! Object ids of messages and threads (RFC 8474), the same for every protocol that shows them.
//!
//! Both are made from what never changes of a message, so nothing is stored for them and nothing can lose them: an
//! EMAILID from the name of the stored content, which copies share, a THREADID from the message's own header. They are
//! kept by clients for ever: what is made here must never be made in another way.
//!
//! A thread is what begins with one message: the oldest of its References, else what it is a reply to, else itself. A
//! reply that names neither its thread's first message nor one that does is a thread of its own; nobody has to be asked
//! about other messages for it, and a THREADID never changes when an older message arrives late.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::thread::ThreadIds;

/// Longest object id (RFC 8474, 7 "objectid").
pub const OBJECT_ID_MAX: usize = 255;
/// Bytes of a content's name.
pub const CONTENT_NAME: usize = 20;
/// Bytes of the digest that an EMAILID shows: enough that no two contents share it.
const EMAIL_ID_BYTES: usize = 16;

/// EMAILID of the stored content of this name. The name says how much mail came in between two messages and holds what
/// is the store's secret, so its digest is shown.
pub fn email_id(content: &[u8; CONTENT_NAME]) -> String {
    let digest = Sha256::digest(content);
    let mut id = String::from("M");
    for byte in digest.iter().take(EMAIL_ID_BYTES) {
        let _ = write!(id, "{byte:02x}");
    }
    id
}

/// THREADID of a message with these ids and this content. One without any id is a thread of its own.
pub fn thread_id(ids: &ThreadIds, content: &[u8; CONTENT_NAME]) -> String {
    match ids.references.first().copied().or(ids.own) {
        Some(root) => format!("T{root:016x}"),
        None => email_id(content).replace('M', "T"),
    }
}

/// Whether it can be an object id at all.
pub fn is_object_id(text: &[u8]) -> bool {
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (1..=OBJECT_ID_MAX).contains(&text.len()) && text.iter().all(fits)
}

#[cfg(test)]
mod tests {
    use super::{email_id, is_object_id, thread_id};
    use crate::{Envelope, ThreadIds};

    fn thread(header: &str) -> String {
        thread_id(
            &ThreadIds::parse(header.as_bytes(), &Envelope::parse(header.as_bytes())),
            &[7; 20],
        )
    }

    #[test]
    fn ids_are_what_clients_remember() {
        assert_eq!(email_id(&[0; 20]), "Mde47c9b27eb8d300dbb5f2c353e632c3");
        assert_eq!(thread("Message-ID: <a@b>\r\n\r\n"), "Te6ac991904e00a72");
        assert!(is_object_id(email_id(&[1; 20]).as_bytes()));
        assert!(!is_object_id(b"") && !is_object_id(b"a b") && !is_object_id(&[b'a'; 256]));
    }

    #[test]
    fn a_thread_is_what_begins_with_one_message() {
        let root = thread("Message-ID: <a@b>\r\n\r\n");
        for reply in [
            "Message-ID: <c@b>\r\nReferences: <a@b>\r\n\r\n",
            "Message-ID: <d@b>\r\nReferences: <a@b>\r\n <c@b>\r\nIn-Reply-To: <c@b>\r\n\r\n",
            "In-Reply-To: <a@b>\r\n\r\n",
        ] {
            assert_eq!(thread(reply), root, "{reply}");
        }
        assert_ne!(thread("Message-ID: <c@b>\r\n\r\n"), root);
        let none = thread("Subject: x\r\n\r\n");
        assert_eq!(none, email_id(&[7; 20]).replace('M', "T"));
    }
}
