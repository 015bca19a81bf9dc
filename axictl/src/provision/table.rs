//! `axictl import accounts`: one account a row of a CSV file (RFC 4180), the first row tells what the columns are.
//!
//! A column is `address`, or any setting of an account, of its contact information, quotas or limits, by its name; `quota` is
//! the size of the mailbox, `aliases` may be several. A row that is wrong is told by its line and leaves the others alone;
//! an account that is there already gets what the row says and keeps the rest, so that an import can be repeated.

use super::Entry;
use super::apply::Sender;
use super::report::Report;
use crate::client::Client;
use crate::render::Form;
use crate::session::End;
use axigen_shared::control::Outcome;
use axigen_shared::grammar::nearest;
use axigen_shared::schema::{Context, Shape, context};
use serde_json::{Map, Value as Json};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Rows that are sent between two looks at the file: memory does not grow with it.
const ROWS: usize = 1024;
/// Between several aliases in one cell.
const BETWEEN: [char; 3] = [' ', ';', ','];

/// What a column is.
enum Column {
    Address,
    Quota,
    Aliases,
    /// A setting, with the part of the account that it is in.
    Setting(Option<&'static str>, &'static str),
}

/// Imports a file; whether every row was taken. A message when the file cannot be used at all.
pub fn import(
    client: &mut Client,
    path: &Path,
    check: bool,
    form: Form,
) -> Result<Result<bool, String>, End> {
    let name = path.display().to_string();
    let source: Box<dyn Read> = if name == "-" {
        Box::new(io::stdin())
    } else {
        match File::open(path) {
            Ok(file) => Box::new(file),
            Err(error) => return Ok(Err(format!("{name}: {error}"))),
        }
    };
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(source);
    let columns = match header(&mut reader) {
        Ok(columns) => columns,
        Err(why) => return Ok(Err(format!("{name}:1: {why}"))),
    };
    let mut sender = Sender::new(client, Report::new(form, &name, check).brief(), true, check);
    let mut entries = Vec::new();
    let mut records = reader.records();
    loop {
        let record = records.next();
        if entries.len() >= ROWS || record.is_none() {
            // Accounts of one domain go together.
            entries.sort_by(|one: &Entry, other: &Entry| one.way.get(1).cmp(&other.way.get(1)));
            if let Some(why) = sender.send_all(&entries)? {
                return Ok(Err(why));
            }
            entries.clear();
        }
        let Some(record) = record else { break };
        match record {
            Ok(record) => {
                let line = record.position().map_or(0, |at| at.line() as usize);
                match row(&columns, &record) {
                    Ok((way, document)) => entries.push(Entry { way, document, line }),
                    Err((address, why)) => wrong(&mut sender, address, line, why)?,
                }
            }
            Err(error) => {
                let line = error.position().map_or(0, |at| at.line() as usize);
                wrong(&mut sender, String::new(), line, error.to_string())?;
            }
        }
    }
    sender.report.sum()?;
    Ok(Ok(sender.report.refused == 0))
}

fn wrong(sender: &mut Sender<'_>, address: String, line: usize, why: String) -> io::Result<()> {
    let entry = Entry {
        way: vec!["row".to_owned(), address],
        document: Json::Null,
        line,
    };
    sender.report.tell(&entry, &Outcome::refused(why))
}

fn header<R: Read>(reader: &mut csv::Reader<R>) -> Result<Vec<Column>, String> {
    let names = reader.headers().map_err(|error| error.to_string())?;
    let columns: Result<Vec<Column>, String> = names.iter().map(column).collect();
    let columns = columns?;
    if columns.iter().any(|column| matches!(column, Column::Address)) {
        Ok(columns)
    } else {
        Err("there is no column address; the first line names the columns: address,password,...".to_owned())
    }
}

fn column(name: &str) -> Result<Column, String> {
    let is = |known: &str| name.trim_start_matches('\u{feff}').eq_ignore_ascii_case(known);
    if is("address") {
        return Ok(Column::Address);
    }
    if is("quota") {
        return Ok(Column::Quota);
    }
    if is("aliases") || is("alias") {
        return Ok(Column::Aliases);
    }
    let known = settings();
    let found = known.iter().find(|(_, setting)| is(setting));
    if let Some((part, setting)) = found {
        return Ok(Column::Setting(*part, setting));
    }
    let names = known.iter().map(|(_, setting)| *setting);
    let near = nearest(name, names.chain(["address", "quota", "aliases"]));
    Err(match near {
        Some(near) => format!("no column is called {name}; did you mean {near}?"),
        None => format!(
            "no column is called {name}; there are address, password, quota, aliases and the settings of accounts \
             (axictl schema domain/account)"
        ),
    })
}

