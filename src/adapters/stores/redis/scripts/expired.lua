-- args: how many at most of each version, newest version of records we read
local jobs = {}
for version = 1, tonumber(args[2]) do
  local ids = redis.call('ZRANGEBYSCORE', prefix .. 'expiry:' .. version, '-inf', whole(now), 'LIMIT', 0, args[1])
  for _, id in ipairs(ids) do table.insert(jobs, show(id)) end
end
return {'expired', jobs}
