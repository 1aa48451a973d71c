-- Appends one entry to the log, before anything else happens: scripts do not roll back. What follows
-- finds the epoch and the sequence number of the entry, and what is to be answered. A history that is
-- not the caller's gets no entry: he has to fence, and try again. Nor does one whose log is ahead of
-- meta, or is no log at all: the fence will tell.
--
-- Every removal comes by here. Each command, and each function that is made, costs the server more than
-- anything else in it.
--
-- KEYS meta, log
-- ARGV as witness.lua; channel ('' for the stream), maxlen, the id of this entry, payload
local epoch, nonce, seq, last = unpack(redis.call('HMGET', KEYS[1], 'epoch', 'nonce', 'seq', 'last'))
local known_epoch, known_seq = number(epoch), number(seq)
local goes_on = known_epoch and known_seq and nonce and last and continues(known_epoch, nonce, known_seq, last)
seq = goes_on and text(known_seq + 1)
if not goes_on or write_entry(ARGV[8], ARGV[9], epoch .. '-' .. seq, ARGV[10], last, ARGV[11]) then
  return redis.error_reply('NOFENCE the history of this server is not ours')
end
redis.call('HSET', KEYS[1], 'seq', seq, 'last', ARGV[10])
local appended = epoch .. ' ' .. nonce .. ' ' .. seq
