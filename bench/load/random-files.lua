-- Requests files of 4 KB in random order: wrk.lua for the row files-many.
function init(args)
  folders, files = tonumber(args[1]), tonumber(args[2])
  math.randomseed(os.time())
end

function request()
  return wrk.format("GET", "/many/" .. math.random(0, folders - 1) .. "/" .. math.random(0, files - 1) .. ".bin")
end
