-- Whether the history of this server is the caller's. If it is not, nothing is done for him: he has to
-- fence, and try again. What follows finds the epoch, and the sequence number of the next entry.
--
-- Every removal comes by here, and by log.lua. Each command, and each function that is made, costs the
-- server more than anything else in it.
--
-- KEYS meta, log
-- ARGV as witness.lua
local NOFENCE = 'NOFENCE the history of this server is not ours'
local epoch, nonce, seq, last = unpack(redis.call('HMGET', KEYS[1], 'epoch', 'nonce', 'seq', 'last'))
local known_epoch, known_seq = number(epoch), number(seq)
if not (known_epoch and known_seq and nonce and last and continues(known_epoch, nonce, known_seq, last)) then
  return redis.error_reply(NOFENCE)
end
seq = text(known_seq + 1)
