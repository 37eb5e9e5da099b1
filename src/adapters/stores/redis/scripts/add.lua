-- args: id, record, v, fixed, line, mode, rank, place, hook, owner ('' for nobody), idem
-- ('' for none), max_queued ('' for none), modes …
local id, owner, idem, max_queued = args[1], args[10], args[11], args[12]

if idem ~= '' then
  local made = redis.call('GET', prefix .. 'idem:' .. idem)
  if made then return {'repeated', show(made)} end
end
local before = look(id)
if before then
  -- The same words again: the answer to the first was lost on its way.
  if before.fixed == args[4] and before.idem == idem then return {'same', show(id)} end
  return {'conflict'}
end
if is_gone(id) then return {'conflict'} end
if max_queued ~= '' then
  local queued = 0
  for index = 13, #args do
    queued = queued + redis.call('ZCARD', prefix .. 'in:queued:' .. args[index])
  end
  if queued >= tonumber(max_queued) then return {'full', queued} end
end

local job = {id = id, key = prefix .. 'job:' .. id, status = 'queued', v = args[3], engine = args[5], mode = args[6],
  rank = args[7], place = args[8], owner = owner}
redis.call('HSET', job.key, 'record', args[2], 'v', job.v, 'fixed', args[4], 'engine', job.engine, 'mode', job.mode,
  'rank', job.rank, 'place', job.place, 'hook', args[9], 'owner', owner, 'idem', idem, 'status', 'queued', 'attempt', 0, 'tries', 0)
enlist(job)
if idem ~= '' then redis.call('SET', prefix .. 'idem:' .. idem, id) end
return {'added'}
