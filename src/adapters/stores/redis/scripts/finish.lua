-- args: id, attempt, fixed, record, v, tries, worker, started_us ('' for none), status, expires_us ('' for none)
local job = look(args[1])
if not owns(job, args[2], args[3]) then return {'refused', show(args[1])} end
unlist(job)
job.v, job.status = args[5], args[9]
redis.call('HDEL', job.key, 'lease_us', 'until_us', 'worker')
redis.call('HSET', job.key, 'fixed', args[3], 'record', args[4], 'v', job.v, 'tries', args[6], 'status', job.status)
if args[7] ~= '' then redis.call('HSET', job.key, 'worker', args[7]) end
if args[8] ~= '' then redis.call('HSET', job.key, 'started_us', args[8]) end
-- What never expires is kept for ever: it is in no index of expiry.
enlist(job, args[10] ~= '' and args[10] or '+inf')
return {'finished'}
