//! Tests that walk the table: what every declaration promises.

mod coverage;
mod document;

use super::{
    Access, Action, Attr, Change, Child, Context, Object, Origin, Scope, Severity, Shape, Step, context,
    contexts, file, print, root,
};
use crate::grammar;
use crate::refusal::Cause;
use crate::value::{Kind, Value, Word};
use proptest::prelude::{Strategy, prop, proptest};
use std::collections::BTreeSet;

fn server() -> &'static Context {
    context("SERVER").unwrap()
}

fn parse(context: &'static Context, text: &str) -> (Object, Vec<String>) {
    let (object, said) = Object::parse(context, text);
    (object, said.iter().map(ToString::to_string).collect())
}

#[test]
fn names_are_unique() {
    for context in contexts() {
        let mut names = BTreeSet::new();
        let attributes = context
            .attributes()
            .flat_map(|attr| std::iter::once(&attr.name).chain(attr.also));
        for name in attributes.chain(context.children.iter().map(|child| &child.field)) {
            assert!(
                names.insert(name.to_ascii_lowercase()),
                "{} has {name} twice",
                context.path
            );
        }
    }
}

#[test]
fn defaults_are_accepted_by_their_own_kind() {
    for context in contexts() {
        for attr in context.attributes() {
            let of_context = context
                .defaults
                .iter()
                .filter(|(name, _)| *name == attr.name)
                .map(|(_, text)| *text);
            for text in of_context.chain([attr.default]) {
                let value = Attr {
                    default: text,
                    ..attr_like(attr)
                }
                .default_value();
                let unset = matches!(attr.kind, Kind::Password { .. } | Kind::Ip) && value == Value::None;
                assert!(
                    unset || value != Value::None,
                    "{}: {} = {text}",
                    context.path,
                    attr.name
                );
                if !matches!(value, Value::Text(_) | Value::None) {
                    assert_eq!(
                        value.text(),
                        text,
                        "{}: {} prints otherwise",
                        context.path,
                        attr.name
                    );
                }
            }
        }
        for (name, _) in context.defaults {
            assert!(
                context.attr(name).is_some(),
                "{} has a default for {name}",
                context.path
            );
        }
    }
}

fn attr_like(attr: &Attr) -> Attr {
    Attr::new(attr.name, attr.kind, attr.default, attr.help)
}

#[test]
fn every_syntax_parses() {
    for context in contexts() {
        for form in grammar::forms(context) {
            assert!(form.parses(), "{}: {}", context.path, form.usage);
            assert!(
                !form.help.is_empty() && !form.help.ends_with('>'),
                "{}: {}",
                context.path,
                form.usage
            );
            assert!(!form.help.contains("-ERR"), "{}: {}", context.path, form.usage);
        }
    }
}

#[test]
fn prompts_have_only_what_clients_expect() {
    let mut prompts = BTreeSet::new();
    for context in contexts() {
        assert!(
            context
                .prompt
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'),
            "{}",
            context.path
        );
        assert!(
            prompts.insert(context.prompt),
            "{} has the prompt of another",
            context.path
        );
    }
    assert_eq!(
        context("SERVER/IMAP/listener").unwrap().prompt_text(),
        "<server-imap-listener#> "
    );
    assert_eq!(root().prompt_text(), "<#> ");
}

#[test]
fn children_are_declared_whole() {
    for context in contexts() {
        for child in context.children {
            let place = format!("{} {}", context.path, child.object);
            if let Some(inside) = child.context() {
                let named = child.with.iter().chain(child.may_with);
                for name in named {
                    assert!(inside.attr(name).is_some(), "{place}: {name}");
                }
                assert!(
                    child.key.is_empty() || inside.attr(child.key).is_some(),
                    "{place}: {}",
                    child.key
                );
            }
            if let Shape::Set(inside) | Shape::Record(inside) = child.shape {
                let (columns, key) = (child.columns, inside.attr(child.key).unwrap());
                assert_eq!(key.access, Access::Key, "{place}");
                assert!(
                    !columns.is_empty() && columns.iter().all(|(name, _)| inside.attr(name).is_some()),
                    "{place}"
                );
                initial_objects_are_whole(&place, child, inside);
            }
            if !child.plural.is_empty() {
                assert!(
                    child.title.starts_with("The list of") && child.title.ends_with(':'),
                    "{place}: {}",
                    child.title
                );
            }
        }
    }
}

fn initial_objects_are_whole(place: &str, child: &Child, inside: &'static Context) {
    let (_, said) = parse(inside, "");
    assert!(said.is_empty());
    let objects = file::parse_set(inside, child.initially);
    assert_eq!(objects.len(), child.initially.matches('{').count(), "{place}");
    for object in objects {
        assert!(
            object.explicit(child.key).is_some() && object.unknown.is_empty(),
            "{place}"
        );
    }
}

