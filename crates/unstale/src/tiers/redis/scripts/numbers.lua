-- Lua counts exactly up to here, so one more than any number that is read may be no higher. Who reads
-- a higher one in what we wrote cannot count on from it: that history is broken.
local HIGHEST = 9007199254740991

-- Nothing where this is no such number.
local function number(text)
  local read = tonumber(text)
  return read and read >= 0 and read < HIGHEST and read or nil
end

local function text(number)
  return string.format('%.0f', number)
end

