//! The arguments of SEARCH.

use axigend_message::{OBJECT_ID_MAX, TextDecoder, has_charset, is_object_id};

use super::{
    super::{
        bounds::{SEARCH_DEPTH_MAX, SEARCH_KEYS_MAX},
        cursor::{Bad, Cursor, Parsed},
        flags::Flag,
        window::Window,
    },
    keys::{DateTest, Key, Test},
};

/// The arguments of SEARCH.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts about one command"
)]
pub(crate) struct Arguments {
    /// RETURN options, when there were any.
    pub(super) results: Option<Results>,
    /// All keys, joined.
    pub(super) keys: Vec<Key>,
    /// The tests that keys refer to.
    pub(super) tests: Vec<Test>,
    /// A character set that is not known: the answer is NO [BADCHARSET].
    pub(super) bad_charset: bool,
    /// CHARSET was given.
    pub(super) charset_named: bool,
    /// A MODSEQ key was there.
    pub(super) modseq: bool,
    /// A THREADID key was there.
    pub(super) threads: bool,
}

/// RETURN (…): RFC 4731, RFC 5182, RFC 9394.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent options of one command")]
pub(crate) struct Results {
    pub(super) min: bool,
    pub(super) max: bool,
    pub(super) all: bool,
    pub(super) count: bool,
    pub(crate) save: bool,
    /// PARTIAL.
    pub(super) partial: Option<Window>,
}

impl Arguments {
    pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        let mut arguments = Self::default();
        cursor.space()?;
        arguments.results = Results::parse(cursor)?;
        let charset = if cursor.eat_word("CHARSET ") {
            Some(arguments.charset(cursor)?)
        } else {
            None
        };
        arguments.read_keys(cursor, charset)?;
        Ok(arguments)
    }

    /// The character set and the keys of SORT and THREAD (RFC 5256).
    pub(crate) fn with_charset(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        let mut arguments = Self::default();
        let charset = arguments.charset(cursor)?;
        arguments.read_keys(cursor, Some(charset))?;
        Ok(arguments)
    }

    fn charset(&mut self, cursor: &mut Cursor<'_>) -> Parsed<String> {
        let name = cursor.astring()?;
        let name = cursor.utf8(name, "the character set")?;
        self.bad_charset = !has_charset(&name);
        self.charset_named = true;
        cursor.space()?;
        Ok(name)
    }

    fn read_keys(&mut self, cursor: &mut Cursor<'_>, charset: Option<String>) -> Parsed<()> {
        let mut reader = Reader {
            arguments: self,
            charset,
            keys: 0,
        };
        let mut keys = vec![reader.key(cursor, 0)?];
        while cursor.eat(b' ') {
            keys.push(reader.key(cursor, 0)?);
        }
        self.keys = keys;
        Ok(())
    }
}

impl Results {
    /// `RETURN (…) ` if it stands here, for SEARCH and SORT.
    pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Option<Self>> {
        if !cursor.eat_word("RETURN ") {
            return Ok(None);
        }
        let results = results(cursor)?;
        cursor.space()?;
        Ok(Some(results))
    }
}

fn results(cursor: &mut Cursor<'_>) -> Parsed<Results> {
    let mut results = Results::default();
    let options = cursor.list(|cursor| {
        let option = match cursor.keyword("a result option")?.as_str() {
            "PARTIAL" => {
                cursor.space()?;
                if results.partial.replace(Window::parse(cursor)?).is_some() {
                    return Err(Bad::new("PARTIAL can be asked for once"));
                }
                return Ok(());
            }
            "MIN" => &mut results.min,
            "MAX" => &mut results.max,
            "ALL" => &mut results.all,
            "COUNT" => &mut results.count,
            "SAVE" => &mut results.save,
            other => return Err(Bad::new(format!("unknown SEARCH result option {other}"))),
        };
        *option = true;
        Ok(())
    })?;
    results.all |= options.is_empty();
    if results.all && results.partial.is_some() {
        return Err(Bad::new("ALL and PARTIAL exclude each other"));
    }
    Ok(results)
}

struct Reader<'a> {
    arguments: &'a mut Arguments,
    charset: Option<String>,
    keys: usize,
}

