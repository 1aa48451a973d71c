//! Which server answers, as it says itself in `INFO server`.

use std::fmt;

use semver::Version;

/// The two servers Unstale works with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Redis.
    Redis,
    /// Valkey.
    Valkey,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Redis => "Redis",
            Self::Valkey => "Valkey",
        })
    }
}

#[derive(Debug)]
pub(super) struct Identity {
    pub(super) kind: Kind,
    pub(super) version: Version,
}

impl Identity {
    pub(super) fn from_info(info: &str) -> Result<Self, String> {
        // Valkey also gives a `redis_version`, the one it is compatible with.
        let (kind, version) = field(info, "valkey_version")
            .map(|version| (Kind::Valkey, version))
            .or_else(|| field(info, "redis_version").map(|version| (Kind::Redis, version)))
            .ok_or("INFO server without a version")?;
        let version = Version::parse(version)
            .map_err(|error| format!("INFO server with the version `{version}`: {error}"))?;
        Ok(Self { kind, version })
    }
}

/// The value of one line of an `INFO` answer.
pub(super) fn field<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    info.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valkey_is_known_by_its_own_version() -> Result<(), String> {
        let info =
            "# Server\r\nredis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:9.1.2\r\n";
        let identity = Identity::from_info(info)?;
        assert_eq!(identity.kind, Kind::Valkey);
        assert_eq!(identity.version, Version::new(9, 1, 2));
        Ok(())
    }

    #[test]
    fn redis_is_what_has_no_valkey_version() -> Result<(), String> {
        let identity = Identity::from_info("# Server\r\nredis_version:7.0.15\r\n")?;
        assert_eq!(identity.kind, Kind::Redis);
        assert_eq!(identity.version, Version::new(7, 0, 15));
        Ok(())
    }

    #[test]
    fn an_answer_without_a_version_is_refused() {
        assert!(Identity::from_info("# Server\r\nprocess_id:1\r\n").is_err());
    }
}
