//! A directory of each format that was ever released is opened: domains, accounts, aliases, passwords, administrators.
//!
//! They are kept in `fixtures/`. When the format changes, raise it, run this with `UPDATE_FIXTURES=1`, and keep the old
//! files: they are opened for ever.

#[path = "../../storage/tests/support/pack.rs"]
mod pack;

use std::fmt::Write;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;

use axigen_shared::schema::{Action, Change, Object, context};
use axigen_shared::value::Secret;
use axigend_directory::{Directory, LoginContext, NewDomain, RecipientKind, Resolution, ServiceSwitch};
use axigend_storage::{Disk, MemoryDisk};
use pack::{fixture, unpack};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
/// The present format's fixture; older ones stay in the list.
const FORMAT: &str = "directory-3";
const ALL: &[&str] = &["directory-1", "directory-2", FORMAT];
/// "secret", in two of the forms that are read.
const SECRET: &str = "{SSHA}DkMTwBl+a/3DQTxCYEApdUtNXGgdUac3";
const ADDRESSES: [&str; 8] = [
    "postmaster@one.test",
    "joe@one.test",
    "jo@one.test",
    "JOE@zwei.test",
    "nobody@one.test",
    "postmaster@disabled.test",
    "postmaster@gone.test",
    "x@elsewhere.test",
];

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap()
        .block_on(work)
}

fn open(disk: &Arc<MemoryDisk>) -> Result<Arc<Directory>, axigen_shared::Refusal> {
    let disk = Arc::clone(disk) as Arc<dyn Disk>;
    Directory::open(Path::new("/w/serverData"), Path::new("/w"), disk)
}

fn account(name: &str) -> Object {
    let mut object = Object::new(context("domain/account").unwrap());
    object.set_text("name", name).unwrap();
    object
}

fn make() -> (Vec<u8>, String) {
    run(async {
        let disk = MemoryDisk::new();
        let directory = open(&disk).unwrap();
        for name in ["one.test", "disabled.test", "gone.test"] {
            let new = NewDomain {
                name: name.into(),
                postmaster_password: Secret::new(SECRET),
                ..NewDomain::default()
            };
            directory.create_domain(new).await.unwrap();
        }
        let secret = || Some(Secret::new(SECRET));
        directory
            .add_account("one.test", account("joe"), secret())
            .await
            .unwrap();
        directory
            .add_account("one.test", account("ann"), secret())
            .await
            .unwrap();
        let alias = |name: &str| Change::here(Action::AddName("aliases", name.into()));
        directory
            .update_account("one.test", "joe", &[alias("jo")], None)
            .await
            .unwrap();
        directory
            .update_domain("one.test", &[alias("zwei.test")])
            .await
            .unwrap();
        let mut team = Object::new(context("domain/group").unwrap());
        team.set_text("name", "team").unwrap();
        directory
            .add_recipient(RecipientKind::Group, "one.test", team)
            .await
            .unwrap();
        directory
            .set_admin_password("admin", Secret::new(SECRET))
            .await
            .unwrap();
        directory.remove_account("one.test", "ann").await.unwrap();
        directory.delete_domain("gone.test", false).await.unwrap();
        directory.disable_domain("disabled.test").await.unwrap();
        let listing = list(&directory).await;
        directory.close();
        (pack::pack(&*disk, Path::new("/w")), listing)
    })
}

/// What can be seen of a directory.
async fn list(directory: &Arc<Directory>) -> String {
    let mut out = String::new();
    for domain in directory.domains() {
        let location = domain.location.display();
        writeln!(
            out,
            "domain {} enabled {} at {location}",
            domain.name, domain.enabled
        )
        .unwrap();
    }
    let has_group = directory
        .recipient_object(RecipientKind::Group, "one.test", "team")
        .is_ok();
    let group = has_group.then_some("team@one.test");
    for address in ADDRESSES.into_iter().chain(group) {
        let found = match directory.resolve(address, "one.test").unwrap() {
            Resolution::Account(account) => format!(
                "account {} {} {:?} {:?} limits {:?}",
                account.id,
                account.address(),
                account.aliases,
                account.message_dir.display().to_string(),
                account.mailbox_limits
            ),
            Resolution::Group(group) => format!("group {} {}", group.id, group.address()),
            other => format!("{other:?}"),
        };
        writeln!(out, "{address}: {found}").unwrap();
    }
    let login = LoginContext {
        primary_domain: "one.test",
        allow_alias_logins: true,
        remote: None,
    };
    for (name, password) in [("joe", "secret"), ("jo@zwei.test", "secret"), ("joe", "wrong")] {
        let done = directory
            .authenticate(name, password.as_bytes(), ServiceSwitch::Imap, &login)
            .await;
        let shown = done.map_or_else(
            |refusal| format!("{:?}", refusal.cause),
            |account| account.address(),
        );
        writeln!(out, "login {name} {password}: {shown}").unwrap();
    }
    let admin = directory.authenticate_admin("admin", b"secret").await.is_ok();
    writeln!(out, "administrator: {admin}").unwrap();
    out
}

#[test]
fn a_directory_of_every_format_opens_and_goes_on() {
    for name in ALL {
        let (kept, listing) = fixture(FIXTURES, name, make);
        run(async {
            let disk = || unpack(&kept) as Arc<dyn Disk>;
            let report =
                axigend_directory::check(Path::new("/w/serverData"), Path::new("/w"), &disk).unwrap();
            assert_eq!(report.problems, Vec::new(), "{name}");
            assert_eq!(report.domains.len(), 2, "{name}");
            let disk = unpack(&kept);
            let directory = open(&disk).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
            assert_eq!(list(&directory).await, listing, "{name}");
            let new = account("new");
            directory
                .add_account("one.test", new, Some(Secret::new(SECRET)))
                .await
                .unwrap();
            directory.close();
            let found = open(&disk).unwrap().resolve("new@one.test", "one.test").unwrap();
            assert!(matches!(found, Resolution::Account(_)), "{name}: {found:?}");
        });
    }
}

#[test]
fn a_newer_format_is_refused_with_a_clear_message() {
    let (kept, _) = fixture(FIXTURES, FORMAT, make);
    let disk = unpack(&kept);
    for (path, mut bytes) in pack::files(&*disk, Path::new("/w/serverData")) {
        if path.extension().is_some_and(|ending| ending == "hsf") {
            bytes[12..16].copy_from_slice(&99_u32.to_be_bytes());
            let len = usize::from(u16::from_be_bytes([bytes[10], bytes[11]]));
            let crc = crc32fast::hash(&bytes[..len - 4]);
            bytes[len - 4..len].copy_from_slice(&crc.to_be_bytes());
            pack::put(&*disk, &path, &bytes);
        }
    }
    let Err(refusal) = open(&disk) else {
        panic!("a newer format was opened");
    };
    assert!(refusal.detail.contains("format 99"), "{}", refusal.detail);
}
