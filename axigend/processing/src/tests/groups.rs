//! Groups: expansion is repeated after a crash, and written once it is concluded.

use axigen_shared::schema::{Action, Change, Object, context};
use axigend_directory::RecipientKind;

use super::{DOMAIN, MESSAGE, Rig, run};
use crate::deliver::{Mail, deliver};
use crate::expand::{Destination, expand_all};

async fn group(rig: &Rig, name: &str, addresses: &[&str]) {
    let mut object = Object::new(context("domain/group").unwrap());
    object.set_text("name", name).unwrap();
    let directory = &rig.parts.directory;
    directory
        .add_recipient(RecipientKind::Group, DOMAIN, object)
        .await
        .unwrap();
    change(
        rig,
        name,
        |address| Action::AddName("addresses", address),
        addresses,
    )
    .await;
}

async fn change(rig: &Rig, name: &str, action: fn(String) -> Action, addresses: &[&str]) {
    let changes: Vec<Change> = addresses
        .iter()
        .map(|address| Change::here(action((*address).to_owned())))
        .collect();
    rig.parts
        .directory
        .update_recipient(RecipientKind::Group, DOMAIN, name, &changes)
        .await
        .unwrap();
}

#[test]
fn a_crash_between_delivery_and_the_queue_expands_again_and_delivers_once() {
    run(async {
        let rig = Rig::new().await;
        group(&rig, "team", &["ann@example.org", "bob@example.org"]).await;
        rig.submit("out@side.test", &["team@example.org"], MESSAGE).await;
        let entry = rig.parts.queue.take().await.unwrap();
        let expanded = expand_all(&rig.parts.directory, &entry.envelope, |_| true, DOMAIN, 10);
        let places: Vec<_> = expanded
            .into_iter()
            .map(|one| match one.destination {
                Destination::Local(place) => place,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(places.len(), 2);
        deliver(&rig.parts.stores, &Mail::of_entry(&entry).await, &places[..1]).await;
        drop(entry);
        let rig = rig.restarted();
        rig.attempt().await;
        for name in ["ann", "bob"] {
            assert_eq!(rig.messages(name, "INBOX").await.len(), 1, "{name}");
        }
        assert_eq!(rig.queued(), 0);
    });
}

#[test]
fn who_waits_in_the_queue_is_settled_by_the_first_attempt() {
    run(async {
        let rig = Rig::new().await;
        group(&rig, "team", &["ann@example.org", "far@side.test"]).await;
        let id = rig.submit("out@side.test", &["team@example.org"], MESSAGE).await;
        assert_eq!(rig.attempt().await, id);
        assert_eq!(rig.messages("ann", "INBOX").await.len(), 1);
        // The copy of far waits; the group is not asked again, nor is ann served again.
        change(
            &rig,
            "team",
            |address| Action::RemoveName("addresses", address),
            &["far@side.test", "ann@example.org"],
        )
        .await;
        change(
            &rig,
            "team",
            |address| Action::AddName("addresses", address),
            &["bob@example.org"],
        )
        .await;
        let rig = rig.restarted();
        rig.clock.advance(28_801);
        assert_eq!(rig.attempt().await, id);
        assert_eq!(rig.queued(), 1);
        assert_eq!(rig.messages("ann", "INBOX").await.len(), 1);
        assert!(rig.messages("bob", "INBOX").await.is_empty());
    });
}
