//! The directory from outside: addresses, logins, inheritance, the life of domains and accounts.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axigen_shared::schema::{Action, Change, Object, Step, Value, context};
use axigen_shared::value::Secret;
use axigen_shared::{Cause, Refusal};
use axigend_directory::{Directory, LoginContext, NewDomain, Resolution, ServiceSwitch};
use axigend_storage::{Disk, MemoryDisk, RealDisk};

/// A cheap hash of "secret", so that tests do not spend their time on argon2.
const SECRET: &str = "{SSHA}DkMTwBl+a/3DQTxCYEApdUtNXGgdUac3";

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap()
        .block_on(work)
}

fn open_on(disk: Arc<dyn Disk>, workdir: &Path) -> Arc<Directory> {
    Directory::open(&workdir.join("serverData"), workdir, disk).unwrap()
}

fn open(disk: &Arc<MemoryDisk>) -> Arc<Directory> {
    open_on(disk.clone(), Path::new("/w"))
}

fn new_domain(name: &str) -> NewDomain {
    NewDomain {
        name: name.into(),
        postmaster_password: Secret::new(SECRET),
        ..NewDomain::default()
    }
}

fn account(name: &str) -> Object {
    let mut object = Object::new(context("domain/account").unwrap());
    object.set_text("name", name).unwrap();
    object
}

fn set(name: &'static str, value: Value) -> Change {
    Change::here(Action::Set(name, value))
}

fn text(value: &str) -> Value {
    Value::Text(value.into())
}

async fn with_joe(disk: &Arc<MemoryDisk>) -> Arc<Directory> {
    let directory = open(disk);
    directory.create_domain(new_domain("example.org")).await.unwrap();
    directory
        .add_account("example.org", account("joe"), Some(Secret::new(SECRET)))
        .await
        .unwrap();
    directory
}

fn shown(found: Result<Resolution, Refusal>) -> String {
    match found.unwrap() {
        Resolution::Account(account) => account.address(),
        Resolution::CatchAll { account, folder } => format!("{} in {folder}", account.address()),
        other => format!("{other:?}"),
    }
}

fn login() -> LoginContext<'static> {
    LoginContext {
        primary_domain: "example.org",
        allow_alias_logins: true,
        remote: None,
    }
}

async fn log_in(directory: &Directory, name: &str, password: &str) -> Result<String, Refusal> {
    let account = directory
        .authenticate(name, password.as_bytes(), ServiceSwitch::Imap, &login())
        .await?;
    Ok(account.address())
}

#[test]
fn addresses_lead_to_accounts_in_the_documented_order() {
    run(async {
        let directory = with_joe(&MemoryDisk::new()).await;
        let alias = Change::here(Action::AddName("aliases", "joseph".into()));
        directory
            .update_account("example.org", "joe", &[alias], None)
            .await
            .unwrap();
        let other = Change::here(Action::AddName("aliases", "bücher.example".into()));
        directory.update_domain("example.org", &[other]).await.unwrap();
        for (address, leads_to) in [
            ("joe@example.org", "joe@example.org"),
            ("JOE@EXAMPLE.ORG", "joe@example.org"),
            ("joe", "joe@example.org"),
            ("Joseph@example.org", "joe@example.org"),
            ("joe@bücher.example", "joe@example.org"),
            ("joe@XN--BCHER-KVA.example", "joe@example.org"),
            ("\"joe\"@example.org", "joe@example.org"),
            ("postmaster", "postmaster@example.org"),
            ("jim@example.org", "UnknownUser"),
            ("@example.org", "UnknownUser"),
            ("joe@elsewhere.test", "Remote"),
        ] {
            assert_eq!(
                shown(directory.resolve(address, "example.org")),
                leads_to,
                "{address}"
            );
        }
        let catch_all = [
            set("catchAllType", Value::Choice("account")),
            set("catchAllAccountName", text("joe")),
            set("catchAllFolderName", text("Spam")),
        ];
        directory.update_domain("example.org", &catch_all).await.unwrap();
        assert_eq!(
            shown(directory.resolve("jim@example.org", "x")),
            "joe@example.org in Spam"
        );
        directory.disable_domain("example.org").await.unwrap();
        assert_eq!(
            shown(directory.resolve("joe@bücher.example", "x")),
            "DomainDisabled"
        );
        assert!(directory.is_local_domain("example.org") && !directory.is_local_domain("elsewhere.test"));
        directory.enable_domain("example.org").await.unwrap();
        assert_eq!(
            shown(directory.resolve("joe@example.org", "x")),
            "joe@example.org"
        );
        directory.close();
    });
}

