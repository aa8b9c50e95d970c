/**
 * What the processes of a group do in Redis, each script one step. KEYS[1] is the prefix of all keys; all reply with the store's
 * id first, so that nobody takes an empty server for tables that were emptied.
 *
 * `PREFIX:leader` names the process that leads, for its lifetime; `PREFIX:tables` has the version of each table, and
 * `PREFIX:table:NAME` its texts.
 */
const HEAD = String.raw`
local P = KEYS[1]
local store = redis.call('HGET', P .. ':store', 'id') or ''
`;

/** ARGV: process, lifetime in milliseconds. Leads if nobody does. Replies with the leader and all tables' versions. */
export const PULSE_SCRIPT: string = `${HEAD}
local leader = redis.call('GET', P .. ':leader')
if not leader or leader == ARGV[1] then
  leader = ARGV[1]
  redis.call('SET', P .. ':leader', leader, 'PX', ARGV[2])
end
redis.call('PUBLISH', P .. ':process:' .. ARGV[1], '["pulse"]')
return { store, leader, redis.call('HGETALL', P .. ':tables') }
`;

/** ARGV: process. Whoever led and leaves says so, and another one follows at once. */
export const LEAVE_SCRIPT: string = `${HEAD}
if redis.call('GET', P .. ':leader') == ARGV[1] then
  redis.call('DEL', P .. ':leader')
  redis.call('PUBLISH', P .. ':group', '["vacant"]')
end
return { store }
`;

/** ARGV: table. Replies with its version and its texts. */
export const READ_SCRIPT: string = `${HEAD}
local version = redis.call('HGET', P .. ':tables', ARGV[1]) or '0'
return { store, version, redis.call('HGETALL', P .. ':table:' .. ARGV[1]) }
`;

/**
 * ARGV: table, changes and expectations as JSON lists of [key, text], or [key] for none, and the process that must lead, or
 * empty. Replies with the new version, and tells everybody; with 0 where nothing was written.
 */
export const WRITE_SCRIPT: string = `${HEAD}
local name, changes, expected, leader = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local hash = P .. ':table:' .. name
if leader ~= '' and redis.call('GET', P .. ':leader') ~= leader then return { store, '0' } end
for _, each in ipairs(cjson.decode(expected)) do
  if redis.call('HGET', hash, each[1]) ~= (each[2] or false) then return { store, '0' } end
end
for _, each in ipairs(cjson.decode(changes)) do
  if each[2] then redis.call('HSET', hash, each[1], each[2]) else redis.call('HDEL', hash, each[1]) end
end
local version = redis.call('HINCRBY', P .. ':tables', name, 1)
redis.call('PUBLISH', P .. ':group', '["table",' .. cjson.encode(name) .. ',' .. version .. ',' .. changes .. ']')
return { store, tostring(version) }
`;
