#!/bin/sh
# A backup that tells its owner how it went. Needs curl; TONGBU_URL, TONGBU_TOKEN and BACKUP_DIR in the environment.
set -eu

ITEM="backup-$(date +%F)" # one task a day: running this twice makes one task with two attempts

# Telling must not break the work: after a few tries the script goes on without the hub.
tell() {
    curl -sS -o /dev/null --fail --max-time 10 --retry 3 --retry-connrefused "$@" \
        -H "Authorization: Bearer $TONGBU_TOKEN" -H 'Content-Type: application/json' || true
}
state() { tell -X PATCH "$TONGBU_URL/v1/users/me/items/$ITEM" -d "$1"; }

ended() {
    code=$?
    if [ "$code" = 0 ]; then
        state '{"status": "succeeded", "progress": 1}'
    else
        state '{"status": "failed", "note": "exit '"$code"'"}'
    fi
}

tell "$TONGBU_URL/v1/users/me/items" -d '{"id": "'"$ITEM"'", "kind": "task", "title": "Backup", "tags": ["backup"]}'
state '{"status": "queued"}' # after an earlier end today: the next attempt
state '{"status": "running"}'
trap ended EXIT

tar -cf "$BACKUP_DIR/home.tar" -C "$HOME" .
state '{"progress": 0.5, "note": "packed, compressing"}'
gzip -f "$BACKUP_DIR/home.tar"
