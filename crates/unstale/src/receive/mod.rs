//! The way of an invalidation to this instance: listen → apply → prove.

mod reader;

pub(crate) use reader::Reader;
