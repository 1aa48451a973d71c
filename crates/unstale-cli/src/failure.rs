//! How a command ends, and the exit code that tells of it.

use std::io;
use std::process::ExitCode;

use unstale::operate::Trouble;

/// How a command ends that could do its work.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// All is well.
    Well,
    /// Something is not, and was said.
    Findings,
    /// There is nothing under this key.
    Nothing,
}

impl From<Verdict> for ExitCode {
    fn from(verdict: Verdict) -> Self {
        ExitCode::from(match verdict {
            Verdict::Well => 0,
            Verdict::Findings => 1,
            Verdict::Nothing => 5,
        })
    }
}

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("nothing was done: you did not say yes")]
    Declined,

    #[error("{0}")]
    Usage(String),

    #[error(transparent)]
    Trouble(#[from] Trouble),

    #[error(
        "no server is named. Give --config FILE or --redis SERVER, or set Unstale__Redis__Configuration."
    )]
    NoServer,

    #[error(
        "there is no cache in the namespace `{namespace}` at {endpoint}: no instance has used it, or \
         everything was flushed since. Give --namespace as the service's InstanceName says."
    )]
    NoNamespace { namespace: String, endpoint: String },

    #[error(
        "the instances of `{namespace}` follow {theirs}, but these settings name {ours}. Give \
         --stream or --pubsub as the service's configuration says."
    )]
    OtherLog {
        namespace: String,
        theirs: String,
        ours: String,
    },

    #[error("no cache works on {endpoint}: {what}. {remedy}")]
    Unfit {
        endpoint: String,
        what: String,
        remedy: String,
    },

    #[error(
        "the server has not confirmed the removal: it may or may not have happened. Try again."
    )]
    NotConfirmed,

    #[error("interrupted; what was written was deleted again")]
    Interrupted,

    #[error("cannot write: {0}")]
    Output(#[from] io::Error),
}

impl From<unstale::Error> for Failure {
    fn from(error: unstale::Error) -> Self {
        Failure::Trouble(error.into())
    }
}

impl Failure {
    /// Whether nobody reads any longer what we write: the way `| head` ends us.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        matches!(self, Failure::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

impl From<Failure> for ExitCode {
    fn from(failure: Failure) -> Self {
        ExitCode::from(match &failure {
            Failure::Output(_) if failure.is_closed_pipe() => 0,
            Failure::Declined => 1,
            Failure::Interrupted => 130,
            Failure::Usage(_) | Failure::NoServer | Failure::OtherLog { .. } => 2,
            Failure::Trouble(trouble) => match trouble {
                Trouble::Settings(unstale::Error::Connection { .. }) => 4,
                Trouble::Settings(_) | Trouble::NoServer => 2,
                Trouble::Login { .. } | Trouble::Refused { .. } => 4,
                _ => 3,
            },
            Failure::Unfit { .. } => 4,
            Failure::Output(_) => 3,
            Failure::NoNamespace { .. } => 5,
            Failure::NotConfirmed => 6,
        })
    }
}
