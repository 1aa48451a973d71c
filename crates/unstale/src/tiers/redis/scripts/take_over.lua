-- Puts our lease in the place of a record that is of no use any longer, if it is still there.
-- What is no string at all is no record, and of no use to anybody.
--
-- KEYS record   ARGV the first bytes of what was seen, our lease, its life
local kind = redis.call('TYPE', KEYS[1]).ok
if kind == 'none' then
  return 0
end
if kind == 'string' then
  local last = math.max(#ARGV[1] - 1, 0)
  if redis.call('GETRANGE', KEYS[1], 0, last) ~= ARGV[1] then
    return 0
  end
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
