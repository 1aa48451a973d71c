//! TLS: whom an instance trusts, and who trusts it.

use testbed::{Authority, Certificate, Server};
use unstale::{Cache, Config, Error};

use crate::bed::{Bed, Transport, hasten, lived_through, on_every_server};

on_every_server!(a_day_with_certificates_on_both_sides);

fn authority() -> Authority {
    Authority::new("the house").expect("an authority")
}

/// A server with this certificate; its clients need none.
fn server(certificate: &Certificate) -> Option<Server> {
    let server = Server::builder().tls(certificate).start_with_tls();
    server.expect("a server")
}

fn config(server: &Server) -> Config {
    let url = server.tls_url().expect("it speaks TLS");
    let mut config = Config::default();
    config.redis.connect_to(url.parse().expect("an address"));
    config
}

async fn refused(config: Config) -> String {
    match Cache::from_config(config).await {
        Err(error @ Error::Connection { .. }) => error.to_string(),
        other => panic!("{:?}", other.map(|_| "a cache")),
    }
}

fn says(told: &str, parts: &[&str]) {
    for part in parts {
        assert!(told.contains(part), "{told}\n  want: {part}");
    }
    assert!(!told.contains('\n'), "{told}");
}

async fn a_day_with_certificates_on_both_sides(transport: Transport) {
    let authority = authority();
    let certificate = authority.issue("127.0.0.1").unwrap();
    let server = Server::builder()
        .tls(&certificate)
        .tls_clients_of(&authority)
        .start_with_tls()
        .unwrap();
    let Some(server) = server else {
        return;
    };
    let client = authority.issue("a service").unwrap();
    let bed = Bed::on(transport, server);
    let mut config = bed.config_at(&bed.server().tls_url().unwrap());
    config.redis.certificate_authority = Some(authority.certificate());
    config.redis.client_certificate = Some(client.certificate);
    config.redis.client_key = Some(client.key);
    hasten(&mut config);
    lived_through(bed.server(), &config).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_of_nobody_we_know_is_refused() {
    let Some(server) = server(&authority().issue("127.0.0.1").unwrap()) else {
        return;
    };
    let mut config = config(&server);
    let told = refused(config.clone()).await;
    says(
        &told,
        &[
            "nobody whom this system trusts",
            "Set Redis:CertificateAuthority",
        ],
    );
    let other = Authority::new("another house").unwrap();
    config.redis.certificate_authority = Some(other.certificate());
    let told = refused(config).await;
    says(
        &told,
        &["none of those in the file that Redis:CertificateAuthority names"],
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_for_another_name_is_refused_unless_it_is_named() {
    let authority = authority();
    let Some(server) = server(&authority.issue("cache.example").unwrap()) else {
        return;
    };
    let mut config = config(&server);
    config.redis.certificate_authority = Some(authority.certificate());
    let told = refused(config.clone()).await;
    says(
        &told,
        &["for another name (it is for cache.example)", "sslHost=name"],
    );
    let connection = config.redis.configuration.as_mut().unwrap();
    connection.tls_host = Some("cache.example".to_owned());
    let cache = Cache::from_config(config).await.unwrap();
    assert!(cache.remove("key").await.is_applied());
}

/// Whose certificate was renewed while the service runs is trusted with the next connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_authority_is_trusted_without_a_restart() {
    let (old, new) = (authority(), authority());
    let certificate = old.issue("127.0.0.1").unwrap();
    let Some(server) = server(&certificate) else {
        return;
    };
    let mut config = config(&server);
    config.redis.certificate_authority = Some(old.certificate());
    let cache = Cache::from_config(config).await.unwrap();
    assert!(cache.remove("key").await.is_applied());
    let renewed = new.issue("127.0.0.1").unwrap();
    std::fs::copy(&renewed.certificate, &certificate.certificate).unwrap();
    std::fs::copy(&renewed.key, &certificate.key).unwrap();
    server.restart().unwrap();
    std::fs::copy(new.certificate(), old.certificate()).unwrap();
    testbed::eventually("it is in service", crate::bed::PATIENCE, || async {
        cache.remove("key").await.is_applied()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_cannot_work_are_refused_at_once() {
    let authority = authority();
    let Some(server) = server(&authority.issue("127.0.0.1").unwrap()) else {
        return;
    };
    let (one, other) = (
        authority.issue("one").unwrap(),
        authority.issue("other").unwrap(),
    );
    let missing = authority.certificate().with_file_name("missing.pem");
    let own = Some(authority.certificate());
    let with = |ca, certificate, key| {
        let mut config = config(&server);
        config.redis.certificate_authority = ca;
        config.redis.client_certificate = certificate;
        config.redis.client_key = key;
        config
    };
    for (config, said) in [
        (
            with(Some(missing), None, None),
            "CertificateAuthority: names a file that cannot be read",
        ),
        (
            with(Some(one.key.clone()), None, None),
            "CertificateAuthority: names a file without a certificate",
        ),
        (
            with(own.clone(), Some(one.key.clone()), Some(one.key.clone())),
            "ClientCertificate: names a file without a certificate",
        ),
        (
            with(
                own.clone(),
                Some(one.certificate.clone()),
                Some(one.certificate.clone()),
            ),
            "ClientKey: names a file without a private key",
        ),
        (
            with(own, Some(one.certificate), Some(other.key)),
            "ClientKey: names a key that does not belong to the certificate in ClientCertificate",
        ),
    ] {
        match Cache::from_config(config).await {
            Err(error @ Error::Config(_)) => says(&error.to_string(), &[said]),
            other => panic!("{said}: {:?}", other.map(|_| "a cache")),
        }
    }
}