#[test]
fn everything_is_there_after_a_restart() {
    run(async {
        let disk = MemoryDisk::new();
        let directory = with_joe(&disk).await;
        directory.create_domain(new_domain("other.test")).await.unwrap();
        directory.disable_domain("other.test").await.unwrap();
        directory
            .set_admin_password("admin", Secret::new("adminpass"))
            .await
            .unwrap();
        let before = directory.account_named("example.org", "joe").unwrap();
        directory.close();
        let directory = open(&disk);
        let domains: Vec<_> = directory
            .domains()
            .into_iter()
            .map(|domain| (domain.name, domain.enabled))
            .collect();
        assert_eq!(
            domains,
            [("example.org".into(), true), ("other.test".into(), false)]
        );
        assert_eq!(
            directory.accounts("example.org", None, 10, None).unwrap(),
            ["joe", "postmaster"]
        );
        assert_eq!(
            directory.accounts("example.org", Some("joe"), 10, None).unwrap(),
            ["postmaster"]
        );
        assert_eq!(
            directory.accounts("example.org", None, 10, Some("J*")).unwrap(),
            ["joe"]
        );
        let after = directory.account(&before.key()).unwrap().unwrap();
        assert_eq!(
            (after.address(), after.credential_version),
            (before.address(), before.credential_version)
        );
        assert_eq!(
            log_in(&directory, "joe", "secret").await.unwrap(),
            "joe@example.org"
        );
        assert_eq!(
            directory
                .authenticate_admin("ADMIN", b"adminpass")
                .await
                .unwrap()
                .name,
            "admin"
        );
        assert!(directory.authenticate_admin("admin", b"other").await.is_err());
        assert!(directory.authenticate_admin("root", b"adminpass").await.is_err());
        directory.close();
    });
}

#[test]
fn logins_are_refused_alike_and_for_the_right_reason() {
    run(async {
        let disk = MemoryDisk::new();
        let directory = with_joe(&disk).await;
        let alias = Change::here(Action::AddName("aliases", "joseph".into()));
        directory
            .update_account("example.org", "joe", &[alias], None)
            .await
            .unwrap();
        for (name, password, reason) in [
            ("joe@example.org", "secret", ""),
            ("joe", "secret", ""),
            ("joseph", "secret", ""),
            ("joe", "Secret", "wrong password"),
            ("joe", "", "wrong password"),
            ("jim", "secret", "no such account"),
            ("joe@elsewhere.test", "secret", "no such domain"),
            (&"x".repeat(1000), "secret", "too long"),
        ] {
            match log_in(&directory, name, password).await {
                Ok(address) => assert_eq!((address.as_str(), reason), ("joe@example.org", ""), "{name}"),
                Err(refusal) => {
                    assert_eq!(refusal.cause, Cause::AuthenticationFailed);
                    assert!(
                        !reason.is_empty() && refusal.detail.contains(reason),
                        "{name}: {refusal}"
                    );
                }
            }
        }
        directory.close();
    });
}

