-- How many times a price was set, so that of two answers the newer one can be told.
ALTER TABLE stock_prices ADD COLUMN version INTEGER NOT NULL DEFAULT 1;

-- A stock that the market data does not have: its price stays until somebody sets it.
INSERT INTO stock_prices (symbol, price, timestamp) VALUES ('CALM', 100000, '2000-01-01T00:00:00Z');
