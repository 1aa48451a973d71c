//! For the simulation: what surrounds the library, in the place of the real world.
//!
//! This module exists with the feature `evidence` only, which nothing that ships turns on. Its
//! interface changes with the simulation.

mod gate;
pub mod steps;
mod surroundings;

pub use gate::{Gate, Through};
pub use surroundings::{Surroundings, surround};

pub use crate::tiers::hub::remote::{
    Back, Later, Purpose, Reply, Request, Said, Serve, Way, What, Wire,
};
pub use bytes::Bytes;
pub use unstale_core as core;

pub(crate) use surroundings::surroundings;
