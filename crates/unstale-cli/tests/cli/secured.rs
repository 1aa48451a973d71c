//! Servers that are not open to everybody, and what is said when somebody is not let in.

use std::path::Path;

use testbed::{Authority, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::bed::{Ran, config, instance, run, until_told};

/// Asks a server that speaks TLS, with these files.
async fn ask(server: &Server, files: &[(&str, &Path)]) -> Ran {
    let url = server.tls_url().unwrap();
    let mut words = vec!["--redis", &url];
    for (option, file) in files {
        words.extend([*option, file.to_str().unwrap()]);
    }
    words.push("instances");
    run(&words).await
}

/// One clear line.
fn is_told(ran: &Ran, parts: &[&str]) {
    assert_eq!((ran.code, ran.out.as_str()), (3, ""), "{ran:?}");
    assert_eq!(ran.err.trim_end().lines().count(), 1, "{ran:?}");
    assert!(
        ran.err.starts_with("unstale: cannot reach 127.0.0.1:"),
        "{ran:?}"
    );
    for part in parts {
        assert!(ran.err.contains(part), "{part}: {ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_on_both_sides_are_asked_for_and_shown() {
    let (authority, other) = (
        Authority::new("one").unwrap(),
        Authority::new("other").unwrap(),
    );
    let server = Server::builder()
        .tls(&authority.issue("127.0.0.1").unwrap())
        .tls_clients_of(&authority)
        .start_with_tls()
        .unwrap();
    let Some(server) = server else {
        return;
    };
    let _instance = instance("first", config(&server)).await;
    until_told(&server, 1).await;
    let ca = authority.certificate();
    let ca = ("--certificate-authority", ca.as_path());

    let ran = ask(&server, &[ca]).await;
    let settings = "et Redis:ClientCertificate and Redis:ClientKey";
    is_told(&ran, &["client certificate", settings]);

    let shown = async |client: &testbed::Certificate| {
        let certificate = ("--client-certificate", client.certificate.as_path());
        let key = ("--client-key", client.key.as_path());
        ask(&server, &[ca, certificate, key]).await
    };
    let ran = shown(&authority.issue("tool").unwrap()).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("first"), "{ran:?}");
    for stranger in [other.issue("tool"), authority.issue_expired("tool")] {
        let ran = shown(&stranger.unwrap()).await;
        is_told(&ran, &["that Redis:ClientCertificate names", "accept"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_not_trusted_is_told_why() {
    let authority = Authority::new("one").unwrap();
    let ca = authority.certificate();
    let own = Server::builder().tls(&authority.issue("127.0.0.1").unwrap());
    let Some(own) = own.start_with_tls().unwrap() else {
        return;
    };
    is_told(&ask(&own, &[]).await, &["Set Redis:CertificateAuthority"]);
    let ca = [("--certificate-authority", ca.as_path())];
    let ran = ask(&own, &ca).await;
    assert_eq!(ran.code, 5, "a namespace that is not there: {ran:?}");

    let expired = authority.issue_expired("127.0.0.1").unwrap();
    let expired = Server::builder().tls(&expired).start().unwrap();
    is_told(
        &ask(&expired, &ca).await,
        &["has expired", "Renew the one that its tls-cert-file names"],
    );

    expired.kill().unwrap();
    is_told(&ask(&expired, &ca).await, &["Connection refused"]);

    let plain = Server::builder().tls(&authority.own()).start().unwrap();
    let parts = ["of an authority, and not of a server", "CA:FALSE"];
    is_told(&ask(&plain, &ca).await, &parts);

    let elsewhere = authority.issue("cache.example").unwrap();
    let elsewhere = Server::builder().tls(&elsewhere).start().unwrap();
    is_told(
        &ask(&elsewhere, &ca).await,
        &[
            "another name (it is for cache.example)",
            "Redis:Configuration as sslHost=name",
        ],
    );
}

/// What Redis says to a greeting that it cannot read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_without_tls_is_recognised() {
    let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = plain.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = plain.accept().await {
            let _ = client.read(&mut [0; 1024]).await;
            let _ = client.write_all(b"-ERR unknown command\r\n").await;
        }
    });
    let ran = run(&["--redis", &format!("rediss://{address}"), "instances"]).await;
    is_told(&ran, &["does not speak TLS here", "its tls-port"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_is_read_from_a_file_and_never_shown() {
    let server = Server::builder().password("hunter2").start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    let ask = async || {
        let (address, file) = (server.addr().to_string(), file.to_str().unwrap());
        run(&[
            "--redis",
            &address,
            "--password-file",
            file,
            "doctor",
            "--sample",
            "1",
        ])
        .await
    };
    let ran = ask().await;
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(
        ran.err
            .contains("PasswordFile: names a file that cannot be read"),
        "{ran:?}"
    );
    for (password, code) in [("hunter3\n", 4), ("hunter2\n", 1)] {
        std::fs::write(&file, password).unwrap();
        let ran = ask().await;
        assert_eq!(ran.code, code, "{ran:?}");
        assert!(
            !ran.err.contains("hunter") && !ran.out.contains("hunter"),
            "{ran:?}"
        );
    }
}

/// What is printed is what the server takes, and what the page says.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_rules_of_a_user_are_printed_as_they_are_documented() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/securing.md");
    let page = std::fs::read_to_string(page).unwrap();
    let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
    let server = Server::start().unwrap();
    for carrier in ["--stream=cache:invalidations", "--pubsub"] {
        let words = [
            "--redis",
            "localhost",
            "--namespace",
            "RealTimeApp:",
            carrier,
        ];
        let ran = run(&[&words[..], &["acl", "app"]].concat()).await;
        assert_eq!(ran.code, 0, "{ran:?}");
        let line = ran.out.trim_end();
        assert!(page.contains(line), "{line}");
        server.command(line.split(' ')).unwrap();
        let ran = run(&[&words[..], &["--json", "acl", "app"]].concat()).await;
        let rules = ran.json()["rules"].as_array().unwrap().clone();
        let rules: Vec<_> = rules.iter().map(|rule| rule.as_str().unwrap()).collect();
        assert!(line.ends_with(&rules.join(" ")), "{ran:?}");
    }
    let spaced = [
        "--redis",
        "localhost",
        "--namespace",
        "my app*",
        "acl",
        "app",
    ];
    let ran = run(&spaced).await;
    server.command(ran.out.trim_end().split(' ')).unwrap();
    let ran = run(&["--redis", "localhost", "acl", "two words"]).await;
    assert_eq!(ran.code, 2, "{ran:?}");
}
