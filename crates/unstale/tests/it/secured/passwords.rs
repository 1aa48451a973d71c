//! Passwords that are not in the connection string, and where none of them is ever shown.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use testbed::{Server, eventually};
use unstale::{Cache, Config, Error};

use crate::bed::PATIENCE;
use crate::logs::Log;

const PASSWORD: &str = "correct-horse";
const OTHER: &str = "battery-staple";

fn server() -> Server {
    let server = Server::builder().password(PASSWORD).start();
    server.expect("a server with a password")
}

fn json(server: &Server, settings: &str) -> String {
    let address = server.addr();
    format!(
        r#"{{ "Unstale": {{ "Redis": {{ "Configuration": "{address}", "CommandTimeout": "00:00:02" {settings} }} }} }}"#
    )
}

fn kept(folder: &tempfile::TempDir, password: &str) -> PathBuf {
    let file = folder.path().join("password");
    fs::write(&file, password).expect("a file");
    file
}

async fn logs_in(config: Config) {
    let cache = Cache::from_config(config).await.expect("a cache");
    assert!(cache.remove("key").await.is_applied());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_comes_from_its_own_setting_the_environment_or_a_file() {
    let server = server();
    let setting = format!(r#", "Password": "{PASSWORD}""#);
    logs_in(Config::from_json_only(&json(&server, &setting)).unwrap()).await;
    let variables = [("Unstale__Redis__Password".to_owned(), PASSWORD.to_owned())];
    logs_in(Config::from_json_with(&json(&server, ""), variables).unwrap()).await;
    let folder = tempfile::tempdir().unwrap();
    for end in ["", "\n", "\r\n"] {
        let file = kept(&folder, &format!("{PASSWORD}{end}"));
        let variables = [(
            "Unstale__Redis__PasswordFile".to_owned(),
            file.display().to_string(),
        )];
        logs_in(Config::from_json_with(&json(&server, ""), variables).unwrap()).await;
    }
}

/// It is read anew for each connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_is_changed_without_a_restart() {
    let server = server();
    let folder = tempfile::tempdir().unwrap();
    let file = kept(&folder, PASSWORD);
    let app = [
        "ACL",
        "SETUSER",
        "app",
        "on",
        "allkeys",
        "allchannels",
        "+@all",
    ];
    let with = |rules: [&str; 2]| server.command([&app[..], &rules].concat()).unwrap();
    with(["resetpass", &format!(">{PASSWORD}")]);
    let mut config = Config::from_json_only(&json(&server, "")).unwrap();
    config.redis.configuration.as_mut().unwrap().user = Some("app".to_owned());
    config.redis.password_file = Some(file);
    config.breaker.max_open_duration = Duration::from_millis(200);
    config.breaker.open_duration = Duration::from_millis(50);
    let cache = Cache::from_config(config).await.unwrap();
    assert!(cache.remove("key").await.is_applied());
    with(["resetpass", &format!(">{OTHER}")]);
    kept(&folder, OTHER);
    server.command(["CLIENT", "KILL", "USER", "app"]).unwrap();
    eventually("it logged in again", PATIENCE, || async {
        cache.remove("key").await.is_applied()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_without_a_password_is_refused_and_not_repeated() {
    let server = server();
    let folder = tempfile::tempdir().unwrap();
    let refused = async |file: &Path, said: &str| {
        let mut config = Config::from_json_only(&json(&server, "")).unwrap();
        config.redis.password_file = Some(file.to_owned());
        let Err(error @ Error::Config(_)) = Cache::from_config(config).await else {
            panic!("{said}: it was accepted");
        };
        let told = error.to_string();
        assert!(
            told.contains("Unstale:Redis:PasswordFile: ") && told.contains(said),
            "{told}"
        );
        assert!(!told.contains(PASSWORD), "{told}");
    };
    refused(&folder.path().join(PASSWORD), "cannot be read").await;
    refused(Path::new("/dev/zero"), "a megabyte").await;
    refused(&kept(&folder, "\n"), "is empty").await;
    refused(
        &kept(&folder, &format!("{PASSWORD}\n{PASSWORD}\n")),
        "several lines",
    )
    .await;
    refused(Path::new(PASSWORD), "is not an absolute path").await;
}

/// On a runtime of one thread, so that everything is logged on the thread that listens.
#[tokio::test]
async fn no_password_is_ever_shown() {
    let log = Log::default();
    let _listening = log.begin();
    let folder = tempfile::tempdir().unwrap();
    let in_file = kept(&folder, PASSWORD).display().to_string();
    for (settings, wrong) in [
        (format!(r#", "Password": "{PASSWORD}""#), OTHER),
        (format!(r#", "PasswordFile": "{in_file}""#), OTHER),
        (format!(r#", "Password": "{PASSWORD}""#), PASSWORD),
        (format!(r#", "PasswordFile": "{in_file}""#), PASSWORD),
    ] {
        let server = Server::builder().password(wrong).start().unwrap();
        let mut config = Config::from_json_only(&json(&server, &settings)).unwrap();
        config.heartbeat.interval = Duration::from_millis(100);
        let mut shown = format!("{config:?} {config:#?}");
        match Cache::from_config(config).await {
            Ok(cache) => {
                assert!(cache.remove("key").await.is_applied());
                shown += &format!("{:?} {:?}", cache.health(), cache.invalidations());
                let list = "{unstale:0}:instances";
                eventually("it told of itself", PATIENCE, || async {
                    server.command(["ZCARD", list]).unwrap() == testbed::Value::Int(1)
                })
                .await;
                for key in told(&server) {
                    shown += &format!("{:?}", server.command(["GET", &key]).unwrap());
                }
                assert_eq!(wrong, PASSWORD);
            }
            Err(error) => {
                shown += &format!("{error} {error:?} {error:#?}");
                assert_eq!(wrong, OTHER);
            }
        }
        shown += &log.text();
        assert!(shown.contains("127.0.0.1"), "{shown}");
        for password in [PASSWORD, OTHER] {
            assert!(!shown.contains(password), "{shown}");
        }
    }
}

/// The keys under which instances tell of themselves.
fn told(server: &Server) -> Vec<String> {
    let keys = server.command(["KEYS", "{unstale:0}:i:*"]).unwrap();
    let keys = keys.as_sequence().unwrap().to_vec();
    assert!(!keys.is_empty());
    keys.into_iter().map(crate::bed::text).collect()
}
