//! One invocation of a script, written straight into the command that is sent.
//!
//! A batch names hundreds of keys. The client's own invocations keep each of them, and each argument,
//! in memory of its own before they are written into a command.

use std::fmt::Display;

use redis::aio::MultiplexedConnection;
use redis::{
    Cmd, ErrorKind, FromRedisValue, RedisResult, RedisWrite, Script, ServerErrorKind, ToRedisArgs,
};

/// What there is room for at once, beside what a caller counts: arguments, and their bytes together. What
/// needs more room gets it.
const ARGUMENTS: usize = 20;
const BYTES: usize = 256;

/// A key whose length nobody counts.
const BYTES_OF_KEY: usize = 96;

/// A script, its keys, and then its arguments.
pub(super) struct Call {
    script: &'static Script,
    command: Cmd,
}

impl Call {
    /// Of a script that is given so many keys, which come first.
    pub(super) fn new(script: &'static Script, keys: usize) -> Self {
        Self::with_room(script, keys, keys * BYTES_OF_KEY)
    }

    /// The same, where the keys and the long ones of the arguments have so many bytes together.
    pub(super) fn with_room(script: &'static Script, keys: usize, bytes: usize) -> Self {
        let mut command = Cmd::with_capacity(keys + ARGUMENTS, BYTES + bytes);
        command.arg("EVALSHA").arg(script.get_hash()).arg(keys);
        Self { script, command }
    }

    /// Makes room for arguments of so many bytes each.
    pub(super) fn reserve(&mut self, arguments: impl IntoIterator<Item = usize>) {
        self.command.reserve_space_for_args(arguments);
    }

    /// The next key, or the next argument.
    pub(super) fn arg(&mut self, argument: impl ToRedisArgs) -> &mut Self {
        self.command.arg(argument);
        self
    }

    /// Has the script executed. A server that does not know it yet gets it first.
    pub(super) async fn send<T: FromRedisValue>(
        &self,
        mut connection: MultiplexedConnection,
    ) -> RedisResult<T> {
        match self.command.query_async(&mut connection).await {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                self.script.load_async(&mut connection).await?;
                self.command.query_async(&mut connection).await
            }
            answer => answer,
        }
    }
}

/// Text that is put together only where it is written.
pub(super) struct Text<T>(pub(super) T);

impl<T: Display> ToRedisArgs for Text<T> {
    fn write_redis_args<W: ?Sized + RedisWrite>(&self, out: &mut W) {
        out.write_arg_fmt(&self.0);
    }
}
