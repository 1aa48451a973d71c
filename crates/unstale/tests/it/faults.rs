//! The protocol's rules, each driven into the fault that it is there for.

mod answers;
mod clocks;
mod cuts;
mod fence;
mod grouping;
mod hub;
mod joining;
mod outage;
mod overflow;
mod steady;
mod subscriber;