#[test]
fn everything_in_force_is_read_back() {
    let object = Object::new(server());
    let (read, said) = parse(server(), &print(&object, Scope::Everything));
    assert_eq!(said, Vec::<String>::new());
    // Read back, all of it is explicit, and in force is still the same.
    assert_eq!(print(&read, Scope::Everything), print(&object, Scope::Everything));
    assert_eq!(print(&object, Scope::Explicit), "");
}

#[test]
fn mistakes_are_all_reported_with_their_place() {
    let text = "maxErrors = 5\n\
                imap = {\n    maxErrors = x   logLevel = 99\n    listeners = ( { enable = yes }\n 7 )\n}\n\
                pop3 = 5\nserverName = \"a\nallowAliasLogins = (yes)\ncli = { listeners = ( { address = 1.2.3.4 } ) }\n\
                services = (imap nonsense)\nlog }\n";
    let (object, said) = parse(server(), text);
    let expected = [
        "1:1: warning: maxErrors: not known in SERVER, kept as it is",
        "3:17: error: maxErrors: 'x' is not a number from 0 to 4294967295",
        "3:32: error: logLevel: '99' is not a number from 0 to 31",
        "4:19: error: address: the listener has no address",
        "5:2: error: listeners: an object in braces is expected",
        "7:8: error: pop3: an object in braces is expected",
        "8:14: error: a quoted value begins here and does not end on its line (\" is missing)",
        "9:20: error: allowAliasLogins: a set in parentheses is not yes or no",
        "10:35: error: address: '1.2.3.4' is not an address with a port (192.0.2.1:25 or [2001:db8::1]:25)",
        "12:5: error: = is expected after log",
        "12:5: error: this } closes nothing",
    ];
    let services = "11:12: error: services: 'nonsense' is not one of smtpIncoming";
    let (long, rest): (Vec<String>, Vec<String>) = said.into_iter().partition(|line| line.starts_with("11:"));
    assert_eq!(rest, expected);
    assert!(long.len() == 1 && long[0].starts_with(services), "{long:?}");
    assert_eq!(object.unknown[0].text, "5");
}

#[test]
fn the_first_of_two_counts() {
    let text = "imap = { listeners = ( { address = 0.0.0.0:143 enable = no } { address = 0.0.0.0:143 } ) maxErrors = 1 MAXERRORS = 2 }";
    let (object, said) = parse(server(), text);
    assert_eq!(said.len(), 2);
    assert!(
        said.iter()
            .all(|line| line.contains("warning") && line.contains("first one counts")),
        "{said:?}"
    );
    let imap = object.part("imap").unwrap();
    assert_eq!(imap.get("maxErrors").number(), 1);
    assert_eq!(imap.children("listeners").len(), 1);
    assert!(!imap.children("listeners")[0].get("enable").truth());
}

#[test]
fn what_is_not_known_is_kept() {
    let text = "socketFilters = (\n  { name = \"clam\" address = 127.0.0.1:3310 }\n)\nmagic = 7\n";
    let (object, said) = parse(server(), text);
    assert_eq!(said.len(), 2);
    let (again, _) = parse(server(), &object.print());
    assert_eq!(again, object);
    assert!(
        object
            .print()
            .contains("{ name = \"clam\" address = 127.0.0.1:3310 }")
    );
}

#[test]
fn nesting_and_sizes_are_bounded() {
    for open in ["a = { ", "a = ( "] {
        let (_, said) = Object::parse(server(), &open.repeat(100_000));
        assert!(
            said.iter()
                .any(|one| one.severity == Severity::Error && one.message.contains("nested more than"))
        );
    }
    let (_, said) = parse(server(), &format!("serverName = {}", "a".repeat(8193)));
    assert!(said[0].contains("at most 8192"), "{said:?}");
    let (_, said) = parse(server(), &format!("{} = 1", "n".repeat(65)));
    assert!(
        said.iter().any(|line| line.contains("at most 64 characters")),
        "{said:?}"
    );
}

