-- What migrations/sqlite begins with.

-- The first quotes of the market data in data/stocks-monthly-2000-2010.csv.
INSERT INTO stock_prices (symbol, price, timestamp) VALUES
    ('MSFT', 39.81, '2000-01-01T00:00:00Z'),
    ('AMZN', 64.56, '2000-01-01T00:00:00Z'),
    ('IBM', 100.52, '2000-01-01T00:00:00Z'),
    ('GOOG', 102.37, '2004-08-01T00:00:00Z'),
    ('AAPL', 25.94, '2000-01-01T00:00:00Z'),
    -- A stock that the market data does not have: its price stays until somebody sets it.
    ('CALM', 10, '2000-01-01T00:00:00Z');

INSERT INTO documents (id, title, owner, status, content, version, updated_at) VALUES
    ('6f1c1f5e-0d0b-4b52-9a3e-5f0a4f6f0001', 'Release plan', 'ada', 'Draft', 'Ship when it is fresh.', 1, '2024-01-15T09:00:00Z'),
    ('6f1c1f5e-0d0b-4b52-9a3e-5f0a4f6f0002', 'Incident review', 'grace', 'In review', 'What was stale, and for how long?', 1, '2024-01-15T09:00:00Z'),
    ('6f1c1f5e-0d0b-4b52-9a3e-5f0a4f6f0003', 'Onboarding', 'linus', 'Published', 'Start with the two flows.', 1, '2024-01-15T09:00:00Z');

INSERT INTO document_versions (document_id, version, content, saved_at)
SELECT id, version, content, updated_at FROM documents;

INSERT INTO active_users (document_id, user_id, joined_at) VALUES
    ('6f1c1f5e-0d0b-4b52-9a3e-5f0a4f6f0001', 'ada', '2024-01-15T09:00:00Z'),
    ('6f1c1f5e-0d0b-4b52-9a3e-5f0a4f6f0001', 'grace', '2024-01-15T09:05:00Z');

-- Eight people who post, and enough readers that a post of the first one fans out to a thousand feeds.
INSERT INTO users (id, name) VALUES
    (1, 'Ada'), (2, 'Grace'), (3, 'Linus'), (4, 'Margaret'), (5, 'Dennis'), (6, 'Barbara'), (7, 'Edsger'), (8, 'Frances');

INSERT INTO users (id, name) SELECT id, 'Reader ' || id FROM generate_series(9, 1001) AS reader (id);

INSERT INTO followers (user_id, follower_id) SELECT 1, id FROM users WHERE id > 1;
INSERT INTO followers (user_id, follower_id)
SELECT author.id, reader.id FROM users author JOIN users reader ON reader.id > 8 AND reader.id % 8 = author.id % 8
WHERE author.id BETWEEN 2 AND 8;

INSERT INTO activities (id, user_id, content, created_at)
SELECT id, 1 + id % 8, 'Note ' || id, TIMESTAMPTZ '2024-01-15T09:00:00Z' + id * INTERVAL '1 minute'
FROM generate_series(1, 64) AS post (id);

-- The next one that is posted gets the next id.
ALTER TABLE activities ALTER COLUMN id RESTART WITH 65;

INSERT INTO likes (activity_id, user_id)
SELECT a.id, u.id FROM activities a JOIN users u ON u.id BETWEEN 9 AND 9 + a.id % 5;

INSERT INTO categories (id, name) VALUES (1, 'Desks'), (2, 'Chairs'), (3, 'Lamps'), (4, 'Shelves');

INSERT INTO products (id, name, price, category_id, featured, stock) VALUES
    (1, 'Walnut desk', 499, 1, true, 40),
    (2, 'Standing desk', 649, 1, false, 25),
    (3, 'Folding desk', 129, 1, false, 120),
    (4, 'Corner desk', 359, 1, false, 30),
    (5, 'Task chair', 249, 2, true, 80),
    (6, 'Mesh chair', 319, 2, false, 60),
    (7, 'Oak stool', 89, 2, false, 150),
    (8, 'Lounge chair', 549, 2, false, 15),
    (9, 'Reading lamp', 49.99, 3, true, 200),
    (10, 'Floor lamp', 119.99, 3, false, 90),
    (11, 'Clamp lamp', 34.99, 3, false, 300),
    (12, 'Pendant lamp', 89.99, 3, false, 70),
    (13, 'Wall shelf', 44.99, 4, false, 180),
    (14, 'Bookcase', 189.99, 4, true, 35),
    (15, 'Ladder shelf', 129.99, 4, false, 45),
    (16, 'Corner shelf', 54.99, 4, false, 100);
