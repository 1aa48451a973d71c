//! The demo as it ships, as a process of its own.

use std::{ffi::OsStr, process::Stdio, time::Duration};

use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

/// Enough traffic to see, little enough for a slow machine.
const TRAFFIC: [&str; 6] = ["--rate", "50", "--readers", "2", "--read-rate", "50"];

pub(crate) struct Demo {
    /// Where the first instance's page is.
    pub(crate) url: String,
    process: Child,
    // Read no further, but open: the demo goes on telling.
    _output: Lines<BufReader<ChildStdout>>,
    _directory: Option<TempDir>,
}

impl Demo {
    pub(crate) async fn start() -> Self {
        Self::start_with(&TRAFFIC).await
    }

    pub(crate) async fn start_with(arguments: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("realtime.db");
        let demo = Self::start_on(file.as_ref(), arguments).await;
        Self {
            _directory: Some(directory),
            ..demo
        }
    }

    #[cfg(feature = "postgres-tests")]
    pub(crate) async fn on_postgres(url: &str) -> Self {
        Self::start_on(url.as_ref(), &TRAFFIC).await
    }

    async fn start_on(database: &OsStr, arguments: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_realtime"))
            .args(["--ports", "0,0"])
            .args(arguments)
            .env("DATABASE_URL", database)
            .env_remove("UNSTALE_REDIS")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap()).lines();
        let url = timeout(Duration::from_secs(60), async {
            loop {
                let line = output.next_line().await.unwrap().expect("an address");
                if let Some(at) = line.find("http://") {
                    return line[at..].split(' ').next().unwrap().to_owned();
                }
            }
        });
        Self {
            url: url.await.expect("the demo starts"),
            process,
            _output: output,
            _directory: None,
        }
    }

    pub(crate) async fn kill(&mut self) {
        self.process.kill().await.unwrap();
    }
}
