-- Fills a record: compare-and-set on our own lease. Answers whether it did, and for how
-- long its hand-over is awaited (less than 0: not at all).
--
-- KEYS record, hand-over
-- ARGV lease, epoch, stamp, life, absolute life if it slides (else 0), what follows the deadline
if redis.call('GETRANGE', KEYS[1], 0, #ARGV[1] - 1) ~= ARGV[1] then
  return {0, redis.call('PTTL', KEYS[2])}
end
local deadline = '0'
if ARGV[5] ~= '0' then
  local time = redis.call('TIME')
  deadline = string.format('%.0f',
    tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000) + tonumber(ARGV[5]))
end
local start = 'V1 ' .. ARGV[2] .. ' ' .. ARGV[3] .. ' ' .. deadline .. ' '
redis.call('SET', KEYS[1], start .. ARGV[6], 'PX', ARGV[4])
return {1, redis.call('PTTL', KEYS[2])}
