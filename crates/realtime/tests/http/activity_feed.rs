use serde_json::{Value, json};

use crate::service::Service;

fn ids(feed: &Value) -> Vec<i64> {
    feed.as_array()
        .unwrap()
        .iter()
        .map(|activity| activity["id"].as_i64().unwrap())
        .collect()
}

pub(crate) async fn a_post_reaches_the_feeds_of_all_followers(service: &Service) {
    let (a, b) = (&service.a, &service.b);
    // Users 2 and 1001 follow user 1, and user 1 follows nobody.
    let feeds = [2, 1001].map(|user| format!("/api/ActivityFeed/user/{user}?page=1&pageSize=5"));
    for feed in &feeds {
        b.get(feed).await.with(200);
    }
    let posted = a
        .post(
            "/api/ActivityFeed",
            json!({ "userId": 1, "content": " Fresh. " }),
        )
        .await;
    assert!(posted.token.is_some());
    let posted = posted.with(200);
    assert_eq!(
        (&posted["content"], &posted["userName"]),
        (&json!("Fresh."), &json!("Ada"))
    );
    for feed in &feeds {
        let seen = b.shows(feed, |feed| feed[0]["id"] == posted["id"]).await;
        assert_eq!(seen[0], posted);
    }
    let own = b.get("/api/ActivityFeed/user/1").await.with(200);
    assert_eq!(own, json!([]));
}

pub(crate) async fn a_post_is_told_as_it_was_stored(service: &Service) {
    let (a, b) = (&service.a, &service.b);
    for id in 65..=68 {
        let content = json!({ "userId": 1, "content": "Grüße 🦀" });
        let posted = a.post("/api/ActivityFeed", content).await.with(200);
        assert_eq!(posted["id"], id);
        let path = format!("/api/ActivityFeed/{id}");
        assert_eq!(b.get(&path).await.with(200), posted);
    }
}

pub(crate) async fn a_like_is_seen_on_the_activity_and_in_the_feeds(service: &Service) {
    let (a, b) = (&service.a, &service.b);
    let (activity, feed) = (
        "/api/ActivityFeed/64",
        "/api/ActivityFeed/user/9?pageSize=3",
    );
    let before = b.get(activity).await.with(200);
    let likes = before["likes"].as_i64().unwrap();
    assert_eq!(b.get(feed).await.with(200)[0], before);

    for _ in 0..2 {
        a.post("/api/ActivityFeed/64/like", json!(500))
            .await
            .written(204);
    }
    b.shows(activity, |activity| activity["likes"] == likes + 1)
        .await;
    b.shows(feed, |feed| feed[0]["likes"] == likes + 1).await;
}

pub(crate) async fn pages_of_different_sizes_do_not_mix(service: &Service) {
    let a = &service.a;
    let five = ids(&a
        .get("/api/ActivityFeed/user/9?page=1&pageSize=5")
        .await
        .with(200));
    let two = ids(&a
        .get("/api/ActivityFeed/user/9?page=1&pageSize=2")
        .await
        .with(200));
    let next = ids(&a
        .get("/api/ActivityFeed/user/9?page=2&pageSize=2")
        .await
        .with(200));
    assert_eq!(five.len(), 5);
    assert_eq!(two, five[..2]);
    assert_eq!(next, five[2..4]);
    let twenty = ids(&a.get("/api/ActivityFeed/user/9").await.with(200));
    assert_eq!(twenty[..5], five, "without parameters it is the first page");
    let beyond = a.get("/api/ActivityFeed/user/9?page=1000").await.with(200);
    assert_eq!(beyond, json!([]));
}

pub(crate) async fn nothing_is_kept_for_an_unknown_user(service: &Service) {
    let a = &service.a;
    for _ in 0..2 {
        a.get("/api/ActivityFeed/user/987654").await.refused(404);
        let known = a.get("/api/ActivityFeed/user/1").await.with(200);
        assert_eq!(known, json!([]), "this user follows nobody");
    }
    let stats = a.get("/api/CacheMetrics/stats").await.with(200);
    let feeds = stats["metrics"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["keyPattern"] == "feed:user:*")
        .unwrap();
    let figures = ["totalRequests", "loads", "fills"].map(|name| feeds[name].as_u64().unwrap());
    assert_eq!(figures, [4, 3, 1], "{feeds}");
}
