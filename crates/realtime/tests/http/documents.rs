use futures::future::join_all;
use serde_json::{Value, json};

use crate::service::Service;

const DOCUMENT: &str = "/api/Documents/6f1c1f5e-0d0b-4b52-9a3e-5f0a4f6f0001";

pub(crate) async fn content_and_versions_change_together(service: &Service) {
    let (a, b) = (&service.a, &service.b);
    let versions = format!("{DOCUMENT}/versions");
    let first = b.get(DOCUMENT).await.with(200);
    assert_eq!(
        (&first["title"], &first["version"]),
        (&json!("Release plan"), &json!(1))
    );
    assert_eq!(
        b.get(&versions).await.with(200).as_array().unwrap().len(),
        1
    );

    a.put(DOCUMENT, json!({ "content": "Grüße" }))
        .await
        .written(204);

    let second = b
        .shows(DOCUMENT, |document| document["content"] == "Grüße")
        .await;
    assert_eq!(
        (&second["version"], &second["owner"]),
        (&json!(2), &first["owner"])
    );
    let list = b
        .shows(&versions, |list| list.as_array().unwrap().len() == 2)
        .await;
    assert_eq!(
        (&list[0]["version"], &list[0]["length"]),
        (&json!(2), &json!(5))
    );
    assert_eq!(list[1]["version"], 1);
}

pub(crate) async fn writers_at_once_save_a_version_each(service: &Service) {
    let writers = (0..20).map(async |writer| {
        let api = if writer % 2 == 0 {
            &service.a
        } else {
            &service.b
        };
        let content = json!({ "content": "x".repeat(writer) });
        api.put(DOCUMENT, content).await.written(204);
    });
    join_all(writers).await;
    let versions = format!("{DOCUMENT}/versions");
    for api in [&service.a, &service.b] {
        let document = api
            .shows(DOCUMENT, |document| document["version"] == 21)
            .await;
        let is_whole = |list: &Value| list.as_array().unwrap().len() == 21;
        let list = api.shows(&versions, is_whole).await;
        let list = list.as_array().unwrap();
        let numbers: Vec<_> = list
            .iter()
            .map(|one| one["version"].as_i64().unwrap())
            .collect();
        assert_eq!(numbers, (1..=21).rev().collect::<Vec<_>>());
        let length = document["content"].as_str().unwrap().len();
        assert_eq!(
            list[0]["length"], length,
            "the newest version is the content"
        );
        assert_eq!(list[0]["savedAt"], document["updatedAt"]);
    }
}

pub(crate) async fn users_join_and_leave(service: &Service) {
    let (a, b) = (&service.a, &service.b);
    let path = |end: &str| format!("{DOCUMENT}/{end}");
    let users = path("active-users");
    let has =
        |name: &'static str| move |users: &Value| users.as_array().unwrap().contains(&json!(name));
    assert_eq!(b.get(&users).await.with(200), json!(["ada", "grace"]));

    a.post(&path("join"), json!("linus")).await.written(204);
    a.post(&path("join"), json!("linus")).await.written(204);
    assert_eq!(
        a.get(&users).await.with(200),
        json!(["ada", "grace", "linus"])
    );
    b.shows(&users, has("linus")).await;

    b.post(&path("leave"), json!("linus")).await.written(204);
    a.shows(&users, |users| !has("linus")(users)).await;

    // In the order of their coming, whatever the order of their names, and however soon after each
    // other.
    let names: Vec<String> = (0..30).map(|at| format!("{:02}", at * 7 % 30)).collect();
    for name in &names {
        a.post(&path("join"), json!(name)).await.written(204);
    }
    let all: Vec<&str> = ["ada", "grace"]
        .into_iter()
        .chain(names.iter().map(String::as_str))
        .collect();
    assert_eq!(a.get(&users).await.with(200), json!(all));

    let why = a
        .put(DOCUMENT, json!({ "content": "a\u{0}b" }))
        .await
        .refused(400);
    assert!(why.contains("U+0000"), "{why}");

    let alone = "/api/Documents/6f1c1f5e-0d0b-4b52-9a3e-5f0a4f6f0003/active-users";
    assert_eq!(
        a.get(alone).await.with(200),
        json!([]),
        "nobody edits this one"
    );
}
