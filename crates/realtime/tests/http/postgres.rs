//! What there is only with Postgres: a server that is not there, does not let in, or goes away.
//! Everything else is tested on it as on SQLite.

use std::{sync::OnceLock, time::Duration};

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection, Row};
use testbed::{Postgres, eventually};

use crate::{
    api::{Answer, Api},
    binary::{on_database, output, reports, two_processes_without_redis_do_not_share},
    service::Service,
};

const SOON: Duration = Duration::from_secs(30);

/// One server for all tests of the process, with which it ends.
static SERVER: OnceLock<Postgres> = OnceLock::new();

fn server() -> &'static Postgres {
    SERVER.get_or_init(|| Postgres::start().unwrap())
}

/// The URL of an empty database.
pub(crate) async fn database() -> String {
    let made = tokio::task::spawn_blocking(|| server().create_database());
    made.await.unwrap().unwrap()
}

#[tokio::test]
async fn the_program_runs_on_it_and_shows_no_password() {
    let url = database().await;
    for _ in 0..2 {
        let said = reports(url.as_ref()).await;
        let place = format!("on Postgres at {}", server().addr());
        assert!(said.contains(&place), "{said}");
        assert!(!said.contains(server().password()), "{said}");
    }
}

#[tokio::test]
async fn two_processes_without_redis_do_not_share_a_database() {
    let url = database().await;
    two_processes_without_redis_do_not_share(url.as_ref()).await;
}

#[tokio::test]
async fn what_is_wrong_is_said_without_the_password() {
    let _there = database().await;
    let server = server();
    let mut admin = PgConnection::connect(&server.url("postgres"))
        .await
        .unwrap();
    sqlx::query("CREATE DATABASE ascii ENCODING 'SQL_ASCII' TEMPLATE template0")
        .execute(&mut admin)
        .await
        .unwrap();
    let place = server.addr();
    for (url, expected) in [
        (
            server.url_as("wr0ng", "postgres"),
            format!("at {place} does not take this password for the user unstale"),
        ),
        (
            server.url("nowhere"),
            format!("at {place} has no database nowhere. Make it with `createdb nowhere`"),
        ),
        (
            server.url("ascii"),
            "keeps text as SQL_ASCII, and the service needs UTF8".to_owned(),
        ),
        (
            format!("postgres://u:wr0#ng@{place}/shop"),
            "%23 for a #".to_owned(),
        ),
        (
            "mysql://u:wr0ng@localhost/shop".to_owned(),
            "the kind mysql:".to_owned(),
        ),
    ] {
        refused(&url, &expected).await;
    }
}

/// The program does not begin, and says why in a sentence, and nothing that it should not.
pub(crate) async fn refused(url: &str, expected: &str) {
    let child = on_database(url.as_ref(), &["--ports", "0,0", "--seconds", "1"])
        .env("RUST_BACKTRACE", "1")
        .env("RUST_LOG", "debug")
        .spawn()
        .unwrap();
    let (code, stdout, stderr) = output(child).await;
    assert_eq!(code, Some(1), "{expected}: {stderr}");
    assert!(stderr.contains(expected), "{expected}: {stderr}");
    assert!(stderr.contains("DATABASE_URL"), "{stderr}");
    for hidden in ["p%40ss", "p@ss", "wr0", "backtrace", "panicked"] {
        assert!(!stderr.contains(hidden), "{hidden}: {stderr}");
    }
    assert_eq!(stdout, "");
}