#[test]
fn switches_decide_after_the_password_and_logins_are_noted() {
    run(async {
        let disk = MemoryDisk::new();
        let directory = with_joe(&disk).await;
        let alias = Change::here(Action::AddName("aliases", "joseph".into()));
        directory
            .update_account("example.org", "joe", &[alias], None)
            .await
            .unwrap();
        assert!(log_in(&directory, "joe", "secret").await.is_ok());
        let strict = LoginContext {
            allow_alias_logins: false,
            ..login()
        };
        let refused = directory
            .authenticate("joseph", b"secret", ServiceSwitch::Imap, &strict)
            .await
            .unwrap_err();
        assert!(refused.detail.contains("aliases"), "{refused}");
        let only_pop3 = set("services", Value::Set(vec!["pop3"]));
        directory
            .update_domain("example.org", &[only_pop3])
            .await
            .unwrap();
        let refused = log_in(&directory, "joe", "secret").await.unwrap_err();
        assert!(refused.detail.contains("may not use imap"), "{refused}");
        assert!(
            directory
                .authenticate("joe", b"secret", ServiceSwitch::Pop3, &login())
                .await
                .is_ok()
        );
        let logins = directory.last_logins("example.org", "joe").unwrap();
        assert_eq!(logins.len(), 2);
        directory.close();
        let directory = open(&disk);
        assert_eq!(
            directory.last_logins("example.org", "joe").unwrap(),
            logins,
            "written at the latest by close"
        );
        directory.close();
    });
}

#[test]
fn a_new_password_ends_the_old_one_at_once() {
    run(async {
        let directory = with_joe(&MemoryDisk::new()).await;
        for _ in 0..3 {
            log_in(&directory, "joe", "secret").await.unwrap();
        }
        let inside = set("password", Value::Secret(Secret::new("second pass")));
        directory
            .update_account("example.org", "joe", &[inside], None)
            .await
            .unwrap();
        assert!(log_in(&directory, "joe", "secret").await.is_err());
        assert!(log_in(&directory, "joe", "second pass").await.is_ok());
        directory
            .update_account("example.org", "joe", &[], Some(Secret::new(SECRET)))
            .await
            .unwrap();
        assert!(log_in(&directory, "joe", "second pass").await.is_err());
        assert!(log_in(&directory, "joe", "secret").await.is_ok());
        let stored = directory.account_object("example.org", "joe").unwrap().print();
        assert!(!stored.contains("pass") && !stored.contains("SSHA"), "{stored}");
        // A new account of the same name is somebody else.
        directory.remove_account("example.org", "joe").await.unwrap();
        assert!(log_in(&directory, "joe", "secret").await.is_err());
        directory
            .add_account("example.org", account("joe"), Some(Secret::new("third pass")))
            .await
            .unwrap();
        assert!(log_in(&directory, "joe", "secret").await.is_err());
        directory.close();
    });
}

#[test]
fn creation_and_last_change_are_kept() {
    run(async {
        let disk = MemoryDisk::new();
        let directory = with_joe(&disk).await;
        let joe = |directory: &Directory| directory.account_dates("example.org", "joe").unwrap();
        let domain = |directory: &Directory| directory.domain_dates("example.org").unwrap().1;
        let (made, domain_made) = (joe(&directory), domain(&directory));
        assert!(made.created > 0 && made.created == made.modified);
        assert!(domain_made.created > 0 && domain_made.created < made.created);
        let password = Some(Secret::new(SECRET));
        directory
            .update_account("example.org", "joe", &[], password)
            .await
            .unwrap();
        let changed = joe(&directory);
        assert!(changed.created == made.created && changed.modified > made.modified);
        assert_eq!(domain(&directory), domain_made);
        let change = set("catchAllAccountName", text("joe"));
        directory.update_domain("example.org", &[change]).await.unwrap();
        let domain_changed = domain(&directory);
        assert!(domain_changed.created == domain_made.created);
        assert!(domain_changed.modified > domain_made.modified);
        directory.close();
        let directory = open(&disk);
        assert_eq!((joe(&directory), domain(&directory)), (changed, domain_changed));
        directory.close();
    });
}

