-- Stores values under the position of the entry that log.lua has appended, for which other instances drop
-- their copies. So the entry comes first here: none is taken for the answer to a `set`.
--
-- KEYS meta, log, records…
-- ARGV as log.lua; for each record: its life, its absolute life if it slides (else 0), and
--      everything behind its deadline
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
for i = 3, #KEYS do
  local at = 12 + (i - 3) * 3
  local absolute = tonumber(ARGV[at + 1])
  local deadline = absolute > 0 and string.format('%.0f', now + absolute) or '0'
  local start = 'V1 ' .. epoch .. ' ' .. seq .. ' ' .. deadline .. ' '
  redis.call('SET', KEYS[i], start .. ARGV[at + 2], 'PX', ARGV[at])
end
