-- Reads a record together with what meta says that matters for it: the history, and the bans
-- behind the record's stamp. For an instance that may have missed bans. Declared as writing: a
-- replica must not answer.
--
-- KEYS record, meta
local record = redis.call('GET', KEYS[1])
local stamp = record and tonumber(string.match(record, '^V1 %d+ (%d+) ')) or 0
local said, fields = {}, redis.call('HGETALL', KEYS[2])
for i = 1, #fields, 2 do
  local is_ban = string.sub(fields[i], 1, 2) == 'b:'
  if not is_ban or tonumber(string.match(fields[i + 1], '^%d+')) > stamp then
    said[#said + 1] = fields[i]
    said[#said + 1] = fields[i + 1]
  end
end
return { redis.call('PTTL', KEYS[1]), record, said }
