//! Servers of which sentinels know the primary.

use testbed::Server;

use crate::bed::{config, instance, run, start, until_told};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_primary_is_found_or_it_is_told_why_not() {
    let server = start();
    let sentinel = Server::builder().sentinel_of(&server, "mymaster", 1);
    let sentinel = sentinel.start().unwrap();
    let _instance = instance("first", config(&server)).await;
    until_told(&server, 1).await;
    let ask = async |at: &Server, service: &str| {
        let connection = format!("{},serviceName={service}", at.addr());
        run(&["--redis", &connection, "instances"]).await
    };

    let ran = ask(&sentinel, "mymaster").await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("first"), "{ran:?}");

    for (at, service, said) in [
        (&sentinel, "other", "the sentinel knows no service `other`"),
        (&server, "mymaster", "it is no sentinel"),
    ] {
        let ran = ask(at, service).await;
        assert_eq!((ran.code, ran.out.as_str()), (3, ""), "{ran:?}");
        assert_eq!(ran.err.trim_end().lines().count(), 1, "{ran:?}");
        let place = format!("cannot reach {service} by the sentinel {}", at.addr());
        for part in [&*place, said, "Redis:Configuration"] {
            assert!(ran.err.contains(part), "{part}: {ran:?}");
        }
    }
}