#[test]
fn an_object_is_the_same_one_until_it_is_changed() {
    run(async {
        let directory = with_joe(&MemoryDisk::new()).await;
        let joe = || directory.account_object("example.org", "joe").unwrap();
        let domain = || directory.domain_object("example.org").unwrap();
        let (account, of_domain) = (joe(), domain());
        assert!(Arc::ptr_eq(&account, &joe()) && Arc::ptr_eq(&of_domain, &domain()));
        let alias = Change::here(Action::AddName("aliases", "joseph".into()));
        directory
            .update_account("example.org", "joe", &[alias], None)
            .await
            .unwrap();
        assert_eq!(joe().names("aliases"), ["joseph"]);
        assert!(Arc::ptr_eq(
            &joe(),
            &directory.account_object("example.org", "JOSEPH").unwrap()
        ));
        directory.close();
    });
}

#[test]
fn quotas_are_explicit_else_the_domains_else_the_schemas() {
    run(async {
        let directory = with_joe(&MemoryDisk::new()).await;
        let limit = || {
            directory
                .account_named("example.org", "joe")
                .unwrap()
                .mailbox_limits
                .total_size_kb
        };
        let schema = limit();
        let default = set("totalMessageSize", Value::Number(500)).below(Step::Part("accountDefaultQuotas"));
        directory.update_domain("example.org", &[default]).await.unwrap();
        assert_eq!(limit(), 500);
        let explicit = set("totalMessageSize", Value::Number(0)).below(Step::Part("quotas"));
        directory
            .update_account("example.org", "joe", &[explicit], None)
            .await
            .unwrap();
        assert_eq!(limit(), 0);
        let reset = Change::here(Action::Reset("totalMessageSize"));
        directory
            .update_account(
                "example.org",
                "joe",
                &[reset.clone().below(Step::Part("quotas"))],
                None,
            )
            .await
            .unwrap();
        assert_eq!(limit(), 500);
        directory
            .update_domain("example.org", &[reset.below(Step::Part("accountDefaultQuotas"))])
            .await
            .unwrap();
        assert_eq!(limit(), schema);
        let one = set("imapConnectionCount", Value::Number(1)).below(Step::Part("limits"));
        directory
            .update_account("example.org", "joe", &[one], None)
            .await
            .unwrap();
        let joe = directory.account_named("example.org", "joe").unwrap();
        let slot = directory.connection_slot(&joe, ServiceSwitch::Imap).unwrap();
        let second = directory.connection_slot(&joe, ServiceSwitch::Imap);
        assert_eq!(second.map(drop).unwrap_err().cause, Cause::TooManyConnections);
        drop(slot);
        assert!(directory.connection_slot(&joe, ServiceSwitch::Imap).is_ok());
        directory.close();
    });
}

#[test]
fn one_name_space_for_accounts_and_aliases() {
    run(async {
        let directory = with_joe(&MemoryDisk::new()).await;
        let add = |name: &str| directory.add_account("example.org", account(name), Some(Secret::new(SECRET)));
        let alias = |name: &str| Change::here(Action::AddName("aliases", name.into()));
        add("jim").await.unwrap();
        directory
            .update_account("example.org", "joe", &[alias("j.doe")], None)
            .await
            .unwrap();
        for name in ["joe", "JOE", "J.Doe", "postmaster"] {
            assert_eq!(add(name).await.unwrap_err().cause, Cause::AlreadyExists, "{name}");
            let taken = directory
                .update_account("example.org", "jim", &[alias(name)], None)
                .await;
            assert_eq!(taken.unwrap_err().cause, Cause::AlreadyExists, "{name}");
        }
        // Its own name is no alias either, and a refused change leaves everything as it was.
        let both = [alias("fresh"), alias("jim")];
        assert!(
            directory
                .update_account("example.org", "jim", &both, None)
                .await
                .is_err()
        );
        assert_eq!(shown(directory.resolve("fresh@example.org", "x")), "UnknownUser");
        let gone = Change::here(Action::RemoveName("aliases", "j.doe".into()));
        directory
            .update_account("example.org", "joe", &[gone], None)
            .await
            .unwrap();
        add("j.doe").await.unwrap();
        directory
            .update_account("example.org", "j.doe", &[set("name", text("jane"))], None)
            .await
            .unwrap();
        assert_eq!(shown(directory.resolve("j.doe@example.org", "x")), "UnknownUser");
        assert_eq!(
            shown(directory.resolve("jane@example.org", "x")),
            "jane@example.org"
        );
        for wrong in ["", "a b", "a@b", ".a"] {
            let mut object = account("x");
            object.values.insert("name", text(wrong));
            let refused = directory
                .add_account("example.org", object, Some(Secret::new(SECRET)))
                .await;
            assert_eq!(refused.unwrap_err().cause, Cause::Invalid, "{wrong:?}");
        }
        let refused = directory.remove_account("example.org", "postmaster").await;
        assert_eq!(refused.unwrap_err().cause, Cause::Conflict);
        directory.close();
    });
}

