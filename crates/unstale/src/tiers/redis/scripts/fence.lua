-- The fence, and the probe: is this server a primary, and is its history still the one we know?
-- Begins a new epoch when it may not be. Declared as writing, so a replica and an isolated
-- primary (min-replicas-to-write) refuse it.
--
-- KEYS meta, log
-- ARGV the highest position that we know, our nonce, a fresh nonce, our longest ttl, channel ('' for the stream), maxlen
local info = redis.call('INFO', 'replication')
if not string.find(info, 'role:master', 1, true) then
  return redis.error_reply('NOTPRIMARY this server is not a primary')
end
local owner = string.match(info, 'master_replid:(%w+)')
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'nonce', 'seq', 'owner', 'ttl', 'time')
local epoch, seq, ttl = tonumber(meta[1]) or 0, tonumber(meta[3]) or 0, tonumber(meta[5]) or 0
local seen = tonumber(meta[6]) or 0
local nonce = meta[2]
local ours, known = string.match(ARGV[1], '^(%d+)-(%d+)$')
ours, known = tonumber(ours), tonumber(known)
local wanted_ttl = tonumber(ARGV[4])
local channel, maxlen = ARGV[5], ARGV[6]

local function text(number)
  return string.format('%.0f', number)
end

local function log(payload)
  local position = text(epoch) .. '-' .. text(seq)
  if channel == '' then
    redis.call('XADD', KEYS[2], 'MAXLEN', '~', maxlen, position, 'm', payload)
  else
    redis.call('PUBLISH', channel, position .. ' ' .. payload)
  end
end

local function top_of_log()
  local top_epoch, top_seq = 0, 0
  local stream = channel == '' and redis.pcall('XINFO', 'STREAM', KEYS[2]) or {}
  for i = 1, #stream, 2 do
    if stream[i] == 'last-generated-id' then
      local e, s = string.match(stream[i + 1], '^(%d+)-(%d+)$')
      top_epoch, top_seq = tonumber(e), tonumber(s)
    end
  end
  return top_epoch, top_seq
end

-- Records expire by this clock. Where it steps back they outlive the bans that instances remember
-- by theirs, so that is a new epoch too. The tolerance is less than the margin of those bans.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local tolerance = 500

local top_epoch, top_seq = top_of_log()
if not meta[1] or not meta[3] or meta[4] ~= owner
    or epoch < ours or (epoch == ours and (nonce ~= ARGV[2] or seq < known))
    or top_epoch > epoch or (top_epoch == epoch and top_seq > seq)
    or now + tolerance < seen then
  epoch, seq, nonce, ttl = math.max(epoch, ours, top_epoch, now) + 1, 1, ARGV[3], math.max(ttl, wanted_ttl)
  log('{"o":0}')
  -- What the old history left in here goes with it: the bans first of all.
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'epoch', text(epoch), 'nonce', nonce, 'seq', '1',
    'owner', owner, 'ttl', text(ttl), 'time', text(now))
elseif wanted_ttl > ttl then
  -- Entries may live longer from now on, and so must every ban that is still remembered.
  local longer = wanted_ttl - ttl
  local fields = redis.call('HGETALL', KEYS[1])
  for i = 1, #fields, 2 do
    if string.sub(fields[i], 1, 2) == 'b:' then
      local at, expires = string.match(fields[i + 1], '^(%d+) (%d+)$')
      redis.call('HSET', KEYS[1], fields[i], at .. ' ' .. text(tonumber(expires) + longer))
    end
  end
  seq, ttl = seq + 1, wanted_ttl
  log('{"o":0,"l":' .. text(ttl) .. '}')
  redis.call('HSET', KEYS[1], 'seq', text(seq), 'ttl', text(ttl))
end
if now > seen + tolerance then
  redis.call('HSET', KEYS[1], 'time', text(now))
end
return { text(epoch), nonce, text(seq), text(ttl) }
