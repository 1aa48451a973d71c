-- The fence, and the probe. Begins a new epoch where the history may be over. Declared as writing, so
-- a replica and an isolated primary (min-replicas-to-write) refuse it.
--
-- KEYS meta, log
-- ARGV the highest position that we know, our nonce, channel ('' for the stream), a fresh nonce,
--      our longest ttl, maxlen
local channel, maxlen = ARGV[3], ARGV[6]
local history = read_history(ARGV[1], ARGV[2], channel)
if not history then
  return NOTPRIMARY
end
local wanted_ttl = tonumber(ARGV[5])

local function log(payload)
  local position = text(history.epoch) .. '-' .. text(history.seq)
  if channel == '' then
    redis.call('XADD', KEYS[2], 'MAXLEN', '~', maxlen, position, 'm', payload)
  else
    redis.call('PUBLISH', channel, position .. ' ' .. payload)
  end
end

if not history.goes_on then
  history.epoch = math.max(history.newest_epoch, history.now) + 1
  history.seq, history.nonce = 1, ARGV[4]
  history.ttl = math.max(history.ttl, wanted_ttl)
  if not history.has_log then
    redis.call('DEL', KEYS[2])
  end
  log('{"o":0}')
  -- What the old history left in here goes with it: the bans first of all.
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'epoch', text(history.epoch), 'nonce', history.nonce, 'seq', '1',
    'owner', history.owner, 'ttl', text(history.ttl), 'time', text(history.now))
elseif wanted_ttl > history.ttl then
  -- Entries may live longer from now on, and so must every ban that is still remembered.
  local longer = wanted_ttl - history.ttl
  local fields = redis.call('HGETALL', KEYS[1])
  for i = 1, #fields, 2 do
    if string.sub(fields[i], 1, 2) == 'b:' then
      local at, expires = string.match(fields[i + 1], '^(%d+) (%d+)$')
      redis.call('HSET', KEYS[1], fields[i], at .. ' ' .. text(tonumber(expires) + longer))
    end
  end
  history.seq, history.ttl = history.seq + 1, wanted_ttl
  log('{"o":0,"l":' .. text(history.ttl) .. '}')
  redis.call('HSET', KEYS[1], 'seq', text(history.seq), 'ttl', text(history.ttl))
end
if history.now > history.seen + TOLERANCE then
  redis.call('HSET', KEYS[1], 'time', text(history.now))
end
return { text(history.epoch), history.nonce, text(history.seq), text(history.ttl) }
