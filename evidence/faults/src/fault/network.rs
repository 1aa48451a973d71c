//! Faults between an instance and the server.

mod one_connection;
mod wire;
mod worst_byte;

use super::{Kind, kind};

use one_connection::OneConnection;
use wire::Wire;
use worst_byte::WorstByte;

/// What goes wrong on the whole way, whatever the server does.
pub(crate) const UNAIDED: &[Kind] = &[
    kind("cut", |draw| Box::new(Wire::cut(draw))),
    kind("cut for a moment", |draw| Box::new(Wire::blink(draw))),
    kind("flapping", |draw| Box::new(Wire::flapping(draw))),
    kind("black hole", |draw| Box::new(Wire::black_hole(draw))),
    kind("half-open, server deaf", |draw| {
        Box::new(Wire::deaf_server(draw))
    }),
    kind("half-open, client deaf", |draw| {
        Box::new(Wire::deaf_client(draw))
    }),
    kind("delay", |draw| Box::new(Wire::delay(draw))),
    kind("delay beyond MaxStaleness", |draw| {
        Box::new(Wire::long_delay(draw))
    }),
    kind("slow reader", |draw| Box::new(Wire::slow_reader(draw))),
    kind("answers in gushes", |draw| Box::new(Wire::gushes(draw))),
    kind("lost at any byte", |draw| {
        Box::new(WorstByte::anywhere(draw))
    }),
    kind("lost within an acknowledgement", |draw| {
        Box::new(WorstByte::within_acknowledgements(draw))
    }),
    kind("lost again while recovering", |draw| {
        Box::new(WorstByte::twice(draw))
    }),
];

/// What goes wrong on one connection, as far as the server can tell which it is.
pub(crate) const OF_CONNECTIONS: &[Kind] = &[
    kind("log connection deaf", |draw| {
        Box::new(OneConnection::log(draw))
    }),
    kind("command connection deaf", |draw| {
        Box::new(OneConnection::commands(draw))
    }),
];
