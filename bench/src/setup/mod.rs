//! What is measured, and on what.

mod bed;
mod calls;
mod instances;
mod ours;
mod peer;
mod raw;
mod run;
mod sibling;
mod stopwatch;
mod uncached;
mod value;

pub use bed::Bed;
pub use calls::Calls;
pub use instances::{fresh_ours, fresh_theirs};
pub use ours::{Log, ROOM, cache, config, config_at, fill};
pub use peer::MultiTier;
pub use raw::{Pushed, Raw};
pub use run::Run;
pub use sibling::{output_of, sibling};
pub use stopwatch::{Board, Watched};
pub use uncached::Uncached;
pub use value::{StockPrice, key, price, symbol};
