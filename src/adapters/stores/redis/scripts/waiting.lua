-- No arguments. Pairs of a line and a number; a line comes once for each version of records.
local found = {}
for _, name in ipairs(redis.call('SMEMBERS', prefix .. 'lines')) do
  table.insert(found, {string.match(name, '^%d+:(.*)$'), redis.call('ZCARD', prefix .. 'queue:' .. name)})
end
return {'waiting', found}
