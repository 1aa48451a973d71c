-- What the caller knows of the history, and whether this one has kept it.
--
-- KEYS meta, log
-- ARGV the epoch that he knows, its nonce, the highest sequence number that he knows in it, the id of
--      the entry there, another sequence number that he knows, the id there, the sequence number up to
--      which others know of it as well

-- Asks about the log, and answers nothing where there is none. Any other failure is this script's: who
-- lacks the right to ask must not pass for one who knows.
local function ask(...)
  local answer = redis.pcall(...)
  if not answer.err then
    return answer
  end
  local is_none = string.find(answer.err, 'WRONGTYPE', 1, true) or string.find(answer.err, 'no such key', 1, true)
  return is_none and {} or redis.call(...)
end

-- The id of the entry at a place of the caller's epoch; nothing where it was trimmed away.
local function id_at(seq)
  local position = ARGV[1] .. '-' .. seq
  local found = ask('XRANGE', KEYS[2], position, position)
  local fields = found[1] and found[1][2] or {}
  for i = 1, #fields, 2 do
    if fields[i] == 'e' then
      return string.match(fields[i + 1], '^%S+')
    end
  end
end

-- Whether the entry that he knows stands at its place, in a history that has come as far as the entry
-- `last` at `seq`. What was trimmed away may have been another one: that is put up with only where he is
-- not alone in knowing of it.
local function has_kept(known, id, seq, last)
  local at = tonumber(known)
  if at == 0 then
    return true
  end
  if at >= seq then
    return at == seq and id == last
  end
  local there = id_at(known)
  if not there then
    return at <= tonumber(ARGV[7])
  end
  return there == id
end

-- Whether the history of this epoch is the caller's and has kept what he knows, or is a later one.
local function continues(epoch, nonce, seq, last)
  local ours = tonumber(ARGV[1])
  if epoch ~= ours then
    return epoch > ours
  end
  return nonce == ARGV[2] and has_kept(ARGV[3], ARGV[4], seq, last)
    and (ARGV[5] == ARGV[3] or has_kept(ARGV[5], ARGV[6], seq, last))
end
