-- Writes one entry of the log, and returns what speaks against it. Each has an id and names the id of
-- the entry before it, so that a position that is given a second time is found out. All of it is one
-- field, since every field costs the server and each instance that reads it. Where the log is
-- published, the Stream keeps the ids alone, as a trail.
--
-- KEYS meta, log
local NONE = '0'

local function write_entry(channel, maxlen, position, id, before, payload)
  local entry = id .. ' ' .. before .. ' ' .. payload
  local kept = channel == '' and entry or id
  local added = redis.pcall('XADD', KEYS[2], 'MAXLEN', '~', maxlen, position, 'e', kept)
  if type(added) == 'table' and added.err then
    return added
  end
  if channel ~= '' then
    redis.call('PUBLISH', channel, position .. ' ' .. entry)
  end
end
