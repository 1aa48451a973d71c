//! The demo: two instances in one process, and traffic for them.

use std::{
    io::{self, Write},
    net::Ipv4Addr,
    sync::Arc,
};

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use unstale::Config;

use crate::{
    args::Args,
    instance::{Instance, StartError},
    live::Board,
    settings::{APPSETTINGS, Settings},
    store::{Database, DatabaseError},
    traffic::{MarketError, Traffic},
    watch::check_forever,
};

/// The demo could not run. Every message says what to do about it.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each says what it means")]
pub enum DemoError {
    #[error("--ports takes two ports, such as 5080,5081, but was given {0}.")]
    Ports(usize),
    #[error(
        "Port {port} cannot be listened on. Choose others with --ports, such as --ports 0,0 for any free ones."
    )]
    Port { port: u16, source: io::Error },
    #[error("The cache cannot be built.")]
    Cache(#[from] unstale::Error),
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Market(#[from] MarketError),
    #[error("Ctrl-C cannot be waited for.")]
    Signal(#[source] io::Error),
}

/// Runs the demo until Ctrl-C, a termination signal, or the end of `--seconds`, and stops it in
/// order.
///
/// # Errors
/// If something it needs is not there; whatever had been started is stopped.
pub async fn run(args: Args) -> Result<(), DemoError> {
    let &[first, second] = args.ports.as_slice() else {
        return Err(DemoError::Ports(args.ports.len()));
    };
    let listeners = [listen(first).await?, listen(second).await?];
    let settings = settings(&args)?;
    let database = Database::at(&args.database())?;
    let claim = database.claim(settings.reaches_other_processes()).await?;
    let board = Arc::new(Board::of(&settings).with_controls());
    let mut instances = Vec::new();
    let result = match start(&settings, &database, &board, listeners, &mut instances).await {
        Ok(()) => {
            let over = CancellationToken::new();
            let checks = over
                .clone()
                .run_until_cancelled_owned(check_forever(board.clone()));
            let checks = tokio::spawn(checks);
            let result = serve(&args, &settings, &database, &board, &instances).await;
            over.cancel();
            // Before the instances that it reads from stop.
            if let Err(error) = checks.await {
                tracing::error!(%error, "the checker failed");
            }
            result
        }
        Err(error) => Err(error),
    };
    futures::future::join_all(instances.into_iter().map(Instance::stop)).await;
    claim.release().await;
    result
}

async fn listen(port: u16) -> Result<TcpListener, DemoError> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(|source| DemoError::Port { port, source })
}

fn settings(args: &Args) -> Result<Settings, unstale::Error> {
    let (config, server_given) = match &args.config {
        Some(path) => {
            let config = Config::from_file(path)?;
            let given = config.redis.configuration.is_some();
            (config, given)
        }
        // The shipped file names a server too, for whoever enables it; only one from the
        // environment is a wish.
        None => (Config::from_json(APPSETTINGS)?, environment_names_server()),
    };
    if server_given && !config.redis.enabled && args.redis().is_none() {
        tracing::warn!(
            "Redis.Configuration names a server, but Redis.Enabled is false, so the in-process hub is used. To use \
             the server, set Redis.Enabled to true (TheTechLoopCache__Redis__Enabled=true in the environment) or \
             name it with --redis."
        );
    }
    Settings::new(config, args.redis())
}

/// Whether `Redis.Configuration` stands in the environment, whatever a file says.
fn environment_names_server() -> bool {
    Config::from_json(r#"{ "TheTechLoopCache": {} }"#)
        .is_ok_and(|environment| environment.redis.configuration.is_some())
}

async fn start(
    settings: &Settings,
    database: &Database,
    board: &Arc<Board>,
    listeners: [TcpListener; 2],
    started: &mut Vec<Instance>,
) -> Result<(), DemoError> {
    for listener in listeners {
        let port = listener.local_addr().map_err(StartError::from)?.port();
        let name = format!("realtime-{port}");
        let cache = settings.cache(&name).await?;
        started.push(Instance::start(&name, listener, cache, database, board.clone()).await?);
    }
    Ok(())
}

async fn serve(
    args: &Args,
    settings: &Settings,
    database: &Database,
    board: &Arc<Board>,
    instances: &[Instance],
) -> Result<(), DemoError> {
    let transport = settings.transport();
    say(format_args!(
        "Two instances on {transport} and the database {database}:"
    ));
    for instance in instances {
        let address = instance.address();
        say(format_args!(
            "  http://{address}/   Swagger: http://{address}/swagger"
        ));
    }
    let [first, second] = instances else {
        return stopped(args).await;
    };
    if args.no_feed {
        say(format_args!("No feed runs. Ctrl-C stops the instances."));
        return stopped(args).await;
    }
    let (writing, reading) = (first.address(), second.address());
    say(format_args!(
        "The market feed writes {} prices per second to port {}; {} readers ask port {}. Ctrl-C stops them.\n",
        args.rate,
        writing.port(),
        args.readers,
        reading.port(),
    ));
    let traffic = Traffic::start(args, writing, reading)?;
    let mut report = traffic.report(board.clone(), 1);
    let result = tokio::select! {
        result = stopped(args) => result,
        () = report.run() => Ok(()),
    };
    traffic.stop().await;
    say(format_args!("\n{}", report.summary()));
    result
}

/// Says something to whoever watches. That nobody does any more is no reason to stop.
fn say(what: std::fmt::Arguments<'_>) {
    if let Err(error) = writeln!(io::stdout(), "{what}") {
        tracing::debug!(%error, "nobody reads the output any more");
    }
}

/// Waits for the end of the run.
async fn stopped(args: &Args) -> Result<(), DemoError> {
    let over = async {
        match args.duration() {
            Some(duration) => tokio::time::sleep(duration).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = over => Ok(()),
        result = signal() => result.map_err(DemoError::Signal),
    }
}

#[cfg(unix)]
async fn signal() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn signal() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}