#[tokio::test]
async fn an_argument_is_not_repeated_where_it_cannot_be_used() {
    let url = "postgres://u:wr0#ng@localhost/shop";
    let child = on_database("unused.db".as_ref(), &["--ports", "0,0", "--database", url])
        .spawn()
        .unwrap();
    let (code, _, stderr) = output(child).await;
    assert_eq!(code, Some(1), "{stderr}");
    assert!(!stderr.contains("wr0"), "{stderr}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_databases_begin_with_the_same() {
    let services = [Service::hub().await, Service::postgres_hub().await];
    let mut paths: Vec<String> = ["AAPL", "AMZN", "CALM", "GOOG", "IBM", "MSFT"]
        .map(|symbol| format!("/api/StockPrices/{symbol}"))
        .into();
    for document in 1..=3 {
        let path = format!("/api/Documents/6f1c1f5e-0d0b-4b52-9a3e-5f0a4f6f000{document}");
        paths.extend(["", "/versions", "/active-users"].map(|end| format!("{path}{end}")));
    }
    paths.extend((1..=64).map(|id| format!("/api/ActivityFeed/{id}")));
    let readers = [1, 2, 8, 9, 16, 500, 1001];
    paths.extend(readers.map(|id| format!("/api/ActivityFeed/user/{id}?pageSize=100")));
    paths.extend((1..=16).map(|id| format!("/api/Inventory/{id}")));
    paths.extend((1..=4).map(|id| format!("/api/Products/category/{id}")));
    paths.extend(["/api/Products", "/api/Products/featured"].map(str::to_owned));
    for path in paths {
        let text = async |api: &Api| {
            let answer = api.request(Method::GET, &path).send().await.unwrap();
            (answer.status().as_u16(), answer.text().await.unwrap())
        };
        let [sqlite, postgres] = [text(&services[0].a).await, text(&services[1].a).await];
        assert_eq!((sqlite.0, &sqlite), (200, &postgres), "{path}");
    }
    for service in services {
        service.stop().await;
    }
}

/// Whoever else keeps tables in the database finds them as they were.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tables_stand_apart() {
    let url = database().await;
    let mut other = PgConnection::connect(&url).await.unwrap();
    sqlx::raw_sql(
        "CREATE TABLE users (login TEXT); CREATE TABLE _sqlx_migrations (version BIGINT)",
    )
    .execute(&mut other)
    .await
    .unwrap();
    let service = Service::on_postgres(&url).await;
    service.a.get("/api/ActivityFeed/1").await.with(200);
    service.stop().await;
    let tables = sqlx::query(
        "SELECT table_schema, count(*) FROM information_schema.tables \
         WHERE table_schema IN ('public', 'unstale_realtime') GROUP BY 1 ORDER BY 1",
    );
    let tables = tables.fetch_all(&mut other).await.unwrap();
    let counts: Vec<(String, i64)> = tables.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(
        counts,
        [
            ("public".to_owned(), 2),
            ("unstale_realtime".to_owned(), 11)
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn services_that_begin_at_once_make_the_tables_once() {
    let url = database().await;
    let services = (0..4).map(|_| Service::on_postgres(&url));
    for service in futures::future::join_all(services).await {
        service.a.get("/api/StockPrices/MSFT").await.with(200);
        service.stop().await;
    }
}

/// A server's default may be that a transaction that comes second is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_strict_by_default_refuses_nobody() {
    let url = database().await;
    let mut admin = PgConnection::connect(&url).await.unwrap();
    sqlx::raw_sql(
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = serializable', \
         current_database()); END $$",
    )
    .execute(&mut admin)
    .await
    .unwrap();
    let service = Service::on_postgres(&url).await;
    crate::stock_prices::batches_that_meet_are_all_written(&service).await;
    crate::inventory::many_buyers_never_get_more_than_there_is(&service).await;
    service.stop().await;
}

/// Of two who move a product at once, the second one also removes the list that the first one put
/// it on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_moves_a_product_second_knows_where_it_stood() {
    let url = database().await;
    let service = Service::on_postgres(&url).await;
    let (a, b) = (&service.a, &service.b);
    // Whoever moves a product into a category waits as long as somebody holds the category's row.
    let mut holders = Vec::new();
    for category in [1_i64, 3] {
        let mut holder = PgConnection::connect(&url).await.unwrap();
        let held = "SELECT id FROM unstale_realtime.categories WHERE id = $1 FOR UPDATE";
        sqlx::raw_sql("BEGIN").execute(&mut holder).await.unwrap();
        sqlx::query(held)
            .bind(category)
            .execute(&mut holder)
            .await
            .unwrap();
        holders.push(holder);
    }
    let [mut one, mut three] = holders.try_into().unwrap();
    let to = |category: i64| json!({ "name": "Stool", "price": 1, "categoryId": category });
    let moved = |api: &Api, category: i64| {
        let request = api
            .request(Method::PUT, "/api/Products/7")
            .json(&to(category));
        tokio::spawn(async move { Answer::to(request).await.written(204) })
    };
    let first = moved(a, 3);
    until_waiting(&url, 1).await;
    let second = moved(b, 1);
    until_waiting(&url, 2).await;

    sqlx::raw_sql("COMMIT").execute(&mut three).await.unwrap();
    let token = first.await.unwrap();
    let list = "/api/Products/category/3";
    let holds_it = |list: &Value| list.as_array().unwrap().iter().any(|one| one["id"] == 7);
    assert!(holds_it(&a.get_after(list, &token).await.with(200)));

    sqlx::raw_sql("COMMIT").execute(&mut one).await.unwrap();
    let token = second.await.unwrap();
    assert!(!holds_it(&a.get_after(list, &token).await.with(200)));
    service.stop().await;
}

/// Waits until so many transactions wait for a row.
async fn until_waiting(url: &str, transactions: i64) {
    let mut admin = PgConnection::connect(url).await.unwrap();
    let deadline = tokio::time::Instant::now() + SOON;
    loop {
        let waiting: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity \
             WHERE datname = current_database() AND wait_event_type = 'Lock'",
        )
        .fetch_one(&mut admin)
        .await
        .unwrap();
        if waiting == transactions {
            return;
        }
        assert!(
            tokio::time::Instant::now() < deadline,
            "{waiting} wait, not {transactions}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_comes_back_is_used_again() {
    let own = tokio::task::spawn_blocking(|| {
        let server = Postgres::start().unwrap();
        let url = server.create_database().unwrap();
        (server, url)
    });
    let (server, url) = own.await.unwrap();
    let service = Service::on_postgres(&url).await;
    let (a, b) = (&service.a, &service.b);
    let path = "/api/StockPrices/CALM";
    a.put(path, json!(7)).await.written(204);
    b.shows(path, |price| price["price"] == 7).await;

    server.stop().unwrap();
    assert_eq!(
        b.get(path).await.with(200)["price"],
        7,
        "L1 needs no database"
    );
    let why = a.put(path, json!(8)).await.refused(500);
    assert!(!why.contains(server.password()), "{why}");

    let nobody = format!("No Postgres server answers at {}", server.addr());
    refused(&url, &nobody).await;

    tokio::task::block_in_place(|| server.restart()).unwrap();
    eventually("a price is written again", SOON, || async {
        let answer = a.put(path, json!(9)).await;
        if answer.status == 204 {
            Ok(())
        } else {
            Err(answer)
        }
    })
    .await;
    b.shows(path, |price: &Value| price["price"] == 9).await;
    service.stop().await;
}
