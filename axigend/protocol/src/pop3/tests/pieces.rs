//! Properties: how input arrives changes nothing, and no input breaks or bloats a session.

use proptest::{collection::vec, prelude::*, sample::select};

use super::world::World;
use crate::{
    pop3::PRE_AUTH_MEMORY,
    session::Session as _,
    transcript::{Connection, Stage as _},
};

const PARTS: [&[u8]; 30] = [
    b"USER ann\r\n",
    b"PASS Secret-1\r\n",
    b"USER ann\r\nPASS Secret-1\r\n",
    b"PASS wrong\r\n",
    b"STAT\r\n",
    b"LIST\r\n",
    b"LIST 1\r\n",
    b"UIDL\r\n",
    b"UIDL 2\r\n",
    b"RETR 1\r\n",
    b"RETR 3\r\n",
    b"TOP 1 1\r\n",
    b"DELE 1\r\n",
    b"DELE 2\r\n",
    b"RSET\r\n",
    b"NOOP\r\n",
    b"QUIT\r\n",
    b"CAPA\r\n",
    b"AUTH\r\n",
    b"AUTH PLAIN\r\n",
    b"AUTH LOGIN YW5u\r\n",
    b"U2VjcmV0LTE=\r\n",
    b"*\r\n",
    b"AUTH PLAIN AGFubgBTZWNyZXQtMQ==\r\n",
    b"\r",
    b"\n",
    b"\0",
    b"\r\n",
    b"\xff\xfe \r\n",
    b"list  3 \r\n",
];

fn world() -> World {
    let mut world = World::new();
    world.settings.max_errors = 50;
    world.store(3, b"Subject: one\r\n\r\n.dot\r\nlast\r\n");
    world.store(5, b"Subject: two\r\n\r\nno end");
    world
}

fn dialogue() -> impl Strategy<Value = Vec<u8>> {
    let part =
        prop_oneof![8 => select(PARTS.to_vec()).prop_map(<[u8]>::to_vec), 1 => vec(any::<u8>(), 0..40)];
    vec(part, 0..40).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn pieces_do_not_matter(input in dialogue(), step in 1_usize..50) {
        let mut once = world();
        let heard = once.hear(std::iter::once(input.as_slice()));
        let mut often = world();
        let in_pieces = often.hear(input.chunks(step));
        prop_assert_eq!(String::from_utf8_lossy(&in_pieces), String::from_utf8_lossy(&heard));
        prop_assert_eq!(&often.boxes, &once.boxes);
        prop_assert_eq!(&often.seen, &once.seen);
    }

    #[test]
    fn memory_before_login_is_bounded(parts in vec((vec(any::<u8>(), 1..30), 1_usize..3000), 0..20)) {
        let mut world = world();
        let mut connection = Connection::new(world.connect(false));
        for (part, times) in parts {
            for piece in part.repeat(times).chunks(crate::INPUT_CHUNK) {
                connection.session().input(piece);
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
}
