//! Patterns of transcripts: stars, escapes and values bound on first sight.

use std::collections::BTreeMap;

/// Values bound so far, by name.
pub type Bindings = BTreeMap<String, Vec<u8>>;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Bytes(Vec<u8>),
    Star,
    Name(String),
}

/// The bytes that a client line stands for.
pub fn spoken(text: &str, bindings: &Bindings) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    for piece in pieces(text, false)? {
        match piece {
            Piece::Bytes(literal) => bytes.extend(literal),
            Piece::Star => bytes.push(b'*'),
            Piece::Name(name) => {
                let value = bindings
                    .get(&name)
                    .ok_or_else(|| format!("${name} is not bound yet"))?;
                bytes.extend_from_slice(value);
            }
        }
    }
    Ok(bytes)
}

/// Whether what was heard fits the pattern; on success its new names are bound.
pub fn matches(pattern: &str, heard: &[u8], bindings: &mut Bindings) -> Result<bool, String> {
    let pieces = pieces(pattern, true)?;
    let mut bound = bindings.clone();
    let fits = fit(&pieces, heard, &mut bound);
    if fits {
        *bindings = bound;
    }
    Ok(fits)
}

fn fit(pieces: &[Piece], heard: &[u8], bindings: &mut Bindings) -> bool {
    let Some((first, rest)) = pieces.split_first() else {
        return heard.is_empty();
    };
    match first {
        Piece::Bytes(literal) => heard
            .strip_prefix(&literal[..])
            .is_some_and(|after| fit(rest, after, bindings)),
        Piece::Star => (0..=heard.len()).any(|taken| fit(rest, &heard[taken..], bindings)),
        Piece::Name(name) => match bindings.get(name).cloned() {
            Some(value) => heard
                .strip_prefix(&value[..])
                .is_some_and(|after| fit(rest, after, bindings)),
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

fn pieces(text: &str, stars: bool) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut literal = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'*' if stars => {
                flush(&mut literal, &mut pieces);
                pieces.push(Piece::Star);
            }
            b'\\' => rest = escape(rest, &mut literal)?,
            b'$' if rest.first() == Some(&b'$') => {
                literal.push(b'$');
                rest = &rest[1..];
            }
            b'$' if rest.first().is_some_and(u8::is_ascii_alphabetic) => {
                let length = rest
                    .iter()
                    .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_')
                    .count();
                flush(&mut literal, &mut pieces);
                pieces.push(Piece::Name(String::from_utf8_lossy(&rest[..length]).into_owned()));
                rest = &rest[length..];
            }
            _ => literal.push(byte),
        }
    }
    flush(&mut literal, &mut pieces);
    Ok(pieces)
}

fn flush(literal: &mut Vec<u8>, pieces: &mut Vec<Piece>) {
    if !literal.is_empty() {
        pieces.push(Piece::Bytes(std::mem::take(literal)));
    }
}

/// Takes what follows a backslash; what is left after it.
fn escape<'text>(rest: &'text [u8], literal: &mut Vec<u8>) -> Result<&'text [u8], String> {
    let (&byte, after) = rest.split_first().ok_or("a backslash at the end of a line")?;
    match byte {
        b'r' => literal.push(b'\r'),
        b'n' => literal.push(b'\n'),
        b't' => literal.push(b'\t'),
        b'0' => literal.push(0),
        b'x' => {
            let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
            let value = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
            literal.push(value.ok_or("\\x needs two hexadecimal digits")?);
            return Ok(&after[2..]);
        }
        // `\"` and the like mean the character; `\*` is a star, `\\` a backslash.
        other => literal.push(other),
    }
    Ok(after)
}