impl Reader<'_> {
    fn key(&mut self, cursor: &mut Cursor<'_>, depth: usize) -> Parsed<Key> {
        self.keys += 1;
        if self.keys > SEARCH_KEYS_MAX {
            return Err(Bad::new(format!("SEARCH takes at most {SEARCH_KEYS_MAX} keys")));
        }
        if depth > SEARCH_DEPTH_MAX {
            return Err(Bad::new(format!(
                "search keys nest at most {SEARCH_DEPTH_MAX} deep"
            )));
        }
        match cursor.peek() {
            Some(b'(') => {
                let keys = cursor.some("a search key", |cursor| self.key(cursor, depth + 1))?;
                return Ok(Key::And(keys));
            }
            Some(b'0'..=b'9' | b'*' | b'$') => {
                return Ok(Key::Set {
                    set: cursor.set()?,
                    by_uid: false,
                });
            }
            _ => {}
        }
        let start = cursor.position();
        let word = cursor.keyword("a search key")?;
        if let Some(key) = simple(&word) {
            return Ok(key);
        }
        match word.as_str() {
            "NOT" => {
                cursor.space()?;
                Ok(Key::Not(Box::new(self.key(cursor, depth + 1)?)))
            }
            "OR" => {
                cursor.space()?;
                let left = self.key(cursor, depth + 1)?;
                cursor.space()?;
                Ok(Key::Or(Box::new(left), Box::new(self.key(cursor, depth + 1)?)))
            }
            _ => match self.with_argument(cursor, &word)? {
                Some(key) => Ok(key),
                None => Err(Bad::new(format!(
                    "unknown search key {word} at column {}",
                    start + 1
                ))),
            },
        }
    }

    /// Keys with an argument; `None` when the word is none.
    fn with_argument(&mut self, cursor: &mut Cursor<'_>, word: &str) -> Parsed<Option<Key>> {
        let mut argument = || cursor.space();
        Ok(Some(match word {
            "KEYWORD" | "UNKEYWORD" => {
                argument()?;
                keyword(cursor, word)?
            }
            "LARGER" | "SMALLER" => {
                argument()?;
                let size = cursor.number64()?;
                if word == "LARGER" {
                    Key::Larger(size)
                } else {
                    Key::Smaller(size)
                }
            }
            "UID" => {
                argument()?;
                Key::Set {
                    set: cursor.set()?,
                    by_uid: true,
                }
            }
            "EMAILID" | "THREADID" => {
                argument()?;
                self.object_id(cursor, word)?
            }
            "MODSEQ" => {
                argument()?;
                self.modseq(cursor)?
            }
            "BEFORE" | "ON" | "SINCE" | "SENTBEFORE" | "SENTON" | "SENTSINCE" | "SAVEDBEFORE" | "SAVEDON"
            | "SAVEDSINCE" => {
                argument()?;
                self.date(cursor, word)?
            }
            "BCC" | "CC" | "FROM" | "SUBJECT" | "TO" => {
                argument()?;
                self.field(cursor, word.to_owned())?
            }
            "HEADER" => {
                argument()?;
                let name = cursor.astring()?;
                let name = cursor.utf8(name, "the field name")?;
                cursor.space()?;
                self.field(cursor, name)?
            }
            "BODY" | "TEXT" => {
                argument()?;
                let needle = self.needle(cursor)?;
                self.test(if word == "BODY" {
                    Test::Body { needle }
                } else {
                    Test::Text { needle }
                })
            }
            _ => return Ok(None),
        }))
    }

    fn object_id(&mut self, cursor: &mut Cursor<'_>, word: &str) -> Parsed<Key> {
        let id = cursor.atom("an object id")?;
        if !is_object_id(id.as_bytes()) {
            return Err(Bad::new(format!(
                "an object id has 1 to {OBJECT_ID_MAX} letters, digits, '_' and '-'"
            )));
        }
        if word == "EMAILID" {
            return Ok(Key::EmailId(id));
        }
        self.arguments.threads = true;
        Ok(Key::ThreadId(id))
    }

    fn field(&mut self, cursor: &mut Cursor<'_>, name: String) -> Parsed<Key> {
        let needle = self.needle(cursor)?;
        Ok(self.test(Test::Field { name, needle }))
    }

    fn date(&mut self, cursor: &mut Cursor<'_>, word: &str) -> Parsed<Key> {
        let day = cursor.date()?;
        let (prefix, word) = match (word.strip_prefix("SENT"), word.strip_prefix("SAVED")) {
            (Some(word), _) => ("SENT", word),
            (_, Some(word)) => ("SAVED", word),
            _ => ("", word),
        };
        let test = match word {
            "BEFORE" => DateTest::Before,
            "ON" => DateTest::On,
            _ => DateTest::Since,
        };
        Ok(match prefix {
            "SENT" => self.test(Test::Sent { test, day }),
            "SAVED" => Key::Saved(test, day),
            _ => Key::Date(test, day),
        })
    }

    /// [entry-name SP entry-type-req SP] mod-sequence-valzer; entries are all counted together here.
    fn modseq(&mut self, cursor: &mut Cursor<'_>) -> Parsed<Key> {
        if cursor.peek() == Some(b'"') {
            cursor.string()?;
            cursor.space()?;
            let kind = cursor.keyword("priv, shared or all")?;
            if !matches!(kind.as_str(), "PRIV" | "SHARED" | "ALL") {
                return Err(Bad::new(format!(
                    "unknown entry type {kind}: priv, shared or all"
                )));
            }
            cursor.space()?;
        }
        self.arguments.modseq = true;
        Ok(Key::ModSeq(cursor.number64()?))
    }

    /// Text to look for, out of the command's character set.
    fn needle(&mut self, cursor: &mut Cursor<'_>) -> Parsed<String> {
        let raw = cursor.astring()?;
        let mut text = String::new();
        TextDecoder::new(self.charset.as_deref().map(str::as_bytes)).feed(&raw, true, &mut text);
        Ok(text)
    }

    fn test(&mut self, test: Test) -> Key {
        let tests = &mut self.arguments.tests;
        let place = tests
            .iter()
            .position(|known| *known == test)
            .unwrap_or(tests.len());
        if place == tests.len() {
            tests.push(test);
        }
        Key::Test(place)
    }
}

