-- args: id, keep in µs, newest version of records we read
local job = look(args[1])
if not job then return {is_gone(args[1]) and 'gone' or 'none'} end
local running = job.status == 'queued' or job.status == 'processing'
-- A record that we cannot read is left as it is, too.
if not running or tonumber(job.v) > tonumber(args[3]) then return {'kept', show(job.id)} end
close(job, 'cancelled', args[2])
return {'cancelled', show(job.id)}
