//! Runs the transcripts of `tests/transcripts/imap` against the session and the store in memory. Their format is told
//! there in `README.md`; what needs a socket (`C! open`) is left to the other runner. Set-up (`>`) is the daemon's; a
//! line `#! max_errors 3` says here what it brings about.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{
    client::{Client, settings},
    store::Store,
};

#[test]
fn transcripts_hold() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/transcripts/imap");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("the folder of transcripts")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no transcripts in {}", folder.display());
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a transcript");
        let has = |mark: &str| text.lines().any(|line| line.starts_with(mark));
        if !text.contains("! open") && (has("#! ") || !has("> ")) {
            run(&file, &text);
        }
    }
}

fn run(file: &Path, text: &str) {
    let store = Store::new();
    let mut clients: BTreeMap<u32, Client> = BTreeMap::new();
    let mut bindings = BTreeMap::new();
    let mut settings = settings();
    for (index, line) in text.lines().enumerate() {
        if let Some(limit) = line.strip_prefix("#! max_errors ") {
            settings.max_errors = limit.parse().expect("a number");
        }
        let Some((who, number, kind, text)) = parse(line) else {
            continue;
        };
        let at = format!("{}:{}", file.display(), index + 1);
        let client = clients
            .entry(number)
            .or_insert_with(|| Client::with(&store, settings.clone()));
        match (who, kind) {
            ('C', ':') => client.send(&[spoken(text, &bindings).as_slice(), b"\r\n"].concat()),
            ('C', '+') => client.send(&spoken(text, &bindings)),
            // Commands on the handshake itself: the store's client shakes hands by itself.
            ('C', '!') if text == "starttls" => {}
            ('C', '!') if text == "close" => {
                crate::session::Session::end_of_input(&mut client.session);
                client.pump();
            }
            ('S', '!') => {
                assert!(
                    client.closed && client.heard.is_empty(),
                    "{at}: not closed, heard {:?}",
                    lossy(&client.heard)
                );
            }
            ('S', ':' | '+') => {
                let heard = client
                    .response()
                    .unwrap_or_else(|| panic!("{at}: expected {text:?}, heard nothing"));
                let fits = text == "..." || matches(text, &heard, &mut bindings);
                assert!(fits, "{at}: expected {text:?}\n     heard {:?}", lossy(&heard));
            }
            ('S', '?') => {
                while peek(client).is_some_and(|heard| matches(text, &heard, &mut bindings)) {
                    client.response();
                }
            }
            _ => panic!("{at}: unknown mark"),
        }
        clients.values_mut().for_each(Client::wake);
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn peek(client: &mut Client) -> Option<Vec<u8>> {
    let whole = client.heard.clone();
    let response = client.response();
    client.heard = whole;
    response
}

/// `C2: text` as who, connection, kind, text.
fn parse(line: &str) -> Option<(char, u32, char, &str)> {
    let (mark, text) = line.split_once(' ').unwrap_or((line, ""));
    let mut letters = mark.chars();
    let who = letters.next().filter(|who| matches!(who, 'C' | 'S'))?;
    let kind = letters
        .next_back()
        .filter(|kind| matches!(kind, ':' | '+' | '?' | '!'))?;
    let number = letters.as_str();
    let number = if number.is_empty() {
        1
    } else {
        number.parse().ok()?
    };
    Some((who, number, kind, text))
}

type Bindings = BTreeMap<String, Vec<u8>>;

enum Piece {
    Bytes(Vec<u8>),
    Star,
    Name(String),
}

fn spoken(text: &str, bindings: &Bindings) -> Vec<u8> {
    pieces(text, false)
        .into_iter()
        .flat_map(|piece| match piece {
            Piece::Bytes(bytes) => bytes,
            Piece::Star => b"*".to_vec(),
            Piece::Name(name) => bindings
                .get(&name)
                .unwrap_or_else(|| panic!("${name} is not bound"))
                .clone(),
        })
        .collect()
}

fn matches(pattern: &str, heard: &[u8], bindings: &mut Bindings) -> bool {
    let mut bound = bindings.clone();
    let fits = fit(&pieces(pattern, true), heard, &mut bound);
    if fits {
        *bindings = bound;
    }
    fits
}

fn fit(pieces: &[Piece], heard: &[u8], bindings: &mut Bindings) -> bool {
    let Some((first, rest)) = pieces.split_first() else {
        return heard.is_empty();
    };
    let literal = |bytes: &[u8], bindings: &mut Bindings| {
        heard
            .strip_prefix(bytes)
            .is_some_and(|after| fit(rest, after, bindings))
    };
    match first {
        Piece::Bytes(bytes) => literal(bytes, bindings),
        Piece::Star => (0..=heard.len()).any(|taken| fit(rest, &heard[taken..], bindings)),
        Piece::Name(name) => match bindings.get(name).cloned() {
            Some(value) => literal(&value, bindings),
            None => (1..=heard.len()).any(|taken| {
                let mut tried = bindings.clone();
                tried.insert(name.clone(), heard[..taken].to_vec());
                let fits = fit(rest, &heard[taken..], &mut tried);
                if fits {
                    *bindings = tried;
                }
                fits
            }),
        },
    }
}

fn pieces(text: &str, stars: bool) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let piece = match byte {
            b'*' if stars => Piece::Star,
            b'$' if rest.first().is_some_and(u8::is_ascii_alphabetic) => {
                let len = rest
                    .iter()
                    .take_while(|b| b.is_ascii_alphanumeric() || **b == b'_')
                    .count();
                let name = lossy(&rest[..len]);
                rest = &rest[len..];
                Piece::Name(name)
            }
            _ => {
                let escaped = match (byte, rest.first()) {
                    (b'$', Some(b'$')) => Some(b'$'),
                    (b'\\', Some(b'r')) => Some(b'\r'),
                    (b'\\', Some(b'n')) => Some(b'\n'),
                    (b'\\', Some(b't')) => Some(b'\t'),
                    (b'\\', Some(b'0')) => Some(0),
                    (b'\\', Some(b'x')) => {
                        let value =
                            u8::from_str_radix(&lossy(&rest[1..3]), 16).expect("two hexadecimal digits");
                        rest = &rest[2..];
                        Some(value)
                    }
                    (b'\\', Some(other)) => Some(*other),
                    _ => None,
                };
                rest = if escaped.is_some() { &rest[1..] } else { rest };
                bytes.push(escaped.unwrap_or(byte));
                continue;
            }
        };
        if !bytes.is_empty() {
            pieces.push(Piece::Bytes(std::mem::take(&mut bytes)));
        }
        pieces.push(piece);
    }
    if !bytes.is_empty() {
        pieces.push(Piece::Bytes(bytes));
    }
    pieces
}
