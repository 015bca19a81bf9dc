//! The oracle's own log: a thread that writes and syncs what clients tell it, outside the server.
//!
//! A client goes on only when its line is on the disk; clients that come together share one sync, so that the oracle is not
//! what the load waits for.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::mpsc::{Sender, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;

/// Lines and who waits for each.
type Waiting = (String, SyncSender<()>);

/// See the module.
pub struct Log {
    lines: Option<Sender<Waiting>>,
    writer: Option<JoinHandle<()>>,
}

impl Log {
    /// A log in a new file.
    pub fn create(path: &Path) -> Self {
        let mut file = File::create(path).expect("the oracle's file");
        let (lines, come) = channel::<Waiting>();
        let write = move || {
            while let Ok(first) = come.recv() {
                let together: Vec<Waiting> = std::iter::once(first).chain(come.try_iter()).collect();
                let text: String = together.iter().map(|(line, _)| line.as_str()).collect();
                file.write_all(text.as_bytes())
                    .and_then(|()| file.sync_data())
                    .expect("the oracle writes");
                for (_, waits) in together {
                    // Who waited may be gone with a failing test.
                    let _ = waits.send(());
                }
            }
        };
        Self {
            lines: Some(lines),
            writer: Some(std::thread::spawn(write)),
        }
    }

    /// A way to write for one client.
    pub fn pen(&self) -> Pen {
        Pen(self.lines.clone().expect("open until it is dropped"))
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.lines.take();
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

/// Writes lines.
#[derive(Clone)]
pub struct Pen(Sender<Waiting>);

impl Pen {
    /// Returns when the line is on the disk.
    pub fn write(&self, line: String) {
        let (done, synced) = sync_channel(1);
        self.0.send((line + "\n", done)).expect("the log is open");
        synced.recv().expect("the log writes");
    }
}
