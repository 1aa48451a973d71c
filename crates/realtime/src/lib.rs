//! The demo service of Unstale: stock prices, documents, an activity feed, inventory and products,
//! each behind the cache, with every write going to the database first and being removed from the
//! caches second.
//!
//! A request flows from `http` through `cached` to `store`; `instance` starts all of it once,
//! `demo` twice. `live` and `watch` are what the page shows of it.

mod app;
mod args;
mod cached;
mod complaint;
mod demo;
mod domain;
mod families;
mod http;
mod instance;
mod live;
mod scrape;
mod service;
mod settings;
mod store;
mod traffic;
mod watch;

pub use args::{Args, Location, Server};
pub use complaint::complaint;
pub use demo::{DemoError, run};
pub use instance::{Instance, StartError};
pub use live::Board;
pub use settings::{APPSETTINGS, Settings};
pub use store::{Database, DatabaseError};
pub use traffic::MarketError;
