-- Drops records, before the log says so.
--
-- KEYS meta, log, records to drop…
for first = 3, #KEYS, 1000 do
  redis.call('UNLINK', unpack(KEYS, first, math.min(first + 999, #KEYS)))
end
