-- The fence, and the probe. Begins a new epoch where the history may be over. Declared as writing, so
-- a replica and an isolated primary (min-replicas-to-write) refuse it.
--
-- KEYS meta, log
-- ARGV as witness.lua; channel ('' for the stream), a fresh nonce, our longest ttl, maxlen
local channel, fresh, maxlen = ARGV[8], ARGV[9], ARGV[11]
local history = read_history()
if not history then
  return notprimary()
end
local wanted_ttl = tonumber(ARGV[10])

local function log(payload, before)
  local position = text(history.epoch) .. '-' .. text(history.seq)
  history.last = fresh
  return write_entry(channel, maxlen, position, fresh, before, payload)
end

if not history.goes_on then
  history.epoch = math.max(history.newest_epoch, history.now) + 1
  history.seq, history.nonce = 1, fresh
  history.ttl = math.max(history.ttl, wanted_ttl)
  if not history.has_log then
    redis.call('DEL', KEYS[2])
  end
  local failed = log('{"o":0}', NONE)
  if failed then
    return failed
  end
  -- What the old history left in here goes with it: the bans first of all.
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'epoch', text(history.epoch), 'nonce', history.nonce, 'seq', '1', 'last', fresh,
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
  local failed = log('{"o":0,"l":' .. text(history.ttl) .. '}', history.last)
  if failed then
    return failed
  end
  redis.call('HSET', KEYS[1], 'seq', text(history.seq), 'last', fresh, 'ttl', text(history.ttl))
end
if history.now > history.seen + TOLERANCE then
  redis.call('HSET', KEYS[1], 'time', text(history.now))
end
return { text(history.epoch), history.nonce, text(history.seq), history.last, text(history.ttl) }
