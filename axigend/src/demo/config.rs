//! The demonstration's configuration file: listeners on loopback, each on the port one expects plus 2000 or the next free.

use crate::startup::write_atomically;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;

/// The file, with a place for each port. Logins in clear are allowed because nothing leaves the machine, so that the
/// commands printed can be pasted as they are.
const TEMPLATE: &str = r#"# Made by axigend --demo. Change it as you like; it is kept.
server = {
    serverName = "mail.example.test"
    primaryDomain = "example.test"
    services = (log processing smtpIncoming pop3 imap cli)

    smtpIncoming = {
        listeners = (
            { address = 127.0.0.1:2525 }
            { address = 127.0.0.1:2587 }
            { address = 127.0.0.1:2465 sslEnable = yes }
        )
    }

    imap = {
        plainConnAllowLogin = yes
        plainConnAuthTypes = (plain login)
        listeners = (
            { address = 127.0.0.1:2143 }
            { address = 127.0.0.1:2993 sslEnable = yes }
        )
    }

    pop3 = {
        plainConnAllowLogin = yes
        plainConnAuthTypes = (plain login)
        listeners = (
            { address = 127.0.0.1:2110 }
            { address = 127.0.0.1:2995 sslEnable = yes }
        )
    }

    cli = { listeners = ( { address = 127.0.0.1:7700 } ) }
}
"#;

/// How an address of the demonstration begins.
const LOOPBACK: &str = "127.0.0.1:";

/// Mode of a configuration file: it may hold keys.
const MODE: u32 = 0o640;

/// Writes the configuration, or changes the ports of the one that is there where they are taken.
pub fn write(path: &Path) -> io::Result<()> {
    let before = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => TEMPLATE.to_owned(),
        Err(error) => return Err(error),
    };
    let text = with_free_ports(&before, is_free, next_free)?;
    if text != before || !path.exists() {
        write_atomically(path, text.as_bytes(), MODE)?;
    }
    Ok(())
}

/// Replaces every loopback port that is not free.
fn with_free_ports(
    text: &str,
    is_free: impl Fn(u16) -> bool,
    next_free: impl Fn() -> io::Result<u16>,
) -> io::Result<String> {
    let mut parts = text.split(LOOPBACK);
    let mut changed = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part
            .find(|character: char| !character.is_ascii_digit())
            .unwrap_or(part.len());
        let (port, rest) = part.split_at(end);
        changed.push_str(LOOPBACK);
        match port.parse() {
            Ok(taken) if !is_free(taken) => changed.push_str(&next_free()?.to_string()),
            _ => changed.push_str(port),
        }
        changed.push_str(rest);
    }
    Ok(changed)
}

fn is_free(port: u16) -> bool {
    // A connection of the last run in TIME-WAIT does not matter: std sets SO_REUSEADDR.
    TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).is_ok()
}

fn next_free() -> io::Result<u16> {
    let socket = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    Ok(socket.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::{TEMPLATE, with_free_ports};

    #[test]
    fn only_taken_ports_change() {
        let same = with_free_ports(TEMPLATE, |_| true, || Ok(1)).expect("text");
        assert_eq!(same, TEMPLATE);
        let moved = with_free_ports(TEMPLATE, |port| port != 2143, || Ok(40_001)).expect("text");
        assert_eq!(moved, TEMPLATE.replace(":2143", ":40001"));
    }

    #[test]
    fn the_template_is_a_configuration_without_mistakes() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("axigen.cfg");
        std::fs::write(&path, TEMPLATE).expect("written");
        let loaded = axigend_config::RunningConfig::load(&path);
        assert!(loaded.is_ok_and(|(_, warnings)| warnings.is_empty()));
    }
}