/// The argument of KEYWORD or UNKEYWORD.
fn keyword(cursor: &mut Cursor<'_>, word: &str) -> Parsed<Key> {
    let key = Key::Keyword(cursor.atom("a keyword")?);
    Ok(if word == "KEYWORD" {
        key
    } else {
        Key::Not(Box::new(key))
    })
}

/// Keys that are one word.
fn simple(word: &str) -> Option<Key> {
    let not = |key: Key| Key::Not(Box::new(key));
    Some(match word {
        "ALL" | "SAVEDATESUPPORTED" => Key::All,
        "ANSWERED" => Key::Flag(Flag::Answered),
        "DELETED" => Key::Flag(Flag::Deleted),
        "DRAFT" => Key::Flag(Flag::Draft),
        "FLAGGED" => Key::Flag(Flag::Flagged),
        "SEEN" => Key::Flag(Flag::Seen),
        "UNANSWERED" => not(Key::Flag(Flag::Answered)),
        "UNDELETED" => not(Key::Flag(Flag::Deleted)),
        "UNDRAFT" => not(Key::Flag(Flag::Draft)),
        "UNFLAGGED" => not(Key::Flag(Flag::Flagged)),
        "UNSEEN" => not(Key::Flag(Flag::Seen)),
        "RECENT" => Key::Recent,
        "OLD" => not(Key::Recent),
        "NEW" => Key::And(vec![Key::Recent, not(Key::Flag(Flag::Seen))]),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::Arguments;
    use crate::imap::{bounds::SEARCH_DEPTH_MAX, cursor::Cursor};

    fn parse(text: &str) -> Option<Arguments> {
        let mut cursor = Cursor::new(text.as_bytes(), 0);
        let arguments = Arguments::parse(&mut cursor).ok()?;
        cursor.end().ok()?;
        Some(arguments)
    }

    #[test]
    fn keys() {
        for good in [
            " ALL",
            " 1:* UNSEEN",
            " UID 3 NOT SEEN",
            " OR SEEN (FLAGGED $X)",
            " SUBJECT {2}\r\nab FROM x",
            " $ SEEN",
            " RETURN () ALL",
            " RETURN (MIN SAVE) CHARSET utf-8 TEXT \"ä\"",
            " HEADER x \"\"",
            " SINCE 1-Feb-2026",
            " SENTON \"01-Feb-2026\"",
            " MODSEQ 5",
            " MODSEQ \"/flags/\\\\draft\" all 7",
            " (((ALL)))",
            " KEYWORD $x",
            " EMAILID M6d99ac3275bb4e THREADID T-_",
            " RETURN (PARTIAL -1:-100 COUNT) ALL",
        ] {
            let expected = !good.contains("$X");
            assert_eq!(parse(good).is_some(), expected, "{good}");
        }
        for bad in [
            "",
            " ",
            " OR SEEN",
            " NOT",
            " ()",
            " (SEEN",
            " SUBJECT",
            " BOGUS",
            " RETURN (X) ALL",
            " LARGER x",
            " SINCE 1-Foo-2026",
            " SEEN  ALL",
            " MODSEQ x",
            " EMAILID",
            " THREADID a.b",
            " RETURN (PARTIAL) ALL",
            " RETURN (PARTIAL 1:2 ALL) ALL",
            " RETURN (PARTIAL 1:2 PARTIAL 3:4) ALL",
        ] {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn nesting_and_number_are_bounded() {
        let nested = |depth: usize| format!(" {}ALL{}", "(".repeat(depth), ")".repeat(depth));
        assert!(parse(&nested(SEARCH_DEPTH_MAX)).is_some());
        assert!(parse(&nested(SEARCH_DEPTH_MAX + 1)).is_none());
        assert!(parse(&nested(100_000)).is_none());
        assert!(parse(&" NOT".repeat(10_000)).is_none());
        assert!(parse(&" ALL".repeat(10_000)).is_none());
    }

    #[test]
    fn charsets_are_decoded() {
        let arguments = parse(" CHARSET iso-8859-1 SUBJECT {1}\r\n\u{7f}").unwrap();
        assert_eq!(arguments.tests.len(), 1);
        assert!(parse(" CHARSET klingon ALL").unwrap().bad_charset);
    }
}
