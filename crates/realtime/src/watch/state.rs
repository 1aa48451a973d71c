use std::time::Duration;

use serde::Serialize;
use unstale::Health;

/// How one instance is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum State {
    /// It follows the log, and answers from its own copies.
    InStep,
    /// It hears nothing any more, but may still use its copies.
    ProofRunsOut,
    /// It cannot prove that it has missed nothing, and uses none of its copies.
    FailsClosed,
}

impl State {
    pub(super) fn of(health: &Health, is_cut_off: bool) -> Self {
        let hears_nothing = is_cut_off || !matches!(health.breaker, "closed" | "none");
        match (health.proven, hears_nothing) {
            (false, _) => Self::FailsClosed,
            (true, true) => Self::ProofRunsOut,
            (true, false) => Self::InStep,
        }
    }

    /// The state in a sentence.
    pub(super) fn sentence(self, health: &Health, max_staleness: Duration) -> String {
        let without_l2 = !matches!(health.breaker, "closed" | "none");
        match self {
            Self::InStep => "In step: it has applied every removal, and answers from its own copies.".to_owned(),
            Self::ProofRunsOut => {
                let age = health.proof_age.unwrap_or_default();
                let left = max_staleness.saturating_sub(age).as_secs_f64();
                format!("It hears no removals. Its proof holds for another {left:.1} s; then it stops using its copies.")
            }
            Self::FailsClosed if without_l2 => {
                "Fails closed: it cannot prove that it has missed nothing, and Redis does not answer. The database answers."
                    .to_owned()
            }
            Self::FailsClosed => {
                "Fails closed: it cannot prove that it has missed nothing, so it uses none of its copies. L2 and the \
                 database answer."
                    .to_owned()
            }
        }
    }
}
