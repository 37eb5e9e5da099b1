-- args: id
local shown = show(args[1])
if shown[1] then return {'job', shown} end
return {is_gone(args[1]) and 'gone' or 'none'}
