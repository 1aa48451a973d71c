-- Is this server a primary, and is its history still the one that the caller knows?
--
-- KEYS meta, log
-- ARGV as witness.lua
local function notprimary()
  return redis.error_reply('NOTPRIMARY this server is not a primary')
end

-- Records expire by this server's clock. Where it steps back they outlive the bans that instances
-- remember by theirs, so that is a new history too. The tolerance is less than the margin of those
-- bans.
local TOLERANCE = 500

-- Nothing for what cannot be counted on from.
local function top_of_log()
  local top_epoch, top_seq = 0, 0
  local stream = ask('XINFO', 'STREAM', KEYS[2])
  for i = 1, #stream, 2 do
    if stream[i] == 'last-generated-id' then
      local e, s = string.match(stream[i + 1], '^(%d+)-(%d+)$')
      top_epoch, top_seq = number(e), number(s)
    end
  end
  return top_epoch, top_seq
end

-- Nothing where this is no primary.
local function read_history()
  local info = redis.call('INFO', 'replication')
  if not string.find(info, 'role:master', 1, true) then
    return nil
  end
  local meta = redis.call('HMGET', KEYS[1], 'epoch', 'nonce', 'seq', 'owner', 'ttl', 'time', 'last')
  local time = redis.call('TIME')
  local history = {
    owner = string.match(info, 'master_replid:(%w+)'),
    epoch = number(meta[1]) or 0,
    nonce = meta[2],
    seq = number(meta[3]) or 0,
    ttl = number(meta[5]) or 0,
    seen = number(meta[6]) or 0,
    last = meta[7],
    now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000),
  }
  local epoch, seq = history.epoch, history.seq
  local top_epoch, top_seq = top_of_log()
  history.newest_epoch = math.max(epoch, tonumber(ARGV[1]), top_epoch or 0)
  history.has_log = top_epoch ~= nil
  local over = not number(meta[1]) or not number(meta[3]) or not meta[7] or meta[4] ~= history.owner
    or (meta[5] and not number(meta[5])) or (meta[6] and not number(meta[6]))
    or not top_epoch or not top_seq
    or not continues(epoch, meta[2], seq, meta[7])
    or top_epoch > epoch or (top_epoch == epoch and top_seq > seq)
    or history.now + TOLERANCE < history.seen
  history.goes_on = not over
  return history
end
