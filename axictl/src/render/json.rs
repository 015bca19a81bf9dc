//! One JSON object a reply, on one line, in a form that is pleasant to ask with `jq`.
//!
//! Rows become objects keyed by column (`.body.rows[].name`), attributes a map of values (`.body.values.maxErrors`) beside the
//! full sections with units, notes and effects. Everything the reply says is in it.

use axigen_shared::control::{Body, Expects, Reply, Status, Table};
use serde_json::{Map, Value, json};

/// The reply to this command as a JSON text.
pub fn object(command: &str, reply: &Reply) -> String {
    let status = match reply.status {
        Status::Ok => "ok",
        Status::Refused => "refused",
        Status::Malformed => "malformed",
    };
    let mut object = json!({
        "ok": reply.ok(),
        "status": status,
        "command": command,
        "message": reply.message,
        "prompt": reply.prompt.trim_end(),
        "body": body(&reply.body),
    });
    if let Value::Object(fields) = &mut object {
        for (name, set) in [
            ("committed", reply.committed),
            ("unsaved", reply.unsaved),
            ("pending", reply.pending),
        ] {
            if set {
                fields.insert(name.to_owned(), Value::Bool(true));
            }
        }
        if !reply.warnings.is_empty() {
            fields.insert("warnings".to_owned(), json!(reply.warnings));
        }
        if reply.expects != Expects::Command {
            fields.insert("expects".to_owned(), json!(reply.expects));
        }
    }
    object.to_string()
}

/// The same for a table whose rows are still to come: what goes before them, and what behind. Rows are joined by commas.
pub fn around_rows(command: &str, reply: &Reply) -> (String, String) {
    // No text can contain this: its quotes would be escaped. So it is the key, once.
    const ROWS: &str = "\"rows\":[";
    let whole = object(command, reply);
    match whole.split_once(ROWS) {
        Some((before, behind)) => (format!("{before}{ROWS}"), behind.to_owned()),
        None => (whole, String::new()),
    }
}

/// One row of a table.
pub fn row(table: &Table, cells: &[String]) -> Value {
    let cells = table
        .columns
        .iter()
        .zip(cells)
        .map(|(column, cell)| (column.name.clone(), json!(cell)));
    Value::Object(cells.collect())
}

fn body(body: &Body) -> Value {
    match body {
        Body::None => Value::Null,
        Body::Table(one) => table(one),
        Body::Tables { tables } => {
            json!({"kind": "tables", "tables": tables.iter().map(table).collect::<Vec<_>>()})
        }
        Body::Attributes { sections } => {
            let attributes = sections.iter().flat_map(|section| &section.attributes);
            let values: Map<String, Value> = attributes
                .map(|attribute| (attribute.name.clone(), attribute.value.clone()))
                .collect();
            json!({"kind": "attributes", "values": values, "sections": sections})
        }
        // The forms below are as the control protocol has them.
        Body::Attribute(_) | Body::Help { .. } | Body::Text { .. } | Body::Json { .. } => json!(body),
    }
}

fn table(table: &Table) -> Value {
    let columns: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    let rows: Vec<Value> = table.rows.iter().map(|cells| row(table, cells)).collect();
    json!({"kind": "table", "title": table.title, "columns": columns, "rows": rows})
}

#[cfg(test)]
mod tests {
    use super::object;
    use axigen_shared::control::{Attribute, Body, Column, Reply, Section, Table};
    use serde_json::{Value, json};

    fn parsed(reply: &Reply) -> Value {
        serde_json::from_str(&object("LIST x", reply)).unwrap()
    }

    #[test]
    fn rows_are_objects() {
        let table = Table {
            title: "The list of accounts for this domain:".into(),
            columns: vec![Column::new("name")],
            rows: vec![vec!["ann".into()], vec!["line\nbreak".into()]],
            ..Table::default()
        };
        let value = parsed(&Reply::with(Body::Table(table)));
        assert_eq!(
            value["body"]["rows"],
            json!([{"name": "ann"}, {"name": "line\nbreak"}])
        );
        assert_eq!(value["ok"], json!(true));
        assert_eq!(value["command"], json!("LIST x"));
    }

    #[test]
    fn attributes_are_a_map_and_the_whole() {
        let attribute = Attribute {
            name: "maxErrors".into(),
            value: json!(20),
            text: "20".into(),
            note: None,
            unit: String::new(),
            without_effect: true,
        };
        let section = Section {
            title: "General parameters".into(),
            attributes: vec![attribute],
            lines: vec![],
        };
        let value = parsed(&Reply::with(Body::Attributes {
            sections: vec![section],
        }));
        assert_eq!(value["body"]["values"]["maxErrors"], json!(20));
        assert!(
            value["body"]["sections"][0]["attributes"][0]
                .to_string()
                .contains("ffect")
        );
    }

    #[test]
    fn refusals_say_so_on_one_line() {
        let text = object("ADD Account ann", &Reply::refused("account already\nexists"));
        assert_eq!(text.lines().count(), 1);
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            (&value["ok"], &value["status"]),
            (&json!(false), &json!("refused"))
        );
    }
}
