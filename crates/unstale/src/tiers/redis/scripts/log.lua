-- Appends one entry to the log, before anything else happens: scripts do not roll back.
-- Returns nothing when the history is not the caller's: he has to fence, and try again.
--
-- KEYS meta, log
-- ARGV the highest position that we know, our nonce, channel ('' for the stream), maxlen, payload
local NOFENCE = redis.error_reply('NOFENCE the history of this server is not ours')

local function append()
  local meta = redis.call('HMGET', KEYS[1], 'epoch', 'nonce', 'seq')
  local epoch, seq = number(meta[1]), number(meta[3])
  local ours, known = string.match(ARGV[1], '^(%d+)-(%d+)$')
  if not epoch or not seq or not meta[2] or epoch < tonumber(ours)
      or (meta[1] == ours and (meta[2] ~= ARGV[2] or seq < tonumber(known))) then
    return nil
  end
  local next = text(seq + 1)
  local position = meta[1] .. '-' .. next
  if ARGV[3] == '' then
    local added = redis.pcall('XADD', KEYS[2], 'MAXLEN', '~', ARGV[4], position, 'm', ARGV[5])
    if type(added) == 'table' and added.err then
      -- The log is ahead of meta, or is no log at all: the fence will tell.
      return nil
    end
    redis.call('HSET', KEYS[1], 'seq', next)
  else
    redis.call('HSET', KEYS[1], 'seq', next)
    redis.call('PUBLISH', ARGV[3], position .. ' ' .. ARGV[5])
  end
  return { meta[1], meta[2], next }
end
