//! The file of export, diff and apply: TOML, a table for the server, one for each domain and for each of its objects.
//!
//! ```toml
//! format = 1
//!
//! [[domain]]
//! name = "example.test"
//!
//! [[domain.account]]
//! name = "ann"
//! ```

use super::Entry;
use axigen_shared::schema::{self, Context, Shape};
use serde_json::{Map, Value as Json};
use std::fmt::Write as _;
use toml_edit::{Document, Item, Table, Value};

/// Version of the form; another one is refused.
const FORMAT: i64 = 1;
/// First lines of an export.
pub const HEAD: &str = "# The configuration of an axigen server: axictl diff FILE compares, axictl apply FILE makes it so.\n# A setting that is not here has its default.\nformat = 1";
/// The setting that tells objects apart.
pub const NAME: &str = "name";

/// An object as a table of the file.
pub fn print(way: &[String], document: &Json) -> String {
    let mut out = String::from("\n");
    let words: Vec<String> = way.iter().step_by(2).map(|word| lower(word)).collect();
    let path = words.join(".");
    let none = Map::new();
    let fields = document.as_object().unwrap_or(&none);
    let _ = match way {
        [_] => writeln!(out, "[{path}]"),
        _ => writeln!(out, "[[{path}]]"),
    };
    table(&mut out, &path, fields);
    out
}

/// `AccountClass` as `accountClass`, `SERVER` as `server`.
fn lower(word: &str) -> String {
    if word.chars().all(|c| c.is_ascii_uppercase()) {
        return word.to_ascii_lowercase();
    }
    let mut chars = word.chars();
    chars
        .next()
        .map(|first| first.to_ascii_lowercase())
        .into_iter()
        .chain(chars)
        .collect()
}

fn text(text: &str) -> String {
    Value::from(text).to_string()
}

fn key(name: &str) -> String {
    toml_edit::Key::new(name).to_string()
}

/// Settings first, the name before all others, then what has tables of its own.
fn table(out: &mut String, path: &str, fields: &Map<String, Json>) {
    let settings = fields.iter().filter(|(_, value)| !is_table(value));
    let (first, others): (Vec<_>, Vec<_>) = settings.partition(|(name, _)| *name == NAME);
    for (name, value) in first.into_iter().chain(others) {
        let _ = writeln!(out, "{} = {}", key(name), scalar(value));
    }
    for (name, value) in fields {
        let below = format!("{path}.{}", key(name));
        match value {
            Json::Object(fields) => {
                let _ = writeln!(out, "[{below}]");
                table(out, &below, fields);
            }
            Json::Array(items) if is_table(value) => {
                for fields in items.iter().filter_map(Json::as_object) {
                    let _ = writeln!(out, "[[{below}]]");
                    table(out, &below, fields);
                }
            }
            _ => {}
        }
    }
}

fn is_table(value: &Json) -> bool {
    match value {
        Json::Object(_) => true,
        Json::Array(items) => items.iter().any(Json::is_object),
        _ => false,
    }
}

fn scalar(value: &Json) -> String {
    match value {
        Json::String(value) => text(value),
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(scalar).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string(),
    }
}

/// Reads a file; what is wrong with it, with line and column.
pub fn read(text: &str) -> Result<Vec<Entry>, String> {
    let document = Document::parse(text).map_err(|error| error.to_string())?;
    let mut reader = Reader {
        ends: text.match_indices('\n').map(|(at, _)| at).collect(),
        entries: Vec::new(),
    };
    for (name, item) in document.as_table() {
        match name {
            "format" if item.as_integer() == Some(FORMAT) => {}
            "format" => return Err(format!("format: this axictl reads format {FORMAT}")),
            "server" => reader.server(item)?,
            _ => reader.stored(schema::root(), &[], name, item)?,
        }
    }
    Ok(reader.entries)
}

struct Reader {
    /// Where lines end.
    ends: Vec<usize>,
    entries: Vec<Entry>,
}

impl Reader {
    /// The line of an item, counted from 1.
    fn line(&self, item: &Table) -> usize {
        let at = item.span().map_or(0, |span| span.start);
        self.ends.partition_point(|end| *end < at) + 1
    }

    fn server(&mut self, item: &Item) -> Result<(), String> {
        let table = item.as_table().ok_or("server: this is a table, [server]")?;
        let fields: Result<Map<String, Json>, String> = table
            .iter()
            .map(|(name, item)| Ok((name.to_owned(), json(item)?)))
            .collect();
        self.entries.push(Entry {
            way: vec!["SERVER".to_owned()],
            document: Json::Object(fields?),
            line: self.line(table),
        });
        Ok(())
    }

