//! End-of-data variants: whatever another server may take for the end of a message, here one message stays one.

use super::world::World;

/// What an attacker hides in a message, hoping that it is read as commands.
const HIDDEN: &str =
    "MAIL FROM:<evil@client.example>\r\nRCPT TO:<bob@example.test>\r\nDATA\r\nSubject: hidden\r\n\r\nx";

/// Things that may be taken for a line end.
const ENDS: [&str; 10] = [
    "\n", "\r", "\r\n", "\n\r", "\r\r", "\n\n", "\r\r\n", "\r\n\0", "\0\r\n", "\u{85}",
];

/// Data that holds a dot between two would-be line ends, with commands behind it.
fn variants() -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for before in ENDS {
        for after in ENDS {
            found.push(format!("Subject: first\r\n\r\none{before}.{after}{HIDDEN}").into_bytes());
        }
    }
    found
}

/// What RFC 5321 makes of data, by the plainest means: messages that end at CRLF.CRLF, the rest.
fn by_the_book(data: &[u8]) -> (Vec<u8>, &[u8]) {
    let from_command = [b"\r\n", data].concat();
    let end = from_command
        .windows(5)
        .position(|window| window == b"\r\n.\r\n")
        .expect("an end");
    let message = from_command[2..end + 2].to_vec();
    (message, &data[end + 3..])
}

fn is_clean(message: &[u8]) -> bool {
    let text = String::from_utf8_lossy(message).replace("\r\n", "");
    !text.contains(['\r', '\n', '\0'])
}

#[test]
fn data() {
    let (mut refused, mut split) = (0, 0);
    for data in variants() {
        let input = [
            b"EHLO c\r\nMAIL FROM:<a@client.example>\r\nRCPT TO:<ann@example.test>\r\nDATA\r\n".as_slice(),
            &data,
            b"\r\n.\r\nQUIT\r\n",
        ]
        .concat();
        let whole = [data.as_slice(), b"\r\n.\r\nQUIT\r\n"].concat();
        let (first, rest) = by_the_book(&whole);
        for step in [1, 7, input.len()] {
            let mut world = World::new();
            let heard = String::from_utf8_lossy(&world.hear(input.chunks(step))).into_owned();
            let shown = String::from_utf8_lossy(&data);
            let taken = world
                .queued
                .iter()
                .filter(|(submission, _)| submission.recipients == ["ann@example.test"])
                .count();
            let hidden = world
                .queued
                .iter()
                .filter(|(submission, _)| submission.recipients == ["bob@example.test"])
                .count();
            assert_eq!(taken, usize::from(is_clean(&first)), "{shown:?}: {heard}");
            if !is_clean(&first) {
                assert!(
                    heard.contains("\r\n550 5.6.0 Message contains bare CR, bare LF or NUL\r\n"),
                    "{shown:?}: {heard}"
                );
            }
            // A second message only where the book says that commands follow.
            assert_eq!(
                hidden,
                usize::from(rest.starts_with(b"MAIL ")),
                "{shown:?}: {heard}"
            );
            assert!(
                heard.ends_with("221 2.0.0 mail.example.test closing connection\r\n"),
                "{shown:?}: {heard}"
            );
        }
        refused += usize::from(!is_clean(&first));
        split += usize::from(rest.starts_with(b"MAIL "));
    }
    assert!(refused > 80, "{refused} of 100 variants are refused");
    assert_eq!(split, 3, "CRLF.CRLF is an end, whatever stands before it");
}

