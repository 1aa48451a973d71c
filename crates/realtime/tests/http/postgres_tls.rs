//! A Postgres server that lets in nobody who does not speak TLS.

use std::path::Path;

use testbed::{Authority, Postgres};

use crate::{
    binary::reports,
    postgres::{database, refused},
};

/// The server, the URL of an empty database there, and who has issued its certificate, for 127.0.0.1.
async fn server() -> (Postgres, String, Authority) {
    let made = tokio::task::spawn_blocking(|| {
        let authority = Authority::new("the house").unwrap();
        let certificate = authority.issue("127.0.0.1").unwrap();
        let server = Postgres::start_with_tls(&certificate).unwrap();
        let url = server.create_database().unwrap();
        (server, url, authority)
    });
    made.await.unwrap()
}

fn trusting(url: &str, mode: &str, authority: &Path) -> String {
    let authority: String =
        form_urlencoded::byte_serialize(authority.to_str().unwrap().as_bytes()).collect();
    format!("{url}?sslmode={mode}&sslrootcert={authority}")
}

#[tokio::test]
async fn the_program_runs_on_it() {
    let (server, url, authority) = server().await;
    let file = authority.certificate();
    for url in [
        format!("{url}?sslmode=require"),
        trusting(&url, "require", &file),
        trusting(&url, "verify-ca", &file),
        trusting(&url, "verify-full", &file),
        // By another name: names are not compared.
        trusting(&url, "verify-ca", &file).replace("127.0.0.1", "localhost"),
    ] {
        let said = reports(url.as_ref()).await;
        assert!(said.contains("on Postgres at "), "{url}: {said}");
        assert!(!said.contains(server.password()), "{said}");
    }
}

#[tokio::test]
async fn who_is_not_trusted_is_refused_without_the_password() {
    let (server, url, authority) = server().await;
    let other = Authority::new("another house").unwrap();
    let (file, wrong) = (authority.certificate(), other.certificate());
    let place = server.addr();
    let nobody = format!(
        "at {place} is not trusted: its certificate was issued by nobody whom this system trusts"
    );
    let port = place.port();
    let full = |url: &str| trusting(url, "verify-full", &file);
    for (url, expected) in [
        (format!("{url}?sslmode=verify-full"), nobody.clone()),
        (trusting(&url, "verify-full", &wrong), nobody.clone()),
        (trusting(&url, "verify-ca", &wrong), nobody.clone()),
        (trusting(&url, "require", &wrong), nobody),
        (
            full(&url).replace("127.0.0.1", "localhost"),
            format!("at localhost:{port} is not trusted: its certificate is for another name"),
        ),
        (
            full(&url).replace("authority.pem", "missing.pem"),
            "the file that sslrootcert names cannot be read (No such file".to_owned(),
        ),
        (
            format!("{url}?sslmode=disable"),
            format!("at {place} does not let the user unstale in"),
        ),
        (
            format!("{}?sslmode=require", database().await),
            "does not speak TLS, which sslmode= in the URL asks for".to_owned(),
        ),
    ] {
        refused(&url, &expected).await;
    }
}
