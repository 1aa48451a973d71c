-- Gives back a lease that is not filled, so that nobody waits for it.
--
-- KEYS record   ARGV lease
if redis.call('GETRANGE', KEYS[1], 0, #ARGV[1] - 1) == ARGV[1] then
  return redis.call('UNLINK', KEYS[1])
end
return 0
