-- Gives back a lease that is not filled, so that nobody waits for it, or for what its load brings.
--
-- KEYS record, hand-over   ARGV lease
redis.call('UNLINK', KEYS[2])
if redis.call('GETRANGE', KEYS[1], 0, #ARGV[1] - 1) == ARGV[1] then
  return redis.call('UNLINK', KEYS[1])
end
return 0
