//! Segments written and read back, whole and damaged.

use super::*;
use axigend_storage::{BodyRef, MemoryDisk};
use std::collections::BTreeMap;

const IDENTITY: Identity = Identity { store: 3, number: 5 };

fn model() -> BTreeMap<u32, Vec<u32>> {
    let list = |key: u32| {
        (0..1000)
            .filter(move |number| number % (key % 37 + 1) == key % 3)
            .collect()
    };
    (0..900)
        .map(|key| (key * key % 100_003, list(key)))
        .filter(|(_, list): &(u32, Vec<u32>)| !list.is_empty())
        .collect()
}

fn places() -> Vec<BodyPlace> {
    (0..1000)
        .map(|number| BodyPlace {
            file: number / 600,
            offset: u64::from(number) * 100,
        })
        .collect()
}

fn write(disk: &Arc<dyn Disk>) -> Segment {
    let mut writer = SegmentWriter::create(disk, Path::new("/"), IDENTITY, 1000).unwrap();
    for (key, list) in model() {
        writer.list(key, &list).unwrap();
    }
    let stretch = Stretch {
        after: None,
        to: BodyPlace {
            file: 1,
            offset: 99_900,
        },
    };
    let witness = Witness {
        body: BodyRef {
            file: 1,
            offset: 99_900,
            len: 7,
        },
        fingerprint: 11,
    };
    writer.finish(&places(), stretch, Some(witness)).unwrap()
}

#[test]
fn lists_are_found_by_key_and_in_order() {
    let disk: Arc<dyn Disk> = MemoryDisk::new();
    let segment = write(&disk);
    assert_eq!(
        segment.foot,
        Segment::open(&disk, Path::new("/"), IDENTITY).unwrap().foot
    );
    let reader = segment.reader().unwrap();
    assert_eq!(segment.documents(&reader).unwrap(), places());
    let table = Table::read(&segment, &reader).unwrap();
    let model = model();
    for key in (0..101_000).step_by(7).chain(model.keys().copied()) {
        let found = table.find(&reader, key).unwrap();
        let mut list = Vec::new();
        if let Some(found) = found {
            table.list(&reader, found, |number| list.push(number)).unwrap();
        }
        assert_eq!(
            Some(&list).filter(|list| !list.is_empty()),
            model.get(&key),
            "{key}"
        );
    }
    let mut lists = Lists::new(&segment).unwrap();
    let mut all = BTreeMap::new();
    while let Some(key) = lists.key().unwrap() {
        let mut list = Vec::new();
        lists.read(|number| list.push(number)).unwrap();
        all.insert(key, list);
    }
    assert_eq!(all, model);
}

#[test]
fn damage_is_told_and_doomed_files_go_last() {
    let disk: Arc<dyn Disk> = MemoryDisk::new();
    let segment = write(&disk);
    let path = Path::new("/").join(file_name(5));
    let file = disk.open(&path).unwrap();
    file.set_len(file.len().unwrap() - 1).unwrap();
    assert!(Segment::open(&disk, Path::new("/"), IDENTITY).is_err());
    segment.doom();
    assert!(disk.open(&path).is_ok());
    drop(segment);
    assert!(disk.open(&path).is_err());
    assert_eq!(file_number("0000000a.seg"), Some(10));
    assert_eq!(file_number("a.seg"), None);
}
