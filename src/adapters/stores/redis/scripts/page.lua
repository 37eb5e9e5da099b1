-- args: how many, the place to begin before ('' for the newest), '<status>:<mode>' …
local limit, total, lists = tonumber(args[1]), 0, {}
local from = args[2] == '' and '+' or '(' .. args[2]
for index = 3, #args do
  local key = prefix .. 'in:' .. args[index]
  total = total + redis.call('ZCARD', key)
  local places = redis.call('ZREVRANGEBYLEX', key, from, '-', 'LIMIT', 0, limit)
  if #places > 0 then table.insert(lists, {places = places, at = 1}) end
end

local jobs = {}
while #jobs < limit do
  local latest
  for _, list in ipairs(lists) do
    local place = list.places[list.at]
    if place and (not latest or precedes(latest.places[latest.at], place)) then latest = list end
  end
  if not latest then break end
  table.insert(jobs, show(string.sub(latest.places[latest.at], 21)))
  latest.at = latest.at + 1
end
return {'page', total, jobs}
