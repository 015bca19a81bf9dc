//! Following the log: `axictl logs`, and the requests of the control protocol below it.

use axigen_tests::{Daemon, Home, PATIENCE};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Between two tries to make the daemon log something.
const A_MOMENT: Duration = Duration::from_millis(50);

#[test]
fn axictl_logs_prints_what_is_logged_and_wanted() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    let mut command = home.axictl();
    command.args(["logs", "--module", "imap", "--level", "15"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut following = command.spawn().expect("axictl");
    let out = following.stdout.take().expect("piped");
    let (lines, heard) = channel();
    let reader = std::thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            if lines.send(line).is_err() {
                return;
            }
        }
    });
    // It has begun to follow when it first prints something.
    let began = Instant::now();
    let line = loop {
        daemon.imap("ann@example.test").command("LOGOUT").expect("BYE");
        match heard.recv_timeout(A_MOMENT) {
            Ok(line) => break line,
            Err(RecvTimeoutError::Timeout) => assert!(began.elapsed() < PATIENCE, "nothing was printed"),
            Err(RecvTimeoutError::Disconnected) => panic!("axictl ended"),
        }
    };
    assert!(line.contains(" IMAP:"), "{line}");
    let others: Vec<String> = heard.try_iter().collect();
    assert!(others.iter().all(|line| line.contains(" IMAP:")), "{others:?}");
    // The end of the daemon ends it, and says so.
    assert!(daemon.stop().success());
    let status = following.wait().expect("it ends");
    assert!(!status.success());
    reader.join().expect("the reader");
}

/// A connection to the control socket.
struct Control {
    stream: UnixStream,
    lines: std::io::Lines<BufReader<UnixStream>>,
}

impl Control {
    fn connect(daemon: &Daemon<'_>) -> Self {
        let stream = UnixStream::connect(daemon.home().socket()).expect("the control socket");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        let lines = BufReader::new(stream.try_clone().expect("a socket")).lines();
        let mut control = Self { stream, lines };
        assert!(control.frame("").contains("hello"));
        control
    }

    fn say(&mut self, request: &str) {
        writeln!(self.stream, "{request}").expect("the daemon reads");
    }

    /// The next frame that holds this text.
    fn frame(&mut self, text: &str) -> String {
        let mut frames = self.lines.by_ref().map(|line| line.expect("a frame in time"));
        frames
            .find(|frame| frame.contains(text))
            .expect("the connection stays")
    }
}

#[test]
fn a_follow_goes_on_beside_commands_until_it_is_stopped() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    let mut control = Control::connect(&daemon);
    control.say(r#"{"id":1,"kind":"follow","what":"weather"}"#);
    assert!(control.frame(r#""id":1"#).contains("refused"));
    control.say(r#"{"id":2,"kind":"follow","what":"log"}"#);
    let head = control.frame(r#""id":2"#);
    assert!(
        head.contains(r#""frame":"head""#) && !head.contains("refused"),
        "{head}"
    );
    control.say(r#"{"id":3,"kind":"follow","what":"log"}"#);
    assert!(control.frame(r#""id":3"#).contains("already"));
    daemon.imap("ann@example.test").command("LOGOUT").expect("BYE");
    let event = control.frame("IMAP:");
    assert!(
        event.contains(r#""frame":"event""#) && event.contains(r#""id":2"#),
        "{event}"
    );
    control.say(r#"{"id":4,"kind":"line","line":"LIST Domains"}"#);
    control.frame(r#""id":4"#);
    control.say(r#"{"id":5,"kind":"stop","of":9}"#);
    assert!(control.frame(r#""id":5"#).contains("refused"));
    control.say(r#"{"id":6,"kind":"stop","of":2}"#);
    control.frame(r#""frame":"end","id":2"#);
    control.frame(r#""id":6"#);
    daemon.imap("ann@example.test").command("LOGOUT").expect("BYE");
    control.say(r#"{"id":7,"kind":"line","line":"LIST Domains"}"#);
    let next = control.frame(r#""id":"#);
    assert!(
        next.contains(r#""frame":"head""#) || next.contains(r#""id":6"#),
        "{next}"
    );
    assert!(daemon.stop().success());
}
