use axum::{
    extract::{FromRequestParts, Path, path::ErrorKind, rejection::PathRejection},
    http::request::Parts,
};
use utoipa::IntoParams;
use uuid::Uuid;

use super::problem::Problem;
use crate::domain::{Invalid, PageKey, Symbol};

/// The part of the path that names a resource. No route has more than one.
pub(crate) struct Id<T>(pub(crate) T);

/// What a parameter may stand for.
pub(crate) trait Parameter: Sized {
    /// The value, or the rule that the text breaks.
    fn read(text: &str) -> Result<Self, String>;
}

impl Parameter for i64 {
    fn read(text: &str) -> Result<Self, String> {
        text.parse()
            .map_err(|_| format!("must be a whole number, but is '{text}'."))
    }
}

impl Parameter for Uuid {
    fn read(text: &str) -> Result<Self, String> {
        text.parse()
            .map_err(|_| format!("must be a UUID, but is '{text}'."))
    }
}

impl Parameter for Symbol {
    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|invalid: Invalid| invalid.rule)
    }
}

impl<S: Send + Sync, T: Parameter> FromRequestParts<S> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = Path::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        let Path(params) = params.map_err(unreadable)?;
        let (name, value) = params.into_iter().next().unwrap_or_default();
        let id = T::read(&value).map_err(|rule| Invalid::new(name, rule))?;
        Ok(Self(id))
    }
}

fn unreadable(rejection: PathRejection) -> Problem {
    let (status, text) = (rejection.status(), rejection.body_text());
    if let PathRejection::FailedToDeserializePathParams(failed) = rejection
        && let ErrorKind::InvalidUtf8InPathParam { key } = failed.into_kind()
    {
        return Invalid::new(
            key,
            "must be UTF-8 text once its percent signs are decoded.",
        )
        .into();
    }
    Problem::new(status, text)
}

/// `?page=&pageSize=` of a paged list. As in ASP.NET, the names' case does not matter.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct Paging {
    /// Counts from 1.
    #[param(minimum = 1, maximum = 10_000, default = 1, required = false)]
    page: i64,
    /// How many entries a page has.
    #[param(minimum = 1, maximum = 100, default = 20, required = false)]
    page_size: i64,
}

impl Paging {
    pub(crate) fn page(&self) -> Result<PageKey, Invalid> {
        PageKey::new(self.page, self.page_size)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Paging {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let page = parameter(query, "page")?.unwrap_or(1);
        let page_size = parameter(query, "pageSize")?.unwrap_or(20);
        Ok(Self { page, page_size })
    }
}

fn parameter<T: Parameter>(query: &str, name: &str) -> Result<Option<T>, Invalid> {
    form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| T::read(&value).map_err(|rule| Invalid::new(name, rule)))
        .transpose()
}
