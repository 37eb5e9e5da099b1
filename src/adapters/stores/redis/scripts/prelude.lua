-- What every script begins with.
-- ARGV: the prefix of all keys with its colon, the time in microseconds since 1970 ('' for the server's), until when the
-- sender waits for the answer ('' for ever), then the script's own arguments. Keys are built here and not declared, so
-- this is not for Redis Cluster.
--
--   schema                       version of this layout
--   job:<id>                     hash: the record, and beside it what the scripts write themselves
--   in:<status>:<mode>           all jobs, by place; a page is a merge of some, a total the sum of their sizes
--   of:<owner>:<status>:<mode>   the same of one owner; nobody's jobs are in none
--   queue:<v>:<line>             jobs that wait, by turn, for a worker that reads records of version v
--   lapsed:<v>:<line>            running jobs whose lease was seen to be over, by turn
--   lines                        the <v>:<line> of which one of these two is not empty
--   leases                       running jobs by the end of their lease, unless that was seen to be over
--   leased                       all running jobs by the beginning of their lease
--   expiry:<v>                   finished jobs by the end of their keeping
--   notices:<v>                  finished jobs of whose end somebody is to be told, by when that is due
--   idem:<sha256>                the job that an idempotency key made
--   tomb:<id>                    until when a purged job is answered with `gone`
--
-- A line is the name of what its jobs need, as `voicecore.needs` writes it: kokoro, rvc, kokoro+rvc. It stands in the field
-- `engine` of a job's hash; a job of records before version 5 has its engine there, and is claimed by that alone.
-- A place is 20 digits of created_at and the id, a turn the rank of the priority and the place. Both are members of
-- sorted sets in which all scores are 0, so that Redis orders them by bytes and no number is rounded.
local SCHEMA = '1'
local prefix, args = ARGV[1], {unpack(ARGV, 4)}

local schema = redis.call('GET', prefix .. 'schema')
if not schema then
  redis.call('SET', prefix .. 'schema', SCHEMA)
elseif schema ~= SCHEMA then
  return {'schema', schema}
end

local now
if ARGV[2] == '' then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
else
  now = tonumber(ARGV[2])
end

-- Lua writes large numbers as 1.7e+15.
local function whole(number)
  return string.format('%.0f', number)
end

-- What was sent while this server stood still, or its host, is found when it goes on. Its sender has given up: a claim
-- done now would be a job that nobody runs, and at the end of its lease a try that nobody made.
if ARGV[3] ~= '' and now > tonumber(ARGV[3]) then return {'late', whole(now)} end

-- Bytes, since `<` would ask the server's locale.
local function precedes(one, other)
  for index = 1, math.min(#one, #other) do
    local left, right = string.byte(one, index), string.byte(other, index)
    if left ~= right then return left < right end
  end
  return #one < #other
end

local function look(id)
  local key = prefix .. 'job:' .. id
  local found = redis.call('HMGET', key, 'status', 'engine', 'mode', 'v', 'rank', 'place', 'attempt', 'tries',
    'hook', 'idem', 'fixed', 'started_us', 'owner')
  if not found[1] then return nil end
  return {id = id, key = key, status = found[1], engine = found[2], mode = found[3], v = found[4], rank = found[5],
    place = found[6], attempt = found[7], tries = tonumber(found[8]), hook = found[9], idem = found[10],
    fixed = found[11], started_us = found[12], owner = found[13] or ''}
end

-- What Python composes a job from; `job_hash.SHOWN` has the same order.
local function show(id)
  return redis.call('HMGET', prefix .. 'job:' .. id, 'record', 'status', 'attempt', 'tries', 'worker', 'lease_us',
    'started_us', 'completed_us', 'expires_us', 'limit')
end

local function is_gone(id)
  local until_us = redis.call('GET', prefix .. 'tomb:' .. id)
  return until_us and tonumber(until_us) > now
end

local function line(job)
  return job.v .. ':' .. job.engine
end

local function turn(job)
  return job.rank .. job.place
end

local function join(job, kind)
  redis.call('ZADD', prefix .. kind .. ':' .. line(job), 0, turn(job))
  redis.call('SADD', prefix .. 'lines', line(job))
end

local function leave(job, kind)
  local name = line(job)
  redis.call('ZREM', prefix .. kind .. ':' .. name, turn(job))
  if redis.call('EXISTS', prefix .. 'queue:' .. name, prefix .. 'lapsed:' .. name) == 0 then
    redis.call('SREM', prefix .. 'lines', name)
  end
end

-- Where an owner's jobs of this status and mode are listed; nil for nobody's.
local function owned(job)
  if job.owner ~= '' then return prefix .. 'of:' .. job.owner .. ':' .. job.status .. ':' .. job.mode end
end

-- Take the job out of every index, before its fields change …
local function unlist(job)
  redis.call('ZREM', prefix .. 'in:' .. job.status .. ':' .. job.mode, job.place)
  if owned(job) then redis.call('ZREM', owned(job), job.place) end
  if job.status == 'queued' then
    leave(job, 'queue')
  elseif job.status == 'processing' then
    redis.call('ZREM', prefix .. 'leases', job.id)
    redis.call('ZREM', prefix .. 'leased', job.id)
    leave(job, 'lapsed')
  else
    redis.call('ZREM', prefix .. 'expiry:' .. job.v, job.id)
  end
end

-- … and enter it where it belongs now. `moment` is the end of its lease, which begins now, or of its keeping.
local function enlist(job, moment)
  redis.call('ZADD', prefix .. 'in:' .. job.status .. ':' .. job.mode, 0, job.place)
  if owned(job) then redis.call('ZADD', owned(job), 0, job.place) end
  if job.status == 'queued' then
    join(job, 'queue')
  elseif job.status == 'processing' then
    redis.call('ZADD', prefix .. 'leases', moment, job.id)
    redis.call('ZADD', prefix .. 'leased', whole(now), job.id)
    redis.call('HSET', job.key, 'lease_us', moment, 'until_us', moment)
  else
    redis.call('ZADD', prefix .. 'expiry:' .. job.v, moment, job.id)
    if job.hook == '1' then redis.call('ZADD', prefix .. 'notices:' .. job.v, whole(now), job.id) end
  end
end

-- End a job without Python, which reads the rest of its record from these fields.
local function close(job, status, keep_us)
  local over = whole(now + keep_us)
  unlist(job)
  job.status = status
  redis.call('HDEL', job.key, 'lease_us', 'until_us')
  redis.call('HSET', job.key, 'status', status, 'tries', job.tries, 'completed_us', whole(now), 'expires_us', over)
  enlist(job, over)
end

-- Whether this attempt may write. A digest of another version says nothing about ours.
local function owns(job, attempt, fixed)
  if not job or job.status ~= 'processing' or job.attempt ~= attempt then return false end
  return job.fixed == fixed or string.match(job.fixed, '^%d+') ~= string.match(fixed, '^%d+')
end
