-- Appends one entry to the log, before anything else happens: scripts do not roll back.
-- Returns nothing when the history is not the caller's: he has to fence, and try again.
--
-- KEYS meta, log
-- ARGV as witness.lua; channel ('' for the stream), maxlen, the id of this entry, payload
local function nofence()
  return redis.error_reply('NOFENCE the history of this server is not ours')
end

local function append()
  local meta = redis.call('HMGET', KEYS[1], 'epoch', 'nonce', 'seq', 'last')
  local epoch, seq, last = number(meta[1]), number(meta[3]), meta[4]
  if not epoch or not seq or not meta[2] or not last or not continues(epoch, meta[2], seq, last) then
    return nil
  end
  local next = text(seq + 1)
  if write_entry(ARGV[7], ARGV[8], meta[1] .. '-' .. next, ARGV[9], last, ARGV[10]) then
    -- The log is ahead of meta, or is no log at all: the fence will tell.
    return nil
  end
  redis.call('HSET', KEYS[1], 'seq', next, 'last', ARGV[9])
  return { meta[1], meta[2], next }
end
