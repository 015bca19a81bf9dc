//! How much of the reference the schema covers: `tests/golden/contexts.json` lists every context, command line and attribute
//! of AXIGEN 10.6. The numbers may only rise.
//!
//! A command line counts as covered when a line made from its parameters is understood in the context of the same path; an
//! attribute when the context has it. Contexts that are declared must be covered whole.

use crate::grammar;
use crate::schema::{Access, context};
use serde_json::Value;

const REFERENCE: &str = include_str!("../../../../tests/golden/contexts.json");
/// Covered contexts, command lines and attributes; raise them with the schema.
const REACHED: [usize; 3] = [143, 2539, 1114];

/// Lines for commands whose choice of words with values the reference does not tell apart.
const SAID: [(&str, &str); 1] = [(
    "RECOVER domain ",
    "RECOVER domain example.org defaultpassword example dryrun",
)];

/// A line that a client would send.
fn example(command: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let syntax = text(&command["syntax"]);
    if let Some((_, line)) = SAID.iter().find(|(begin, _)| syntax.starts_with(begin)) {
        return (*line).to_owned();
    }
    let mut words = vec![text(&command["verb"])];
    if let Value::String(object) = &command["object"] {
        words.push(object.clone());
    }
    // `SET maxErrors`: the keyword is the object already.
    let set = words.first().is_some_and(|verb| verb == "SET");
    for parameter in command["params"].as_array().into_iter().flatten() {
        let keyword = text(&parameter["keyword"]);
        let said = set && words.contains(&keyword);
        if !keyword.is_empty() && !said {
            words.push(keyword);
        }
        words.extend(sample(parameter));
    }
    words.join(" ")
}

/// A value of a parameter; nothing for flags and fixed words, which are their own keyword.
fn sample(parameter: &Value) -> Option<String> {
    let word = match parameter["kind"].as_str().unwrap_or_default() {
        "flag" | "literal" => return None,
        "yesno" => "yes",
        "int" | "duration" | "size" | "enum-or-duration" => "40",
        "enum" => {
            return parameter["values"]
                .as_array()?
                .first()?
                .as_str()
                .map(str::to_owned);
        }
        "list" => "()",
        "ip" | "ip-port" => "192.0.2.1:25",
        "ip-range" => "10.0.0.0/8",
        "email" => "a@example.com",
        "date" => "'20 Jun 2018'",
        "password" => "passwordpasswordpasswordpassword",
        _ => "example",
    };
    Some(word.to_owned())
}

#[test]
fn the_reference_is_covered_as_far_as_is_claimed() {
    let reference: Value = serde_json::from_str(REFERENCE).unwrap();
    let (mut covered, mut total, mut built) = ([0; 3], [0; 3], 0);
    let mut missing = Vec::new();
    for entry in reference.as_array().unwrap() {
        let path = entry["path"].as_str().unwrap();
        let known = context(path);
        total[0] += 1;
        covered[0] += usize::from(known.is_some());
        for command in entry["commands"].as_array().unwrap() {
            total[1] += 1;
            let line = example(command);
            match known.map(|known| grammar::parse(known, &line)) {
                Some(Ok(matched)) => {
                    covered[1] += 1;
                    built += usize::from(matched.form.missing.is_empty());
                }
                Some(Err(why)) => missing.push(format!(
                    "{path}: {} ({line}): {}",
                    command["syntax"],
                    why.message()
                )),
                None => {}
            }
        }
        for name in entry["attributes"].as_array().unwrap() {
            let name = name.as_str().unwrap();
            total[2] += 1;
            let here = known.is_some_and(|known| known.attr(name).is_some() || line_sets(known, name));
            covered[2] += usize::from(here);
            if known.is_some() && !here {
                missing.push(format!("{path}: attribute {name}"));
            }
        }
        read_only_is_read_only(entry, &mut missing);
    }
    let [contexts, lines, attributes] = [0, 1, 2].map(|at| format!("{} / {}", covered[at], total[at]));
    println!(
        "contexts {contexts}, command lines {lines} ({built} of them with effect), attributes {attributes}"
    );
    assert_eq!(missing, Vec::<String>::new());
    for (covered, reached) in covered.iter().zip(REACHED) {
        assert!(*covered >= reached, "{covered} covered, {reached} claimed");
    }
}

/// Options of a connection are set without being attributes.
fn line_sets(context: &'static crate::schema::Context, name: &str) -> bool {
    grammar::parse(context, &format!("SET {name} on")).is_ok()
}

fn read_only_is_read_only(entry: &Value, missing: &mut Vec<String>) {
    let Some(known) = entry["path"].as_str().and_then(context) else {
        return;
    };
    for (list, access) in [
        ("read_only_attributes", Access::ReadOnly),
        ("write_only_attributes", Access::WriteOnly),
    ] {
        for name in entry[list]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
        {
            if known.attr(name).is_none_or(|attr| attr.access != access) {
                missing.push(format!("{}: {name} is not {access:?}", known.path));
            }
        }
    }
}

