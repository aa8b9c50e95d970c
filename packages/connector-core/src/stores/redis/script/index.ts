import { BOOKS_LUA } from './books.lua.js';
import { NUMBERS_LUA } from './numbers.lua.js';
import { OPERATIONS_LUA } from './operations.lua.js';
import { RECOVERY_LUA } from './recovery.lua.js';

const DAY_MS = 24 * 60 * 60 * 1000;
/** How long the key of an incoming settlement is kept after its last use (RFC 0038), and a session after its end. */
const KEY_LIFETIME_MS = DAY_MS;
/** How long a session is kept that was taken for dead: one that is forgotten would do its last batch again. */
const DEAD_LIFETIME_MS = 30 * DAY_MS;
/** How long it is known that a book was deleted: no packet that it held is under way for longer. */
const DELETED_LIFETIME_MS = DAY_MS;
/** Of late fulfillments and lost packets, each. */
const MOST_KEPT = 10_000;
/** Goes up when older programs must not read what newer ones wrote. */
export const FORMAT = '1';

/**
 * The one script of the store: applies a batch of operations whole, or not at all, and at most once.
 *
 * KEYS: the session's. ARGV: prefix, store's id or empty, session, number of the batch, operations as JSON.
 * Replies with JSON: `["ok", store's id, results]`; or why nothing was done: `["gap", n]` after a server forgot batches
 * behind `n`, `["unknown"]` if it forgot the session, `["fenced", n]` if the session was taken for dead,
 * `["other", id, format]` for another store, `["failed", code, message]` for a batch that would unbalance a book.
 *
 * The session's key holds the number of its last batch and the reply to it: a batch that comes again, because its reply
 * got lost, is answered and not done again.
 */
export const BATCH_SCRIPT: string = [
  String.raw`
local P, STORE, SESSION, N = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local KEY_LIFETIME_MS, MOST_KEPT = ${KEY_LIFETIME_MS}, ${MOST_KEPT}
local DEAD_LIFETIME_MS = ${DEAD_LIFETIME_MS}
local DELETED_LIFETIME_MS = ${DELETED_LIFETIME_MS}
local moment
local function now()
  if not moment then
    local time = redis.call('TIME')
    moment = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  end
  return moment
end
`,
  NUMBERS_LUA,
  BOOKS_LUA,
  OPERATIONS_LUA,
  RECOVERY_LUA,
  String.raw`
local store = redis.call('HMGET', key('store'), 'id', 'format')
if store[2] and store[2] ~= '${FORMAT}' then return cjson.encode({ 'other', store[1], store[2] }) end
if STORE ~= '' and store[1] ~= STORE then return cjson.encode({ 'other', store[1] or '', store[2] or '' }) end
local state = redis.call('HMGET', KEYS[1], 'seq', 'dead', 'reply')
local last = tonumber(state[1] or 0)
-- Also of a session that was taken for dead since: it must not do it again under another name.
if state[1] and N == last then return state[3] end
if state[2] then return cjson.encode({ 'fenced', last }) end
if not state[1] and N ~= 1 then return cjson.encode({ 'unknown' }) end
if N ~= last + 1 then return cjson.encode({ 'gap', last }) end
if not store[1] then
  store[1] = SESSION
  afterwards('HSET', key('store'), 'id', SESSION, 'format', '${FORMAT}')
end

local results = {}
local function applyAll()
  for i, op in ipairs(cjson.decode(ARGV[5])) do
    local done, result = pcall(operations[op[1]], op)
    if done then
      results[i] = result
    elseif type(result) == 'table' and result.code == 'UNKNOWN_ACCOUNT' then
      results[i] = { 'error', result.code, result.message }
    else
      error(result, 0)
    end
  end
  checkBooks()
end
local done, problem = pcall(applyAll)
if not done then
  if type(problem) == 'table' and problem.code then return cjson.encode({ 'failed', problem.code, problem.message }) end
  error(problem, 0)
end
local reply = cjson.encode({ 'ok', store[1], results })
writeAll(key('holds:' .. SESSION))
redis.call('HSET', KEYS[1], 'seq', text(N), 'reply', reply)
return reply
`,
].join('\n');
