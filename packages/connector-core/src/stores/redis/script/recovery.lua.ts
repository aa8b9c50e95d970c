/** How sessions live and end, and how one tells again what a server has forgotten. */
export const RECOVERY_LUA: string = String.raw`
-- Releases a part of what a dead session held; what may have gone out is kept for reconciliation.
local function releaseSome(dead)
  local found = redis.call('HSCAN', key('holds:' .. dead), 0, 'COUNT', 500)[2]
  local ids = {}
  for i = 1, #found, 2 do
    local what = cjson.decode(found[i + 1])
    unhold(what[1], what[2], what[3], what[4])
    if what[3] then
      operations.keep({ 'keep', 'lost', dead .. '/' .. found[i],
        cjson.encode({ what[3], what[4], what[5], text(now()), what[6] }) })
    end
    ids[#ids + 1] = found[i]
  end
  for _, id in ipairs(ids) do afterwards('HDEL', key('holds:' .. dead), id) end
  return #ids
end

-- Settlements that a dead session left to be told to their engines are ours now.
local function adopt(dead)
  local adopted = {}
  local outbox = redis.call('HGETALL', key('outbox'))
  for i = 1, #outbox, 2 do
    local settlement = cjson.decode(outbox[i + 1])
    if settlement[4] == dead then
      settlement[4] = SESSION
      afterwards('HSET', key('outbox'), outbox[i], cjson.encode(settlement))
      adopted[#adopted + 1] = { outbox[i], settlement[1], settlement[2], settlement[3] }
    end
  end
  return adopted
end

-- { 'pulse', lifetime }: this session lives; one that has not said so for its lifetime is ended.
operations.pulse = function(op)
  local reaped, adopted = 0, {}
  local late = redis.call('ZRANGEBYSCORE', key('sessions'), '-inf', now() - tonumber(op[2]), 'LIMIT', 0, 1)
  local dead = late[1]
  if dead and dead ~= SESSION then
    afterwards('HSET', key('session:' .. dead), 'dead', 1)
    afterwards('PEXPIRE', key('session:' .. dead), DEAD_LIFETIME_MS)
    reaped = releaseSome(dead)
    if reaped == 0 then
      adopted = adopt(dead)
      afterwards('ZREM', key('sessions'), dead)
      afterwards('DEL', key('holds:' .. dead))
    end
  end
  afterwards('ZADD', key('sessions'), text(now()), SESSION)
  return { reaped, redis.call('ZCARD', key('sessions')), #adopted, adopted }
end

-- { 'end' }: the session ends by itself; what it still held is released like that of a dead one.
operations['end'] = function()
  afterwards('HSET', key('session:' .. SESSION), 'dead', 1)
  afterwards('PEXPIRE', key('session:' .. SESSION), KEY_LIFETIME_MS)
  if redis.call('EXISTS', key('holds:' .. SESSION)) == 0 then
    afterwards('ZREM', key('sessions'), SESSION)
  else
    afterwards('ZADD', key('sessions'), 0, SESSION)
  end
  return 1
end

local function releaseAll(session)
  local found = redis.call('HGETALL', key('holds:' .. session))
  for i = 1, #found, 2 do
    local what = cjson.decode(found[i + 1])
    unhold(what[1], what[2], what[3], what[4])
  end
  afterwards('DEL', key('holds:' .. session))
end

-- { 'rebase', { { id, what }, ... }, earlier session or false }: these and no others are this session's holds. Those of an
-- earlier session of the same process, which was taken for dead, are no lost packets.
operations.rebase = function(op)
  local open = {}
  for _, each in ipairs(op[2]) do open[each[1]] = each[2] end
  if op[3] then releaseAll(op[3]) end
  local known = {}
  local found = redis.call('HGETALL', key('holds:' .. SESSION))
  for i = 1, #found, 2 do
    known[found[i]] = true
    if not open[found[i]] then
      local what = cjson.decode(found[i + 1])
      unhold(what[1], what[2], what[3], what[4])
      gone[#gone + 1] = found[i]
    end
  end
  for id, what in pairs(open) do
    if not known[id] and (not what[1] or findBook(what[1])) and (not what[3] or findBook(what[3])) then
      hold(id, what)
    end
    if op[3] then
      afterwards('HDEL', key('lost'), op[3] .. '/' .. id)
      afterwards('ZREM', key('lost-order'), op[3] .. '/' .. id)
    end
  end
  return 1
end

-- { 'cleared', { { account, incoming, outgoing }, ... } }: what was committed and forgotten.
operations.cleared = function(op)
  for _, each in ipairs(op[2]) do
    local book = findBook(each[1])
    if book then
      change(book, 'receivable', number(each[2]))
      change(book, 'clearedIncoming', number(each[2]))
      change(book, 'payable', number(each[3]))
      change(book, 'clearedOutgoing', number(each[3]))
    end
  end
  return 1
end

-- { 'debited', key, account, amount, now }: a settlement that was debited and forgotten.
operations.debited = function(op)
  local book = findBook(op[3])
  if book and redis.call('HEXISTS', key('outbox'), op[2]) == 0 then
    debit(book, number(op[4]), op[2], op[5])
  end
  return 1
end
`;