/// Where the default is not the stock value, and why (DESIGN, "Settings").
const OTHER_DEFAULTS: [(&str, &str, &str); 28] = [
    (
        "SERVER/IMAP-Proxy/mappingData",
        "mappingPort",
        "the port of the service",
    ),
    (
        "SERVER/POP3-Proxy/mappingData",
        "mappingPort",
        "the port of the service",
    ),
    (
        "SERVER/WEBMAIL-Proxy/MappingData",
        "mappingPort",
        "the port of the service",
    ),
    (
        "SERVER/IMAP-Proxy/listener",
        LIMITS,
        "listener limits are off, but for one address",
    ),
    (
        "SERVER/POP3-Proxy/listener",
        LIMITS,
        "listener limits are off, but for one address",
    ),
    (
        "SERVER/WEBMAIL-Proxy/listener",
        LIMITS,
        "listener limits are off, but for one address",
    ),
    (
        "SERVER/WEBMAIL/listener",
        LIMITS,
        "listener limits are off, but for one address",
    ),
    (
        "SERVER/WEBADMIN/listener",
        LIMITS,
        "listener limits are off, but for one address",
    ),
    (
        "SERVER/FTP-BACKUP/listener",
        LIMITS,
        "listener limits are off, but for one address",
    ),
    ("SERVER/CLUSTER", "clusterKey", "a secret is never empty"),
    (
        "SERVER",
        "enableIOSynchronization",
        "what was answered is on disk",
    ),
    ("SERVER", "sendStatisticsEmail", "nothing is sent unasked"),
    (
        "SERVER",
        "maxConnThreads",
        "thread numbers of services-core 3.3.3",
    ),
    (
        "SERVER",
        "minConnThreads",
        "thread numbers of services-core 3.3.3",
    ),
    (
        "SERVER",
        "greetingsText",
        "texts are our own; empty is the usual greeting",
    ),
    ("SERVER/PROCESSING", "schedInterval", "documented"),
    ("SERVER/PROCESSING", "maxRetryCount", "documented"),
    (
        "SERVER/PROCESSING",
        "deliveryThreads",
        "thread numbers of services-core 3.3.3",
    ),
    (
        "SERVER/PROCESSING",
        "filteringThreads",
        "thread numbers of services-core 3.3.3",
    ),
    (
        "SERVER/PROCESSING",
        "messagesPerSecond",
        "no limit unless asked for",
    ),
    ("SERVER/PROCESSING", "greylistingCache", "minutes: 35 days"),
    (
        "SERVER/SMTP-INCOMING/mappingData",
        "mappingPort",
        "the port of the service",
    ),
    ("SERVER/LOG/rule", "fileCount", "old files do not fill the disk"),
    (
        "SERVER/POP3/listener",
        "idleTimeout",
        "RFC 1939, 3: at least ten minutes",
    ),
    (
        "SERVER/IMAP/listener",
        LIMITS,
        "listener limits are off, but for one address",
    ),
    (
        "SERVER/POP3/listener",
        LIMITS,
        "listener limits are off, but for one address",
    ),
    (
        "SERVER/CLI/listener",
        LIMITS,
        "listener limits are off, but for one address",
    ),
    (
        "SERVER/SMTP-INCOMING/listener",
        LIMITS,
        "listener limits are off, but for one address",
    ),
];
/// Stands for maxConnections, peerMaxConnections and the like.
const LIMITS: &str = "…Connections";

#[test]
fn defaults_are_the_stock_values_but_for_known_reasons() {
    let reference: Value = serde_json::from_str(REFERENCE).unwrap();
    let mut other = Vec::new();
    for entry in reference.as_array().unwrap() {
        let Some(known) = entry["path"].as_str().and_then(context) else {
            continue;
        };
        for command in entry["commands"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|command| command["verb"] == "SET")
        {
            for parameter in command["params"].as_array().unwrap() {
                let stock = match &parameter["stock_value"] {
                    Value::Null => continue,
                    Value::String(text) => text.clone(),
                    number => number.to_string(),
                };
                let Some(attr) = parameter["name"].as_str().and_then(|name| known.attr(name)) else {
                    continue;
                };
                let ours = known.default(attr).plain();
                let named =
                    |name: &str| attr.name == name || (name == LIMITS && attr.name.ends_with("Connections"));
                let excepted = OTHER_DEFAULTS
                    .iter()
                    .any(|(path, name, _)| known.path.starts_with(path) && named(name));
                if ours != stock && !excepted {
                    other.push(format!("{}: {} = {ours}, stock {stock}", known.path, attr.name));
                }
            }
        }
    }
    assert_eq!(other, Vec::<String>::new());
}
