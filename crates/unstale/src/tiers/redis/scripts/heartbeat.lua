-- Keeps what an instance says of itself until it falls silent, with the time and the tail of the log at
-- that moment, and forgets those that have been silent for too long.
--
-- KEYS meta, instances, record
-- ARGV origin, how long the record is kept, what the instance says
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local function text(number)
  return string.format('%.0f', number)
end
local tail = redis.call('HMGET', KEYS[1], 'epoch', 'seq')
local said = text(now) .. ' ' .. (tail[1] or '0') .. '-' .. (tail[2] or '0') .. ' ' .. ARGV[3]
redis.call('SET', KEYS[3], said, 'PX', ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', text(now))
redis.call('ZADD', KEYS[2], text(now + tonumber(ARGV[2])), ARGV[1])
local last = redis.call('ZRANGE', KEYS[2], -1, -1, 'WITHSCORES')
redis.call('PEXPIREAT', KEYS[2], last[2])
return redis.status_reply('OK')
