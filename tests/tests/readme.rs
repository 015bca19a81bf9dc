//! The README's commands work: its blocks marked `<!-- demo -->` run as they stand against a demo.
//!
//! Only what cannot be the same here is replaced: the tool's path, and ports that the demo found taken.

use axigen_tests::{Home, binary, top};
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

/// Ports of a demo when all are free, in the order of its configuration.
const USUAL: [u16; 8] = [2525, 2587, 2465, 2143, 2993, 2110, 2995, 7700];
/// The port that the README adds.
const ADDED: &str = "127.0.0.1:2144";

fn blocks() -> String {
    let readme = fs::read_to_string(top().join("README.md")).expect("README.md");
    let marked = readme.split("<!-- demo -->\n```sh\n").skip(1);
    let blocks: Vec<&str> = marked.filter_map(|rest| rest.split("\n```").next()).collect();
    assert_eq!(blocks.len(), 2, "the README's blocks for the demo");
    blocks.join("\n")
}

fn with_ports(script: &str, demo: &Path) -> String {
    let config = fs::read_to_string(demo.join("run/axigen.cfg")).expect("the demo's configuration");
    let ports = config.split("127.0.0.1:").skip(1).map(|rest| {
        let digits = rest.split(|character: char| !character.is_ascii_digit()).next();
        digits
            .and_then(|digits| digits.parse::<u16>().ok())
            .expect("a port")
    });
    let free = TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a free port");
    let script = script.replace(ADDED, &free.to_string());
    USUAL.iter().zip(ports).fold(script, |script, (usual, port)| {
        script.replace(&format!("127.0.0.1:{usual}"), &format!("127.0.0.1:{port}"))
    })
}

#[test]
fn the_first_five_minutes_work_as_written() {
    let home = Home::empty();
    let demo = home.path().join("demo");
    fs::create_dir(&demo).expect("a directory");
    let mut command = Command::new(binary("axigend"));
    command.arg("--demo").current_dir(home.path());
    let daemon = home.start_other(command);
    let axictl = binary("axictl").display().to_string();
    let script = with_ports(&blocks(), &demo).replace("target/release/axictl", &axictl);
    let output = Command::new("bash")
        .args(["-euxo", "pipefail", "-c", &script])
        .current_dir(home.path())
        .env_remove("AXIGEN_SOCKET")
        .output()
        .expect("bash");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}\n{errors}");
    for part in ["Subject: ", "* SEARCH ", "example.test", "INBOX"] {
        assert!(
            printed.contains(part),
            "{part} is missing in:\n{printed}\n{errors}"
        );
    }
    assert!(daemon.stop().success());
}
