//! Header fields as they stand in the stored bytes (RFC 5322, 2.2).
//!
//! Owns splitting a header into fields and unfolding a value; does not interpret values. Lines may end with CRLF or
//! a bare LF, because APPEND stores what the client sent.

use memchr::memchr;

/// One header field: slices of the header it was found in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// Name without the colon; empty for a line that has none.
    pub name: &'a [u8],
    /// Everything after the colon, still folded, without the last line end.
    pub value: &'a [u8],
    /// The whole field as stored, line ends included.
    pub raw: &'a [u8],
}

impl Field<'_> {
    /// Whether this field has the name, in any case.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }
}

/// Iterator over the fields of a header; ends at the blank line or at the end of the bytes.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    rest: &'a [u8],
}

/// The fields of `header` in order.
pub fn fields(header: &[u8]) -> Fields<'_> {
    Fields { rest: header }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        if self.rest.is_empty() || blank_line(self.rest).is_some() {
            return None;
        }
        let end = field_end(self.rest);
        let (raw, rest) = self.rest.split_at(end);
        self.rest = rest;
        let line = strip_newline(raw);
        let (name, value) = match memchr(b':', line) {
            Some(colon) => (line.get(..colon)?, line.get(colon + 1..)?),
            None => (&line[..0], line),
        };
        Some(Field {
            name: name.trim_ascii_end(),
            value,
            raw,
        })
    }
}

/// Length of the header area at the start of `bytes`, blank line included; `None` when it does not end in `bytes`.
pub fn header_len(bytes: &[u8]) -> Option<usize> {
    if let Some(blank) = blank_line(bytes) {
        return Some(blank);
    }
    for newline in memchr::memchr_iter(b'\n', bytes) {
        if let Some(blank) = bytes.get(newline + 1..).and_then(blank_line) {
            return Some(newline + 1 + blank);
        }
    }
    None
}

/// The value on one line: line ends removed, space around it trimmed (RFC 5322, 2.2.3).
pub fn unfold(value: &[u8]) -> Vec<u8> {
    let mut flat: Vec<u8> = value
        .iter()
        .copied()
        .filter(|byte| !matches!(byte, b'\r' | b'\n'))
        .collect();
    flat.truncate(flat.trim_ascii_end().len());
    let start = flat.len() - flat.trim_ascii_start().len();
    flat.drain(..start);
    flat
}

/// Length of the line end with which `bytes` begin.
fn blank_line(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [b'\n', ..] => Some(1),
        [b'\r', b'\n', ..] => Some(2),
        _ => None,
    }
}

/// Where the field at the start of `bytes` ends: after the first line end that no white space follows.
fn field_end(bytes: &[u8]) -> usize {
    for newline in memchr::memchr_iter(b'\n', bytes) {
        if !matches!(bytes.get(newline + 1), Some(b' ' | b'\t')) {
            return newline + 1;
        }
    }
    bytes.len()
}

fn strip_newline(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::{fields, header_len, unfold};

    #[test]
    fn fields_are_split_where_no_white_space_follows() {
        let header = b"A: 1\r\nb : 2\r\n folded\r\nno colon\nC:\r\n\r\nBody: x";
        let found: Vec<(&[u8], Vec<u8>)> = fields(header)
            .map(|field| (field.name, unfold(field.value)))
            .collect();
        assert_eq!(
            found,
            [
                (&b"A"[..], b"1".to_vec()),
                (b"b", b"2 folded".to_vec()),
                (b"", b"no colon".to_vec()),
                (b"C", Vec::new()),
            ]
        );
        let raw: Vec<u8> = fields(header).flat_map(|field| field.raw.to_vec()).collect();
        assert_eq!(raw, &header[..raw.len()]);
    }

    #[test]
    fn header_length() {
        for (bytes, expected) in [
            (&b"A: 1\r\n\r\nbody"[..], Some(8)),
            (b"A: 1\n\nbody", Some(6)),
            (b"\r\nbody", Some(2)),
            (b"A: 1\r\n", None),
            (b"", None),
        ] {
            assert_eq!(header_len(bytes), expected, "{bytes:?}");
        }
    }
}
