-- Writes one entry of the log, and returns what speaks against it. Each has an id and names the id of
-- the entry before it, so that a position that is given a second time is found out. Where the log is
-- published, the Stream keeps the ids alone, as a trail.
--
-- KEYS meta, log
local NONE = '0'

local function write_entry(channel, maxlen, position, id, before, payload)
  local added
  if channel == '' then
    added = redis.pcall('XADD', KEYS[2], 'MAXLEN', '~', maxlen, position,
      'm', payload, 'i', id, 'p', before)
  else
    added = redis.pcall('XADD', KEYS[2], 'MAXLEN', '~', maxlen, position, 'i', id)
  end
  if type(added) == 'table' and added.err then
    return added
  end
  if channel ~= '' then
    redis.call('PUBLISH', channel, position .. ' ' .. id .. ' ' .. before .. ' ' .. payload)
  end
end
