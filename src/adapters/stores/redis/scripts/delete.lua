-- args: id, how long its tombstone lasts in µs ('' for none)
local job = look(args[1])
if not job then return {'none'} end
unlist(job)
redis.call('ZREM', prefix .. 'notices:' .. job.v, job.id)
if job.idem ~= '' then redis.call('DEL', prefix .. 'idem:' .. job.idem) end
redis.call('DEL', job.key)
if args[2] ~= '' then
  redis.call('SET', prefix .. 'tomb:' .. job.id, whole(now + args[2]), 'PX', whole(args[2] / 1000))
end
return {'deleted'}
