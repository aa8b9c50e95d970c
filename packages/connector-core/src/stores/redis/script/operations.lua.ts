/** What a batch may hold: each operation is an array, its name first. Amounts are decimal text. */
export const OPERATIONS_LUA: string = String.raw`
local operations = {}

-- { 'hold', id, what, maximum or false, minimum or false, limits }
operations.hold = function(op)
  local what = op[3]
  local incoming = what[1] and bookOf(what[1])
  local outgoing = what[3] and bookOf(what[3])
  if incoming and op[4] then
    local owed = add(add(netOf(incoming), incoming.heldIncoming), number(what[2]))
    if compare(owed, number(op[4])) > 0 then return 'incoming' end
  end
  if outgoing and op[5] then
    local left = subtract(subtract(netOf(outgoing), outgoing.heldOutgoing), number(what[4]))
    if compare(left, number(op[5])) < 0 then return 'outgoing' end
  end
  local short = takeTokens(op[6])
  if short then return short end
  hold(op[2], what)
  return 1
end

local function forget(id)
  setHolds[id] = nil
  gone[#gone + 1] = id
end

local function debit(book, amount, settlementKey, createdAt)
  take(book, 'payable', amount)
  change(book, 'settledOutgoing', amount)
  afterwards('HSET', key('outbox'), settlementKey,
    cjson.encode({ book.account, text(amount), createdAt, SESSION }))
  afterwards('ZADD', key('outbox-order'), redis.call('INCR', key('order')), settlementKey)
  return { settlementKey, text(amount) }
end

local function dueOf(book, threshold, settleTo, unit)
  local owed = book.payable
  if compare(book.receivable, 0) > 0 then owed = subtract(owed, book.receivable) end
  if compare(owed, number(threshold)) < 0 then return 0 end
  local amount = subtract(owed, number(settleTo))
  if compare(amount, 0) <= 0 then return 0 end
  return subtract(amount, remainder(amount, number(unit)))
end

-- A book that was deleted meanwhile is left out; what the other peer owes, or is owed, holds all the same.
-- { 'commit', id, from or false, amount, to or false, amount, policy or false, key, now }
operations.commit = function(op)
  local incoming, outgoing = unhold(op[3], op[4], op[5], op[6])
  forget(op[2])
  if incoming then
    change(incoming, 'receivable', number(op[4]))
    change(incoming, 'clearedIncoming', number(op[4]))
  end
  if not outgoing then return 0 end
  change(outgoing, 'payable', number(op[6]))
  change(outgoing, 'clearedOutgoing', number(op[6]))
  if not op[7] then return 0 end
  local due = dueOf(outgoing, op[7][1], op[7][2], op[7][3])
  if compare(due, 0) == 0 then return 0 end
  return debit(outgoing, due, op[8], op[9])
end

-- { 'release', id, from or false, amount, to or false, amount }
operations.release = function(op)
  unhold(op[3], op[4], op[5], op[6])
  forget(op[2])
  return 1
end

-- { 'debit', account, amount or policy, key, now }
operations.debit = function(op)
  local book = bookOf(op[2])
  local due
  if type(op[3]) == 'table' then due = dueOf(book, op[3][1], op[3][2], op[3][3]) else due = number(op[3]) end
  if compare(due, 0) == 0 then return 0 end
  return debit(book, due, op[4], op[5])
end

-- { 'acknowledge', key }
operations.acknowledge = function(op)
  afterwards('HDEL', key('outbox'), op[2])
  afterwards('ZREM', key('outbox-order'), op[2])
  return 1
end

-- { 'credit', key, account, amount, scale, now }; what was left over is kept by its own scale.
local credited = {}
operations.credit = function(op)
  local known = credited[op[2]] or redis.call('GET', key('credited:' .. op[2]))
  if known then
    local before = cjson.decode(known)
    afterwards('PEXPIRE', key('credited:' .. op[2]), KEY_LIFETIME_MS)
    if before[1] ~= op[3] or before[2] ~= op[4] or before[3] ~= op[5] then return 'conflict' end
    return { before[4], 1 }
  end
  local book = bookOf(op[3])
  local scale, own = tonumber(op[5]), book.scale
  local finest = math.max(scale, own, book.leftoverScale)
  local total = add(scaleUp(number(op[4]), finest - scale), scaleUp(book.leftover, finest - book.leftoverScale))
  local units, rest = split(total, finest - own)
  book.leftover, book.leftoverScale = rest, compare(rest, 0) == 0 and 0 or finest
  take(book, 'receivable', units)
  change(book, 'settledIncoming', units)
  credited[op[2]] = cjson.encode({ op[3], op[4], op[5], text(units) })
  afterwards('SET', key('credited:' .. op[2]), credited[op[2]], 'PX', KEY_LIFETIME_MS)
  return { text(units), 0 }
end

local function tell(book)
  local out = {}
  for i = 1, 8 do out[i] = text(book[BOOK_FIELDS[i]]) end
  return out
end

-- { 'open', account, code, scale }; the caller compares the assets.
operations.open = function(op)
  local book = findBook(op[2])
  if not book then
    book = { account = op[2], code = op[3] }
    for i = 1, NUMBER_FIELDS do book[BOOK_FIELDS[i]] = 0 end
    book.scale = tonumber(op[4])
    books[op[2]], isChanged[op[2]] = book, book
    afterwards('SADD', key('accounts'), op[2])
  end
  return { book.code, text(book.scale), tell(book) }
end

-- { 'delete', account }
operations.delete = function(op)
  books[op[2]], isChanged[op[2]] = false, nil
  wasDeleted[op[2]] = true
  afterwards('SET', key('deleted:' .. op[2]), 1, 'PX', DELETED_LIFETIME_MS)
  afterwards('DEL', key('book:' .. op[2]))
  afterwards('SREM', key('accounts'), op[2])
  local outbox = redis.call('HGETALL', key('outbox'))
  for i = 1, #outbox, 2 do
    if cjson.decode(outbox[i + 1])[1] == op[2] then operations.acknowledge({ 'acknowledge', outbox[i] }) end
  end
  return 1
end

-- { 'balance', account }
operations.balance = function(op) return tell(bookOf(op[2])) end

-- { 'keep', table, id, text }: for reconciliation, the last so many.
operations.keep = function(op)
  afterwards('HSET', key(op[2]), op[3], op[4])
  afterwards('ZADD', key(op[2] .. '-order'), redis.call('INCR', key('order')), op[3])
  local over = redis.call('ZCARD', key(op[2] .. '-order')) + 1 - MOST_KEPT
  if over > 0 then
    for _, id in ipairs(redis.call('ZRANGE', key(op[2] .. '-order'), 0, over - 1)) do
      afterwards('HDEL', key(op[2]), id)
      afterwards('ZREM', key(op[2] .. '-order'), id)
    end
  end
  return 1
end

-- { 'list', table }: ids and texts, oldest first.
operations.list = function(op)
  local ids = redis.call('ZRANGE', key(op[2] .. '-order'), 0, -1)
  local out = { op[2] }
  for _, id in ipairs(ids) do
    out[#out + 1] = { id, redis.call('HGET', key(op[2]), id) or false }
  end
  return out
end
`;
