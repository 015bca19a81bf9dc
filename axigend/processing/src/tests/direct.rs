//! The short way: who it serves, what it leaves to the queue, and that a power cut breaks no promise.

use std::sync::atomic::{AtomicBool, Ordering};

use axigend_queue::Listed;

use super::*;

impl Rig {
    fn processing(&self) -> Arc<Processing> {
        let parts = &self.parts;
        Processing::new(
            Arc::clone(&parts.queue),
            Arc::clone(&parts.directory),
            Arc::clone(&parts.stores),
            Arc::clone(&parts.config),
        )
    }

    fn envelope(&self, to: &[&str]) -> Envelope {
        Envelope {
            reverse_path: "out@side.test".into(),
            recipients: to.iter().map(|to| Recipient::new(*to)).collect(),
            received_at: self.parts.queue.clock().now(),
            peer: "test".into(),
            ..Envelope::default()
        }
    }

    /// Accepts a message and tells whether it was announced.
    async fn accept(&self, processing: &Processing, to: &[&str]) -> bool {
        let mut incoming = self.parts.queue.incoming();
        incoming.chunk(MESSAGE).await.unwrap();
        let announced = AtomicBool::new(false);
        let announce = |_| announced.store(true, Ordering::Relaxed);
        let accepted = processing.accept(incoming, self.envelope(to), announce).await;
        assert_eq!(accepted.is_ok(), announced.load(Ordering::Relaxed));
        accepted.is_ok()
    }

    fn listed(&self) -> Vec<Listed> {
        self.parts.queue.list(None, 100).unwrap()
    }
}

#[test]
fn mailboxes_of_one_store_have_it_when_it_is_accepted() {
    run(async {
        let rig = Rig::new().await;
        rig.mailbox("ann");
        let processing = rig.processing();
        processing.start().unwrap();
        assert!(
            rig.accept(
                &processing,
                &["ann@example.org", "bob@example.org", "ann@example.org"]
            )
            .await
        );
        let expected = format!(
            "Return-Path: <out@side.test>\r\n{}",
            String::from_utf8_lossy(MESSAGE)
        );
        for name in ["ann", "bob"] {
            assert_eq!(
                rig.messages(name, "INBOX").await,
                std::slice::from_ref(&expected),
                "{name}"
            );
        }
        assert!(rig.listed().is_empty());
        processing.stop(Duration::from_secs(5)).await;
    });
}

#[test]
fn what_is_not_simple_is_queued() {
    run(async {
        let rig = Rig::new().await;
        let processing = rig.processing();
        assert!(rig.accept(&processing, &["ann@example.org"]).await, "stopped");
        assert_eq!(rig.queued(), 1);
        rig.attempt().await;
        assert_eq!(rig.messages("ann", "INBOX").await.len(), 1);
        // One that nobody has opened yet would have to read the disk.
        let rig = rig.restarted();
        let processing = rig.processing();
        assert!(
            rig.accept(&processing, &["ann@example.org", "someone@remote.test"])
                .await
        );
        assert_eq!(rig.queued(), 1);
        assert_eq!(
            rig.messages("ann", "INBOX").await.len(),
            1,
            "nothing was delivered before its time"
        );
    });
}

#[test]
fn a_mailbox_that_is_full_meanwhile_is_left_to_the_queue() {
    run(async {
        let rig = Rig::new().await;
        rig.mailbox("ann");
        rig.set_bob("quotas", "totalMessageCount", Value::Number(1)).await;
        let processing = rig.processing();
        processing.start().unwrap();
        let both = ["ann@example.org", "bob@example.org"];
        assert!(rig.accept(&processing, &both).await);
        assert!(rig.accept(&processing, &both).await);
        processing.stop(Duration::from_secs(5)).await;
        assert_eq!(rig.messages("ann", "INBOX").await.len(), 2);
        assert_eq!(rig.messages("bob", "INBOX").await.len(), 1);
        let left = rig.listed();
        let addresses: Vec<_> = left
            .iter()
            .flat_map(|entry| &entry.recipients)
            .map(|(address, _)| address.as_str())
            .collect();
        assert_eq!(addresses, ["bob@example.org"]);
    });
}

#[test]
fn power_goes_off_at_every_sync_and_what_was_answered_is_there_once() {
    const SENDS: usize = 4;
    run(async {
        let walk = async |rig: &Rig| {
            let processing = rig.processing();
            processing.start().unwrap();
            let mut accepted = 0;
            while accepted < SENDS
                && rig
                    .accept(&processing, &["ann@example.org", "bob@example.org"])
                    .await
            {
                accepted += 1;
            }
            processing.stop(Duration::from_secs(5)).await;
            accepted
        };
        let disk = FaultDisk::new();
        let rig = Rig::new_on(disk.shared()).await;
        rig.mailbox("ann");
        let before = disk.syncs();
        assert_eq!(walk(&rig).await, SENDS);
        let after = disk.syncs();
        for sync in before + 1..=after {
            let disk = FaultDisk::new();
            let rig = Rig::new_on(disk.shared()).await;
            rig.mailbox("ann");
            disk.power_off_at_sync(sync);
            let accepted = walk(&rig).await;
            for seed in 0..3 {
                let rig = Rig::on(disk.survivors(seed), Arc::new(ManualClock::new(NOW + 600)));
                while rig.queued() > 0 {
                    rig.attempt().await;
                }
                for name in ["ann", "bob"] {
                    let there = rig.messages(name, "INBOX").await.len();
                    // The one that was not answered may be there, too.
                    assert!(
                        there == accepted || (accepted < SENDS && there == accepted + 1),
                        "sync {sync} seed {seed}: {name} has {there} of {accepted}"
                    );
                }
            }
        }
    });
}
