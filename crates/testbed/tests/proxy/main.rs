//! What a proxy does to the bytes between a client and a server.

mod cuts;
mod passing;
mod silences;
mod wire;

use std::{error::Error as StdError, time::Duration};

type TestResult<T = ()> = Result<T, Box<dyn StdError>>;

/// Far more than anything here takes.
const SOON: Duration = Duration::from_secs(20);