#[test]
fn changes_are_all_or_nothing() {
    let mut server = Object::new(server());
    let imap = || Step::Part("imap");
    let add = |address: &str| {
        let mut listener = Object::new(context("SERVER/IMAP/listener").unwrap());
        listener.set_text("address", address).unwrap();
        Change {
            at: vec![imap()],
            action: Action::Add("listeners", Box::new(listener)),
        }
    };
    server.apply(&[add("127.0.0.1:1143")]).unwrap();
    // The initial listeners became explicit with the first change.
    assert_eq!(server.part("imap").unwrap().children("listeners").len(), 5);
    let before = server.clone();
    let both = [
        Change {
            at: vec![imap()],
            action: Action::Set("maxErrors", Value::Number(3)),
        },
        add("127.0.0.1:1143"),
    ];
    assert_eq!(server.apply(&both).unwrap_err().cause, Cause::AlreadyExists);
    assert_eq!(server, before);
    let gone = Change {
        at: vec![imap()],
        action: Action::Remove("listeners", "9.9.9.9:9".into()),
    };
    assert_eq!(
        server.apply(&[gone]).unwrap_err().detail,
        "listener not found: 9.9.9.9:9"
    );
    let rename = Change {
        at: vec![imap(), Step::Child("listeners", "127.0.0.1:1143".into())],
        action: Action::Set("address", Value::Address("0.0.0.0:143".parse().unwrap())),
    };
    assert_eq!(server.apply(&[rename]).unwrap_err().cause, Cause::AlreadyExists);
    let reset = Change {
        at: vec![imap()],
        action: Action::ResetField("listeners"),
    };
    server.apply(&[reset]).unwrap();
    assert!(server.is_empty(), "a part with nothing explicit goes");
}

#[test]
fn names_are_kept_in_their_form() {
    let mut domain = Object::new(context("domain").unwrap());
    let change = |action| Change::here(action);
    domain
        .apply(&[change(Action::AddName("aliases", "Example.NET".into()))])
        .unwrap();
    assert_eq!(domain.names("aliases"), ["example.net"]);
    let twice = domain.apply(&[change(Action::AddName("aliases", "EXAMPLE.net".into()))]);
    assert_eq!(twice.unwrap_err().cause, Cause::AlreadyExists);
    let wrong = domain.apply(&[change(Action::AddName("aliases", "a b".into()))]);
    assert_eq!(wrong.unwrap_err().cause, Cause::Invalid);
    domain
        .apply(&[change(Action::RemoveName("aliases", "Example.net".into()))])
        .unwrap();
    let gone = domain.apply(&[change(Action::RemoveName("aliases", "example.net".into()))]);
    assert_eq!(gone.unwrap_err().cause, Cause::NotFound);
}

#[test]
fn inheritance_is_told() {
    let quotas = context("domain/account/Quotas").unwrap();
    let mut defaults = Object::new(context(quotas.inherits.unwrap()).unwrap());
    let mut account = Object::new(quotas);
    let attr = quotas.attr("totalMessageSize").unwrap();
    let shown = |account: &Object, defaults: &Object| {
        let shown = account.shown_attr(attr, Some(defaults));
        (shown.value.number(), shown.origin)
    };
    assert_eq!(shown(&account, &defaults), (1_048_576, Origin::Inherited));
    account.set_text("totalMessageSize", "2097152").unwrap();
    assert_eq!(shown(&account, &defaults), (2_097_152, Origin::Explicit));
    defaults.set_text("totalMessageSize", "500").unwrap();
    assert_eq!(
        shown(&account, &defaults),
        (2_097_152, Origin::Overrides(Value::Number(500)))
    );
    account
        .apply(&[Change::here(Action::Reset("totalMessageSize"))])
        .unwrap();
    assert_eq!(shown(&account, &defaults), (500, Origin::Inherited));
}

#[test]
fn passwords_are_written_but_never_shown() {
    let mut server = Object::new(server());
    server.set_text("serverSecretKey", &"k".repeat(40)).unwrap();
    assert!(server.print().contains("kkkk"));
    assert!(!print(&server, Scope::Everything).contains("kkkk"));
    assert!(
        server
            .shown(None)
            .iter()
            .all(|shown| shown.attr.name != "serverSecretKey")
    );
    assert!(!format!("{server:?}").contains("kkkk"));
    assert_eq!(parse(context("SERVER").unwrap(), &server.print()).0, server);
}

