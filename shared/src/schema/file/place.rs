//! Where something stands in a file: for what is found wrong only when the whole is looked at.

use super::lexer::{Place, cut};
use super::tree::{Entry, Node, Shape as Tree, entries};
use crate::schema::object::same_key;
use crate::schema::{Child, Context, Step};
use crate::value::Word;

/// Line and column of the first of these attributes that is written in the object at the end of the way; of the
/// innermost object on the way that is written when there is none; nothing when not even its beginning is.
pub fn place(context: &'static Context, text: &str, at: &[Step], names: &[&str]) -> Option<(u32, u32)> {
    let (tokens, _) = cut(text);
    let entries = entries(&tokens, &mut Vec::new());
    find(context, &entries, at, names).map(|Place { line, column }| (line, column))
}

fn find(context: &'static Context, entries: &[Entry], at: &[Step], names: &[&str]) -> Option<Place> {
    let Some((step, rest)) = at.split_first() else {
        let written = |name: &&str| entry(entries, name).map(|entry| entry.place);
        return names.iter().find_map(written);
    };
    let (Step::Part(field) | Step::Child(field, _)) = step;
    let child = context.field(field)?;
    let below = child.context()?;
    let entry = entry(entries, child.field)?;
    match (&entry.value.shape, step) {
        (Tree::Object(inner), Step::Part(_)) => find(below, inner, rest, names).or(Some(entry.place)),
        (Tree::Set(items), Step::Child(_, key)) => {
            let (node, inner) = items.iter().find_map(|item| keyed(child, item, key))?;
            find(below, inner, rest, names).or(Some(node.place))
        }
        _ => None,
    }
}

/// The object, when it has this key.
fn keyed<'a>(child: &Child, node: &'a Node, key: &str) -> Option<(&'a Node, &'a [Entry])> {
    let Tree::Object(entries) = &node.shape else {
        return None;
    };
    let Tree::Simple(written) = &entry(entries, child.key)?.value.shape else {
        return None;
    };
    let kind = child.key_kind()?;
    let value = |text: &str| kind.parse(&Word::One(text.to_owned())).ok();
    same_key(&value(written)?, &value(key)?).then_some((node, entries.as_slice()))
}

/// Of two of one name the first counts.
fn entry<'a>(entries: &'a [Entry], name: &str) -> Option<&'a Entry> {
    entries.iter().find(|entry| entry.name.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::place;
    use crate::schema::{Step, context};

    #[test]
    fn the_innermost_that_is_written() {
        let text = "imap = {\n  MaxErrors = 3\n  listeners = (\n    { address = 127.0.0.1:143 }\n    { sslControl = { certFile = a.pem }\n\
                    address = \"[::1]:143\" }\n  )\n}\n";
        let server = context("SERVER").expect("the schema has it");
        let listener = |key: &str| {
            vec![
                Step::Part("imap"),
                Step::Child("listeners", key.to_owned()),
                Step::Part("sslControl"),
            ]
        };
        let imap = [Step::Part("imap")];
        for (at, names, expected) in [
            (&imap[..], &["maxErrors"][..], Some((2, 3))),
            (&imap, &["minConnThreads", "maxErrors"], Some((2, 3))),
            (&imap, &["minConnThreads"], Some((1, 1))),
            (&listener("[::1]:143"), &["certFile"], Some((5, 22))),
            (&listener("127.0.0.1:143"), &["certFile"], Some((4, 5))),
            (&listener("127.0.0.2:143"), &["certFile"], Some((1, 1))),
            (&[Step::Part("pop3")], &["maxErrors"], None),
            (&[Step::Part("nonsense")], &["maxErrors"], None),
        ] {
            assert_eq!(place(server, text, at, names), expected, "{at:?} {names:?}");
        }
        assert_eq!(place(server, "imap = { {", &imap, &["x"]), Some((1, 1)));
    }
}
