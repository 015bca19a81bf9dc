//! Tricky messages, and the promise that any bytes can be walked.

use std::fmt::Write as _;

use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

use super::{Content, Part, Structure, Walker};

fn walk(message: &[u8], piece: usize) -> Structure {
    let mut walker = Walker::new();
    for piece in message.chunks(piece.max(1)) {
        walker.feed(piece);
    }
    walker.finish()
}

/// The tree with the text of each leaf: `multipart/mixed(text/plain"a"1 …)`.
fn show(message: &[u8], part: &Part) -> String {
    let body =
        String::from_utf8_lossy(&message[part.body.start as usize..part.body.end as usize]).into_owned();
    let kind = format!("{}/{}", part.media_type, part.subtype);
    match &part.content {
        Content::Leaf => format!("{kind}{body:?}{}", part.lines),
        Content::Multipart(parts) => {
            let parts: Vec<String> = parts.iter().map(|part| show(message, part)).collect();
            format!("{kind}({})", parts.join(" "))
        }
        Content::Message(inner) => format!("{kind}[{}]{}", show(message, &inner.root), part.lines),
    }
}

const MIXED: &str = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn trees() {
    let rows: Vec<(String, &str)> = vec![
        (String::new(), r#"text/plain""0"#),
        ("\r\n".into(), r#"text/plain""0"#),
        ("A: b\r\n\r\nx\r\ny".into(), r#"text/plain"x\r\ny"2"#),
        ("A: b\r\n".into(), r#"text/plain""0"#),
        ("A: b\n\nx\ny\n".into(), r#"text/plain"x\ny\n"2"#),
        ("Content-Type: bogus\r\n\r\nx".into(), r#"text/plain"x"1"#),
        (
            "Content-Type: multipart/mixed\r\n\r\nx".into(),
            r#"text/plain"x"1"#,
        ),
        (
            format!(
                "{MIXED}pre\r\n--b\r\n\r\none\r\n--b\r\nContent-Type: a/b\r\n\r\ntwo\r\n\r\n--b--\r\nepi"
            ),
            r#"multipart/mixed(text/plain"one"1 a/b"two\r\n"1)"#,
        ),
        (
            format!("{MIXED}--b\r\n\r\n--b--"),
            r#"multipart/mixed(text/plain""0)"#,
        ),
        (
            format!("{MIXED}--b\r\nX: no blank line\r\n--b--"),
            r#"multipart/mixed(text/plain""0)"#,
        ),
        (
            format!("{MIXED}no delimiter"),
            r#"multipart/mixed(text/plain""0)"#,
        ),
        (
            format!("{MIXED}--b--\r\nnothing"),
            r#"multipart/mixed(text/plain""0)"#,
        ),
        (
            format!("{MIXED}--b\r\n\r\nnever closed\r\n"),
            r#"multipart/mixed(text/plain"never closed\r\n"1)"#,
        ),
        (
            format!("{MIXED}--b \t\r\n\r\npadding\r\n--b--junk\r\n--b\r\n\r\nafter close"),
            r#"multipart/mixed(text/plain"padding"1)"#,
        ),
        (
            format!(
                "{MIXED}--b\r\nContent-Type: multipart/alternative; boundary=bb\r\n\r\n--bb\r\n\r\nin\r\n--b\r\n\r\nout\r\n--b--"
            ),
            r#"multipart/mixed(multipart/alternative(text/plain"in"1) text/plain"out"1)"#,
        ),
        (
            format!("{MIXED}--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: s\r\n\r\nin\r\n--b--"),
            r#"multipart/mixed(message/rfc822[text/plain"in"1]3)"#,
        ),
        (
            format!("{MIXED}--b\r\nContent-Type: message/rfc822\r\n\r\n--b--"),
            r#"multipart/mixed(message/rfc822[text/plain""0]0)"#,
        ),
        (
            "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nSubject: s\r\n\r\nin\r\n--b--"
                .into(),
            r#"multipart/digest(message/rfc822[text/plain"in"1]3)"#,
        ),
        (
            "Content-Type: message/rfc822\r\n\r\nContent-Type: message/rfc822\r\n\r\nA: b\r\n\r\nx".into(),
            r#"message/rfc822[message/rfc822[text/plain"x"1]3]5"#,
        ),
    ];
    for (message, expected) in rows {
        for piece in [1, 3, 10_000] {
            let structure = walk(message.as_bytes(), piece);
            assert_eq!(
                show(message.as_bytes(), &structure.root),
                expected,
                "{message:?} by {piece}"
            );
        }
    }
}

#[test]
fn sections_are_found_by_number() {
    let message = format!(
        "{MIXED}--b\r\n\r\none\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nContent-Type: multipart/mixed; \
         boundary=c\r\n\r\n--c\r\n\r\ndeep\r\n--c--\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: \
         s\r\n\r\nplain\r\n--b--"
    );
    let structure = walk(message.as_bytes(), 7);
    let text = |numbers: &[u32]| {
        let part = structure.find(numbers)?;
        Some(&message[part.body.start as usize..part.body.end as usize])
    };
    assert_eq!(text(&[1]), Some("one"));
    assert_eq!(text(&[1, 1]), None);
    assert_eq!(text(&[2, 1]), Some("deep"));
    assert_eq!(text(&[3, 1]), Some("plain"));
    assert_eq!(text(&[3, 2]), None);
    assert_eq!(text(&[0]), None);
    assert_eq!(text(&[4]), None);
    let inner = structure.find_message(&[3]).unwrap();
    assert_eq!(inner.envelope.subject.as_deref(), Some(&b"s"[..]));
    assert!(structure.find_message(&[1]).is_none());
    let single = walk(b"A: b\r\n\r\nbody", 100);
    assert_eq!(single.find(&[1]), Some(&single.root));
    assert_eq!(single.find(&[1, 1]), None);
}

#[test]
fn depth_parts_and_headers_are_bounded() {
    let mut deep = String::new();
    for n in 0..500 {
        write!(
            deep,
            "Content-Type: multipart/x; boundary=b{n}.\r\n\r\n--b{n}.\r\n"
        )
        .unwrap();
    }
    let structure = walk(deep.as_bytes(), 4096);
    let (mut part, mut depth) = (&structure.root, 1);
    while let Content::Multipart(parts) = &part.content {
        let Some(next) = parts.first() else { break };
        (part, depth) = (next, depth + 1);
    }
    assert_eq!(depth, super::DEPTH_MAX);
    let many = format!("{MIXED}{}", "--b\r\n\r\nx\r\n".repeat(super::PARTS_MAX * 2));
    let Content::Multipart(parts) = walk(many.as_bytes(), 4096).root.content else {
        panic!("not a multipart")
    };
    assert_eq!(parts.len(), super::PARTS_MAX - 1);
}

#[test]
fn long_headers_hide_nothing() {
    let junk = format!("X-Junk: {}\r\n", "x".repeat(super::HEADER_BUDGET))
        + &"X-Trace: y\r\n z\r\n".repeat(super::HEADER_BUDGET / 10);
    let message = format!(
        "{junk}Subject: s\r\n{}To: {}\r\nFrom: a@b\r\n{MIXED}--b\r\n{junk}\r\none\r\n--b--",
        junk,
        "c@d, ".repeat(crate::FIELD_MAX),
    );
    let structure = walk(message.as_bytes(), 4096);
    assert_eq!(
        show(message.as_bytes(), &structure.root),
        r#"multipart/mixed(text/plain"one"1)"#
    );
    let envelope = &structure.envelope;
    assert_eq!(envelope.subject.as_deref(), Some(&b"s"[..]));
    assert_eq!((envelope.from.len(), envelope.to.is_empty()), (1, false));
    assert_eq!(structure, walk(message.as_bytes(), 777));
}

#[test]
fn a_part_whose_type_is_beyond_the_bound_is_opaque() {
    let subject = format!("Subject: {}\r\n", "x".repeat(crate::FIELD_MAX * 2));
    let body = "--b\r\n\r\none\r\n--b--";
    let opaque = format!("application/octet-stream{body:?}4");
    for (header, expected) in [
        (
            format!("{subject}{MIXED}"),
            r#"multipart/mixed(text/plain"one"1)"#,
        ),
        (
            format!("{subject}Sender{}{MIXED}", &subject[7..]),
            opaque.as_str(),
        ),
        (
            format!(
                "Content-Type: text/plain;{}\r\n\r\n",
                " x=y;".repeat(crate::FIELD_MAX)
            ),
            opaque.as_str(),
        ),
    ] {
        let message = header + body;
        let structure = walk(message.as_bytes(), 4096);
        assert_eq!(show(message.as_bytes(), &structure.root), expected);
        assert_eq!(
            structure.root.body.end - structure.root.body.start,
            body.len() as u64
        );
        assert!(
            structure
                .envelope
                .subject
                .is_none_or(|subject| subject.len() <= crate::FIELD_MAX)
        );
    }
}

/// Every range lies inside its parent's, in order.
fn check(part: &Part, start: u64, end: u64) {
    assert!(
        start <= part.header.start && part.header.start <= part.header.end,
        "header of {part:?}"
    );
    assert!(
        part.header.end <= part.body.start && part.body.start <= part.body.end,
        "body of {part:?}"
    );
    assert!(part.body.end <= end.max(part.body.start), "end of {part:?}");
    match &part.content {
        Content::Leaf => {}
        Content::Multipart(parts) => {
            let mut start = part.body.start;
            for child in parts {
                check(child, start, part.body.end);
                start = child.body.end;
            }
        }
        Content::Message(inner) => check(&inner.root, part.body.start, part.body.end),
    }
}

proptest! {
    #[test]
    fn any_bytes(message in proptest::collection::vec(any::<u8>(), 0..400), piece in 1_usize..50) {
        let structure = walk(&message, piece);
        check(&structure.root, 0, message.len() as u64);
        prop_assert_eq!(structure, walk(&message, 1000));
    }

    #[test]
    fn any_lines(
        lines in proptest::collection::vec(
            proptest::sample::select(vec![
                "", "text", "--b", "--b--", "--bb", "--c", "--c--", "X: y", " folded", "Content-Type: message/rfc822",
                "Content-Type: multipart/mixed; boundary=b", "Content-Type: multipart/digest; boundary=c",
                "Content-Type: multipart/x; boundary=bb",
            ]),
            0..40,
        ),
        newline in proptest::sample::select(vec!["\r\n", "\n"]),
        piece in 1_usize..30,
    ) {
        let message = lines.join(newline);
        let structure = walk(message.as_bytes(), piece);
        check(&structure.root, 0, message.len() as u64);
        prop_assert!(structure.root.whole() == (0..message.len() as u64));
        prop_assert_eq!(structure, walk(message.as_bytes(), 1000));
    }
}