/// A value that the kind accepts.
fn value(kind: Kind) -> prop::strategy::BoxedStrategy<Word> {
    let one = |text: String| Word::One(text);
    match kind {
        Kind::Bool => prop::bool::ANY
            .prop_map(move |yes| one(if yes { "yes" } else { "no" }.into()))
            .boxed(),
        Kind::Uint { min, max } | Kind::ChoiceOr { min, max, .. } => (min..=max)
            .prop_map(move |number| one(number.to_string()))
            .boxed(),
        Kind::Choice(choices) => prop::sample::select(choices.values)
            .prop_map(move |word| one(word.into()))
            .boxed(),
        Kind::ChoiceSet(choices) => {
            prop::sample::subsequence(choices.values.to_vec(), 0..=choices.values.len())
                .prop_map(|words| Word::Set(words.into_iter().map(str::to_owned).collect()))
                .boxed()
        }
        Kind::Address => ("[0-9a-f]{1,4}", 1..u16::MAX)
            .prop_map(move |(tail, port)| one(format!("[2001:db8::{tail}]:{port}")))
            .boxed(),
        Kind::Ip => "[0-9]{2}"
            .prop_map(move |tail| one(format!("192.0.2.{}", tail.trim_start_matches('0').len())))
            .boxed(),
        Kind::IpSet => (0..33_u8)
            .prop_map(move |bits| one(format!("10.1.2.3/{bits}")))
            .boxed(),
        Kind::Text { max } => prop::string::string_regex("[ -~äöü]{0,40}")
            .unwrap()
            .prop_map(move |text| one(text.chars().take(max / 4).collect()))
            .boxed(),
        Kind::Path | Kind::List => prop::string::string_regex("[ -~]{0,40}")
            .unwrap()
            .prop_map(one)
            .boxed(),
        Kind::Location => "[a-z]{1,9}(/[a-z]{1,9})?(\\?maxFiles=[1-9]&readOnly=yes)?"
            .prop_map(one)
            .boxed(),
        Kind::LogFile => "[a-z]{1,9}(/[a-z]{1,9}\\.txt)?".prop_map(one).boxed(),
        Kind::Password { min, .. } => prop::string::string_regex("[!-~]{1,20}")
            .unwrap()
            .prop_map(move |text| one(text.repeat(min)))
            .boxed(),
        Kind::DomainName => "[a-z]{1,9}\\.[a-z]{2,5}".prop_map(one).boxed(),
        Kind::LocalPart => "[a-z]{1,9}(\\.[a-z0-9]{1,5})?".prop_map(one).boxed(),
        Kind::EmailAddress => "[a-z]{1,9}@[a-z]{1,9}\\.[a-z]{2,5}".prop_map(one).boxed(),
        Kind::Date => (1..29_u8)
            .prop_map(move |day| one(format!("{day} Jun 2018")))
            .boxed(),
    }
}

/// An object of a context with some of its attributes set, some parts and one keyed object a set.
fn object(context: &'static Context, depth: usize) -> prop::strategy::BoxedStrategy<Object> {
    let attributes: Vec<_> = context
        .attributes()
        .map(|attr| prop::option::weighted(0.3, value(attr.kind)).prop_map(move |word| (attr, word)))
        .collect();
    let children: Vec<_> = context
        .children
        .iter()
        .filter(|_| depth < 3)
        .filter_map(|child| match child.shape {
            Shape::Part(inside) | Shape::Set(inside) | Shape::Record(inside) => Some(
                prop::option::weighted(0.4, object(inside, depth + 1))
                    .prop_map(move |inside| (child, inside)),
            ),
            Shape::Stored(_) | Shape::Names(_) => None,
        })
        .collect();
    (attributes, children)
        .prop_map(move |(attributes, children)| {
            let mut object = Object::new(context);
            for (attr, word) in attributes {
                if let Some(word) = word
                    && let Ok(value) = attr.parse(&word)
                {
                    object.values.insert(attr.name, value);
                }
            }
            for (child, inside) in children {
                match (child.shape, inside) {
                    (Shape::Part(_), Some(part)) if !part.is_empty() => {
                        object.parts.insert(child.field, part);
                    }
                    (Shape::Set(_) | Shape::Record(_), Some(one)) => {
                        let keyed = one.explicit(child.key).is_some();
                        object
                            .children
                            .insert(child.field, if keyed { vec![one] } else { Vec::new() });
                    }
                    _ => {}
                }
            }
            object
        })
        .boxed()
}

proptest! {
    #[test]
    fn what_is_saved_is_loaded(object in object(server(), 0)) {
        let text = object.print();
        let (loaded, said) = parse(server(), &text);
        assert_eq!(said, Vec::<String>::new(), "{text}");
        assert_eq!(loaded, object, "{text}");
        // Canonical: written once more it is the same.
        assert_eq!(loaded.print(), text);
    }

    #[test]
    fn domains_are_kept_as_they_are(object in object(context("domain").unwrap(), 0)) {
        assert_eq!(parse(context("domain").unwrap(), &object.print()).0, object);
    }

    #[test]
    fn no_file_upsets_it(text in "[a-z ={}()#\"\\\\/*\n0-9.:]{0,200}") {
        let (object, _) = Object::parse(server(), &text);
        let _ = object.print();
    }
}
