//! Groups, lists and folder recipients: the power goes off at every sync, and who may be reached through what.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;

use axigen_shared::schema::{Action, Change, Object, Value, context};
use axigen_shared::value::Secret;
use axigend_directory::{
    Directory, ListAddress, LoginContext, NewDomain, RecipientKind, Resolution, ServiceSwitch,
};
use axigend_storage::{Disk, FaultDisk};

/// "secret"
const SECRET: &str = "{SSHA}DkMTwBl+a/3DQTxCYEApdUtNXGgdUac3";
const DOMAIN: &str = "one.test";

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap()
        .block_on(work)
}

fn open(disk: Arc<dyn Disk>) -> Result<Arc<Directory>, axigen_shared::Refusal> {
    Directory::open(Path::new("/w/serverData"), Path::new("/w"), disk)
}

fn object(path: &str, attributes: &[(&str, &str)]) -> Object {
    let mut object = Object::new(context(path).unwrap());
    for (name, value) in attributes {
        object.set_text(name, value).unwrap();
    }
    object
}

fn address(address: &str) -> Change {
    Change::here(Action::AddName("addresses", address.into()))
}

fn rename(name: &str) -> Change {
    Change::here(Action::Set("name", Value::Text(name.into())))
}

/// Steps of the work.
const STEPS: usize = 7;

/// Runs the steps in order; how many were answered.
async fn work(disk: &FaultDisk) -> usize {
    let Ok(directory) = open(disk.shared()) else {
        return 0;
    };
    for step in 0..STEPS {
        let done = match step {
            0 => {
                let new = NewDomain {
                    name: DOMAIN.into(),
                    postmaster_password: Secret::new(SECRET),
                    ..NewDomain::default()
                };
                directory.create_domain(new).await
            }
            1 => {
                let group = object("domain/group", &[("name", "team")]);
                directory.add_recipient(RecipientKind::Group, DOMAIN, group).await
            }
            2 => {
                let changes = [address("postmaster@one.test"), address("far@two.test")];
                directory
                    .update_recipient(RecipientKind::Group, DOMAIN, "team", &changes)
                    .await
            }
            3 => {
                let attributes = [("name", "news"), ("adminEmail", "a@two.test")];
                let mut list = object("domain/list", &attributes);
                list.values.insert("password", Value::Secret(Secret::new(SECRET)));
                let storage = directory.writable_storages(DOMAIN).unwrap()[0].usid;
                directory.add_list_in(DOMAIN, list, storage).await.map(drop)
            }
            4 => {
                let list = directory.list_named(DOMAIN, "news").unwrap();
                directory.subscribe(&list, "Ann@two.test", "Ann").await.map(drop)
            }
            5 => {
                directory
                    .update_recipient(RecipientKind::List, DOMAIN, "news", &[rename("press")])
                    .await
            }
            _ => directory
                .remove_recipient(RecipientKind::Group, DOMAIN, "team")
                .await
                .map(drop),
        };
        if done.is_err() {
            return step;
        }
    }
    directory.close();
    STEPS
}

/// What each address leads to, in words.
fn found(directory: &Directory, local: &str) -> String {
    match directory.resolve(&format!("{local}@{DOMAIN}"), DOMAIN) {
        Ok(Resolution::Group(group)) => format!("group of {}", group.addresses.len()),
        Ok(Resolution::List(list, which)) => {
            format!("{which:?} of {} with {}", list.mailbox.name, list.users.len())
        }
        Ok(Resolution::UnknownUser) => "nobody".to_owned(),
        other => format!("{other:?}"),
    }
}

/// What every name of the work leads to after so many steps.
fn expected(steps: usize) -> [(&'static str, String); 6] {
    let group = match steps {
        0 | 1 | 7 => "nobody",
        2 => "group of 0",
        _ => "group of 2",
    };
    let users = usize::from(steps >= 5);
    let (old, new) = match steps {
        0..=3 => (false, false),
        4 | 5 => (true, false),
        _ => (false, true),
    };
    let list = |there: bool, which: ListAddress, name: &str| {
        if there {
            format!("{which:?} of {name} with {users}")
        } else {
            "nobody".to_owned()
        }
    };
    [
        ("team", group.to_owned()),
        ("news", list(old, ListAddress::Post, "news")),
        ("NEWS-subscribe", list(old, ListAddress::Subscribe, "news")),
        ("press", list(new, ListAddress::Post, "press")),
        ("press-request", list(new, ListAddress::Request, "press")),
        ("press-bounces", list(new, ListAddress::Bounces, "press")),
    ]
}

#[test]
fn power_goes_off_at_every_sync() {
    run(async {
        let disk = FaultDisk::new();
        assert_eq!(work(&disk).await, STEPS);
        for sync in 1..=disk.syncs() {
            let disk = FaultDisk::new();
            disk.power_off_at_sync(sync);
            let answered = work(&disk).await;
            for seed in 0..3 {
                let at = format!("sync {sync}, seed {seed}, {answered} steps answered");
                let directory =
                    open(disk.survivors(seed)).unwrap_or_else(|refusal| panic!("{at}: {refusal}"));
                if !directory.is_local_domain(DOMAIN) {
                    assert_eq!(answered, 0, "{at}");
                    continue;
                }
                // The step that was not answered is there whole, or not at all.
                let is = |steps: usize| {
                    expected(steps)
                        .iter()
                        .all(|(name, leads_to)| found(&directory, name) == *leads_to)
                };
                assert!(
                    is(answered) || is(answered + 1),
                    "{at}: {:?}",
                    expected(answered).map(|(name, _)| (name, found(&directory, name)))
                );
                directory.close();
            }
        }
    });
}

#[test]
fn a_list_logs_in_by_its_name_only_and_codes_need_its_key() {
    run(async {
        let disk = FaultDisk::new();
        assert_eq!(work(&disk).await, STEPS);
        let directory = open(disk.shared()).unwrap();
        let context = LoginContext {
            primary_domain: DOMAIN,
            allow_alias_logins: true,
            remote: None,
        };
        let login = async |name: &str| {
            let done = directory
                .authenticate(name, b"secret", ServiceSwitch::Imap, &context)
                .await;
            done.map(|account| account.address())
        };
        assert_eq!(login("press").await.unwrap(), "press@one.test");
        for other in ["press-request", "press-owner", "news"] {
            assert!(login(other).await.is_err(), "{other}");
        }
        let list = directory.list_named(DOMAIN, "press").unwrap();
        assert_eq!(list.user("ann@TWO.test").unwrap().name, "Ann");
        let first = directory.sign(&list, "a").await.unwrap();
        assert_ne!(first, directory.sign(&list, "b").await.unwrap());
        assert!(!directory.subscribe(&list, "ANN@two.test", "").await.unwrap());
        assert!(directory.unsubscribe(&list, "ann@two.test").await.unwrap());
        let list = directory.list_named(DOMAIN, "press").unwrap();
        assert!(!directory.unsubscribe(&list, "ann@two.test").await.unwrap());
        directory.close();
        let directory = open(disk.shared()).unwrap();
        assert_eq!(
            first,
            directory.sign(&list, "a").await.unwrap(),
            "after a restart"
        );
        let account = directory.account(&list.mailbox.key()).unwrap().unwrap();
        assert_eq!(account.address(), "press@one.test");
    });
}
