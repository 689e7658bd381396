import { createHash } from 'node:crypto'

/** A script with what its server knows it by. */
export interface Script {
  readonly source: string
  readonly sha: string
}

/**
 * A record is one string: its state (`c`laimed, `d`one, `f`ree), token, end of the lease in milliseconds, owner and
 * fingerprint, with a space after each, and then the result; `*` stands for none. Time is the server's. A token is its
 * microseconds, or one more than the last where they have not moved on, so that tokens grow even where the record was lost.
 */
const RECORDS = `
local time = redis.call('TIME')
local nowUs = tonumber(time[1]) * 1000000 + tonumber(time[2])
local nowMs = math.floor(nowUs / 1000)
local function whole(number) return string.format('%.0f', number) end
local function read(key)
  local text = redis.call('GET', key)
  if not text then return nil end
  local state, token, leaseEnd, owner, fingerprint, result = string.match(text, '^(%a) (%d+) (%d+) (%S+) (%S+) (.*)$')
  if not state then return redis.error_reply('holdfast: ' .. key .. ' is not a record of this store') end
  return { state = state, token = token, leaseEnd = tonumber(leaseEnd), owner = owner, fingerprint = fingerprint, result = result }
end
local function text(record)
  return table.concat({ record.state, record.token, whole(record.leaseEnd), record.owner, record.fingerprint, record.result }, ' ')
end
local answers = {}
`

/** For each key: owner, fingerprint, lease and window, in one text, since each argument has its cost. */
export const CLAIM: Script = script(`
for i, key in ipairs(KEYS) do
  local owner, fingerprint, lease, window = string.match(ARGV[i], '^(%S+) (%S+) (%d+) (%d+)$')
  local leaseMs, windowMs = tonumber(lease), tonumber(window)
  local known = read(key)
  if known and known.err then return known end
  local isHeld = known and (known.state == 'd' or known.state == 'c' and known.leaseEnd > nowMs)
  if isHeld and known.fingerprint ~= '*' and fingerprint ~= '*' and known.fingerprint ~= fingerprint then
    answers[i] = 'mismatch'
  elseif isHeld and known.state == 'd' then
    answers[i] = 'completed ' .. known.result
  elseif isHeld and known.owner ~= owner then
    answers[i] = 'busy ' .. whole(known.leaseEnd - nowMs)
  else
    local token = nowUs
    if known and tonumber(known.token) >= token then token = tonumber(known.token) + 1 end
    local record = { state = 'c', token = whole(token), leaseEnd = nowMs + leaseMs, owner = owner, fingerprint = fingerprint, result = '*' }
    redis.call('SET', key, text(record), 'PX', math.max(leaseMs, windowMs))
    answers[i] = 'acquired ' .. record.token
  end
end
return answers`)

/** For each key: token, lease. */
export const RENEW: Script = script(`
for i, key in ipairs(KEYS) do
  local token, leaseMs = ARGV[i * 2 - 1], tonumber(ARGV[i * 2])
  local known = read(key)
  if known and known.err then return known end
  if known and known.state == 'c' and known.token == token then
    known.leaseEnd = nowMs + leaseMs
    redis.call('SET', key, text(known), 'PX', math.max(leaseMs, redis.call('PTTL', key)))
    answers[i] = 1
  else
    answers[i] = 0
  end
end
return answers`)

/** For each key: token, result. */
export const COMPLETE: Script = script(`
for i, key in ipairs(KEYS) do
  local token, result = ARGV[i * 2 - 1], ARGV[i * 2]
  local known = read(key)
  if known and known.err then return known end
  local isMine = known and known.token == token and known.state ~= 'f'
  if isMine and known.state == 'c' then
    known.state, known.result = 'd', result
    redis.call('SET', key, text(known), 'KEEPTTL')
  end
  answers[i] = isMine and 1 or 0
end
return answers`)

/** For each key: token. */
export const RELEASE: Script = script(`
for i, key in ipairs(KEYS) do
  local known = read(key)
  if known and known.err then return known end
  local isMine = known and known.token == ARGV[i] and known.state ~= 'd'
  if isMine and known.state == 'c' then
    known.state = 'f'
    redis.call('SET', key, text(known), 'KEEPTTL')
  end
  answers[i] = isMine and 1 or 0
end
return answers`)

function script(body: string): Script {
  const source = RECORDS + body
  return { source, sha: createHash('sha1').update(source).digest('hex') }
}
