-- For wrk: each request is the same text with an id and a MAC of its own, made ahead by signed-load.ts.
-- Arguments: a file with the text before the MAC, one with what is between MAC and id, one with what
-- follows the id, and one with the records, 32 characters of id and 64 of MAC each.
local RECORD = 96
local ID = 32

local before, between, after, records
local at = 0
local threads = {}
exhausted = 0

local function read(name)
  local file = assert(io.open(name, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  before, between, after, records = read(args[1]), read(args[2]), read(args[3]), read(args[4])
end

function request()
  if at >= #records then
    -- Sent again, it is refused as a replay, or reported below.
    exhausted = exhausted + 1
    at = 0
  end
  local id = records:sub(at + 1, at + ID)
  local mac = records:sub(at + ID + 1, at + RECORD)
  at = at + RECORD
  return before .. mac .. between .. id .. after
end

function done(summary, latency)
  local ran_out = 0
  for _, thread in ipairs(threads) do ran_out = ran_out + thread:get("exhausted") end
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"durationMicros":%d,"p50Micros":%d,"p99Micros":%d,"maxMicros":%d,' ..
    '"badStatuses":%d,"brokenConnections":%d,"timeouts":%d,"exhausted":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency.max,
    errors.status, errors.connect + errors.read + errors.write, errors.timeout, ran_out))
end
