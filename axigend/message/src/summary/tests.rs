//! A summary says what a parse says, or nothing.

use bytes::Bytes;
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

use super::{SUMMARY_MAX, Summarizer, Summary};
use crate::{
    Envelope, SortKeys, Structure, ThreadIds, Walker, header_len, preview_parts, preview_range, preview_text,
};

fn summarize(message: &[u8], piece: usize) -> Summary {
    let mut summarizer = Summarizer::new();
    for piece in message.chunks(piece.max(1)) {
        summarizer.feed(piece);
    }
    let summary = summarizer.finish();
    assert!(summary.encoded().len() <= SUMMARY_MAX);
    let again = Summary::decode(summary.encoded().clone()).expect("a summary");
    assert_eq!(again, summary);
    again
}

fn parse(message: &[u8]) -> Structure {
    let mut walker = Walker::new();
    walker.feed(message);
    walker.finish()
}

fn preview(message: &[u8], structure: &Structure) -> String {
    let mut texts = preview_parts(&structure.root).map(|part| {
        let range = preview_range(part);
        preview_text(part, &message[range.start as usize..range.end as usize])
    });
    texts.find(|text| !text.is_empty()).unwrap_or_default()
}

/// Compares everything; what is missing is counted.
fn compare(message: &[u8], piece: usize) -> usize {
    let summary = summarize(message, piece);
    let structure = parse(message);
    let header = &message[..header_len(message).unwrap_or(message.len())];
    let envelope = Envelope::parse(header);
    assert_eq!(summary.header_len(), header.len() as u64);
    let mut missing = 0;
    let mut check = |known: Option<bool>| match known {
        None => missing += 1,
        Some(equal) => assert!(equal, "{:?} of {:?}", summary, String::from_utf8_lossy(message)),
    };
    check(summary.envelope().map(|found| found == envelope));
    check(summary.structure().map(|found| found == structure));
    check(summary.root().map(|found| found == structure.root));
    check(
        summary
            .preview()
            .map(|found| found == preview(message, &structure)),
    );
    check(
        summary
            .sort_keys()
            .map(|found| found == SortKeys::parse(&envelope)),
    );
    check(
        summary
            .thread_ids()
            .map(|found| found == ThreadIds::parse(header, &envelope)),
    );
    missing
}

#[test]
fn ordinary_messages_are_whole_and_short() {
    let message = b"Return-Path: <ann@example.org>\r\nReceived: from a by b; Fri, 21 Nov 1997 09:55:06 -0600\r\n\
        From: Ann <ann@example.org>\r\nTo: Bob <bob@example.test>, carl@example.test\r\nSubject: Re: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\
        Date: Fri, 21 Nov 1997 09:55:06 -0600\r\nMessage-ID: <1@example.org>\r\nIn-Reply-To: <0@example.org>\r\n\
        References: <00@example.org>\r\n <0@example.org>\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/alternative; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\
        Content-Language: de, en\r\n\r\nGuten Tag\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Guten Tag</p>\r\n\
        --b\r\nContent-Type: message/rfc822\r\nContent-Disposition: attachment; filename=x.eml\r\n\r\nSubject: in\r\n\r\nside\r\n--b--\r\n";
    for piece in [1, 100, 10_000] {
        assert_eq!(compare(message, piece), 0);
    }
    let summary = summarize(message, 100);
    assert_eq!(summary.preview(), Some("Guten Tag"));
    assert_eq!(summary.sort_keys().unwrap().sent, Some(880_127_706));
    let len = summary.encoded().len();
    assert!(len < 500, "{len}");
}

#[test]
fn what_does_not_fit_is_missing() {
    let addresses = "someone.with.a.name@example.test, ".repeat(1000);
    let many = format!("To: {addresses}\r\nSubject: x\r\n\r\nhello\r\n");
    let summary = summarize(many.as_bytes(), 4096);
    assert_eq!(summary.envelope(), None);
    assert_eq!(summary.preview(), None, "the text lies beyond what was kept");
    assert!(summary.root().is_some() || summary.structure().is_none());
    assert_eq!(summary.header_len(), many.len() as u64 - 7);
    let parts = format!(
        "Content-Type: multipart/mixed; boundary=b\r\nSubject: x\r\n\r\n{}",
        "--b\r\nContent-Type: application/x-something-long\r\n\r\nhello\r\n".repeat(1500)
    );
    let summary = summarize(parts.as_bytes(), 4096);
    assert_eq!(summary.root(), None);
    assert_eq!(summary.envelope().unwrap().subject.as_deref(), Some(&b"x"[..]));
    assert_eq!(compare(parts.as_bytes(), 4096), 2);
    let references = format!("References: {}\r\n\r\n", "<a@b> ".repeat(1000));
    assert_eq!(summarize(references.as_bytes(), 4096).thread_ids(), None);
}

proptest! {
    #[test]
    fn any_bytes_have_a_summary(message in proptest::collection::vec(any::<u8>(), 0..400), piece in 1_usize..50) {
        prop_assert_eq!(compare(&message, piece), 0);
    }

    #[test]
    fn mail_like_bytes_have_a_summary(
        lines in proptest::collection::vec(proptest::sample::select(vec![
            "From: A <a@b>, \"x\" <c@d>", "Sender: s@t", "To: g: a@b, c@d;", "Cc:", "Subject: Re: [x] y (fwd)", "Subject: \u{e4}",
            "Date: Fri, 21 Nov 1997 09:55:06 -0600", "References: <a@b> <c@d>", "In-Reply-To: <a@b>", " folded", "",
            "Content-Type: multipart/mixed; boundary=b", "Content-Type: multipart/digest; boundary=c", "--b", "--c", "--b--", "--c--",
            "Content-Type: message/rfc822", "Content-Type: text/html; charset=utf-8", "<b>text</b> &auml;", "> quoted", "text",
            "Content-Disposition: attachment; filename=\"a b\"", "Content-Language: de", "Content-ID: <i>", "Content-Transfer-Encoding: base64",
        ]), 0..40),
        newline in proptest::sample::select(vec!["\r\n", "\n"]),
        piece in 1_usize..200,
    ) {
        let message = lines.join(newline);
        prop_assert_eq!(compare(message.as_bytes(), piece), 0);
    }

    #[test]
    fn damaged_summaries_are_harmless(
        cuts in 0_usize..600, at in 0_usize..600, byte in any::<u8>(), noise in proptest::collection::vec(any::<u8>(), 0..100),
    ) {
        let message = b"From: a@b\r\nSubject: Re: x\r\nReferences: <a@b>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
            --b\r\n\r\nhello\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: y\r\n\r\nz\r\n--b--\r\n";
        let mut bytes = summarize(message, 1000).encoded().to_vec();
        let (len, place) = (bytes.len(), at % bytes.len());
        bytes[place] = byte;
        bytes.truncate(len.saturating_sub(cuts % 20));
        let mut noisy = vec![1];
        noisy.extend_from_slice(&noise);
        for bytes in [bytes, noise, noisy] {
            if let Some(summary) = Summary::decode(Bytes::from(bytes)) {
                prop_assert!(summary.envelope().is_none_or(|envelope| envelope.to.len() < SUMMARY_MAX));
                let _ = (summary.structure(), summary.preview(), summary.sort_keys(), summary.thread_ids());
            }
        }
    }
}
