-- Prices are whole numbers of ten-thousandths, times are RFC 3339 text in UTC, identifiers of documents are the
-- hyphenated text of their UUID.

CREATE TABLE stock_prices (
    symbol    TEXT PRIMARY KEY,
    price     INTEGER NOT NULL CHECK (price > 0),
    timestamp TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE documents (
    id         TEXT PRIMARY KEY,
    title      TEXT NOT NULL,
    owner      TEXT NOT NULL,
    status     TEXT NOT NULL,
    content    TEXT NOT NULL,
    version    INTEGER NOT NULL,
    updated_at TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE document_versions (
    document_id TEXT NOT NULL REFERENCES documents (id),
    version     INTEGER NOT NULL,
    content     TEXT NOT NULL,
    saved_at    TEXT NOT NULL,
    PRIMARY KEY (document_id, version)
) WITHOUT ROWID;

CREATE TABLE active_users (
    document_id TEXT NOT NULL REFERENCES documents (id),
    user_id     TEXT NOT NULL,
    joined_at   TEXT NOT NULL,
    PRIMARY KEY (document_id, user_id)
) WITHOUT ROWID;

CREATE TABLE users (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL
);

CREATE TABLE followers (
    user_id     INTEGER NOT NULL REFERENCES users (id),
    follower_id INTEGER NOT NULL REFERENCES users (id),
    PRIMARY KEY (user_id, follower_id)
) WITHOUT ROWID;

CREATE INDEX followed_by ON followers (follower_id, user_id);

CREATE TABLE activities (
    id         INTEGER PRIMARY KEY,
    user_id    INTEGER NOT NULL REFERENCES users (id),
    content    TEXT NOT NULL,
    created_at TEXT NOT NULL
);

CREATE INDEX activities_by_user ON activities (user_id, id);

CREATE TABLE likes (
    activity_id INTEGER NOT NULL REFERENCES activities (id),
    user_id     INTEGER NOT NULL REFERENCES users (id),
    PRIMARY KEY (activity_id, user_id)
) WITHOUT ROWID;

CREATE TABLE categories (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL
);

CREATE TABLE products (
    id          INTEGER PRIMARY KEY,
    name        TEXT NOT NULL,
    price       INTEGER NOT NULL CHECK (price > 0),
    category_id INTEGER NOT NULL REFERENCES categories (id),
    featured    INTEGER NOT NULL,
    stock       INTEGER NOT NULL CHECK (stock BETWEEN 0 AND 1000000000)
);

CREATE INDEX products_by_category ON products (category_id, id);
