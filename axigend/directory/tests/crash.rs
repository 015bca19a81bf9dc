//! The power goes off at every sync of administrative work: what was answered holds, the rest is whole or absent.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;

use axigen_shared::schema::{Action, Change, Object, context};
use axigen_shared::value::Secret;
use axigend_directory::{Directory, LoginContext, NewDomain, Resolution, ServiceSwitch};
use axigend_storage::{Disk, FaultDisk};

/// "secret"
const FIRST: &str = "{SSHA}DkMTwBl+a/3DQTxCYEApdUtNXGgdUac3";
/// "secret", with another salt
const SECOND: &str = "{SSHA}D4kSuvPIF4rZzl+dW9Km/1788fBwZXBwZXI=";

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

fn account(name: &str) -> Object {
    let mut object = Object::new(context("domain/account").unwrap());
    object.set_text("name", name).unwrap();
    object
}

fn add_name(name: &str) -> Change {
    Change::here(Action::AddName("aliases", name.into()))
}

/// Steps of the work.
const STEPS: usize = 10;

/// Runs the steps in order; returns how many were answered, and how many syncs there had been after each.
async fn work(disk: &FaultDisk) -> (usize, Vec<u64>) {
    let mut syncs = Vec::new();
    let Ok(directory) = open(disk.shared()) else {
        return (0, syncs);
    };
    let domain = |name: &str| NewDomain {
        name: name.into(),
        postmaster_password: Secret::new(FIRST),
        ..NewDomain::default()
    };
    for step in 0..STEPS {
        let done = match step {
            0 => directory.create_domain(domain("one.test")).await,
            1 => directory
                .add_account("one.test", account("joe"), Some(Secret::new(FIRST)))
                .await
                .map(drop),
            2 => {
                directory
                    .update_account("one.test", "joe", &[add_name("jo")], Some(Secret::new(SECOND)))
                    .await
            }
            3 => directory.update_domain("one.test", &[add_name("two.test")]).await,
            4 => directory.set_admin_password("admin", Secret::new(FIRST)).await,
            5 => directory.create_domain(domain("three.test")).await,
            6 => directory.delete_domain("three.test", false).await,
            7 => directory.disable_domain("one.test").await,
            8 => {
                let mut places = directory.domain_places("one.test").unwrap();
                places.messages.push("second?maxFiles=2".into());
                directory.edit_domain("one.test", &places).await
            }
            _ => directory.enable_domain("one.test").await,
        };
        if done.is_err() {
            return (step, syncs);
        }
        syncs.push(disk.syncs());
    }
    directory.close();
    (STEPS, syncs)
}

/// A disabled domain is enabled, with the storages it was given.
async fn bring_back(directory: &Directory, answered: usize, at: &str) {
    if answered >= 9 {
        let storages = directory.storages("one.test").unwrap();
        assert_eq!(storages.len(), 4, "{at}");
    }
    if answered >= 7 {
        let enabled = directory.enable_domain("one.test").await;
        enabled.unwrap_or_else(|refusal| panic!("{at}: ENABLE: {refusal}"));
    }
}

async fn check(disk: Arc<dyn Disk>, answered: usize, at: &str) {
    let directory = open(disk).unwrap_or_else(|refusal| panic!("{at}: {refusal}"));
    bring_back(&directory, answered, at).await;
    let found = |address: &str| match directory.resolve(address, "one.test") {
        Ok(Resolution::Account(account)) => account.address(),
        Ok(other) => format!("{other:?}"),
        Err(refusal) => panic!("{at}: {address}: {refusal}"),
    };
    let context = LoginContext {
        primary_domain: "one.test",
        allow_alias_logins: true,
        remote: None,
    };
    for (step, address, leads_to) in [
        (1, "postmaster@one.test", "postmaster@one.test"),
        (2, "joe@one.test", "joe@one.test"),
        (3, "jo@one.test", "joe@one.test"),
        (4, "joe@two.test", "joe@one.test"),
        (7, "postmaster@three.test", "Remote"),
    ] {
        if answered >= step {
            assert_eq!(found(address), leads_to, "{at}");
        }
    }
    if answered >= 2 {
        let login = directory
            .authenticate("joe", b"secret", ServiceSwitch::Imap, &context)
            .await;
        let version = login
            .unwrap_or_else(|refusal| panic!("{at}: {refusal}"))
            .credential_version;
        assert!(version == if answered >= 3 { 2 } else { version }, "{at}");
    }
    if answered >= 5 {
        assert!(
            directory.authenticate_admin("admin", b"secret").await.is_ok(),
            "{at}"
        );
    }
    // What was not answered can be done now, if it is not there.
    for name in ["one.test", "three.test"] {
        if !directory.is_local_domain(name) {
            let new = NewDomain {
                name: name.into(),
                postmaster_password: Secret::new(FIRST),
                ..NewDomain::default()
            };
            directory
                .create_domain(new)
                .await
                .unwrap_or_else(|refusal| panic!("{at}: {name} again: {refusal}"));
        }
        assert_eq!(
            found(&format!("postmaster@{name}")),
            format!("postmaster@{name}"),
            "{at}"
        );
    }
    directory.close();
}

#[test]
fn power_goes_off_at_every_sync() {
    run(async {
        let disk = FaultDisk::new();
        let (answered, steps) = work(&disk).await;
        assert_eq!((answered, steps.len()), (STEPS, STEPS));
        let syncs = disk.syncs();
        for sync in 1..=syncs {
            let disk = FaultDisk::new();
            disk.power_off_at_sync(sync);
            let (answered, _) = work(&disk).await;
            for seed in 0..3 {
                check(
                    disk.survivors(seed),
                    answered,
                    &format!("sync {sync} of {syncs}, seed {seed}"),
                )
                .await;
            }
        }
    });
}
