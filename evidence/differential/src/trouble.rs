//! What befalls both sides, without anybody having asked for it.

use anyhow::{Context as _, Result, bail};
use testbed::Value;
use unstale::evidence::Bytes;
use unstale::evidence::core::Server as Model;

use crate::Site;
use crate::pair::Pair;

/// The namespace's default, in the first partition.
const META: &str = "{unstale:0}:meta";
const LOG: &str = "{unstale:0}:cache:invalidations";
const RECORD: &str = "{unstale:0}:k:";

/// Something that no cache asked for.
#[derive(Clone, Debug)]
pub(crate) enum Trouble {
    /// Another process, or a replica that was promoted.
    ChangeOwner,
    Flush,
    LoseMeta,
    LoseLog,
    Trim(usize),
    Evict(&'static str),
    /// Something of whatever version, or nobody's.
    Plant(&'static str, Bytes),
    /// To be gone back to: a snapshot, or what a replica has got.
    Keep,
    GoBack,
    MetaGoesBack,
    /// The clock is turned to here.
    Clock(u64),
}

/// Both sides as they were once.
pub(crate) struct Earlier {
    ours: Model<Bytes>,
    theirs: Vec<Dumped>,
}

struct Dumped {
    key: String,
    /// When it expires; -1 if it does not.
    expires: i64,
    bytes: Vec<u8>,
}

impl Trouble {
    pub(crate) fn befall(
        &self,
        site: &Site,
        pair: &Pair,
        earlier: &mut Option<Earlier>,
    ) -> Result<()> {
        let (hub, server) = (&pair.ours.hub, &site.server);
        match self {
            Trouble::ChangeOwner => {
                hub.befall(Model::change_owner);
                server.command(["DEBUG", "CHANGE-REPL-ID"])?;
            }
            Trouble::Flush => {
                hub.befall(Model::flush);
                server.flush_all()?;
            }
            Trouble::LoseMeta => {
                hub.befall(Model::lose_meta);
                server.command(["DEL", META])?;
            }
            Trouble::LoseLog => {
                hub.befall(Model::lose_log);
                server.command(["DEL", LOG])?;
            }
            Trouble::Trim(length) => {
                hub.befall(|model| model.trim(*length));
                server.command(["XTRIM", LOG, "MAXLEN", &length.to_string()])?;
            }
            Trouble::Evict(key) => {
                hub.befall(|model| model.evict(key));
                server.command(["DEL", &record(key)])?;
            }
            Trouble::Plant(key, bytes) => {
                let (now, life) = (site.clock.now(), 10_005);
                let at =
                    |millis: u64| unstale::evidence::core::Tick::from_nanos(millis * 1_000_000);
                hub.befall(|model| model.put(key, bytes.clone(), at(now), at(now + life)));
                let record = record(key);
                let words = [b"SET", record.as_bytes(), bytes, b"PX", b"10005"];
                server.command(words)?;
            }
            Trouble::Keep => {
                *earlier = Some(Earlier {
                    ours: hub.befall(|model| model.clone()),
                    theirs: Dumped::all(site)?,
                });
            }
            Trouble::GoBack => {
                if let Some(earlier) = earlier {
                    hub.befall(|model| model.go_back(&earlier.ours));
                    server.flush_all()?;
                    let mut all = earlier.theirs.iter();
                    all.try_for_each(|dumped| dumped.restore(site))?;
                }
            }
            Trouble::MetaGoesBack => {
                if let Some(earlier) = earlier {
                    hub.befall(|model| model.meta_goes_back(&earlier.ours));
                    server.command(["DEL", META])?;
                    let mut meta = earlier.theirs.iter().filter(|dumped| dumped.key == META);
                    meta.try_for_each(|dumped| dumped.restore(site))?;
                }
            }
            Trouble::Clock(millis) => site.turn_to(*millis)?,
        }
        Ok(())
    }
}

impl Dumped {
    fn all(site: &Site) -> Result<Vec<Self>> {
        let Value::Array(keys) = site.server.command(["KEYS", "*"])? else {
            bail!("KEYS is a list");
        };
        let dumped = keys
            .iter()
            .filter_map(|key| Self::of(site, key).transpose());
        dumped.collect()
    }

    fn of(site: &Site, key: &Value) -> Result<Option<Self>> {
        let Value::BulkString(key) = key else {
            bail!("a key is a text, not {key:?}");
        };
        let key = String::from_utf8(key.clone())?;
        let expires = site.server.command(["PEXPIRETIME", &key])?;
        match (expires, site.server.command(["DUMP", &key])?) {
            (Value::Int(expires), Value::BulkString(bytes)) => Ok(Some(Self {
                key,
                expires,
                bytes,
            })),
            // It has expired.
            (_, Value::Nil) => Ok(None),
            (expires, dump) => bail!("{key} expires at {expires:?} and is {dump:?}"),
        }
    }

    fn restore(&self, site: &Site) -> Result<()> {
        let expires = self.expires.max(0).to_string();
        let words = [
            b"RESTORE",
            self.key.as_bytes(),
            expires.as_bytes(),
            &self.bytes,
            b"ABSTTL",
        ];
        let restored = site.server.command(words);
        restored.map(drop).context("cannot restore a key")
    }
}

fn record(key: &str) -> String {
    [RECORD, key].concat()
}
