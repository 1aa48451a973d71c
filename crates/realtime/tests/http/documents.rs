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

    let alone = "/api/Documents/6f1c1f5e-0d0b-4b52-9a3e-5f0a4f6f0003/active-users";
    assert_eq!(
        a.get(alone).await.with(200),
        json!([]),
        "nobody edits this one"
    );
}
