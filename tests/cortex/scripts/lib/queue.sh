# shellcheck shell=bash disable=SC2016
# The task queue and other small JSON files of a cortex, changed whole. Sourced with the checkout as the directory.
QUEUE=coordination/task-queue.json

update_json() { # update_json FILE JQ_ARGS…
    local file=$1
    shift
    jq "$@" "$file" >"$file.new" && mv "$file.new" "$file"
}

add_task() { # add_task ID TITLE TYPE PRIORITY
    update_json "$QUEUE" --arg id "$1" --arg title "$2" --arg type "$3" --arg prio "$4" \
        '.tasks += [{id: $id, title: $title, type: $type, priority: $prio, status: "queued"}]'
}

new_task_id() { # new_task_id TITLE: a slug and the next number
    local slug
    slug=$(printf '%s' "$1" | tr '[:upper:] ' '[:lower:]-' | tr -cd 'a-z0-9-')
    printf 'task-%s-%04d' "$slug" "$(($(jq '.tasks | length' "$QUEUE") + 1))"
}

task_field() { # task_field TASK FIELD
    jq -er --arg id "$1" --arg field "$2" '.tasks[] | select(.id == $id) | .[$field]' "$QUEUE"
}

set_task() { # set_task TASK KEY VALUE [KEY VALUE]…
    local id=$1
    shift
    while (($#)); do
        update_json "$QUEUE" --arg id "$id" --arg key "$1" --arg value "$2" \
            '(.tasks[] | select(.id == $id))[$key] = $value'
        shift 2
    done
}

master_for() { # master_for TYPE
    case $1 in
        security | inventory | cicd) echo "$1-master" ;;
        *) echo development-master ;;
    esac
}