/// Settings of an account and of its parts; those of the account itself first.
fn settings() -> Vec<(Option<&'static str>, &'static str)> {
    let Some(account) = context("domain/account") else {
        return Vec::new();
    };
    let of = |context: &'static Context, part| {
        let attrs = context.attributes().filter(|attr| attr.settable(false));
        attrs.map(move |attr| (part, attr.name))
    };
    let parts = account.children.iter().filter_map(|child| match child.shape {
        Shape::Part(context) => Some(of(context, Some(child.field))),
        _ => None,
    });
    of(account, None).chain(parts.flatten()).collect()
}

/// The account of a row; else its address and what is wrong with it.
fn row(columns: &[Column], record: &csv::StringRecord) -> Result<(Vec<String>, Json), (String, String)> {
    let mut address = "";
    let mut fields = Map::new();
    if record.len() > columns.len() {
        let why = format!("{} cells for {} columns", record.len(), columns.len());
        return Err((record.get(0).unwrap_or_default().to_owned(), why));
    }
    for (column, cell) in columns.iter().zip(record).filter(|(_, cell)| !cell.is_empty()) {
        match column {
            Column::Address => address = cell,
            Column::Quota => {
                let size = kilobytes(cell).map_err(|why| (address.to_owned(), format!("quota: {why}")))?;
                insert(&mut fields, Some("quotas"), "totalMessageSize", Json::from(size));
            }
            Column::Aliases => {
                let names = cell.split(BETWEEN).filter(|name| !name.is_empty());
                fields.insert("aliases".to_owned(), names.map(Json::from).collect());
            }
            Column::Setting(part, name) => insert(&mut fields, *part, name, Json::from(cell)),
        }
    }
    let parts = address
        .split_once('@')
        .filter(|(name, domain)| !name.is_empty() && !domain.is_empty());
    let Some((name, domain)) = parts else {
        return Err((address.to_owned(), "address: name@domain is expected".to_owned()));
    };
    let way = ["Domain", domain, "Account", name].map(str::to_owned).to_vec();
    Ok((way, Json::Object(fields)))
}

fn insert(fields: &mut Map<String, Json>, part: Option<&str>, name: &str, value: Json) {
    match part {
        None => {
            fields.insert(name.to_owned(), value);
        }
        Some(part) => {
            let part = fields.entry(part).or_insert_with(|| Json::Object(Map::new()));
            if let Json::Object(part) = part {
                part.insert(name.to_owned(), value);
            }
        }
    }
}

/// A size: KB, or with K, M, G or T behind the number.
fn kilobytes(cell: &str) -> Result<u64, String> {
    let wrong = || format!("'{cell}' is not a size: a number of KB, or one with K, M, G or T");
    let digits = cell.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = cell.get(digits.len()..).unwrap_or_default().to_ascii_uppercase();
    let factor: u64 = match unit.trim_end_matches('B') {
        "" | "K" => 1,
        "M" => 1 << 10,
        "G" => 1 << 20,
        "T" => 1 << 30,
        _ => return Err(wrong()),
    };
    let number: u64 = digits.trim().parse().map_err(|_| wrong())?;
    number.checked_mul(factor).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::{column, header, kilobytes, row};
    use serde_json::json;

    #[test]
    fn a_row_becomes_a_document() {
        let text = "address,password,quota,aliases,firstName,city\n\
                    ann@example.test,{SSHA}x,2G,\"a.n n\",Ann,\n";
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let columns = header(&mut reader);
        // A column that no account has is told before anything is imported.
        let why = columns.err().unwrap();
        assert!(why.contains("city"), "{why}");
        let text = text.replace(",city", ",nickName");
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let columns = header(&mut reader).unwrap();
        let record = reader.records().next().unwrap().unwrap();
        let (way, document) = row(&columns, &record).unwrap();
        assert_eq!(way, ["Domain", "example.test", "Account", "ann"]);
        assert_eq!(document["password"], json!("{SSHA}x"));
        assert_eq!(document["quotas"]["totalMessageSize"], json!(2 << 20));
        assert_eq!(document["aliases"], json!(["a.n", "n"]));
    }

    #[test]
    fn mistakes_say_what_would_do() {
        assert!(column("pasword").err().unwrap().contains("did you mean password"));
        assert!(kilobytes("2 apples").unwrap_err().contains("K, M, G"));
        assert_eq!(kilobytes("512"), Ok(512));
        assert_eq!(kilobytes("3MB"), Ok(3072));
        assert!(kilobytes("99999999999999999999").is_err());
    }
}
