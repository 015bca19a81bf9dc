//! REPAIR domainContainer: names and numbers of a domain's objects agree again, the objects being what is believed.

use std::collections::BTreeMap;
use std::sync::Arc;

use axigen_shared::Refusal;
use axigend_storage::{Ledger, Txn};

use crate::objects::names_of;
use crate::server::number_taken;
use crate::tables::{CREDENTIAL, Kind, META, NAME, NAMES_END, NEXT, NameRecord, OBJECT, REGISTRY, STORAGE};
use crate::tables::{decode_object, object_key};

/// Rows read at once.
const PAGE: usize = 4096;

/// Puts right what disagrees; returns that in words.
pub(crate) fn repair(ledger: &Arc<Ledger>) -> Result<Vec<String>, Refusal> {
    let mut done = ledger.write_blocking(|txn| {
        let mut done = Vec::new();
        let objects = objects(txn, &mut done)?;
        names(txn, &objects, &mut done)?;
        for table in [CREDENTIAL, REGISTRY, STORAGE] {
            leftovers(txn, table, &objects, &mut done)?;
        }
        if let Some(highest) = objects.keys().last() {
            let before = txn.get(META, NEXT)?;
            number_taken(txn, *highest)?;
            if txn.get(META, NEXT)? != before {
                done.push(format!("the next number is above {highest} again"));
            }
        }
        Ok(done)
    })?;
    done.extend(ledger.repair_books()?);
    Ok(done)
}

/// Names by lookup form with how they are written and whether they are aliases.
type Names = BTreeMap<String, (bool, String)>;
/// Objects by number, whatever they are: numbers are given out once in a domain.
type Objects = BTreeMap<u64, (Kind, Names)>;

/// What shares the names of a domain.
const KINDS: [(Kind, &str); 4] = [
    (Kind::Account, "account"),
    (Kind::Group, "group"),
    (Kind::List, "list"),
    (Kind::FolderRcpt, "folder recipient"),
];

/// All objects with their names; what cannot be read is named and stays.
fn objects(txn: &Txn<'_>, done: &mut Vec<String>) -> Result<Objects, Refusal> {
    let mut objects = Objects::new();
    for (kind, word) in KINDS {
        objects_of(txn, (kind, word), &mut objects, done)?;
    }
    Ok(objects)
}

fn objects_of(
    txn: &Txn<'_>,
    (kind, word): (Kind, &'static str),
    objects: &mut Objects,
    done: &mut Vec<String>,
) -> Result<(), Refusal> {
    let end = [object_key(kind, u64::MAX).as_slice(), &[0]].concat();
    each(txn, OBJECT, &object_key(kind, 0), &end, |key, value| {
        let Some(id) = number(key.get(1..).unwrap_or_default()) else {
            return;
        };
        let mut names = Names::new();
        if let Ok((object, _)) = decode_object(kind, value) {
            let found = names_of(kind, &object).into_iter();
            names.extend(found.map(|(key, alias, shown)| (key, (alias, shown))));
        } else {
            done.push(format!("{word} number {id} cannot be read; it is left as it is"));
        }
        objects.insert(id, (kind, names));
    })
}

/// Every name leads to the object that bears it, and every object is found by its names.
fn names(txn: &mut Txn<'_>, objects: &Objects, done: &mut Vec<String>) -> Result<(), Refusal> {
    let mut found = Vec::new();
    each(txn, NAME, &[], NAMES_END, |key, value| {
        let key = String::from_utf8_lossy(key).into_owned();
        found.push((key, NameRecord::decode(value).ok()));
    })?;
    let mut known = BTreeMap::new();
    for (key, record) in found {
        let fits = record.as_ref().is_some_and(|record| {
            let bears = |(kind, names): &(Kind, Names)| {
                *kind == record.kind && (names.is_empty() || names.contains_key(&key))
            };
            objects.get(&record.id).is_some_and(bears)
        });
        if fits {
            known.extend(record.map(|record| (key, record.id)));
        } else {
            txn.delete(NAME, key.as_bytes())?;
            done.push(format!("name {key} led to nobody who bears it"));
        }
    }
    for (id, (kind, names)) in objects {
        for (key, (alias, shown)) in names {
            match known.get(key) {
                Some(other) if other == id => {}
                Some(other) => done.push(format!(
                    "{shown} is a name of objects {other} and {id}; it stays with {other}"
                )),
                None => {
                    let record = NameRecord {
                        kind: *kind,
                        alias: *alias,
                        id: *id,
                        shown: shown.clone(),
                    };
                    txn.put(NAME, key.as_bytes(), &record.encode()?)?;
                    known.insert(key.clone(), *id);
                    done.push(format!("{shown} leads to object {id} again"));
                }
            }
        }
    }
    Ok(())
}

/// Rows of objects that are not there any more go.
fn leftovers(
    txn: &mut Txn<'_>,
    table: &'static str,
    objects: &Objects,
    done: &mut Vec<String>,
) -> Result<(), Refusal> {
    let mut stray = Vec::new();
    each(txn, table, &[], &[0xFF; 9], |key, _| {
        if number(key).is_some_and(|id| !objects.contains_key(&id)) {
            stray.push(key.to_vec());
        }
    })?;
    for key in stray {
        txn.delete(table, &key)?;
        let id = number(&key).unwrap_or_default();
        done.push(format!("{table} of object {id}, which is not there"));
    }
    Ok(())
}

fn number(key: &[u8]) -> Option<u64> {
    key.try_into().ok().map(u64::from_be_bytes)
}

/// Shows all rows of a range.
fn each(
    txn: &Txn<'_>,
    table: &'static str,
    from: &[u8],
    to: &[u8],
    mut visit: impl FnMut(&[u8], &[u8]),
) -> Result<(), Refusal> {
    let mut from = from.to_vec();
    loop {
        let page = txn.scan(table, &from, to, PAGE)?;
        let Some((last, _)) = page.last() else {
            return Ok(());
        };
        from.clone_from(last);
        from.push(0);
        for (key, value) in &page {
            visit(key, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::{Dates, OBJECT_TABLES, OBJECTS_FORMAT, encode_object};
    use axigen_shared::schema::Object;
    use axigend_storage::{LedgerOptions, MemoryDisk};
    use std::path::Path;

    #[test]
    fn names_and_numbers_follow_the_objects() {
        let options = LedgerOptions::new("objects", OBJECT_TABLES, OBJECTS_FORMAT);
        let ledger = Ledger::open(Path::new("/objects"), MemoryDisk::new(), options).unwrap();
        let stray = NameRecord {
            kind: Kind::Account,
            alias: false,
            id: 9,
            shown: "Ghost".into(),
        };
        ledger
            .write_blocking(move |txn| {
                let mut ann = Object::new(Kind::Account.context()?);
                ann.set_text("name", "Ann")?;
                txn.put(
                    OBJECT,
                    &object_key(Kind::Account, 7),
                    &encode_object(&ann, Dates::new(1)),
                )?;
                txn.put(NAME, b"ghost", &stray.encode()?)?;
                txn.put(CREDENTIAL, &9_u64.to_be_bytes(), b"x")
            })
            .unwrap();
        let done = repair(&ledger).unwrap();
        assert_eq!(done.len(), 4, "{done:?}");
        let name = ledger.read(|at| at.get(NAME, b"ann")).unwrap().unwrap();
        assert_eq!(NameRecord::decode(&name).unwrap().id, 7);
        assert_eq!(ledger.read(|at| at.get(NAME, b"ghost")).unwrap(), None);
        assert_eq!(repair(&ledger).unwrap(), Vec::<String>::new());
    }
}
