//! Properties: how input arrives changes nothing, and no input breaks or bloats a session.

use proptest::{collection::vec, prelude::*, sample::select};

use super::world::World;
use crate::{
    session::Session as _,
    smtp::PRE_AUTH_MEMORY,
    transcript::{Connection, Stage as _},
};

/// Parts of dialogues, good and bad. STARTTLS is not among them: there, what arrives together matters.
const PARTS: [&[u8]; 40] = [
    b"EHLO client.example\r\n",
    b"HELO client.example\r\n",
    b"ehlo x  \r\n",
    b"MAIL FROM:<a@client.example>\r\n",
    b"MAIL FROM:<a@client.example> BODY=BINARYMIME\r\n",
    b"mail from: <> SIZE=10\r\n",
    b"RCPT TO:<ann@example.test>\r\n",
    b"RCPT TO:<nobody@example.test>\r\n",
    b"RCPT TO:<x@far.example>\r\n",
    b"DATA\r\n",
    b".\r\n",
    b"\r\n.\r\n",
    b"..\r\n",
    b".",
    b"\r",
    b"\n",
    b"\0",
    b"\r\n",
    b"\n.\n",
    b"\r.\r",
    b"Subject: x\r\n\r\ntext\r\n",
    b"Received: x\r\n",
    b"BDAT 5\r\n12345",
    b"BDAT 5 LAST\r\na\r\nb\n",
    b"BDAT 0 LAST\r\n",
    b"BDAT 3\r\nR\r\n",
    b"BDAT 18446744073709551615\r\n",
    b"BDAT x\r\n",
    b"RSET\r\n",
    b"NOOP\r\n",
    b"QUIT\r\n",
    b"AUTH PLAIN\r\n",
    b"AUTH LOGIN YW5u\r\n",
    b"U2VjcmV0LTE=\r\n",
    b"AUTH PLAIN AGFubgBTZWNyZXQtMQ==\r\n",
    b"*\r\n",
    b"VRFY ann\r\n",
    b"HELP\r\n",
    b"\xff\xfe\r\n",
    b"EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<ann>\r\n",
];

fn world() -> World {
    let mut world = World::with_policy(|policy| {
        policy.plain_conn_auth_types = crate::sasl::Mechanisms::ALL;
        policy.max_data_size = 1;
        policy.max_received_headers = 2;
    });
    world.settings.max_errors = 50;
    world
}

fn dialogue() -> impl Strategy<Value = Vec<u8>> {
    let part =
        prop_oneof![8 => select(PARTS.to_vec()).prop_map(<[u8]>::to_vec), 1 => vec(any::<u8>(), 0..40)];
    vec(part, 0..40).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn pieces_do_not_matter(input in dialogue(), cuts in vec(any::<prop::sample::Index>(), 0..12)) {
        let mut once = world();
        let heard = once.hear(std::iter::once(input.as_slice()));
        let mut places: Vec<_> = cuts.iter().map(|cut| cut.index(input.len() + 1)).collect();
        places.extend([0, input.len()]);
        places.sort_unstable();
        let pieces = places.windows(2).map(|window| &input[window[0]..window[1]]);
        let mut often = world();
        let in_pieces = often.hear(pieces);
        prop_assert_eq!(String::from_utf8_lossy(&in_pieces), String::from_utf8_lossy(&heard));
        prop_assert_eq!(often.queued, once.queued);
        let mut bytewise = world();
        prop_assert_eq!(bytewise.hear(input.chunks(1)), heard);
    }

    #[test]
    fn memory_is_bounded(parts in vec((select(PARTS.to_vec()), 1_usize..3000), 0..30)) {
        let mut world = world();
        let mut connection = Connection::new(world.connect(false));
        for (part, times) in parts {
            for piece in part.repeat(times).chunks(crate::INPUT_CHUNK) {
                connection.session().input(piece);
                prop_assert!(connection.session().held() <= PRE_AUTH_MEMORY);
                loop {
                    prop_assert!(connection.session().held() <= PRE_AUTH_MEMORY);
                    match connection.session().next() {
                        crate::Step::Ask(request) => {
                            let answer = world.answer(1, request);
                            connection.session().answer(answer);
                        }
                        crate::Step::Write(_) => {}
                        _ => break,
                    }
                }
            }
        }
    }

    #[test]
    fn random_bytes(input in vec(any::<u8>(), 0..5000)) {
        world().hear(input.chunks(97));
    }
}

#[test]
fn the_largest_envelope_stays_within_the_bound() {
    let mut world = World::new();
    world.settings.max_errors = 0;
    let mut connection = Connection::new(world.connect(false));
    connection.session().input(b"EHLO c\r\nMAIL FROM:<>\r\n");
    connection.go_on(|request| world.answer(1, request));
    let recipient = format!(
        "RCPT TO:<@{}:ann@example.test>\r\n",
        "abcdefg.".repeat(27) + "abc"
    );
    for _ in 0..1100 {
        connection.session().input(recipient.as_bytes());
        connection.go_on(|request| world.answer(1, request));
    }
    assert!(connection.heard.ends_with(b"452 4.5.3 Too many recipients\r\n"));
    connection.session().input(b"DATA\r\n");
    connection.go_on(|request| world.answer(1, request));
    for _ in 0..100 {
        connection.session().input(&[b'x'; crate::INPUT_CHUNK]);
        assert!(connection.session().held() <= PRE_AUTH_MEMORY);
        connection.go_on(|request| world.answer(1, request));
    }
    assert!(connection.session().held() <= PRE_AUTH_MEMORY);
}
