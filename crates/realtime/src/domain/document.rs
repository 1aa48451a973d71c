use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Invalid, Timestamp, invalid};

/// A document that several people edit at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Document {
    pub(crate) id: Uuid,
    pub(crate) title: String,
    pub(crate) owner: String,
    #[schema(example = "Draft")]
    pub(crate) status: String,
    pub(crate) content: String,
    /// Counts the updates of the content, beginning at 1.
    pub(crate) version: i64,
    pub(crate) updated_at: Timestamp,
}

/// One saved state of a document's content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DocumentVersion {
    pub(crate) version: i64,
    /// The length of the content in characters.
    pub(crate) length: i64,
    pub(crate) saved_at: Timestamp,
}

/// A document's text of at most 100,000 characters, none of them U+0000, which not every database
/// can keep.
#[derive(Debug, Clone)]
pub(crate) struct DocumentContent(String);

impl DocumentContent {
    pub(crate) fn new(text: String) -> Result<Self, Invalid> {
        let length = text.chars().count();
        if length > 100_000 {
            return Err(Invalid::new(
                "content",
                format!("must have at most 100000 characters, but has {length}."),
            ));
        }
        if text.contains('\0') {
            return Err(Invalid::new(
                "content",
                "must not contain the character U+0000.",
            ));
        }
        Ok(Self(text))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// How a person who edits a document is called, in 1 to 64 characters.
#[derive(Debug, Clone)]
pub(crate) struct UserName(String);

impl UserName {
    pub(crate) fn new(name: &str) -> Result<Self, Invalid> {
        invalid::text("userId", name, 1, 64).map(Self)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}
