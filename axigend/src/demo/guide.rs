//! What the demonstration prints: who may log in where, and commands that can be pasted as they are.

use super::DOMAIN;
use super::people::Person;
use crate::server::Server;
use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;

/// The addresses that the commands need, as they are bound now.
struct Ways {
    smtp: String,
    submission: String,
    imap: String,
    imaps: String,
    pop3: String,
    pop3s: String,
    cli: String,
}

/// Prints it to standard output.
pub fn print(server: &Server, people: &[Person; 2]) {
    let text = text(&ways(server), people, &axictl(server), server.directory().path());
    // Nobody may be looking.
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Listeners in the order of the configuration: in clear, then (SMTP) submission, then TLS from the first byte.
fn ways(server: &Server) -> Ways {
    let bound = server.bound();
    let of = |service: &str, index: usize| {
        let addresses: &[SocketAddr] = bound.get(service).map(Vec::as_slice).unwrap_or_default();
        addresses
            .get(index)
            .map_or_else(|| "(not bound)".to_owned(), ToString::to_string)
    };
    Ways {
        smtp: of("smtpIncoming", 0),
        submission: of("smtpIncoming", 1),
        imap: of("imap", 0),
        imaps: of("imap", 1),
        pop3: of("pop3", 0),
        pop3s: of("pop3", 1),
        cli: of("cli", 0),
    }
}

/// `axictl` as it can be called from here: beside this program if it is built, else through Cargo.
fn axictl(server: &Server) -> String {
    let beside = std::env::current_exe()
        .ok()
        .map(|path| path.with_file_name("axictl"));
    let program = match beside {
        Some(path) if path.exists() => shell_word(&path),
        _ => "cargo run --release -q -p axictl --".to_owned(),
    };
    format!(
        "{program} --socket {}",
        shell_word(&server.directory().control_socket())
    )
}

/// A path as one word for a shell, in quotes only where it must be.
fn shell_word(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,:@%".contains(c);
    if text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

fn text(ways: &Ways, people: &[Person; 2], axictl: &str, directory: &Path) -> String {
    let mut text = welcome(ways, people, directory);
    let sections = [
        ("Send a message (swaks)", sending(ways, people)),
        ("Read and send (curl)", reading(ways, people)),
        ("Read as a person does (mutt)", mutt(ways, people)),
        (
            "Administer (axictl; without a command it is a shell)",
            administration(axictl),
        ),
    ];
    for (title, commands) in sections {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "\n{title}");
        for command in commands {
            let _ = writeln!(text, "  {command}");
        }
    }
    text.push_str("\nCtrl-C stops the server; everything stays for the next time.\n\n");
    text
}

fn welcome(ways: &Ways, [alice, bob]: &[Person; 2], directory: &Path) -> String {
    let Ways {
        smtp,
        submission,
        imap,
        imaps,
        pop3,
        pop3s,
        cli,
    } = ways;
    format!(
        "\n\
         axigend is running the domain {DOMAIN} in {}\n\
         \n\
         account             password\n\
         {}  {}\n\
         {}    {}\n\
         \n\
         SMTP {smtp}, submission {submission}, IMAP {imap} (TLS {imaps}), POP3 {pop3} (TLS {pop3s}), CLI {cli}\n",
        directory.display(),
        alice.address(),
        alice.password,
        bob.address(),
        bob.password,
    )
}

fn sending(ways: &Ways, [alice, bob]: &[Person; 2]) -> Vec<String> {
    let Ways { smtp, submission, .. } = ways;
    let (alice_is, password, bob_is) = (alice.address(), &alice.password, bob.address());
    vec![
        format!(
            "swaks --server {smtp} --from {bob_is} --to {alice_is} --header 'Subject: Hello' --body 'Hello Alice'"
        ),
        format!(
            "swaks --server {submission} --tls --auth PLAIN --auth-user {alice_is} --auth-password {password} \
             --from {alice_is} --to {bob_is}"
        ),
    ]
}

fn reading(ways: &Ways, [alice, bob]: &[Person; 2]) -> Vec<String> {
    let Ways {
        smtp,
        imap,
        imaps,
        pop3,
        ..
    } = ways;
    let (alice_is, bob_is) = (alice.address(), bob.address());
    let login = format!("--user {alice_is}:{}", alice.password);
    vec![
        format!("curl -s {login} 'imap://{imap}/INBOX;UID=1'"),
        format!("curl -s {login} 'imap://{imap}/INBOX?ALL'"),
        format!("curl -s --insecure {login} 'imaps://{imaps}/INBOX;UID=1;SECTION=HEADER'"),
        format!("curl -s --user {bob_is}:{} pop3://{pop3}/1", bob.password),
        format!(
            "printf 'Subject: From curl\\r\\n\\r\\nHello Bob\\r\\n' | \
             curl -s smtp://{smtp} --mail-from {alice_is} --mail-rcpt {bob_is} --upload-file -"
        ),
    ]
}

fn mutt(ways: &Ways, [alice, _]: &[Person; 2]) -> Vec<String> {
    let login = format!("{}:{}", alice.name, alice.password);
    // With its folder on the server it asks for none in the home directory.
    vec![format!(
        "mutt -n -F /dev/null -e 'set ssl_starttls=no ssl_force_tls=no folder=imap://{login}@{}/' -f =INBOX",
        ways.imap
    )]
}

fn administration(axictl: &str) -> Vec<String> {
    vec![
        format!("{axictl} 'LIST Domains'"),
        format!("{axictl} 'UPDATE Domain {DOMAIN}' 'LIST Accounts'"),
        axictl.to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::{Ways, shell_word, text};
    use crate::demo::people::Person;
    use std::path::Path;

    #[test]
    fn paths_are_one_word() {
        for (path, word) in [
            ("/srv/mail-1/run", "/srv/mail-1/run"),
            ("/home/me/my mail", "'/home/me/my mail'"),
            ("/a'b$c", r"'/a'\''b$c'"),
        ] {
            assert_eq!(shell_word(Path::new(path)), word);
        }
    }

    #[test]
    fn commands_are_whole_lines_with_real_values() {
        let at = |port: u16| format!("127.0.0.1:{port}");
        let ways = Ways {
            smtp: at(1),
            submission: at(2),
            imap: at(3),
            imaps: at(4),
            pop3: at(5),
            pop3s: at(6),
            cli: at(7),
        };
        let people = ["alice", "bob"].map(|name| Person {
            name,
            password: format!("{name}-secret"),
        });
        let text = text(
            &ways,
            &people,
            "axictl --socket /d/run/control.sock",
            Path::new("/d"),
        );
        for line in [
            "  swaks --server 127.0.0.1:1 --from bob@example.test --to alice@example.test --header 'Subject: Hello' --body 'Hello Alice'",
            "  swaks --server 127.0.0.1:2 --tls --auth PLAIN --auth-user alice@example.test --auth-password alice-secret --from alice@example.test --to bob@example.test",
            "  curl -s --user bob@example.test:bob-secret pop3://127.0.0.1:5/1",
            "  axictl --socket /d/run/control.sock 'LIST Domains'",
        ] {
            assert!(text.lines().any(|printed| printed == line), "{line}\n{text}");
        }
    }
}
