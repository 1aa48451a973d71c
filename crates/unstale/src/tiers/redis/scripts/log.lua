-- Appends one entry to the log of a history that accept.lua has found to be the caller's. What follows
-- finds in `appended` where. A log that is ahead of meta, or is no log at all, gets none: the fence will
-- tell.
--
-- Scripts do not roll back, and who removes takes his entry, where he reads it, for the answer. So what a
-- removal drops and what it bans comes before this.
--
-- KEYS meta, log
-- ARGV as accept.lua; channel ('' for the stream), maxlen, the id of this entry, payload
if write_entry(ARGV[8], ARGV[9], epoch .. '-' .. seq, ARGV[10], last, ARGV[11]) then
  return redis.error_reply(NOFENCE)
end
redis.call('HSET', KEYS[1], 'seq', seq, 'last', ARGV[10])
local appended = epoch .. ' ' .. nonce .. ' ' .. seq
