-- Reads a record together with everything that meta says, for an instance that may have missed
-- bans. Declared as writing: a replica must not answer.
--
-- KEYS record, meta
return { redis.call('PTTL', KEYS[1]), redis.call('GET', KEYS[1]), redis.call('HGETALL', KEYS[2]) }