#[test]
fn domains_are_told_apart_and_their_places_too() {
    run(async {
        let directory = with_joe(&MemoryDisk::new()).await;
        let alias = |name: &str| Change::here(Action::AddName("aliases", name.into()));
        directory
            .update_domain("example.org", &[alias("example.net")])
            .await
            .unwrap();
        for (name, cause) in [
            ("example.org", Cause::AlreadyExists),
            ("EXAMPLE.net", Cause::AlreadyExists),
            ("not a domain", Cause::Invalid),
        ] {
            assert_eq!(
                directory.create_domain(new_domain(name)).await.unwrap_err().cause,
                cause,
                "{name}"
            );
        }
        for location in ["domains/example.org", "domains/example.org/x", "domains", "../x"] {
            let new = NewDomain {
                location: Some(location.into()),
                ..new_domain("b.test")
            };
            assert!(directory.create_domain(new).await.is_err(), "{location}");
        }
        directory.create_domain(new_domain("b.test")).await.unwrap();
        let taken = directory.update_domain("b.test", &[alias("example.net")]).await;
        assert_eq!(taken.unwrap_err().cause, Cause::AlreadyExists);
        directory
            .update_domain("b.test", &[set("name", text("c.test"))])
            .await
            .unwrap();
        assert_eq!(
            shown(directory.resolve("postmaster@c.test", "x")),
            "postmaster@c.test"
        );
        assert_eq!(shown(directory.resolve("postmaster@b.test", "x")), "Remote");
        directory.close();
    });
}

#[test]
fn a_deleted_domain_is_kept_aside_or_removed() {
    run(async {
        let root = tempfile::tempdir().unwrap();
        let directory = open_on(RealDisk::shared(), root.path());
        let released = Arc::new(AtomicUsize::new(0));
        let counter = released.clone();
        directory.on_release(move |path| {
            assert!(path.ends_with("messages"));
            counter.fetch_add(1, Ordering::Relaxed);
        });
        directory.create_domain(new_domain("kept.test")).await.unwrap();
        directory.create_domain(new_domain("gone.test")).await.unwrap();
        directory.delete_domain("kept.test", true).await.unwrap();
        directory.delete_domain("gone.test", false).await.unwrap();
        assert_eq!(released.load(Ordering::Relaxed), 2);
        let left: Vec<_> = std::fs::read_dir(root.path().join("domains")).unwrap().collect();
        assert_eq!(left.len(), 1, "{left:?}");
        assert_eq!(shown(directory.resolve("postmaster@kept.test", "x")), "Remote");
        directory.create_domain(new_domain("kept.test")).await.unwrap();
        directory.close();
        let directory = open_on(RealDisk::shared(), root.path());
        assert_eq!(directory.domains().len(), 1);
        directory.close();
    });
}
