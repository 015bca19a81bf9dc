//! Exit codes (services-core 3.1.1, "Defaults of ours"), and why the daemon did not start.

use axigen_shared::Refusal;
use axigend_config::Diagnostic;
use std::path::PathBuf;
use std::process::ExitCode;

/// Why there is no server.
#[derive(Debug)]
pub enum StartError {
    /// The configuration has mistakes: all of them.
    Configuration(Vec<Diagnostic>),
    /// The arguments do not fit together or to this machine.
    Usage(String),
    /// Another daemon holds the working directory.
    InUse {
        /// The working directory.
        directory: PathBuf,
        /// The daemon's process id, if it wrote one.
        pid: Option<u32>,
    },
    /// No listener of any service could be bound.
    NoSocket(String),
    /// Something that should work did not.
    Internal(String),
}

impl StartError {
    /// What the process ends with.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code())
    }

    /// The same as a number.
    pub const fn code(&self) -> u8 {
        match self {
            Self::Configuration(_) => 1,
            Self::Usage(_) => 2,
            Self::InUse { .. } => 3,
            Self::NoSocket(_) => 4,
            Self::Internal(_) => 70,
        }
    }

    /// What the person who started the daemon reads, a line each.
    pub fn lines(&self) -> Vec<String> {
        match self {
            Self::Configuration(diagnostics) => diagnostics.iter().map(ToString::to_string).collect(),
            Self::InUse { directory, pid } => {
                let by = pid.map(|pid| format!(", process {pid}")).unwrap_or_default();
                vec![format!(
                    "the working directory {} is in use by another axigend{by}",
                    directory.display()
                )]
            }
            Self::Usage(text) | Self::NoSocket(text) | Self::Internal(text) => vec![text.clone()],
        }
    }
}

impl From<Refusal> for StartError {
    fn from(refusal: Refusal) -> Self {
        Self::Internal(refusal.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::StartError;
    use std::path::PathBuf;

    #[test]
    fn a_directory_in_use_names_the_process() {
        let error = StartError::InUse {
            directory: PathBuf::from("/srv/mail"),
            pid: Some(4711),
        };
        assert_eq!(error.code(), 3);
        assert_eq!(
            error.lines(),
            ["the working directory /srv/mail is in use by another axigend, process 4711"]
        );
    }
}
