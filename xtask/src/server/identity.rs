//! Which server a program is, as it says itself.

use std::{
    fmt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use semver::Version;

/// The oldest Redis that has what Unstale needs; every Valkey has it.
const OLDEST_REDIS: Version = Version::new(7, 0, 0);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Redis,
    Valkey,
}

impl Kind {
    pub(super) fn program(self) -> &'static str {
        match self {
            Self::Redis => "redis-server",
            Self::Valkey => "valkey-server",
        }
    }
}

/// A server's program, and what it says it is.
#[derive(Debug)]
pub(crate) struct Identified {
    pub(crate) path: PathBuf,
    kind: Kind,
    version: Version,
}

impl Identified {
    pub(super) fn at(path: PathBuf) -> Result<Self> {
        let output = Command::new(&path)
            .arg("--version")
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("cannot run `{} --version`", path.display()))?;
        let said = String::from_utf8_lossy(&output.stdout);
        let (kind, version) = parse(&said).with_context(|| not_a_server(&path, &said))?;
        Ok(Self {
            path,
            kind,
            version,
        })
    }

    pub(super) fn check_age(&self) -> Result<()> {
        ensure!(
            self.kind == Kind::Valkey || self.version >= OLDEST_REDIS,
            "{self} is too old: Redis 7.0 or newer is needed"
        );
        Ok(())
    }
}

impl fmt::Display for Identified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} {} ({})",
            self.kind,
            self.version,
            self.path.display()
        )
    }
}

/// Reads `Redis server v=7.0.15 sha=…` and `Valkey server v=9.1.2 sha=…`.
fn parse(said: &str) -> Option<(Kind, Version)> {
    let mut words = said.split_whitespace();
    let kind = match words.next()? {
        "Redis" => Kind::Redis,
        "Valkey" => Kind::Valkey,
        _ => return None,
    };
    let version = words.find_map(|word| word.strip_prefix("v="))?;
    Some((kind, Version::parse(version).ok()?))
}

fn not_a_server(path: &Path, said: &str) -> String {
    format!(
        "`{}` is no Redis or Valkey server: its `--version` says `{}`",
        path.display(),
        said.lines().next().unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        let redis =
            "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=ae4d7\n";
        assert_eq!(parse(redis), Some((Kind::Redis, Version::new(7, 0, 15))));
        let valkey = "Valkey server v=9.1.2 sha=00000000:0 malloc=libc bits=64 build=0\n";
        assert_eq!(parse(valkey), Some((Kind::Valkey, Version::new(9, 1, 2))));
        let candidate = "Redis server v=8.4.0-rc1 sha=0";
        assert_eq!(parse(candidate).map(|(_, version)| version.major), Some(8));
        for other in [
            "",
            "Redis",
            "Redis server",
            "GNU bash, version 5",
            "Redis server v=x",
        ] {
            assert_eq!(parse(other), None, "{other}");
        }
    }

    #[test]
    fn only_an_old_redis_is_too_old() {
        let server = |kind, version| Identified {
            path: "server".into(),
            kind,
            version,
        };
        assert!(
            server(Kind::Redis, Version::new(7, 0, 0))
                .check_age()
                .is_ok()
        );
        assert!(
            server(Kind::Valkey, Version::new(1, 0, 0))
                .check_age()
                .is_ok()
        );
        let old = server(Kind::Redis, Version::new(6, 2, 14)).check_age();
        let message = old.unwrap_err().to_string();
        assert!(message.contains("Redis 6.2.14 (server)"), "{message}");
    }
}
