//! What keeps a workload from running.

/// What keeps a workload from running.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkloadError {
    /// There is no preset of this name.
    #[error("there is no preset `{name}`; there are {known}")]
    UnknownPreset {
        /// What was asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// The statistics of a cluster cannot be used.
    #[error("the statistics of production caches: {0}")]
    Statistics(String),
    /// A plan that cannot be carried out.
    #[error("this workload cannot run: {0}")]
    Plan(String),
    /// A cache could not be started.
    #[error(transparent)]
    Cache(#[from] unstale::Error),
}
