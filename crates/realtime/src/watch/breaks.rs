use serde::Deserialize;
use unstale::{Cache, Hub};

/// What can be broken on the in-process hub, and mended.
pub(crate) struct Breaks(Hub);

/// One press of a button.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(tag = "what", rename_all = "camelCase")]
pub(crate) enum Break {
    /// Keeps an instance from following the log.
    CutOff { instance: usize },
    /// Lets it follow the log again.
    Reconnect { instance: usize },
    /// L2 and the log answer nobody.
    StopAnswers,
    /// They answer again.
    ResumeAnswers,
    /// L2 and the log forget everything.
    Flush,
    /// The log forgets its entries.
    Trim,
}

impl Break {
    /// The instance that it is about, if it is about one.
    pub(crate) fn instance(self) -> Option<usize> {
        match self {
            Self::CutOff { instance } | Self::Reconnect { instance } => Some(instance),
            _ => None,
        }
    }
}

impl Breaks {
    pub(crate) fn on(hub: Hub) -> Self {
        Self(hub)
    }

    /// Breaks or mends something; `cache` is that of the instance concerned.
    pub(crate) fn cause(&self, what: Break, cache: Option<&Cache>) {
        match (what, cache) {
            (Break::CutOff { .. }, Some(cache)) => self.0.cut_off(cache),
            (Break::Reconnect { .. }, Some(cache)) => self.0.reconnect(cache),
            (Break::CutOff { .. } | Break::Reconnect { .. }, None) => {}
            (Break::StopAnswers, _) => self.0.stop_answers(),
            (Break::ResumeAnswers, _) => self.0.resume_answers(),
            (Break::Flush, _) => self.0.flush(),
            (Break::Trim, _) => self.0.trim(0),
        }
    }

    pub(super) fn is_cut_off(&self, cache: &Cache) -> bool {
        self.0.is_cut_off(cache)
    }

    pub(super) fn is_silent(&self) -> bool {
        !self.0.is_answering()
    }
}
