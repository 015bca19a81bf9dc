//! The command line (services-core, "Daemon command line") and what follows from it.

use clap::Parser;
use std::path::{Path, PathBuf};

/// Where an installed server works.
pub const WORKING_DIRECTORY: &str = "/var/opt/axigen";

/// Where the demonstration works, below the current directory.
const DEMO_DIRECTORY: &str = "demo";

/// Looked at when the working directory has no configuration (services-core, "Files and directories").
const SYSTEM_CONFIG: &str = "/etc/opt/axigen/axigen.cfg";

/// The AXIGEN-compatible mail server.
///
/// Runs in the foreground until SIGTERM; SIGHUP reloads configuration and certificates and reopens log files.
#[derive(Parser, Debug, PartialEq, Eq)]
#[command(name = "axigend", version, disable_version_flag = true, max_term_width = 100)]
#[command(
    after_help = "Exit status: 0 stopped, 1 configuration or problems found, 2 usage, 3 working directory in use, \
                        4 no socket could be bound, 70 internal error."
)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
pub struct Args {
    /// Working directory [default: /var/opt/axigen; with --demo: demo]
    #[arg(short = 'W', long = "workdir", value_name = "DIR")]
    pub workdir: Option<PathBuf>,

    /// Configuration file [default: run/axigen.cfg in the working directory, else /etc/opt/axigen/axigen.cfg]
    #[arg(short = 'C', long = "configfile", value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// File for the process id [default: run/axigen.pid in the working directory]
    #[arg(short = 'P', long = "pidfile", value_name = "FILE")]
    pub pidfile: Option<PathBuf>,

    /// Set the password of the administrator "admin" and exit; "-" reads it from standard input
    #[arg(
        short = 'A',
        long = "admin-passwd",
        value_name = "PASSWORD",
        allow_hyphen_values = true
    )]
    pub admin_password: Option<String>,

    /// Run as this user when started as root [default: axigen]
    #[arg(short = 'u', long = "user", value_name = "USER")]
    pub user: Option<String>,

    /// Run as this group when started as root [default: the user's]
    #[arg(short = 'g', long = "group", value_name = "GROUP")]
    pub group: Option<String>,

    /// Do not detach; accepted for start scripts, the daemon never detaches
    #[arg(long)]
    pub foreground: bool,

    /// Check the configuration file and the certificates it needs, list all mistakes and exit
    #[arg(long)]
    pub check_config: bool,

    /// Check everything stored below the working directory, which no daemon uses, list all problems and exit
    #[arg(long, conflicts_with_all = ["check_config", "admin_password"])]
    pub check: bool,

    /// Run a demonstration server with two accounts and some mail on loopback ports
    #[arg(long, conflicts_with_all = ["check", "check_config", "admin_password", "user", "group"])]
    pub demo: bool,

    /// Print version
    #[arg(short = 'v', long = "version", action = clap::ArgAction::Version)]
    version: Option<bool>,
}

impl Args {
    /// The working directory.
    pub fn working_directory(&self) -> PathBuf {
        let default = if self.demo {
            DEMO_DIRECTORY
        } else {
            WORKING_DIRECTORY
        };
        self.workdir.clone().unwrap_or_else(|| PathBuf::from(default))
    }

    /// The configuration file; it need not exist.
    pub fn config_file(&self, working_directory: &Path) -> PathBuf {
        if let Some(path) = &self.config {
            return path.clone();
        }
        let own = working_directory.join("run/axigen.cfg");
        let system = Path::new(SYSTEM_CONFIG);
        // Only an installed server looks into /etc: a directory given by hand is complete in itself.
        if self.workdir.is_none() && !self.demo && !own.exists() && system.exists() {
            return system.to_path_buf();
        }
        own
    }

    /// The pid file.
    pub fn pid_file(&self, working_directory: &Path) -> PathBuf {
        self.pidfile
            .clone()
            .unwrap_or_else(|| working_directory.join("run/axigen.pid"))
    }
}

#[cfg(test)]
mod tests {
    use super::Args;
    use clap::Parser;
    use clap::error::ErrorKind;
    use std::path::Path;

    fn parse(line: &str) -> Result<Args, ErrorKind> {
        let words = std::iter::once("axigend").chain(line.split_whitespace());
        Args::try_parse_from(words).map_err(|error| error.kind())
    }

    #[test]
    fn the_table_of_arguments() {
        let good = [
            "",
            "--foreground",
            "-W /srv/mail -C /etc/mail.cfg -P /run/mail.pid",
            "--workdir=/srv/mail --configfile=x --pidfile y",
            "-A -",
            "-A secret",
            "-A -secret-with-dash",
            "--admin-passwd secret -W d",
            "-u mail -g mail",
            "--check-config -C x",
            "--check -W somewhere",
            "--demo",
            "--demo -W somewhere",
        ];
        for line in good {
            assert!(parse(line).is_ok(), "{line}");
        }
        let bad = [
            ("-x", ErrorKind::UnknownArgument),
            ("start", ErrorKind::UnknownArgument),
            ("-W", ErrorKind::InvalidValue),
            ("-W a -W b", ErrorKind::ArgumentConflict),
            ("--demo --check-config", ErrorKind::ArgumentConflict),
            ("--demo --check", ErrorKind::ArgumentConflict),
            ("--check --check-config", ErrorKind::ArgumentConflict),
            ("--demo -u root", ErrorKind::ArgumentConflict),
            ("-v", ErrorKind::DisplayVersion),
            ("--version", ErrorKind::DisplayVersion),
            ("-h", ErrorKind::DisplayHelp),
            ("--help", ErrorKind::DisplayHelp),
        ];
        for (line, kind) in bad {
            assert_eq!(parse(line).err(), Some(kind), "{line}");
        }
    }

    #[test]
    fn where_things_are() {
        let args = parse("-W /srv/mail").expect("valid");
        let directory = args.working_directory();
        assert_eq!(directory, Path::new("/srv/mail"));
        assert_eq!(
            args.config_file(&directory),
            Path::new("/srv/mail/run/axigen.cfg")
        );
        assert_eq!(args.pid_file(&directory), Path::new("/srv/mail/run/axigen.pid"));
        assert_eq!(
            parse("").expect("valid").working_directory(),
            Path::new("/var/opt/axigen")
        );
        assert_eq!(
            parse("--demo").expect("valid").working_directory(),
            Path::new("demo")
        );
        let given = parse("-C a.cfg -P b.pid").expect("valid");
        assert_eq!(given.config_file(Path::new("x")), Path::new("a.cfg"));
        assert_eq!(given.pid_file(Path::new("x")), Path::new("b.pid"));
    }
}