    /// The objects of a kind that the daemon keeps one by one, each followed by what it holds.
    fn stored(&mut self, holder: &Context, way: &[String], word: &str, item: &Item) -> Result<(), String> {
        let (child, context) = kept(holder, word).ok_or_else(|| {
            let place = if way.is_empty() {
                "the file".to_owned()
            } else {
                super::spoken(way)
            };
            format!("{word}: there is nothing of this name in {place}")
        })?;
        let tables = item
            .as_array_of_tables()
            .ok_or_else(|| format!("{word}: this is a list of tables, [[{word}]]"))?;
        for table in tables {
            let line = self.line(table);
            let name = table
                .get(NAME)
                .and_then(Item::as_str)
                .ok_or_else(|| format!("line {line}: {word} without a name"))?;
            let mut way = way.to_vec();
            way.extend([child.to_owned(), name.to_owned()]);
            let mut fields = Map::new();
            let mut below = Vec::new();
            for (name, item) in table {
                if kept(context, name).is_some() {
                    below.push((name, item));
                } else {
                    let value = json(item).map_err(|why| format!("line {line}: {name}: {why}"))?;
                    fields.insert(name.to_owned(), value);
                }
            }
            self.entries.push(Entry {
                way: way.clone(),
                document: Json::Object(fields),
                line,
            });
            for (name, item) in below {
                self.stored(context, &way, name, item)?;
            }
        }
        Ok(())
    }
}

/// The child with this word whose objects the daemon keeps one by one.
fn kept(holder: &Context, word: &str) -> Option<(&'static str, &'static Context)> {
    let child = holder
        .children
        .iter()
        .find(|child| child.object.eq_ignore_ascii_case(word))?;
    match child.shape {
        Shape::Stored(context) => Some((child.object, context)),
        _ => None,
    }
}

fn json(item: &Item) -> Result<Json, String> {
    match item {
        Item::None => Ok(Json::Null),
        Item::Value(value) => of_value(value),
        Item::Table(table) => table
            .iter()
            .map(|(name, item)| Ok((name.to_owned(), json(item)?)))
            .collect::<Result<Map<_, _>, String>>()
            .map(Json::Object),
        Item::ArrayOfTables(tables) => tables
            .iter()
            .map(|table| json(&Item::Table(table.clone())))
            .collect::<Result<_, _>>()
            .map(Json::Array),
    }
}

fn of_value(value: &Value) -> Result<Json, String> {
    match value {
        Value::String(text) => Ok(Json::from(text.value().as_str())),
        Value::Integer(number) => Ok(Json::from(*number.value())),
        Value::Boolean(truth) => Ok(Json::from(*truth.value())),
        Value::Array(items) => items
            .iter()
            .map(of_value)
            .collect::<Result<_, _>>()
            .map(Json::Array),
        Value::InlineTable(table) => table
            .iter()
            .map(|(name, value)| Ok((name.to_owned(), of_value(value)?)))
            .collect::<Result<Map<_, _>, String>>()
            .map(Json::Object),
        Value::Float(_) | Value::Datetime(_) => {
            Err("neither a text, a whole number, true or false, nor a list of these".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{HEAD, print, read};
    use serde_json::json;

    fn way(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn what_is_printed_is_read_again() {
        let objects = [
            (
                way(&["SERVER"]),
                json!({"primaryDomain": "example.test", "imap": {"maxErrors": 3, "listeners": [
                    {"address": "127.0.0.1:143", "enable": true}, {"address": "[::1]:143"}]}}),
            ),
            (
                way(&["Domain", "example.test"]),
                json!({"name": "example.test", "aliases": ["a.test", "b.test"]}),
            ),
            (
                way(&["Domain", "example.test", "Account", "ann"]),
                json!({"name": "ann", "firstName": "Ann \"\\\n'''\u{1}é", "quotas": {"totalMessageSize": 5}}),
            ),
            (way(&["Domain", "two.test"]), json!({"name": "two.test"})),
        ];
        let mut text = format!("{HEAD}\n");
        for (way, document) in &objects {
            text.push_str(&print(way, document));
        }
        let entries = read(&text).unwrap();
        let found: Vec<_> = entries
            .into_iter()
            .map(|entry| (entry.way, entry.document))
            .collect();
        assert_eq!(found, objects, "{text}");
    }

    #[test]
    fn mistakes_are_told_with_their_line() {
        for (text, told) in [
            ("format = 2", "format 1"),
            (
                "[[domain]]\nname = \"a.test\"\n\n[[domain.account]]\nfirstName = \"x\"",
                "line 4",
            ),
            ("[[domian]]\nname = \"a.test\"", "domian"),
            (
                "[[domain]]\nname = \"a.test\"\nmaxAccounts = 1.5",
                "line 1: maxAccounts",
            ),
            ("[[domain]\n", "line 1"),
        ] {
            let why = read(text).unwrap_err();
            assert!(why.contains(told), "{text:?}: {why}");
        }
    }
}
