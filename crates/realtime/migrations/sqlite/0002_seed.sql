-- The first quotes of the market data in data/stocks-monthly-2000-2010.csv.
INSERT INTO stock_prices (symbol, price, timestamp) VALUES
    ('MSFT', 398100, '2000-01-01T00:00:00Z'),
    ('AMZN', 645600, '2000-01-01T00:00:00Z'),
    ('IBM', 1005200, '2000-01-01T00:00:00Z'),
    ('GOOG', 1023700, '2004-08-01T00:00:00Z'),
    ('AAPL', 259400, '2000-01-01T00:00:00Z');

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

INSERT INTO users (id, name)
WITH RECURSIVE reader (id) AS (SELECT 9 UNION ALL SELECT id + 1 FROM reader WHERE id < 1001)
SELECT id, 'Reader ' || id FROM reader;

INSERT INTO followers (user_id, follower_id) SELECT 1, id FROM users WHERE id > 1;
INSERT INTO followers (user_id, follower_id)
SELECT author.id, reader.id FROM users author JOIN users reader ON reader.id > 8 AND reader.id % 8 = author.id % 8
WHERE author.id BETWEEN 2 AND 8;

INSERT INTO activities (id, user_id, content, created_at)
WITH RECURSIVE post (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM post WHERE id < 64)
SELECT id, 1 + id % 8, 'Note ' || id, strftime('%Y-%m-%dT%H:%M:%SZ', '2024-01-15 09:00:00', id || ' minutes') FROM post;

INSERT INTO likes (activity_id, user_id)
SELECT a.id, u.id FROM activities a JOIN users u ON u.id BETWEEN 9 AND 9 + a.id % 5;

INSERT INTO categories (id, name) VALUES (1, 'Desks'), (2, 'Chairs'), (3, 'Lamps'), (4, 'Shelves');

INSERT INTO products (id, name, price, category_id, featured, stock) VALUES
    (1, 'Walnut desk', 4990000, 1, 1, 40),
    (2, 'Standing desk', 6490000, 1, 0, 25),
    (3, 'Folding desk', 1290000, 1, 0, 120),
    (4, 'Corner desk', 3590000, 1, 0, 30),
    (5, 'Task chair', 2490000, 2, 1, 80),
    (6, 'Mesh chair', 3190000, 2, 0, 60),
    (7, 'Oak stool', 890000, 2, 0, 150),
    (8, 'Lounge chair', 5490000, 2, 0, 15),
    (9, 'Reading lamp', 499900, 3, 1, 200),
    (10, 'Floor lamp', 1199900, 3, 0, 90),
    (11, 'Clamp lamp', 349900, 3, 0, 300),
    (12, 'Pendant lamp', 899900, 3, 0, 70),
    (13, 'Wall shelf', 449900, 4, 0, 180),
    (14, 'Bookcase', 1899900, 4, 1, 35),
    (15, 'Ladder shelf', 1299900, 4, 0, 45),
    (16, 'Corner shelf', 549900, 4, 0, 100);
