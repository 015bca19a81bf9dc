//! Where the daemon listens: from options and environment to one path.
//!
//! Pure but for the caller's environment lookup; opens nothing. Order (also in axictl(1)): `--socket`, the environment
//! variable AXIGEN_SOCKET, `run/control.sock` below `-W`, the installed location.

use crate::args::Target;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Environment variable that names the control socket.
pub const SOCKET_VARIABLE: &str = "AXIGEN_SOCKET";
/// Working directory of an installed daemon (services-core, "Files and directories").
pub const INSTALLED: &str = "/var/opt/axigen";
/// The control socket below a working directory.
const BELOW_WORKDIR: &str = "run/control.sock";

/// The socket to connect to and which rule chose it (told to the user when nobody answers there).
#[derive(Debug, PartialEq, Eq)]
pub struct Address {
    /// Path of the socket.
    pub path: PathBuf,
    /// Why this one, as part of a sentence.
    pub because: &'static str,
}

/// Chooses the control socket.
pub fn choose(target: &Target, environment: impl Fn(&str) -> Option<OsString>) -> Address {
    if let Some(path) = &target.socket {
        return Address {
            path: path.clone(),
            because: "given by --socket",
        };
    }
    // -W is said for this one call, AXIGEN_SOCKET for a whole login session: the nearer word wins.
    if let Some(workdir) = &target.workdir {
        return Address {
            path: workdir.join(BELOW_WORKDIR),
            because: "below the directory given by -W",
        };
    }
    match environment(SOCKET_VARIABLE) {
        Some(path) if !path.is_empty() => Address {
            path: PathBuf::from(path),
            because: "named by AXIGEN_SOCKET",
        },
        _ => Address {
            path: Path::new(INSTALLED).join(BELOW_WORKDIR),
            because: "the location of an installed axigend",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{Target, choose};
    use std::ffi::OsString;
    use std::path::{Path, PathBuf};

    #[test]
    fn nearest_word_wins() {
        let rows = [
            ([Some("/s"), Some("/w"), Some("/e")], "/s"),
            ([None, Some("/w"), Some("/e")], "/w/run/control.sock"),
            ([None, None, Some("/e")], "/e"),
            ([None, None, Some("")], "/var/opt/axigen/run/control.sock"),
            ([None, None, None], "/var/opt/axigen/run/control.sock"),
        ];
        for ([socket, workdir, variable], expected) in rows {
            let target = Target {
                socket: socket.map(PathBuf::from),
                workdir: workdir.map(PathBuf::from),
                user: None,
                password_file: None,
            };
            assert_eq!(
                choose(&target, |_| variable.map(OsString::from)).path,
                Path::new(expected)
            );
        }
    }
}
