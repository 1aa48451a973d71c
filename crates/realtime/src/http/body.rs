use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, StatusCode, header},
};
use serde::de::DeserializeOwned;

use super::problem::Problem;
use crate::domain::Invalid;

/// The largest body that is read, in bytes.
pub(crate) const BODY_LIMIT: usize = 2 * 1024 * 1024;

/// A request's JSON body. What is wrong with one that cannot be read is said by field.
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            let detail = "The body must be JSON, with the header Content-Type: application/json.";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
        }
        let bytes =
            Bytes::from_request(request, state)
                .await
                .map_err(|rejection| match rejection.status() {
                    StatusCode::PAYLOAD_TOO_LARGE => Problem::new(
                        StatusCode::PAYLOAD_TOO_LARGE,
                        format!(
                            "The body must have at most {BODY_LIMIT} bytes. Nothing was written."
                        ),
                    ),
                    status => Problem::new(status, rejection.body_text()),
                })?;
        read(&bytes).map(Self).map_err(Problem::from)
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let mime: Option<mime::Mime> = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    mime.is_some_and(|mime| mime.subtype() == mime::JSON || mime.suffix() == Some(mime::JSON))
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Invalid> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let field = match error.path().to_string() {
            whole if whole == "." => "body".to_owned(),
            field => field,
        };
        Invalid::new(field, rule(error.inner()))
    })?;
    json.end()
        .map_err(|error| Invalid::new("body", format!("goes on after its end: {error}")))?;
    Ok(value)
}

/// A domain type's own rule stands alone; the place in the text belongs to what serde found.
fn rule(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if !text.starts_with("must ") {
        return format!("cannot be read: {text}.");
    }
    let place = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&place).unwrap_or(&text).to_owned()
}
