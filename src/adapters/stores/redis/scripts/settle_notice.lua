-- args: id, µs until it is due again ('' to forget it)
local job = look(args[1])
if not job then return {'none'} end
local key = prefix .. 'notices:' .. job.v
if args[2] == '' then
  redis.call('ZREM', key, job.id)
  redis.call('HDEL', job.key, 'told')
elseif redis.call('ZSCORE', key, job.id) then
  redis.call('ZADD', key, whole(now + args[2]), job.id)
  redis.call('HINCRBY', job.key, 'told', 1)
end
return {'settled'}
