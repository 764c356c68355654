-- Sends the requests of a file in turn, one a line: method, path, token, body, with tabs between. Ends with one line of JSON.
local requests, at = {}, 0

function init(args)
    for line in io.lines(args[1]) do
        local method, path, token, body = line:match("^([^\t]*)\t([^\t]*)\t([^\t]*)\t(.*)$")
        local headers = { ["Authorization"] = token ~= "" and "Bearer " .. token or nil, ["Content-Type"] = body ~= "" and "application/json" or nil }
        requests[#requests + 1] = wrk.format(method, path, headers, body ~= "" and body or nil)
    end
end

function request()
    at = at % #requests + 1
    return requests[at]
end

function done(summary, latency)
    local e = summary.errors
    io.write(string.format('\nresult {"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"max":%d,"refused":%d,"broken":%d}\n', summary.requests,
        summary.duration, latency:percentile(50), latency:percentile(99), latency.max, e.status, e.connect + e.read + e.write + e.timeout))
end
