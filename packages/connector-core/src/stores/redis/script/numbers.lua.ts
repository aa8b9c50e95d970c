/**
 * Whole numbers of any size for Lua, whose own are doubles. A number is a Lua number as long as that is exact (up to
 * 2^53 - 1 either way), and its decimal text beyond. Functions take and return either.
 */
export const NUMBERS_LUA: string = String.raw`
local EXACT = 9007199254740991
local BASE, WIDTH = 10000000, 7

local function text(n)
  if type(n) == 'number' then return string.format('%.0f', n) end
  return n
end

-- From canonical decimal text: no leading zeros, no minus before 0.
local function number(s)
  if #s <= 15 then return tonumber(s) end
  return s
end

-- Beyond doubles: sign and limbs, the lowest first.
local function parts(n)
  local s = text(n)
  local negative = string.sub(s, 1, 1) == '-'
  local limbs = {}
  for last = #s, negative and 2 or 1, -WIDTH do
    limbs[#limbs + 1] = tonumber(string.sub(s, math.max(negative and 2 or 1, last - WIDTH + 1), last))
  end
  return negative, limbs
end

local function joined(negative, limbs)
  local top = #limbs
  while top > 1 and limbs[top] == 0 do top = top - 1 end
  local out = { string.format('%d', limbs[top] or 0) }
  for i = top - 1, 1, -1 do out[#out + 1] = string.format('%07d', limbs[i]) end
  local s = table.concat(out)
  if negative and s ~= '0' then s = '-' .. s end
  return number(s)
end

local function compareLimbs(a, b)
  for i = math.max(#a, #b), 1, -1 do
    local x, y = a[i] or 0, b[i] or 0
    if x ~= y then return x < y and -1 or 1 end
  end
  return 0
end

local function addLimbs(a, b)
  local out, carry = {}, 0
  for i = 1, math.max(#a, #b) do
    local sum = (a[i] or 0) + (b[i] or 0) + carry
    carry = sum >= BASE and 1 or 0
    out[i] = sum - carry * BASE
  end
  if carry > 0 then out[#out + 1] = carry end
  return out
end

-- a must not be less than b.
local function subtractLimbs(a, b)
  local out, borrow = {}, 0
  for i = 1, #a do
    local difference = a[i] - (b[i] or 0) - borrow
    borrow = difference < 0 and 1 or 0
    out[i] = difference + borrow * BASE
  end
  return out
end

local function sumOfParts(aNegative, a, bNegative, b)
  if aNegative == bNegative then return joined(aNegative, addLimbs(a, b)) end
  if compareLimbs(a, b) >= 0 then return joined(aNegative, subtractLimbs(a, b)) end
  return joined(bNegative, subtractLimbs(b, a))
end

local function add(a, b)
  if type(a) == 'number' and type(b) == 'number' then
    local sum = a + b
    if sum <= EXACT and sum >= -EXACT then return sum end
  end
  local aNegative, aLimbs = parts(a)
  local bNegative, bLimbs = parts(b)
  return sumOfParts(aNegative, aLimbs, bNegative, bLimbs)
end

local function subtract(a, b)
  if type(a) == 'number' and type(b) == 'number' then
    local difference = a - b
    if difference <= EXACT and difference >= -EXACT then return difference end
  end
  local aNegative, aLimbs = parts(a)
  local bNegative, bLimbs = parts(b)
  return sumOfParts(aNegative, aLimbs, not bNegative, bLimbs)
end

local function multiply(a, b)
  if type(a) == 'number' and type(b) == 'number' then
    local product = a * b
    if product <= EXACT and product >= -EXACT then return product + 0 end
  end
  local aNegative, aLimbs = parts(a)
  local bNegative, bLimbs = parts(b)
  local out = {}
  for i = 1, #aLimbs + #bLimbs do out[i] = 0 end
  for i = 1, #aLimbs do
    local carry = 0
    for j = 1, #bLimbs do
      local sum = out[i + j - 1] + aLimbs[i] * bLimbs[j] + carry
      carry = math.floor(sum / BASE)
      out[i + j - 1] = sum - carry * BASE
    end
    out[i + #bLimbs] = carry
  end
  return joined(aNegative ~= bNegative, out)
end

local function compare(a, b)
  if type(a) == 'number' and type(b) == 'number' then
    if a == b then return 0 end
    return a < b and -1 or 1
  end
  local aNegative, aLimbs = parts(a)
  local bNegative, bLimbs = parts(b)
  if aNegative ~= bNegative then return aNegative and -1 or 1 end
  if aNegative then return compareLimbs(bLimbs, aLimbs) end
  return compareLimbs(aLimbs, bLimbs)
end

-- What is left of a (0 or more) divided by b (1 or more).
local function remainder(a, b)
  if type(a) == 'number' and type(b) == 'number' then return math.fmod(a, b) end
  local rest = 0
  for digit in string.gmatch(text(a), '%d') do
    rest = add(multiply(rest, 10), tonumber(digit))
    while compare(rest, b) >= 0 do rest = subtract(rest, b) end
  end
  return rest
end

-- a * 10^places.
local function scaleUp(a, places)
  if a == 0 then return 0 end
  return number(text(a) .. string.rep('0', places))
end

-- a (0 or more) in whole units of 10^places, and the rest.
local function split(a, places)
  if places == 0 then return a, 0 end
  local s = text(a)
  if #s <= places then return 0, a end
  local rest = string.gsub(string.sub(s, -places), '^0+', '')
  return number(string.sub(s, 1, -places - 1)), rest == '' and 0 or number(rest)
end
`;
