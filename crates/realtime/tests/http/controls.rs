//! The page's stream and its buttons, as a client sees them.

use reqwest::{Method, header};
use serde_json::{Value, json};

use crate::{api::Answer, service::Service};

/// Reads the stream until an event of this name has what is looked for.
async fn listen(service: &Service, name: &str, has: impl Fn(&Value) -> bool) -> Value {
    let mut stream = service
        .b
        .request(Method::GET, "/events")
        .send()
        .await
        .unwrap();
    assert_eq!(stream.headers()[header::CONTENT_TYPE], "text/event-stream");
    let heard = async {
        let mut text = String::new();
        loop {
            let bytes = stream.chunk().await.unwrap().expect("the stream goes on");
            text.push_str(std::str::from_utf8(&bytes).unwrap());
            while let Some((event, rest)) = text.split_once("\n\n") {
                let data = event.strip_prefix(&format!("event: {name}\ndata: "));
                let data: Option<Value> = data.map(|data| serde_json::from_str(data).unwrap());
                text = rest.to_owned();
                if let Some(data) = data.filter(&has) {
                    return data;
                }
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), heard)
        .await
        .unwrap_or_else(|_| panic!("no {name} had it"))
}

pub(crate) async fn a_scene_and_the_log_come_by_themselves(service: &Service) {
    let scene = listen(service, "scene", |_| true).await;
    assert_eq!(scene["instances"].as_array().unwrap().len(), 2);
    assert_eq!(scene["checker"]["stale"], 0);
    assert_eq!(scene["controls"]["canWrite"], false);

    service.b.get("/api/StockPrices/CALM").await.with(200);
    let log = listen(service, "log", |lines| {
        lines
            .as_array()
            .unwrap()
            .iter()
            .any(|line| line["kind"] == "received")
    });
    let write = async {
        // The stream may begin later than this.
        loop {
            service
                .a
                .put("/api/StockPrices/CALM", json!(9.5))
                .await
                .written(204);
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    let lines = tokio::select! {
        lines = log => lines,
        () = write => Value::Null,
    };
    let received = lines
        .as_array()
        .unwrap()
        .iter()
        .find(|line| line["kind"] == "received");
    let received = received.unwrap();
    assert_eq!(received["instance"], 1);
    assert_eq!(received["changes"], json!(["stock:price:CALM"]));
    let fell = |scene: &Value| scene["instances"][1]["prices"][5]["fall"]["micros"].is_u64();
    listen(service, "scene", fell).await;
}

pub(crate) async fn without_controls_there_are_none(service: &Service) {
    for path in ["/controls/write", "/controls/break"] {
        service
            .a
            .post(path, json!({ "what": "flush" }))
            .await
            .refused(404);
    }
}

async fn press(service: &Service, what: Value) -> Answer {
    service.a.post("/controls/break", what).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_buttons_break_and_mend_the_hub() {
    let service = Service::hub_with_controls().await;
    for (what, seen) in [
        (json!({ "what": "cutOff", "instance": 1 }), true),
        (json!({ "what": "reconnect", "instance": 1 }), false),
    ] {
        press(&service, what).await.with(204);
        listen(&service, "scene", |scene| {
            scene["instances"][1]["cutOff"] == seen
        })
        .await;
    }
    for (what, seen) in [("stopAnswers", true), ("resumeAnswers", false)] {
        press(&service, json!({ "what": what })).await.with(204);
        listen(&service, "scene", |scene| {
            scene["controls"]["silent"] == seen
        })
        .await;
    }
    for what in ["flush", "trim"] {
        press(&service, json!({ "what": what })).await.with(204);
    }
    let flushed = |scene: &Value| scene["instances"][0]["gaps"].as_u64() > Some(0);
    listen(&service, "scene", flushed).await;
    press(&service, json!({ "what": "cutOff", "instance": 2 }))
        .await
        .refused(404);
    press(&service, json!({ "what": "explode" }))
        .await
        .refused(400);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_buttons_write_on_any_instance() {
    let service = Service::hub_with_controls().await;
    let write = json!({ "instance": 1, "symbol": "calm", "price": 12.5 });
    let written = service.a.post("/controls/write", write).await.with(200);
    assert_eq!(written["version"], 2);
    assert!(
        written["position"].as_str().unwrap().contains('-'),
        "{written}"
    );
    let price = service.b.get("/api/StockPrices/CALM").await.with(200);
    assert_eq!(
        (&price["price"], &price["version"]),
        (&json!(12.5), &json!(2))
    );
    let unknown = json!({ "instance": 0, "symbol": "ENRN", "price": 1 });
    service
        .a
        .post("/controls/write", unknown)
        .await
        .refused(404);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_others_cannot_press_them() {
    let service = Service::hub_with_controls().await;
    let flush = || service.a.request(Method::POST, "/controls/break");
    let rebound = flush()
        .header(header::HOST, "evil.example")
        .json(&json!({ "what": "flush" }));
    Answer::to(rebound).await.refused(403);
    // What a form or a simple request of another site can send.
    let simple = flush()
        .header(header::CONTENT_TYPE, "text/plain")
        .body(r#"{"what":"flush"}"#);
    Answer::to(simple).await.refused(415);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_broken_on_a_server() {
    let service = Service::redis_with_controls().await;
    let why = press(&service, json!({ "what": "flush" }))
        .await
        .refused(409);
    assert!(why.contains("UNSTALE_REDIS"), "{why}");
    let scene = listen(&service, "scene", |_| true).await;
    assert_eq!(scene["controls"]["canBreak"], false);
    assert!(
        scene["controls"]["whyNot"]
            .as_str()
            .unwrap()
            .contains("UNSTALE_REDIS")
    );
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_page_does_not_keep_the_service_from_stopping() {
    let service = Service::hub().await;
    let mut stream = service
        .a
        .request(Method::GET, "/events")
        .send()
        .await
        .unwrap();
    assert!(stream.chunk().await.unwrap().is_some());
    let began = std::time::Instant::now();
    service.stop().await;
    // Five seconds are what a request under way is given.
    assert!(began.elapsed() < std::time::Duration::from_secs(5));
    while stream.chunk().await.unwrap().is_some() {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_that_do_not_read_hold_up_nothing() {
    let service = Service::hub().await;
    let mut asleep = vec![];
    for _ in 0..64 {
        asleep.push(
            service
                .a
                .request(Method::GET, "/events")
                .send()
                .await
                .unwrap(),
        );
    }
    let one_more = Answer::to(service.a.request(Method::GET, "/events")).await;
    assert!(one_more.refused(503).contains("Too many pages"));
    for price in 1..=200 {
        service
            .a
            .put("/api/StockPrices/CALM", json!(price))
            .await
            .written(204);
    }
    drop(asleep);
    let patience = std::time::Duration::from_secs(20);
    testbed::eventually("there is room again", patience, || async {
        let stream = service.a.request(Method::GET, "/events").send().await;
        stream.unwrap().status() == 200
    })
    .await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_is_whole_and_takes_nothing_from_elsewhere() {
    let service = Service::hub().await;
    let html = service.a.get("/").await.with(200);
    let html = html.as_str().unwrap();
    let mut parts: Vec<String> = html
        .split('"')
        .filter(|text| text.starts_with("/page/"))
        .map(str::to_owned)
        .collect();
    assert_eq!(parts.len(), 2, "a style and a script");
    let mut place = 0;
    while let Some(path) = parts.get(place).cloned() {
        let part = service.a.request(Method::GET, &path).send().await.unwrap();
        assert_eq!(part.status(), 200, "{path}");
        let policy = part.headers()[header::CONTENT_SECURITY_POLICY]
            .to_str()
            .unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"));
        let kind = part.headers()[header::CONTENT_TYPE].to_str().unwrap();
        let expected = if path.ends_with(".css") {
            "text/css"
        } else {
            "text/javascript"
        };
        assert!(kind.starts_with(expected), "{path}: {kind}");
        let text = part.text().await.unwrap();
        assert!(
            !text.contains("http://") && !text.contains("https://"),
            "{path}"
        );
        for module in text.split("from \"./").skip(1) {
            let name = module.split('"').next().unwrap();
            let path = format!("/page/{name}");
            if !parts.contains(&path) {
                parts.push(path);
            }
        }
        place += 1;
    }
    assert_eq!(parts.len(), 7, "{parts:?}");
    service.stop().await;
}
