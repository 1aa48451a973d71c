-- Prolongs a record that slides, and returns what is left of its sliding and absolute life.
--
-- KEYS record   ARGV the first bytes of what was seen
local header = redis.call('GETRANGE', KEYS[1], 0, 255)
if string.sub(header, 1, #ARGV[1]) ~= ARGV[1] then
  return { 0, 0 }
end
local deadline, sliding = string.match(header, '^V1 %d+ %d+ (%d+) %S+ %d+ %d+ (%d+) ')
if not deadline or deadline == '0' then
  return { 0, 0 }
end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local absolute = math.max(tonumber(deadline) - now, 0)
local left = math.min(tonumber(sliding), absolute)
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', left))
return { left, absolute }
