-- args: how many, the place to begin before ('' for the newest), owner ('' for everybody), '<status>:<mode>' …
local limit, total, lists = tonumber(args[1]), 0, {}
local of = args[3] == '' and 'in:' or 'of:' .. args[3] .. ':'
local from = args[2] == '' and '+' or '(' .. args[2]
for index = 4, #args do
  local key = prefix .. of .. args[index]
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
  local shown = show(string.sub(latest.places[latest.at], 21))
  -- A program that knows no owners deletes a job and leaves its entry here; the next change of the list is soon enough.
  if shown[1] or of == 'in:' then table.insert(jobs, shown) end
  latest.at = latest.at + 1
end
return {'page', total, jobs}
