-- Records bans, before the log says so, at the position that its next entry will have.
--
-- KEYS meta, log, …
-- ARGV as log.lua; if there are bans: the time they are kept beyond the longest ttl, the most to keep,
--      and they themselves…
if #ARGV > 11 then
  local function now()
    local time = redis.call('TIME')
    return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  end

  -- Folds all bans into those that `broader` names, at the newest position: always safe. Those that have
  -- expired become one on everything: what they forbid is gone, unless this clock stepped back unseen, and
  -- nothing younger is touched.
  local function fold(broader)
    local fields, folded = redis.call('HGETALL', KEYS[1]), {}
    for i = 1, #fields, 2 do
      if string.sub(fields[i], 1, 2) == 'b:' then
        local at, expires = string.match(fields[i + 1], '^(%d+) (%d+)$')
        at, expires = tonumber(at), tonumber(expires)
        redis.call('HDEL', KEYS[1], fields[i])
        local name = expires > now() and broader(fields[i]) or 'b:p:*'
        local other = folded[name] or { 0, 0 }
        folded[name] = { math.max(at, other[1]), math.max(expires, other[2]) }
      end
    end
    for name, ban in pairs(folded) do
      redis.call('HSET', KEYS[1], name, text(ban[1]) .. ' ' .. text(ban[2]))
    end
  end

  local ttl = tonumber(redis.call('HGET', KEYS[1], 'ttl')) or 0
  local ban = seq .. ' ' .. text(now() + ttl + tonumber(ARGV[12]))
  local bans = {}
  for i = 14, #ARGV do
    bans[#bans + 1] = 'b:' .. ARGV[i]
    bans[#bans + 1] = ban
  end
  for first = 1, #bans, 1000 do
    redis.call('HSET', KEYS[1], unpack(bans, first, math.min(first + 999, #bans)))
  end
  local function too_many()
    return redis.call('HLEN', KEYS[1]) - 7 > tonumber(ARGV[13])
  end
  if too_many() then
    fold(function(name) return name end)
  end
  if too_many() then
    fold(function(name)
      local segment = string.match(name, '^b:p:([^*?%[\\:]*:)')
      return segment and 'b:p:' .. segment .. '*' or 'b:p:*'
    end)
  end
  if too_many() then
    fold(function() return 'b:p:*' end)
  end
end
