-- Puts our lease in the place of a record that is of no use any longer, if it is still there.
--
-- KEYS record   ARGV the first bytes of what was seen, our lease, its life
if redis.call('GETRANGE', KEYS[1], 0, #ARGV[1] - 1) ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