#[test]
fn bdat() {
    for data in variants() {
        for (body, clean) in [("", is_clean(&data)), (" BODY=BINARYMIME", true)] {
            for cut in [0, 1, data.len() / 2, data.len() - 1, data.len()] {
                let (first, last) = data.split_at(cut);
                let mut input =
                    format!("EHLO c\r\nMAIL FROM:<a@client.example>{body}\r\nRCPT TO:<ann@example.test>\r\n")
                        .into_bytes();
                input.extend(format!("BDAT {}\r\n", first.len()).into_bytes());
                input.extend(first);
                input.extend(format!("BDAT {} LAST\r\n", last.len()).into_bytes());
                input.extend(last);
                input.extend(b"QUIT\r\n");
                let mut world = World::new();
                let heard = String::from_utf8_lossy(&world.hear(input.chunks(11))).into_owned();
                let shown = String::from_utf8_lossy(&data);
                assert_eq!(
                    world.queued.len(),
                    usize::from(clean),
                    "{shown:?}{body} at {cut}: {heard}"
                );
                if clean {
                    assert!(world.queued[0].1.ends_with(&data), "{shown:?}");
                } else {
                    assert!(heard.contains("550 5.6.0 "), "{shown:?} at {cut}: {heard}");
                }
                assert!(
                    heard.ends_with("221 2.0.0 mail.example.test closing connection\r\n"),
                    "{shown:?}: {heard}"
                );
            }
        }
    }
}

#[test]
fn command_lines() {
    for end in ["\n", "\r", "\n\r", "\r\r\n", "\n\n", "\0\r\n"] {
        let input = format!("EHLO c\r\nNOOP{end}MAIL FROM:<a@client.example>\r\nRSET\r\n");
        let mut world = World::new();
        let heard = String::from_utf8_lossy(&world.hear(std::iter::once(input.as_bytes()))).into_owned();
        let after = heard.split("250 OK\r\n").nth(1).expect("EHLO");
        if end.ends_with("\r\n") {
            assert!(
                after.starts_with("500 5.5.2 ") && after.contains("\r\n250 2.1.0 "),
                "{end:?}: {heard}"
            );
        } else {
            assert!(
                after.starts_with("500 5.5.2 ") && !after.contains("2.1.0"),
                "{end:?}: {heard}"
            );
        }
        assert!(heard.ends_with("\r\n250 Reset done\r\n"), "{end:?}: {heard}");
    }
}

#[test]
fn an_unreadable_bdat_ends_the_session() {
    for argument in [
        "",
        "x",
        "-1",
        "1 LATE",
        "1 LAST x",
        "99999999999999999999",
        "0x10",
        "1LAST",
    ] {
        let input =
            format!("EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<ann>\r\nBDAT {argument}\r\n{HIDDEN}\r\n.\r\n");
        let mut world = World::new();
        let heard = String::from_utf8_lossy(&world.hear(input.as_bytes().chunks(5))).into_owned();
        assert!(
            heard.ends_with("\r\n501 5.5.4 Syntax: BDAT size [LAST]; closing connection\r\n"),
            "{argument}: {heard}"
        );
        assert!(world.queued.is_empty());
    }
}

#[test]
fn a_refused_bdat_beyond_all_reason_ends_the_session() {
    for before in ["", "MAIL FROM:<>\r\nRCPT TO:<ann>\r\n"] {
        let input = format!("EHLO c\r\n{before}BDAT 18446744073709551615 LAST\r\n{HIDDEN}\r\n.\r\n");
        let mut world = World::new();
        let heard = String::from_utf8_lossy(&world.hear(input.as_bytes().chunks(5))).into_owned();
        let last = heard.lines().last().expect("a reply");
        assert!(
            last.starts_with("503 5.5.1 ") || last.starts_with("552 5.3.4 "),
            "{heard}"
        );
        assert!(world.queued.is_empty());
    }
}

#[test]
fn octets_of_a_refused_bdat_are_never_commands() {
    let chunk = "MAIL FROM:<>\r\nRCPT TO:<ann>\r\nDATA\r\nx\r\n.\r\n";
    for before in [
        "",
        "EHLO c\r\n",
        "EHLO c\r\nMAIL FROM:<>\r\n",
        "EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<nobody>\r\n",
    ] {
        let input = format!("{before}BDAT {} LAST\r\n{chunk}NOOP\r\n", chunk.len());
        let mut world = World::new();
        let heard = String::from_utf8_lossy(&world.hear(input.as_bytes().chunks(3))).into_owned();
        assert!(world.queued.is_empty(), "{heard}");
        assert!(
            heard.ends_with("250 2.0.0 OK\r\n") && !heard.contains("354"),
            "{heard}"
        );
    }
}
