//! As much roff as the manual pages need.

/// A manual page under construction.
pub struct Page {
    text: String,
}

impl Page {
    /// A page with its title line.
    pub fn new(name: &str, section: u8, headline: &str) -> Self {
        let mut page = Self { text: String::new() };
        page.raw(&format!(
            ".TH {} {section} \"\" \"axigen {}\" \"axigen\"",
            name.to_uppercase(),
            env!("CARGO_PKG_VERSION")
        ));
        // No hyphenation: names of settings must be found by searching.
        page.raw(".nh");
        page.section("NAME");
        page.raw(&format!("{} \\- {}", escaped(name), escaped(headline)));
        page
    }

    /// A line of roff as it is.
    pub fn raw(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// Begins a section.
    pub fn section(&mut self, title: &str) {
        self.raw(&format!(".SH \"{}\"", escaped(title)));
    }

    /// Begins a subsection.
    pub fn subsection(&mut self, title: &str) {
        self.raw(&format!(".SS \"{}\"", escaped(title)));
    }

    /// A paragraph.
    pub fn paragraph(&mut self, text: &str) {
        self.raw(".PP");
        self.line(text);
    }

    /// An entry of a list: a bold term and what it means.
    pub fn entry(&mut self, term: &str, text: &str) {
        self.raw(".TP");
        self.raw(&format!("\\fB{}\\fR", escaped(term)));
        self.line(text);
    }

    /// Text that begins a line of its own.
    pub fn line(&mut self, text: &str) {
        for line in text.lines() {
            let line = escaped(line);
            // A dot or an apostrophe at the beginning would be a request.
            self.raw(&if line.starts_with(['.', '\'']) {
                format!("\\&{line}")
            } else {
                line
            });
        }
    }

    /// The finished page.
    pub fn finish(self) -> String {
        self.text
    }
}

/// Text with what roff would read replaced.
pub fn escaped(text: &str) -> String {
    text.replace('\\', "\\e")
        .replace('-', "\\-")
        .replace('"', "\\(dq")
}

#[cfg(test)]
mod tests {
    use super::{Page, escaped};

    #[test]
    fn requests_are_never_made_by_text() {
        let mut page = Page::new("x", 5, "a-b");
        page.line(".so /etc/passwd\n'x\na\\b");
        let text = page.finish();
        assert!(
            text.contains("\\&.so") && text.contains("\\&'x") && text.contains("a\\eb"),
            "{text}"
        );
        assert_eq!(escaped("a-\"b\""), "a\\-\\(dqb\\(dq");
    }
}
