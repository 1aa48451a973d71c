//! Faults of the server.

mod clock;
mod commands;
mod failover;
mod memory;
mod overtaken;
mod restart;
mod reused;
mod stopped;
mod trimmed;

use super::{Draw, Fault, Kind, kind};
use crate::{field::Setup, options::Transport};

use clock::Clock;
use commands::Commands;
use failover::Failover;
use memory::Memory;
use overtaken::Overtaken;
use restart::Restart;
use reused::Reused;
use stopped::Stopped;
use trimmed::Trimmed;
pub(super) use trimmed::{CERTAIN, appended};

/// Everything that can go wrong there.
pub(crate) const KINDS: &[Kind] = &[
    kind("kill -9, restart empty", |draw| {
        Box::new(Restart::empty(draw))
    }),
    kind("kill -9, restart with older data", |draw| {
        Box::new(Restart::older(draw))
    }),
    kind("restart with its data", |draw| {
        Box::new(Restart::complete(draw))
    }),
    kind("SIGSTOP beyond every timeout", |draw| {
        Box::new(Stopped::long(draw))
    }),
    kind("SIGSTOP for a moment", |draw| {
        Box::new(Stopped::short(draw))
    }),
    kind("CLIENT PAUSE", |draw| Box::new(Commands::paused(draw))),
    kind("a script that does not end", |draw| {
        Box::new(Stopped::busy(draw))
    }),
    kind("FLUSHALL", |draw| Box::new(Commands::flush(draw))),
    kind("SCRIPT FLUSH", |draw| {
        Box::new(Commands::script_flush(draw))
    }),
    kind("CLIENT KILL", |draw| Box::new(Commands::kill_clients(draw))),
    kind("meta evicted", |draw| Box::new(Commands::meta_lost(draw))),
    streams("log trimmed past a stopped reader", |draw| {
        Box::new(Trimmed::by_length(draw))
    }),
    streams("log evicted past a stopped reader", |draw| {
        Box::new(Trimmed::by_eviction(draw))
    }),
    kind("maxmemory, evictions", |draw| {
        Box::new(Memory::evictions(draw))
    }),
    kind("maxmemory, OOM on writes", |draw| {
        Box::new(Memory::full(draw))
    }),
    kind("positions reused", |draw| Box::new(Reused::meta(draw))),
    kind("positions reused, others write first", |draw| {
        Box::new(Overtaken::by_others(draw))
    }),
    kind("another history of the same epoch", |draw| {
        Box::new(Commands::other_nonce(draw))
    }),
    kind("server's clock steps back", |draw| {
        Box::new(Clock::back(draw))
    }),
    kind("server's clock jumps ahead and back", |draw| {
        Box::new(Clock::ahead(draw))
    }),
    kind("too few replicas to write", |draw| {
        Box::new(Commands::too_few_replicas(draw))
    }),
    kind("made a replica, and a primary again", |draw| {
        Box::new(Commands::demoted(draw))
    }),
    kind("failover that loses removals", |draw| {
        Box::new(Failover::losing(draw))
    }),
    kind("failover in good order", |draw| {
        Box::new(Failover::planned(draw))
    }),
    kind("failover that connections survive", |draw| {
        Box::new(Failover::surviving(draw))
    }),
    kind("failover with an isolated old primary", |draw| {
        Box::new(Failover::isolated(draw))
    }),
];

/// Where the log is a Stream.
const fn streams(name: &'static str, make: fn(&mut Draw<'_>) -> Box<dyn Fault>) -> Kind {
    Kind {
        applies: |setup: &Setup| setup.transport == Transport::Streams,
        ..kind(name, make)
    }
}
