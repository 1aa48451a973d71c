//! Rounds, what they give, and what is to be thought of it.

mod claim;
mod outcome;
mod percentiles;
mod progress;
mod rounds;
mod series;
mod spread;
mod table;
mod unit;

pub use claim::{Claim, Target, Verdict};
pub use outcome::Outcome;
pub use percentiles::Latencies;
pub use progress::Progress;
pub use rounds::{Contender, Figure, Rounds};
pub use series::Series;
pub use spread::Spread;
pub use table::table;
pub use unit::Unit;
