-- args: worker, lease, max_tries, keep (both in µs), newest version of records we read, '1' for all lines, lines …
local worker, lease_us, max_tries, keep_us, newest = args[1], args[2], tonumber(args[3]), args[4], tonumber(args[5])
local all, wanted = args[6] == '1', {}
for index = 7, #args do wanted[args[index]] = true end
-- So many poisonous jobs end in one call; nobody else is served meanwhile.
local PATIENCE = 200

-- A lease that begins later than now is of a clock that was set back since: its whole length begins now
-- (`transitions.Lease` says why). What is shown of it stays as its worker knows it.
local ahead = redis.call('ZRANGEBYSCORE', prefix .. 'leased', '(' .. whole(now), '+inf', 'WITHSCORES')
for index = 1, #ahead, 2 do
  local id, since = ahead[index], ahead[index + 1]
  local key = prefix .. 'job:' .. id
  local lease_end = redis.call('HGET', key, 'until_us')
  if lease_end then
    lease_end = whole(now + lease_end - since)
    redis.call('HSET', key, 'until_us', lease_end)
    redis.call('ZADD', prefix .. 'leased', whole(now), id)
    redis.call('ZADD', prefix .. 'leases', lease_end, id)
  else
    redis.call('ZREM', prefix .. 'leased', id)
  end
end

for _, id in ipairs(redis.call('ZRANGEBYSCORE', prefix .. 'leases', '-inf', whole(now))) do
  redis.call('ZREM', prefix .. 'leases', id)
  local job = look(id)
  if job then join(job, 'lapsed') end
end

local ours, newer = {}, {}
for _, name in ipairs(redis.call('SMEMBERS', prefix .. 'lines')) do
  local version, line = string.match(name, '^(%d+):(.*)$')
  if all or wanted[line] then
    table.insert(tonumber(version) <= newest and ours or newer, name)
  end
end

local function first(kind, name)
  return redis.call('ZRANGE', prefix .. kind .. ':' .. name, 0, 0)[1]
end

-- The first whose lease is over still: the clock may have gone back since.
local function first_lapsed(name)
  local found = first('lapsed', name)
  while found do
    local id = string.sub(found, 22)
    local lease_end = redis.call('HGET', prefix .. 'job:' .. id, 'until_us')
    if lease_end and tonumber(lease_end) <= now then return found end
    redis.call('ZREM', prefix .. 'lapsed:' .. name, found)
    if lease_end then redis.call('ZADD', prefix .. 'leases', lease_end, id) end
    found = first('lapsed', name)
  end
end

local function next_turn()
  local best, kind, line_of
  for _, name in ipairs(ours) do
    local waiting, lapsed = first('queue', name), first_lapsed(name)
    if waiting and (not best or precedes(waiting, best)) then best, kind, line_of = waiting, 'queue', name end
    if lapsed and (not best or precedes(lapsed, best)) then best, kind, line_of = lapsed, 'lapsed', name end
  end
  return best, kind, line_of
end

for _ = 1, PATIENCE do
  local found, kind, name = next_turn()
  if not found then
    local skipped = {}
    for _, other in ipairs(newer) do
      local left = first('queue', other) or first('lapsed', other)
      if left then table.insert(skipped, string.sub(left, 22)) end
    end
    return {'none', skipped}
  end
  local job = look(string.sub(found, 22))
  if not job then
    redis.call('ZREM', prefix .. kind .. ':' .. name, found)
  else
    if job.status == 'processing' then job.tries = job.tries + 1 end
    if job.tries >= max_tries then
      redis.call('HSET', job.key, 'limit', max_tries)
      close(job, 'failed', keep_us)
    else
      local lease_end = whole(now + lease_us)
      unlist(job)
      job.status = 'processing'
      redis.call('HSET', job.key, 'status', job.status, 'tries', job.tries, 'attempt', job.attempt + 1,
        'worker', worker)
      if not job.started_us then redis.call('HSET', job.key, 'started_us', whole(now)) end
      enlist(job, lease_end)
      return {'claimed', show(job.id)}
    end
  end
end
return {'again'}
