//! The way of an invalidation to this instance: listen → apply → prove.

mod pace;
mod reader;

pub(crate) use pace::Pace;
pub(crate) use reader::Reader;
