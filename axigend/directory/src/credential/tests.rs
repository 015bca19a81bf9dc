//! Known answers per scheme, bounds, and the stored form.

use axigen_shared::value::Secret;
use proptest::prelude::*;

use super::{Credential, Memory, argon};

/// Scheme text, its password. Made with crypt(3), openssl passwd and passlib, or the vectors of the
/// specifications.
const VECTORS: &[(&str, &str)] = &[
    ("{SSHA}DkMTwBl+a/3DQTxCYEApdUtNXGgdUac3", "secret"),
    (
        "{CRYPT}$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
        "Hello world!",
    ),
    (
        "{CRYPT}$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.",
        "Hello world!",
    ),
    (
        "{CRYPT}$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
        "Hello world!",
    ),
    (
        "{SHA256-CRYPT}$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
        "Hello world!",
    ),
    (
        "{BCRYPT}$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "U*U",
    ),
    (
        "{crypt}$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "U*U",
    ),
    (
        "{CRYPT}$2b$06$abcdefghijklmnopqrstuuLyrmPLxfimzmXQZ8pzbU7kOzrgv8fFy",
        "p\u{e4}ss",
    ),
    (
        "{ARGON2ID}$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "password",
    ),
    (
        "{ARGON2}$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8",
        "password",
    ),
];

fn credential(text: &str) -> Credential {
    Credential::new(&Secret::new(text), 1, &mut Memory::default()).unwrap()
}

fn matches(credential: &Credential, password: &str) -> bool {
    credential.check(password.as_bytes(), &mut Memory::default())
}

#[test]
fn known_answers_of_every_scheme() {
    for (text, password) in VECTORS {
        let credential = credential(text);
        assert!(matches(&credential, password), "{text}");
        assert!(!matches(&credential, "another"), "{text}");
        assert!(!matches(&credential, ""), "{text}");
    }
}

#[test]
fn sisters_of_ssha_by_construction() {
    use base64::Engine;
    use sha2::Digest;
    let salt = b"pepper";
    let long = [
        sha2::Sha512::digest([b"pass".as_slice(), salt].concat()).as_slice(),
        salt,
    ]
    .concat();
    let short = [
        sha2::Sha256::digest([b"pass".as_slice(), salt].concat()).as_slice(),
        salt,
    ]
    .concat();
    let encode = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    for text in [
        format!("{{SSHA512}}{}", encode(&long)),
        format!("{{ssha256}}{}", encode(&short)),
    ] {
        assert!(matches(&credential(&text), "pass"));
        assert!(!matches(&credential(&text), "Pass"));
    }
}

#[test]
fn a_new_password_is_argon2id_and_reads_back() {
    let made = credential("päss word");
    assert!(made.costs_the_usual());
    let read = Credential::decode(&made.encode()).unwrap();
    assert_eq!(read.version, 1);
    assert!(read.verifiers[0].starts_with("{ARGON2ID}$argon2id$v=19$m=19456,t=2,p=1$"));
    assert!(matches(&read, "päss word"));
    assert!(!matches(&read, "päss wort"));
    assert_ne!(made.verifiers, credential("päss word").verifiers, "salted");
}

#[test]
fn the_memory_is_kept_and_fits_every_hash() {
    let mut memory = Memory::default();
    let ours = credential("x1");
    let small = credential(
        VECTORS
            .iter()
            .find(|(text, _)| text.contains("argon2id"))
            .unwrap()
            .0,
    );
    for _ in 0..2 {
        assert!(ours.check(b"x1", &mut memory));
        assert!(small.check(b"password", &mut memory));
        argon::waste(b"anything", &mut memory);
    }
}

#[test]
fn hostile_and_broken_hashes_are_refused_with_a_reason() {
    for (text, why) in [
        ("{MD5}rL0Y20zC+Fzt72VPzMSk2A==", "unknown scheme"),
        ("{PLAIN}x", "unknown scheme"),
        ("{SSHA}????", "not base64"),
        ("{SSHA}AAAA", "20 bytes"),
        ("{SSHA}AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "salt"),
        ("{CRYPT}$1$abc$def", "$5$ or $6$"),
        (
            "{CRYPT}$6$rounds=999999999$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
            "rounds",
        ),
        (
            "{BCRYPT}$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
            "cost",
        ),
        (
            "{BCRYPT}$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
            "bcrypt",
        ),
        (
            "{ARGON2ID}$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
            "too expensive",
        ),
        (
            "{ARGON2ID}$argon2id$v=19$m=65536,t=4294967295,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
            "too expensive",
        ),
        (
            "{ARGON2ID}$argon2id$v=19$m=256,t=2$c29tZXNhbHQ$nf65EOgLrQMR",
            "argon2 hash is",
        ),
        (
            "{ARGON2ID}$argon2id$v=19$m=256,t=0,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
            "not an",
        ),
    ] {
        let refusal = Credential::new(&Secret::new(text), 1, &mut Memory::default()).unwrap_err();
        assert!(refusal.detail.contains(why), "{text}: {}", refusal.detail);
    }
    for text in [String::new(), "x".repeat(1025)] {
        assert!(Credential::new(&Secret::new(text), 1, &mut Memory::default()).is_err());
    }
}

#[test]
fn braces_alone_are_a_password() {
    for text in ["{", "{}x", "{not a scheme}", "a{SSHA}b"] {
        assert!(matches(&credential(text), text), "{text}");
    }
}

#[test]
fn an_unknown_verifier_is_kept_and_matches_nothing() {
    let mut bytes = vec![1];
    bytes.extend_from_slice(&7u64.to_be_bytes());
    bytes.extend_from_slice(&[1, 0, 19]);
    bytes.extend_from_slice(b"{SCRAM-SHA-256}keys");
    let read = Credential::decode(&bytes).unwrap();
    assert!(!matches(&read, "keys"));
    assert_eq!(read.encode(), bytes);
}

proptest! {
    #[test]
    fn any_text_is_taken_or_refused_without_panic(text in "\\{[A-Za-z0-9-]{2,9}\\}[$a-z0-9=,./+A-Z]{0,120}") {
        let _ = Credential::new(&Secret::new(text), 1, &mut Memory::default());
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        let _ = Credential::decode(&bytes);
    }
}
