-- args: '<status>:<mode>' …
local sizes = {}
for index = 1, #args do sizes[index] = redis.call('ZCARD', prefix .. 'in:' .. args[index]) end
return {'counts', sizes}
