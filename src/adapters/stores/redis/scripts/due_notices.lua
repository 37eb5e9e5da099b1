-- args: how many, hold in µs, newest version of records we read
local limit, due = tonumber(args[1]), {}
for version = 1, tonumber(args[3]) do
  local key = prefix .. 'notices:' .. version
  local found = redis.call('ZRANGEBYSCORE', key, '-inf', whole(now), 'WITHSCORES', 'LIMIT', 0, limit)
  for index = 1, #found, 2 do
    table.insert(due, {key = key, id = found[index], since = tonumber(found[index + 1])})
  end
end
table.sort(due, function(one, other)
  if one.since ~= other.since then return one.since < other.since end
  return precedes(one.id, other.id)
end)
local notices = {}
for index = 1, math.min(limit, #due) do
  local notice = due[index]
  redis.call('ZADD', notice.key, whole(now + args[2]), notice.id)
  local tries = redis.call('HGET', prefix .. 'job:' .. notice.id, 'told')
  table.insert(notices, {tonumber(tries or '0'), show(notice.id)})
end
return {'due', notices}
