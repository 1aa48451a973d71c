//! What servers have been asked to do.

use std::ops::Sub;

use anyhow::{Context as _, Result};
use redis::FromRedisValue as _;
use testbed::Server;

/// How many commands servers have executed.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// Scripts.
    pub scripts: u64,
    /// Scripts, the commands within them, and all others but XREAD: how often the log is read follows
    /// from the time that passes, and not from what is removed.
    pub all: u64,
}

impl Calls {
    /// So far, by all of these together.
    ///
    /// # Errors
    /// When one does not say.
    pub fn of<'a>(servers: impl IntoIterator<Item = &'a Server>) -> Result<Self> {
        let mut calls = Self::default();
        for server in servers {
            let info = server.command(["INFO", "commandstats"])?;
            let info = String::from_redis_value(info).context("INFO commandstats is no text")?;
            let told = Self::read(&info).context("INFO commandstats cannot be read")?;
            calls.scripts += told.scripts;
            calls.all += told.all;
        }
        Ok(calls)
    }

    /// Reads lines like `cmdstat_evalsha:calls=7,usec=310,…`.
    fn read(info: &str) -> Option<Self> {
        let mut calls = Self::default();
        for line in info.lines() {
            let Some(line) = line.strip_prefix("cmdstat_") else {
                continue;
            };
            let (command, rest) = line.split_once(":calls=")?;
            let (count, _) = rest.split_once(',')?;
            let count: u64 = count.parse().ok()?;
            if command == "xread" {
                continue;
            }
            calls.all += count;
            if command == "evalsha" {
                calls.scripts += count;
            }
        }
        Some(calls)
    }
}

impl Sub for Calls {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            scripts: self.scripts - before.scripts,
            all: self.all - before.all,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_told_from_the_rest() {
        let info = "# Commandstats\r\ncmdstat_evalsha:calls=7,usec=310,usec_per_call=44.2\r\n\
                    cmdstat_xadd:calls=9,usec=1\r\ncmdstat_client|setname:calls=2,usec=1\r\n";
        let told = Calls::read(info).unwrap();
        assert_eq!((told.scripts, told.all), (7, 18));
        assert!(Calls::read("cmdstat_xadd:usec=1").is_none());
    }
}
