use axum::{
    extract::FromRequestParts,
    http::{HeaderName, HeaderValue, StatusCode, request::Parts},
    response::{IntoResponse, IntoResponseParts, Response, ResponseParts},
};
use serde::{Serialize, de::DeserializeOwned};
use unstale::{Outcome, Space, Token};
use utoipa::{IntoParams, IntoResponses};

use super::problem::Problem;
use crate::domain::Invalid;

/// The header that carries a token: out of a write, and into a read that has to see it, on any
/// instance.
pub(crate) const UNSTALE_TOKEN: HeaderName = HeaderName::from_static("unstale-token");

/// The write that a read has to see, if its request names one.
#[derive(IntoParams)]
#[into_params(parameter_in = Header, names("Unstale-Token"))]
pub(crate) struct After(
    /// The token that came with the answer to a write: this read sees that write or a newer one, on
    /// any instance.
    #[param(value_type = Option<String>, required = false)]
    Option<Token>,
);

impl After {
    /// The space, read so that the write or a newer one is seen.
    pub(crate) fn read<T>(&self, space: &Space<T>) -> Space<T>
    where
        T: Serialize + DeserializeOwned + Send + Sync + 'static,
    {
        match &self.0 {
            Some(token) => space.after(token),
            None => space.clone(),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for After {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(header) = parts.headers.get(UNSTALE_TOKEN) else {
            return Ok(Self(None));
        };
        let token = header.to_str().ok().and_then(|text| text.parse().ok());
        let rule = "must be the value that the answer to a write carried.";
        token
            .map(|token| Self(Some(token)))
            .ok_or_else(|| Invalid::new("Unstale-Token", rule).into())
    }
}

/// A write that is done. Its answer carries the token, unless the removal is still pending: then
/// only this instance is sure to show the write.
pub(crate) struct Written(Option<Token>);

impl From<Outcome> for Written {
    fn from(outcome: Outcome) -> Self {
        Self(outcome.token().cloned())
    }
}

/// Several removals of one write: its token is one for all of them, or none as long as one is
/// pending.
impl FromIterator<Outcome> for Written {
    fn from_iter<I: IntoIterator<Item = Outcome>>(outcomes: I) -> Self {
        let mut all: Option<Token> = None;
        for outcome in outcomes {
            let Some(token) = outcome.token() else {
                return Self(None);
            };
            all = Some(match all {
                Some(earlier) => token.and(&earlier),
                None => token.clone(),
            });
        }
        Self(all)
    }
}

impl IntoResponseParts for Written {
    type Error = std::convert::Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Self::Error> {
        if let Some(value) = self
            .0
            .and_then(|token| HeaderValue::try_from(token.to_string()).ok())
        {
            parts.headers_mut().insert(UNSTALE_TOKEN, value);
        }
        Ok(parts)
    }
}

impl IntoResponse for Written {
    fn into_response(self) -> Response {
        (StatusCode::NO_CONTENT, self, ()).into_response()
    }
}

/// A write's answer without a body, for the OpenAPI document.
#[derive(IntoResponses)]
#[response(
    status = 204,
    description = "Written, and removed from the caches.",
    headers(("Unstale-Token" = String, description = "A read that carries this token sees this write or a newer one."))
)]
pub(crate) struct NoContent;
