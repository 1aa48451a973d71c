use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

use crate::{domain::Invalid, store::StoreError};

/// Why a request was not answered as it asked, in the form of RFC 9457
/// (`application/problem+json`).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    #[schema(example = "Bad Request")]
    title: String,
    #[schema(example = 400)]
    status: u16,
    /// One sentence that says what is wrong and what would be right.
    #[schema(example = "quantity must be between 1 and 1000000, but is -3.")]
    detail: String,
    /// The complaints by field.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    errors: BTreeMap<String, Vec<String>>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            title: status.canonical_reason().unwrap_or_default().to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            errors: BTreeMap::new(),
        }
    }

    pub(crate) fn not_found(what: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("There is no {what}."))
    }

    pub(crate) fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, detail)
    }

    /// The database or the service itself failed. The cause belongs to the operator and goes to the
    /// log.
    pub(crate) fn internal(cause: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error = cause, source = cause.source(), "a request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "The service could not do this. Its log says why.",
        )
    }
}

impl From<Invalid> for Problem {
    fn from(invalid: Invalid) -> Self {
        let mut problem = Self::new(StatusCode::BAD_REQUEST, invalid.to_string());
        problem.errors.insert(invalid.field, vec![invalid.rule]);
        problem
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::internal(&error)
    }
}

/// A load that failed is shared by all who waited for it.
impl From<Arc<StoreError>> for Problem {
    fn from(error: Arc<StoreError>) -> Self {
        Self::internal(error.as_ref())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self)).into_response();
        let problem_json = HeaderValue::from_static("application/problem+json");
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, problem_json);
        response
    }
}

/// How a read may be refused, for the OpenAPI document.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only the derived description is used")]
pub(crate) enum ReadRefused {
    /// A parameter or the header Unstale-Token is not of its kind or out of its range.
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(Problem),
    /// The service failed; its log says why.
    #[response(status = 500, content_type = "application/problem+json")]
    Failed(Problem),
}

/// How a write may be refused, for the OpenAPI document.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only the derived description is used")]
pub(crate) enum WriteRefused {
    /// The body or a parameter cannot be read, is out of its range or names what is not there;
    /// nothing was written.
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(Problem),
    /// The body is larger than 2 MiB; nothing was written.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(Problem),
    /// The body is not declared as JSON; nothing was written.
    #[response(status = 415, content_type = "application/problem+json")]
    NotJson(Problem),
    /// The service failed; its log says why. Whether it wrote is not known.
    #[response(status = 500, content_type = "application/problem+json")]
    Failed(Problem),
}

/// The path names what is not there, for the OpenAPI document.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only the derived description is used")]
pub(crate) enum Missing {
    /// There is no such resource.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(Problem),
}
