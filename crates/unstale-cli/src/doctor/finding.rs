//! What a look found, and what to do about it.

use std::fmt;

use serde::Serialize;

/// How much a finding matters.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// As it should be.
    Fine,
    /// Worth knowing.
    Note,
    /// May go wrong, or costs something.
    Warning,
    /// Does not work.
    Problem,
}

/// What a look found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Finding {
    /// What was looked at.
    pub(crate) check: &'static str,
    pub(crate) severity: Severity,
    pub(crate) what: String,
    pub(crate) remedy: Option<String>,
}

impl Finding {
    pub(crate) fn fine(check: &'static str, what: impl Into<String>) -> Self {
        Self {
            check,
            severity: Severity::Fine,
            what: what.into(),
            remedy: None,
        }
    }

    pub(crate) fn note(
        check: &'static str,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::of(Severity::Note, check, what, remedy)
    }

    pub(crate) fn warning(
        check: &'static str,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::of(Severity::Warning, check, what, remedy)
    }

    pub(crate) fn problem(
        check: &'static str,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::of(Severity::Problem, check, what, remedy)
    }

    fn of(
        severity: Severity,
        check: &'static str,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            check,
            severity,
            what: what.into(),
            remedy: Some(remedy.into()),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.severity {
            Severity::Fine => "ok      ",
            Severity::Note => "note    ",
            Severity::Warning => "WARNING ",
            Severity::Problem => "PROBLEM ",
        };
        write!(f, "{mark} {}: {}", self.check, self.what)?;
        match &self.remedy {
            Some(remedy) => write!(f, "\n          {remedy}"),
            None => Ok(()),
        }
    }
}
