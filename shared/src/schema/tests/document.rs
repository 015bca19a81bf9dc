//! Objects as documents: nothing is lost, and a difference makes one object of another.

use crate::schema::{Access, Change, Context, Object, Rest, Shape, contexts, difference};
use crate::value::{Kind, Value, Word};
use proptest::prelude::*;

/// A value of a kind that is unlike most defaults.
fn value(kind: &Kind, seed: u64) -> Option<Value> {
    let word = match kind {
        Kind::Bool => ["yes", "no"][seed as usize % 2].to_owned(),
        Kind::Uint { min, max } | Kind::ChoiceOr { min, max, .. } => {
            (min + seed % (max - min).clamp(1, 1000)).to_string()
        }
        Kind::Choice(_) | Kind::ChoiceSet(_) => {
            let words = kind.words();
            (*words.get(seed as usize % words.len().max(1))?).to_owned()
        }
        Kind::Address => format!("127.0.0.1:{}", 1000 + seed % 60000),
        Kind::Ip => format!("192.0.2.{}", seed % 250),
        Kind::IpSet => format!("10.{}.0.0/16", seed % 250),
        Kind::DomainName => format!("d{seed}.test"),
        Kind::LocalPart => format!("name{seed}"),
        Kind::EmailAddress => format!("name{seed}@d.test"),
        Kind::Date => "20 Jun 2018".to_owned(),
        Kind::List => {
            return kind
                .parse(&Word::Set(vec![format!("a \"{seed}\""), "b\\".into()]))
                .ok();
        }
        _ => format!("t{seed}"),
    };
    kind.parse(&Word::One(word)).ok()
}

/// An object of a context, which of its settings are explicit depending on the seed.
fn object(context: &'static Context, seed: u64) -> Object {
    let mut object = Object::new(context);
    let mut state = seed;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    for attr in context.attributes() {
        let number = next();
        if matches!(attr.access, Access::Open) && number % 3 == 0 {
            let value = value(&attr.kind, number);
            let value = value.filter(|value| !matches!(value, Value::Secret(_)));
            object.values.extend(value.map(|value| (attr.name, value)));
        }
    }
    for child in context.children {
        let number = next();
        match child.shape {
            Shape::Part(inner) if number % 2 == 0 => {
                let part = self::object(inner, number);
                if !part.is_empty() {
                    object.parts.insert(child.field, part);
                }
            }
            Shape::Set(inner) | Shape::Record(inner) if number % 2 == 0 => {
                let key = inner.attr(child.key).expect("a key");
                let made = (0..=number % 2).filter_map(|at| {
                    let mut one = self::object(inner, number + at);
                    one.values
                        .insert(key.name, value(&key.kind, 7 * at + number % 5)?);
                    Some(one)
                });
                object.children.insert(child.field, made.collect());
            }
            Shape::Names(kind) if number % 2 == 0 => {
                let names = object.names.entry(child.field).or_default();
                for at in 0..=number % 3 {
                    if let Some(Value::Text(name)) = value(&kind, at + number % 3) {
                        names.push(name);
                    }
                }
            }
            _ => {}
        }
    }
    object
}

#[test]
fn no_name_stands_for_two_things() {
    for context in contexts() {
        for child in context.children {
            assert!(
                context.attr(child.field).is_none(),
                "{}: {}",
                context.path,
                child.field
            );
        }
    }
}

#[test]
fn a_mistake_is_told_with_its_place() {
    let context = crate::schema::context("domain/account").expect("accounts");
    for (document, told) in [
        (
            serde_json::json!({"quotas": {"totalMessageSize": "much"}}),
            "quotas.totalMessageSize: 'much'",
        ),
        (serde_json::json!({"quotas": 7}), "quotas: this is not a table"),
        (
            serde_json::json!({"aliases": "one"}),
            "aliases: this is a list of texts",
        ),
        (
            serde_json::json!({"firstName": "x"}),
            "contactInfo.firstName is one",
        ),
        (serde_json::json!([]), "this is not a table"),
    ] {
        let wrong = Object::from_document(context, &document).expect_err("it is wrong");
        assert!(wrong.iter().any(|why| why.contains(told)), "{told}: {wrong:?}");
    }
}

proptest! {
    #[test]
    fn documents_lose_nothing(seed: u64) {
        for context in contexts() {
            let before = object(context, seed);
            let after = Object::from_document(context, &before.document());
            prop_assert_eq!(after.as_ref(), Ok(&before), "{}", before.document());
        }
    }

    #[test]
    fn a_difference_makes_one_of_the_other(one: u64, other: u64) {
        for context in contexts() {
            let (mut now, wanted) = (object(context, one), object(context, other));
            let found = difference(&now, &wanted, Rest::Reset);
            let changes: Vec<Change> = found.iter().map(|one| one.change.clone()).collect();
            now.apply(&changes).expect("a difference can be applied");
            let left = difference(&now, &wanted, Rest::Reset);
            prop_assert!(left.is_empty(), "{}: {left:?}", context.path);
            // Names have no order that a difference would know of.
            let sorted = |object: &Object| {
                let text = object.document().to_string();
                let mut letters: Vec<char> = text.chars().collect();
                letters.sort_unstable();
                letters
            };
            prop_assert_eq!(sorted(&now), sorted(&wanted), "{}", context.path);
        }
    }
}
