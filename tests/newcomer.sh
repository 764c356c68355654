#!/usr/bin/env bash
# What a newcomer does in the first five minutes, against a running service in Development. Prints a line "ok" or "not ok" for each step.
#   tests/newcomer.sh [http://localhost:3000]
set -euo pipefail

api=${1:-http://localhost:3000}
title='Login page throws 500 after deploy, React console shows CORS error'
me="jo.$(date +%s).$$@example.org"
failed=0

step() { # step NAME COMMAND... : runs the command, which says by its status whether the step went well
    local name=$1
    shift
    if "$@" > /dev/null; then echo "ok - $name"; else echo "not ok - $name"; failed=1; fi
}

call() { # call TOKEN METHOD PATH [BODY]
    local token=$1 method=$2 path=$3
    curl --silent --show-error --fail-with-body --max-time 10 -X "$method" "$api$path" ${token:+-H "Authorization: Bearer $token"} \
        ${4:+-H 'Content-Type: application/json' -d "$4"} || true
}

holds() { jq -e "$2" <<< "$1"; } # holds JSON FILTER

sign_in() { call '' POST /api/auth/login "$(jq -n --arg e "$1" --arg p "$2" '{email: $e, password: $p}')" | jq -r '.token // empty'; }

within_two_seconds() { # within_two_seconds FUNCTION : until it succeeds
    local end=$(($(date +%s%N) + 2000000000))
    until "$1"; do
        [ "$(date +%s%N)" -lt "$end" ] || return 1
        sleep 0.05
    done
}

answer=$(call '' POST /api/auth/register "$(jq -n --arg e "$me" '{name: "Jo Newcomer", email: $e, password: "Blue-Kettle-42"}')")
step 'register' holds "$answer" '.success and (.message | length > 0)'

owner=$(sign_in "$me" 'Blue-Kettle-42')
step 'sign in' test -n "$owner"

answer=$(call "$owner" POST /api/tickets "$(jq -n --arg t "$title" '{title: $t, description: "Since the deploy at noon nobody can sign in. The console says: blocked by CORS policy."}')")
step 'open a ticket' holds "$answer" '.ticket | .status == "todo" and .number > 0'
id=$(jq -r '.ticket.id // "none"' <<< "$answer")
number=$(jq -r '.ticket.number // "none"' <<< "$answer")

ticket='{}' mail='{}'
is_triaged() { ticket=$(call "$owner" GET "/api/tickets/$id") && holds "$ticket" '.ticket | .assignedTo != null and .priority != "" and (.relatedSkills | length > 0)' > /dev/null; }
is_mailed() { mail=$(call '' GET /dev/mail.json | jq --arg n "[#$number]" '[.[] | select(.subject | startswith($n))][0] // {}') && holds "$mail" '.to // "" | contains("@")' > /dev/null; }
step 'within two seconds it has a priority, skills and an assignee' within_two_seconds is_triaged
step 'within two seconds the assignee has a mail' within_two_seconds is_mailed

assignee=$(jq -r '.to // ""' <<< "$mail" | grep -oE '[^< ]+@[^> ]+' || true)
staff=$(sign_in "${assignee:-nobody@mail.com}" 'Moderator1234@')
step "the assignee (${assignee:-nobody}) signs in" test -n "$staff"

assigned=$(call "$staff" GET /api/tickets/get-assigned | jq --arg id "$id" '[.tickets[]? | select(.id == $id)][0] // {}')
step 'the assignee finds it with priority, skills and notes' holds "$assigned" '.priority != null and .priority != "" and (.relatedSkills | length > 0) and (.helpfulNotes | length > 0)'

answer=$(call "$staff" PUT /api/tickets/ticket-reply "$(jq -n --arg id "$id" '{ticketId: $id, message: "The new origin was missing in CORS_ORIGINS. Please try again."}')")
step 'the assignee replies' holds "$answer" '.ticket.replyCount == 1'

answer=$(call "$owner" GET "/api/tickets/$id")
step 'the owner reads the reply' holds "$answer" '.ticket.replies[0].message | startswith("The new origin")'
step 'the owner sees no notes of staff' holds "$answer" '.ticket.helpfulNotes == ""'

answer=$(call "$owner" PUT "/api/tickets/status/$id")
step 'the owner completes it' holds "$answer" '.ticket.status == "completed"'

exit $failed
