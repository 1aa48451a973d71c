//! Requests as a client of the service makes them.

use std::{net::SocketAddr, time::Duration};

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

pub(crate) const TOKEN: &str = "unstale-token";

/// How long a write on one instance may take to be seen on the other, on a slow machine.
const SEEN_WITHIN: Duration = Duration::from_secs(10);

pub(crate) struct Api {
    base: String,
    client: Client,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The body as JSON, or as a string if it is none.
    pub(crate) body: Value,
    pub(crate) content_type: String,
    pub(crate) token: Option<String>,
}

impl Api {
    pub(crate) fn of(address: SocketAddr) -> Self {
        Self {
            base: format!("http://{address}"),
            client: Client::new(),
        }
    }

    /// Where it is, without the scheme.
    #[cfg(feature = "prometheus")]
    pub(crate) fn address(&self) -> String {
        self.base.trim_start_matches("http://").to_owned()
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::to(self.request(Method::GET, path)).await
    }

    pub(crate) async fn get_after(&self, path: &str, token: &str) -> Answer {
        Answer::to(self.request(Method::GET, path).header(TOKEN, token)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        Answer::to(self.request(Method::PUT, path).json(&body)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        Answer::to(self.request(Method::POST, path).json(&body)).await
    }

    /// A body exactly as it is written, declared as JSON.
    pub(crate) async fn send(&self, method: Method, path: &str, body: &str) -> Answer {
        let request = self
            .request(method, path)
            .header("content-type", "application/json");
        Answer::to(request.body(body.to_owned())).await
    }

    /// Reads until this is what is read.
    pub(crate) async fn shows(&self, path: &str, what: impl Fn(&Value) -> bool) -> Value {
        testbed::eventually(&format!("{path} showed the write"), SEEN_WITHIN, || async {
            let answer = self.get(path).await;
            if answer.status == 200 && what(&answer.body) {
                Ok(answer.body)
            } else {
                Err(answer)
            }
        })
        .await
    }
}

impl Answer {
    pub(crate) async fn to(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let header = |name: &str| {
            response
                .headers()
                .get(name)
                .map(|value| value.to_str().unwrap().to_owned())
        };
        let (content_type, token) = (header("content-type").unwrap_or_default(), header(TOKEN));
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(json!(text));
        Self {
            status,
            body,
            content_type,
            token,
        }
    }

    /// The body of an answer with this status.
    #[track_caller]
    pub(crate) fn with(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    /// The token of a write that was acknowledged with this status.
    #[track_caller]
    pub(crate) fn written(self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.body);
        self.token.expect("an acknowledged write has a token")
    }

    /// The sentence of a refusal with this status.
    #[track_caller]
    pub(crate) fn refused(self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!(self.content_type, "application/problem+json");
        assert_eq!(self.body["status"], status);
        self.body["detail"].as_str().unwrap().to_owned()
    }
}
