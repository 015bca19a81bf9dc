//! How values are printed: AXIGEN text (WIRE.md 6.3) and JSON.
//!
//! Texts stand in double quotes with `"` and `\` escaped; numbers, yes/no, choices, addresses and sets are bare. The same
//! form is written into the configuration file, so that what SHOW prints can be pasted there and into SET.

use super::Value;
use serde_json::json;

/// The text in double quotes, `"` and `\` escaped.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

impl Value {
    /// The value as AXIGEN text; a secret prints as an empty text.
    pub fn text(&self) -> String {
        match self {
            Self::None => "none".to_owned(),
            Self::Bool(truth) => if *truth { "yes" } else { "no" }.to_owned(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => quoted(text),
            Self::Choice(choice) => (*choice).to_owned(),
            Self::Set(set) => format!("({})", set.join(" ")),
            Self::Address(address) => address.to_string(),
            Self::Ip(ip) => ip.to_string(),
            Self::IpSet(set) => set.to_string(),
            Self::Secret(_) => quoted(""),
            Self::List(list) => {
                let items: Vec<String> = list.iter().map(|item| quoted(item)).collect();
                format!("({})", items.join(" "))
            }
        }
    }

    /// The value as it is written to the configuration file: as [`Value::text`], but secrets are written out.
    pub fn written(&self) -> String {
        match self {
            Self::Secret(secret) => quoted(secret.reveal()),
            other => other.text(),
        }
    }

    /// The value without quotes, as a cell of a table or an argument for people.
    pub fn plain(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            other => other.text(),
        }
    }

    /// The value as JSON; a secret is `null`.
    pub fn json(&self) -> serde_json::Value {
        match self {
            Self::None | Self::Secret(_) => serde_json::Value::Null,
            Self::Bool(truth) => json!(truth),
            Self::Number(number) => json!(number),
            Self::Text(text) => json!(text),
            Self::Choice(choice) => json!(choice),
            Self::Set(set) => json!(set),
            Self::Address(address) => json!(address.to_string()),
            Self::Ip(ip) => json!(ip.to_string()),
            Self::IpSet(set) => json!(set.to_string()),
            Self::List(list) => json!(list),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Secret, Value};

    #[test]
    fn forms() {
        let rows = [
            (Value::Bool(true), "yes"),
            (Value::Number(20), "20"),
            (Value::Text("a \"b\" \\c".into()), r#""a \"b\" \\c""#),
            (Value::Choice("account"), "account"),
            (Value::Set(vec!["imap", "pop3"]), "(imap pop3)"),
            (Value::Set(vec![]), "()"),
            (Value::Address("[::]:25".parse().unwrap()), "[::]:25"),
            (Value::List(vec!["a b".into(), "c".into()]), r#"("a b" "c")"#),
            (Value::Secret(Secret::new("x")), r#""""#),
        ];
        for (value, text) in rows {
            assert_eq!(value.text(), text);
        }
        assert_eq!(Value::Secret(Secret::new("x")).written(), "\"x\"");
        assert_eq!(Value::Secret(Secret::new("x")).json(), serde_json::Value::Null);
    }
}
