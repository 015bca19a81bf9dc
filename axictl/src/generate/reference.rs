//! The manual page axigen-reference(5): every context with its settings and commands, from the schema.
//!
//! Nothing here is written by hand but the introduction: what the schema declares is what the daemon does, and what has no
//! effect yet says so.

use super::roff::Page;
use crate::schema::live;
use axigen_shared::grammar::{Form, forms, help};
use axigen_shared::schema::{Access, Attr, Context, Effect, Leave, Verb, contexts};
use std::fmt::Write as _;

/// The whole page.
pub fn page() -> String {
    let mut page = Page::new(
        "axigen-reference",
        5,
        "all contexts, settings and commands of axigend",
    );
    introduction(&mut page);
    let mut all: Vec<&'static Context> = contexts().collect();
    all.sort_by_key(|context| (depth_first(context.path), context.path));
    for context in all {
        section(&mut page, context);
    }
    page.section("SEE ALSO");
    page.raw(".BR axictl (1),\n.BR axigen.cfg (5),\n.BR axigend (8)");
    page.finish()
}

/// Where a path stands in the order in which contexts are entered.
fn depth_first(path: &str) -> u8 {
    match path {
        "login" => 0,
        "root" => 1,
        _ if path.starts_with("SERVER") => 2,
        _ => 3,
    }
}

fn introduction(page: &mut Page) {
    page.section("DESCRIPTION");
    page.paragraph(
        "The contexts of the administration language in the order in which they are entered. Commands, attribute names and \
         fixed values may be written in any letter case. Times are seconds and sizes are KB unless a unit is given.",
    );
    page.paragraph(
        "Each setting is given with its type, its default and the moment from which a change is felt. \"No effect yet\" \
         means: accepted, stored and shown, but nothing in this version acts on it. In the configuration file settings have \
         the same names, see axigen.cfg(5).",
    );
    let of = |context: &'static Context| {
        let attrs = context.attributes().filter(|attr| !attr.legacy);
        attrs.map(move |attr| context.effect(attr))
    };
    let all: Vec<Effect> = contexts().flat_map(of).collect();
    let working = all.iter().filter(|effect| **effect == Effect::Works).count();
    page.paragraph(&format!(
        "This version knows {} settings in {} contexts; {working} have an effect.",
        all.len(),
        contexts().count()
    ));
}

fn section(page: &mut Page, context: &'static Context) {
    page.section(context.path);
    let prompt = context.prompt_text();
    let mut facts = format!("Prompt {}.", prompt.trim_end());
    let ways = ways_in(context);
    if !ways.is_empty() {
        let _ = write!(facts, " Entered by: {}.", ways.join("; "));
    }
    facts.push_str(match context.leave {
        Leave::Commit => " COMMIT makes the changes active and leaves; BACK drops them.",
        Leave::Done => " DONE hands the changes to the context above; BACK drops them.",
        Leave::Free => " Commands act at once.",
    });
    if let Some(from) = context.inherits {
        let _ = write!(
            facts,
            " Settings that are not set here are inherited from {from}; RESET inherits again."
        );
    }
    page.paragraph(&facts);
    let settings: Vec<&'static Attr> = context.attributes().filter(|attr| !attr.legacy).collect();
    if !settings.is_empty() {
        page.subsection("Settings");
        for attr in settings {
            page.entry(attr.name, &setting(context, attr));
        }
    }
    let commands = help(context)
        .into_iter()
        .filter(|line| !line.syntax.is_empty() && !line.syntax.starts_with("SET ["));
    let commands: Vec<_> = commands.collect();
    if !commands.is_empty() {
        page.subsection("Commands");
        for line in commands {
            let mut text = line.help.clone();
            if !line.missing.is_empty() {
                let _ = write!(text, " ({})", line.missing);
            }
            if line.enters {
                text.push_str(" (changes context)");
            }
            page.entry(&line.syntax, &text);
        }
    }
}

fn setting(context: &Context, attr: &Attr) -> String {
    let default = match context.default(attr).text() {
        text if text.is_empty() || text == "\"\"" => "empty".to_owned(),
        text => text,
    };
    let unit = attr.unit.symbol();
    let unit = if unit.is_empty() {
        String::new()
    } else {
        format!(" (in {unit})")
    };
    let access = match attr.access {
        Access::Open => "",
        Access::Key => " Names its object.",
        Access::WriteOnly => " Never shown.",
        Access::ReadOnly => " Shown only; other commands change it.",
        Access::FileOnly => " In the configuration file only.",
    };
    let felt = match context.effect(attr) {
        Effect::Works => format!("A change is felt {}.", felt(attr)),
        Effect::None => "No effect yet.".to_owned(),
    };
    let mut help = attr.help.to_owned();
    if let Some(first) = help.get(..1).map(str::to_uppercase) {
        help.replace_range(..1, &first);
    }
    format!(
        "{}. Takes {}{unit}; default {default}. {felt}{access}",
        help.trim_end_matches('.'),
        attr.kind.expected()
    )
}

fn felt(attr: &Attr) -> String {
    match live(attr.live) {
        "new sessions" => "by new sessions".to_owned(),
        other => other.to_owned(),
    }
}

/// The commands that enter a context, with the context they stand in.
fn ways_in(context: &'static Context) -> Vec<String> {
    let leads_here = |form: &&Form| {
        let child = match form.verb {
            Verb::Config(child) | Verb::Add(child) | Verb::Update(child) => child.context(),
            Verb::Open(path) | Verb::Edit(path) => return path == context.path,
            _ => None,
        };
        form.enters && child.is_some_and(|child| child == context)
    };
    let mut ways: Vec<String> = Vec::new();
    for other in contexts() {
        for form in forms(other).iter().filter(|form| !form.legacy).filter(leads_here) {
            let way = format!("{} in {}", form.usage, other.path);
            if !ways.contains(&way) {
                ways.push(way);
            }
        }
    }
    ways
}
