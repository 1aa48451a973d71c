//! The service's face: one module per resource, and what they share.

mod activity_feed;
mod body;
mod cache_metrics;
mod controls;
mod documents;
mod events;
mod inventory;
mod metrics;
mod page;
mod params;
mod paths;
mod problem;
mod products;
mod router;
mod stock_prices;
mod token;

pub(crate) use cache_metrics::status;
pub(crate) use problem::Problem;
pub(crate) use router::router;
pub(crate) use token::{After, UNSTALE_TOKEN};
