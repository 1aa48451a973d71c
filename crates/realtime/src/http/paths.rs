//! Paths are matched without regard to case, as ASP.NET does: the fixed segments of a path are put
//! into the spelling of its route before the router sees them. What stands for a parameter stays as
//! it came.

use axum::{
    extract::Request,
    http::{Uri, uri::PathAndQuery},
};

/// The fixed and the variable segments of every route.
#[derive(Clone)]
pub(crate) struct Spelling {
    routes: Vec<Vec<String>>,
}

impl Spelling {
    pub(crate) fn new(routes: impl IntoIterator<Item = String>) -> Self {
        let segments = |route: String| route.split('/').skip(1).map(str::to_owned).collect();
        Self {
            routes: routes.into_iter().map(segments).collect(),
        }
    }

    /// The request with its path in the spelling of the route it means; unchanged if it means none.
    pub(crate) fn apply<B>(&self, mut request: Request<B>) -> Request<B> {
        if let Some(uri) = self.respelled(request.uri()) {
            *request.uri_mut() = uri;
        }
        request
    }

    fn respelled(&self, uri: &Uri) -> Option<Uri> {
        let path = uri.path();
        let given: Vec<&str> = path
            .strip_suffix('/')
            .unwrap_or(path)
            .split('/')
            .skip(1)
            .collect();
        let fixed =
            |route: &&Vec<String>| route.iter().filter(|segment| !is_variable(segment)).count();
        let route = self
            .routes
            .iter()
            .filter(|route| means(route, &given))
            .max_by_key(fixed)?;
        let mut spelled = String::with_capacity(uri.path().len());
        for (segment, given) in route.iter().zip(given) {
            spelled.push('/');
            spelled.push_str(if is_variable(segment) { given } else { segment });
        }
        if spelled == path {
            return None;
        }
        if let Some(query) = uri.query() {
            spelled.push('?');
            spelled.push_str(query);
        }
        let mut parts = uri.clone().into_parts();
        parts.path_and_query = Some(PathAndQuery::try_from(spelled).ok()?);
        Uri::from_parts(parts).ok()
    }
}

fn is_variable(segment: &str) -> bool {
    segment.starts_with('{')
}

fn means(route: &[String], given: &[&str]) -> bool {
    route.len() == given.len()
        && route
            .iter()
            .zip(given)
            .all(|(segment, given)| match is_variable(segment) {
                true => !given.is_empty(),
                false => segment.eq_ignore_ascii_case(given),
            })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn respelled(path: &str) -> String {
        let routes = [
            "/api/Products/{id}",
            "/api/Products/featured",
            "/api/Documents/{id}/active-users",
            "/",
        ];
        let spelling = Spelling::new(routes.map(str::to_owned));
        let request = Request::builder().uri(path).body(()).unwrap();
        spelling.apply(request).uri().to_string()
    }

    #[test]
    fn fixed_segments_take_the_routes_spelling() {
        assert_eq!(
            respelled("/API/products/FEATURED"),
            "/api/Products/featured"
        );
        assert_eq!(
            respelled("/api/documents/aB-9/Active-Users/?Page=2"),
            "/api/Documents/aB-9/active-users?Page=2"
        );
    }

    #[test]
    fn what_stands_for_a_parameter_stays() {
        assert_eq!(
            respelled("/api/products/MsFt%20x"),
            "/api/Products/MsFt%20x"
        );
        assert_eq!(respelled("/somewhere/Else"), "/somewhere/Else");
        assert_eq!(respelled("/"), "/");
    }
}
