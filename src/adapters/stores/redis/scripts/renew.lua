-- args: id, attempt, fixed, record, v, tries, worker, started_us ('' for none), lease in µs
local job = look(args[1])
if not owns(job, args[2], args[3]) then return {'refused', show(args[1])} end
local lease_end = whole(now + args[9])
unlist(job)
job.v = args[5]
redis.call('HSET', job.key, 'fixed', args[3], 'record', args[4], 'v', job.v, 'tries', args[6], 'worker', args[7])
if args[8] ~= '' then redis.call('HSET', job.key, 'started_us', args[8]) end
enlist(job, lease_end)
return {'renewed', lease_end}
