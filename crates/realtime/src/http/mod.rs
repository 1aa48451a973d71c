//! The service's face: one module per resource, and what they share.

mod activity_feed;
mod body;
mod cache_metrics;
mod documents;
mod inventory;
mod page;
mod params;
mod paths;
mod problem;
mod products;
mod router;
mod stock_prices;
mod token;

pub(crate) use problem::Problem;
pub(crate) use router::router;
pub(crate) use token::UNSTALE_TOKEN;
