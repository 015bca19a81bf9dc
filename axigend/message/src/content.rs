//! Structured MIME values: `type/subtype; name=value` (RFC 2045, 5.1) and dispositions (RFC 2183).
//!
//! Reads what real mail holds: comments, missing semicolons at the end, unquoted specials. RFC 2231 continuations are
//! kept as they stand, since BODYSTRUCTURE shows parameters raw; only the boundary is put together.

/// Most parameters kept of one field: more is noise or malice.
const PARAMETERS_MAX: usize = 64;

/// A parameter of a structured field: name and value as written, quotes removed.
pub type Parameter = (Vec<u8>, Vec<u8>);

/// Content-Disposition (RFC 2183).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Disposition {
    /// `inline`, `attachment` or an extension.
    pub kind: Vec<u8>,
    /// `filename` and others.
    pub parameters: Vec<Parameter>,
}

/// A value before the first semicolon and the parameters after it.
pub(crate) fn value_and_parameters(field: &[u8]) -> (Vec<u8>, Vec<Parameter>) {
    let mut scan = Scan { bytes: field, at: 0 };
    let value = scan.until(b";");
    let mut parameters = Vec::new();
    while scan.skip(b';') && parameters.len() < PARAMETERS_MAX {
        let name = scan.until(b"=;");
        if !scan.skip(b'=') {
            continue;
        }
        let value = scan.parameter_value();
        if !name.is_empty() {
            parameters.push((name, value));
        }
    }
    (value, parameters)
}

/// `type/subtype` in lower case, or `None` when the value is not of that form.
pub(crate) fn media_type(value: &[u8]) -> Option<(String, String)> {
    let text = std::str::from_utf8(value).ok()?;
    let (kind, subtype) = text.split_once('/')?;
    let (kind, subtype) = (kind.trim(), subtype.trim());
    let token =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"');
    (token(kind) && token(subtype)).then(|| (kind.to_ascii_lowercase(), subtype.to_ascii_lowercase()))
}

/// Value of the parameter, in any case.
pub(crate) fn parameter<'a>(parameters: &'a [Parameter], name: &str) -> Option<&'a [u8]> {
    let found = parameters
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name.as_bytes()))?;
    Some(&found.1)
}

/// The boundary, also when RFC 2231 continuations (`boundary*0`, `boundary*1`) hold it.
pub(crate) fn boundary(parameters: &[Parameter]) -> Option<Vec<u8>> {
    let whole = match parameter(parameters, "boundary") {
        Some(whole) => whole.to_vec(),
        None => (0..PARAMETERS_MAX)
            .map_while(|part| parameter(parameters, &format!("boundary*{part}")))
            .flat_map(<[u8]>::to_vec)
            .collect(),
    };
    let whole = whole.trim_ascii_end().to_vec();
    (!whole.is_empty()).then_some(whole)
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip(&mut self, wanted: u8) -> bool {
        let there = self.peek() == Some(wanted);
        self.at += usize::from(there);
        there
    }

    /// Text up to one of `stops`, without comments and line ends, trimmed.
    fn until(&mut self, stops: &[u8]) -> Vec<u8> {
        let mut text = Vec::new();
        while let Some(byte) = self.peek() {
            if stops.contains(&byte) {
                break;
            }
            if byte == b'(' {
                self.comment();
                continue;
            }
            self.at += 1;
            if !matches!(byte, b'\r' | b'\n') {
                text.push(byte);
            }
        }
        text.trim_ascii().to_vec()
    }

    fn parameter_value(&mut self) -> Vec<u8> {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
        if !self.skip(b'"') {
            return self.until(b";");
        }
        let mut text = Vec::new();
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'"' => break,
                b'\\' => {
                    text.extend(self.peek());
                    self.at += 1;
                }
                b'\r' | b'\n' => {}
                _ => text.push(byte),
            }
        }
        self.until(b";");
        text
    }

    /// Steps over a comment, nested ones included; an open one ends with the value.
    fn comment(&mut self) {
        let mut depth = 0_usize;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'(' => depth += 1,
                b')' => depth -= 1,
                b'\\' => self.at += 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{boundary, media_type, value_and_parameters};

    #[test]
    fn values() {
        type Row<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);
        let rows: [Row<'_>; 7] = [
            ("text/plain", "text/plain", &[]),
            (
                " text/plain ; charset=utf-8",
                "text/plain",
                &[("charset", "utf-8")],
            ),
            (
                "text/plain; charset=\"a;\\\"b\"; x = y ",
                "text/plain",
                &[("charset", "a;\"b"), ("x", "y")],
            ),
            ("text/plain (a (b) c); a=b (c)", "text/plain", &[("a", "b")]),
            ("a/b; c; d=e;;", "a/b", &[("d", "e")]),
            ("a/b; c=\"open", "a/b", &[("c", "open")]),
            ("(open", "", &[]),
        ];
        for (text, value, parameters) in rows {
            let (found, list) = value_and_parameters(text.as_bytes());
            let list: Vec<_> = list
                .iter()
                .map(|(name, value)| {
                    (
                        std::str::from_utf8(name).unwrap(),
                        std::str::from_utf8(value).unwrap(),
                    )
                })
                .collect();
            assert_eq!(
                (found.as_slice(), list.as_slice()),
                (value.as_bytes(), parameters),
                "{text}"
            );
        }
    }

    #[test]
    fn types_and_boundaries() {
        assert_eq!(media_type(b"TEXT / Plain"), Some(("text".into(), "plain".into())));
        assert_eq!(media_type(b"text"), None);
        assert_eq!(media_type(b"/x"), None);
        let (_, list) = value_and_parameters(b"m/x; boundary*0=ab; boundary*1=\"cd \"");
        assert_eq!(boundary(&list).as_deref(), Some(&b"abcd"[..]));
        let (_, list) = value_and_parameters(b"m/x; boundary=\"\"");
        assert_eq!(boundary(&list), None);
    }
}
