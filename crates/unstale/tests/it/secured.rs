//! The contract over every way to a server that is not open to everybody: TLS, logins with few
//! rights, passwords from files, sockets.

mod passwords;
#[cfg(feature = "operate")]
pub(crate) mod rights;
mod sentinels;
mod sockets;
mod tls;
