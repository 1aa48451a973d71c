use std::{fmt::Display, str::FromStr};

use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::request::Parts,
};
use utoipa::IntoParams;

use super::problem::Problem;
use crate::domain::{Invalid, PageKey};

/// The part of the path that names a resource. No route has more than one.
pub(crate) struct Id<T>(pub(crate) T);

impl<S, T> FromRequestParts<S> for Id<T>
where
    S: Send + Sync,
    T: FromStr<Err: Display>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, state).await;
        let params =
            params.map_err(|rejection| Problem::new(rejection.status(), rejection.body_text()))?;
        let (name, value) = params.iter().next().unwrap_or_default();
        let id = value.parse().map_err(|error: T::Err| {
            let error = error.to_string();
            Invalid::new(
                name,
                format!("cannot be '{value}': {}.", error.trim_end_matches('.')),
            )
        })?;
        Ok(Self(id))
    }
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

fn parameter<T: FromStr>(query: &str, name: &str) -> Result<Option<T>, Invalid> {
    form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| {
            value.parse().map_err(|_| {
                Invalid::new(name, format!("must be a whole number, but is '{value}'."))
            })
        })
        .transpose()
}
