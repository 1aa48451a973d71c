-- Reads a record together with what meta says that matters for it: the history, and the bans
-- behind the record's stamp. For an instance that may have missed bans. Where the history may be over
-- nothing is said of it, because bans may be lost. Declared as writing: a replica must not answer.
--
-- KEYS meta, log, record
-- ARGV as witness.lua
local history = read_history()
if not history then
  return notprimary()
end
local record = redis.call('GET', KEYS[3])
local stamp = record and tonumber(string.match(record, '^V1 %d+ (%d+) ')) or 0
local said, fields = {}, history.goes_on and redis.call('HGETALL', KEYS[1]) or {}
for i = 1, #fields, 2 do
  local is_ban = string.sub(fields[i], 1, 2) == 'b:'
  if not is_ban or tonumber(string.match(fields[i + 1], '^%d+')) > stamp then
    said[#said + 1] = fields[i]
    said[#said + 1] = fields[i + 1]
  end
end
return { redis.call('PTTL', KEYS[3]), record, said }
