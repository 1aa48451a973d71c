//! The account of the system that a server runs under which refuses to run as root.

use std::{
    os::unix::{fs::chown, process::CommandExt as _},
    path::Path,
    process::Command,
};

use crate::{Error, Result};

#[derive(Debug, Clone, Copy)]
pub(crate) struct Account {
    user: u32,
    group: u32,
}

impl Account {
    /// The account of this name.
    pub(crate) fn named(name: &'static str) -> Result<Self> {
        let id = |option| {
            let output = Command::new("id").args([option, name]).output().ok()?;
            String::from_utf8(output.stdout).ok()?.trim().parse().ok()
        };
        match (id("-u"), id("-g")) {
            (Some(user), Some(group)) => Ok(Self { user, group }),
            _ => Err(Error::NoAccount { name }),
        }
    }

    /// Has a program run under this account.
    pub(crate) fn apply(self, command: &mut Command) {
        command.uid(self.user).gid(self.group);
    }

    /// Makes a file or a directory this account's own.
    pub(crate) fn give(self, path: &Path) -> Result<()> {
        chown(path, Some(self.user), Some(self.group)).map_err(Error::Directory)
    }
}
