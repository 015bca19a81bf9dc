//! A reply and how it is printed (RFC 5321, 4.2; enhanced codes: RFC 2034).

use std::borrow::Cow;

/// One reply of one or more lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    code: u16,
    enhanced: Option<&'static str>,
    /// Lines before the last one; mostly none.
    before: Vec<String>,
    text: Cow<'static, str>,
    /// The session ends with it.
    closes: bool,
}

impl Reply {
    /// With an enhanced code.
    pub(super) fn new(code: u16, enhanced: &'static str, text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            enhanced: Some(enhanced),
            before: Vec::new(),
            text: text.into(),
            closes: false,
        }
    }

    /// Without one: greetings, EHLO, 3xx, and the texts that AXIGEN gives bare.
    pub(super) fn bare(code: u16, text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            enhanced: None,
            before: Vec::new(),
            text: text.into(),
            closes: false,
        }
    }

    /// Puts lines before the last.
    pub(super) fn after(mut self, before: Vec<String>) -> Self {
        self.before = before;
        self
    }

    /// The session cannot go on after it.
    pub(super) fn closing(mut self) -> Self {
        self.closes = true;
        self
    }

    pub(super) fn closes(&self) -> bool {
        self.closes
    }

    /// Whether it tells of a wrong command (`maxErrors`), rather than of a refusal of something well said.
    pub(super) fn counts(&self) -> bool {
        matches!(self.code, 500..=504 | 538 | 553 | 555)
    }

    /// The reply code.
    #[cfg(test)]
    pub(super) fn code(&self) -> u16 {
        self.code
    }

    /// Appends the lines as they go on the wire.
    pub(super) fn print(&self, out: &mut Vec<u8>) {
        for line in &self.before {
            self.line('-', line, out);
        }
        self.line(' ', &self.text, out);
    }

    fn line(&self, separator: char, text: &str, out: &mut Vec<u8>) {
        let line = match self.enhanced {
            Some(enhanced) => format!("{}{separator}{enhanced} {text}\r\n", self.code),
            None => format!("{}{separator}{text}\r\n", self.code),
        };
        out.extend_from_slice(line.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::Reply;

    fn printed(reply: &Reply) -> String {
        let mut out = Vec::new();
        reply.print(&mut out);
        String::from_utf8(out).unwrap_or_default()
    }

    #[test]
    fn lines() {
        assert_eq!(printed(&Reply::bare(334, "")), "334 \r\n");
        assert_eq!(
            printed(&Reply::new(250, "2.1.0", "Sender accepted")),
            "250 2.1.0 Sender accepted\r\n"
        );
        let help = Reply::new(214, "2.0.0", "end").after(vec!["one".into()]);
        assert_eq!(printed(&help), "214-2.0.0 one\r\n214 2.0.0 end\r\n");
        assert_eq!(
            printed(&Reply::bare(250, "OK").after(vec!["x".into()])),
            "250-x\r\n250 OK\r\n"
        );
    }
}
