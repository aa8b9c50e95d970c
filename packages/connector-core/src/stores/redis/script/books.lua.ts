/**
 * Books, holds and throughput limits as a batch of operations sees them: read once, changed in Lua, written once at the
 * end. Nothing is written while an operation can still fail, so that a batch is done whole or not at all.
 */
export const BOOKS_LUA: string = String.raw`
local BOOK_FIELDS = {
  'receivable', 'payable', 'heldIncoming', 'heldOutgoing', 'clearedIncoming', 'clearedOutgoing',
  'settledIncoming', 'settledOutgoing', 'leftover', 'leftoverScale', 'scale', 'code'
}
-- All but the asset's code are numbers.
local NUMBER_FIELDS = #BOOK_FIELDS - 1
-- One HSET or HDEL takes this many arguments at once; an even number.
local CHUNK = 4000

local books, isChanged = {}, {}
local buckets, isTaken = {}, {}
local setHolds, gone = {}, {}
local wasDeleted = {}
-- Changes of other keys, in their order.
local later = {}

local function key(name) return P .. ':' .. name end
local function afterwards(...) later[#later + 1] = { ... } end
local function fail(code, message) error({ code = code, message = message }) end

local function findBook(account)
  local book = books[account]
  if book ~= nil then return book end
  local values = redis.call('HMGET', key('book:' .. account), unpack(BOOK_FIELDS))
  if not values[#BOOK_FIELDS] then
    books[account] = false
    return false
  end
  book = { account = account, code = values[#BOOK_FIELDS] }
  for i = 1, NUMBER_FIELDS do book[BOOK_FIELDS[i]] = number(values[i]) end
  books[account] = book
  return book
end

local function bookOf(account)
  local book = findBook(account)
  if not book then fail('UNKNOWN_ACCOUNT', 'no book is open for account ' .. account) end
  return book
end

local function change(book, field, amount)
  book[field] = add(book[field], amount)
  isChanged[book.account] = book
end

local function take(book, field, amount)
  book[field] = subtract(book[field], amount)
  isChanged[book.account] = book
end

local function netOf(book) return subtract(book.receivable, book.payable) end

-- Both views of each book must agree before anything is written.
local function checkBooks()
  for account, book in pairs(isChanged) do
    if compare(book.heldIncoming, 0) < 0 or compare(book.heldOutgoing, 0) < 0 then
      fail('OUT_OF_BALANCE', 'account ' .. account .. ': less than nothing is held')
    end
    if compare(book.receivable, subtract(book.clearedIncoming, book.settledIncoming)) ~= 0 then
      fail('OUT_OF_BALANCE', 'account ' .. account .. ': receivable is not cleared - settled')
    end
    if compare(book.payable, subtract(book.clearedOutgoing, book.settledOutgoing)) ~= 0 then
      fail('OUT_OF_BALANCE', 'account ' .. account .. ': payable is not cleared - settled')
    end
  end
end

-- At most limit in any period, bursts included. Counts in units of 1 / period, so that nothing is rounded.
local function bucketOf(id, limit, period)
  local bucket = buckets[id]
  if bucket == nil then
    local value = redis.call('HGET', key('buckets'), id)
    bucket = {}
    if value then
      local kept = cjson.decode(value)
      bucket = { limit = kept[1], period = kept[2], tokens = number(kept[3]), at = tonumber(kept[4]) }
    end
    buckets[id] = bucket
  end
  local most = multiply(number(limit), number(period))
  if bucket.limit ~= limit or bucket.period ~= period then
    bucket.limit, bucket.period, bucket.tokens, bucket.at = limit, period, most, now()
  end
  local elapsed = now() - bucket.at
  if elapsed > 0 then
    bucket.tokens = add(bucket.tokens, multiply(elapsed, number(limit)))
    if compare(bucket.tokens, most) > 0 then bucket.tokens = most end
  end
  bucket.at = now()
  return bucket
end

-- limits: { { id, limit, period, amount, name }, ... }. Takes from all buckets, or tells the name of the one that is short.
local function takeTokens(limits)
  local costs = {}
  for i, limit in ipairs(limits) do
    costs[i] = multiply(number(limit[4]), number(limit[3]))
    if compare(costs[i], bucketOf(limit[1], limit[2], limit[3]).tokens) > 0 then return limit[5] end
  end
  for i, limit in ipairs(limits) do
    local bucket = buckets[limit[1]]
    bucket.tokens = subtract(bucket.tokens, costs[i])
    isTaken[limit[1]] = bucket
  end
  return nil
end

-- hold: { from or false, amount, to or false, amount, expiresAt, condition }
local function hold(id, what)
  if what[1] then change(bookOf(what[1]), 'heldIncoming', number(what[2])) end
  if what[3] then change(bookOf(what[3]), 'heldOutgoing', number(what[4])) end
  setHolds[id] = what
end

-- The book that a hold is in; false where it was deleted since, even if another one has been opened in its place.
local function bookHolding(account, field, amount)
  local book = account and findBook(account)
  if not book then return false end
  if compare(book[field], number(amount)) >= 0 then return book end
  if wasDeleted[account] or redis.call('EXISTS', key('deleted:' .. account)) == 1 then return false end
  -- Nothing explains this: checkBooks will refuse it.
  return book
end

-- Returns the books that the hold was in.
local function unhold(from, fromAmount, to, toAmount)
  local incoming = bookHolding(from, 'heldIncoming', fromAmount)
  local outgoing = bookHolding(to, 'heldOutgoing', toAmount)
  if incoming then take(incoming, 'heldIncoming', number(fromAmount)) end
  if outgoing then take(outgoing, 'heldOutgoing', number(toAmount)) end
  return incoming, outgoing
end

local function flatten(fields)
  local out = {}
  for field, value in pairs(fields) do
    out[#out + 1] = field
    out[#out + 1] = value
  end
  return out
end

local function inChunks(command, name, arguments)
  for first = 1, #arguments, CHUNK do
    redis.call(command, name, unpack(arguments, first, math.min(first + CHUNK - 1, #arguments)))
  end
end

local function writeAll(holdsKey)
  for account, book in pairs(isChanged) do
    if books[account] == book then
      local fields = { code = book.code }
      for i = 1, NUMBER_FIELDS do fields[BOOK_FIELDS[i]] = text(book[BOOK_FIELDS[i]]) end
      redis.call('HSET', key('book:' .. account), unpack(flatten(fields)))
    end
  end
  local taken = {}
  for id, bucket in pairs(isTaken) do
    taken[id] = cjson.encode({ bucket.limit, bucket.period, text(bucket.tokens), text(bucket.at) })
  end
  inChunks('HSET', key('buckets'), flatten(taken))
  local texts = {}
  for id, what in pairs(setHolds) do texts[id] = cjson.encode(what) end
  inChunks('HDEL', holdsKey, gone)
  inChunks('HSET', holdsKey, flatten(texts))
  for _, command in ipairs(later) do redis.call(unpack(command)) end
end
`;
