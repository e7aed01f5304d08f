# shellcheck shell=bash
# What the proving steps share: what is played, what came of it, and what is said of the figures.
# Sourced after riva-captioner.sh.

PROOF_NAMES=(PROOF_AUDIO PROOF_MAX_WER PROOF_MAX_P95_MS PROOF_MAX_FINAL_MS PROOF_STREAMS PROOF_SECONDS)

need_proof() {
    need DEPLOYMENT_ID "${PROOF_NAMES[@]}"
    need_server
}

# Sets AUDIO and REFERENCE to the recording and the text of what is said in it.
use_recording() {
    use_captioner
    if [ -n "$PROOF_AUDIO" ]; then
        AUDIO=$PROOF_AUDIO
        REFERENCE="${PROOF_AUDIO%.*}.txt"
        [ -r "$AUDIO" ] || fail "$AUDIO cannot be read." "Name another recording in PROOF_AUDIO in $ENV_FILE, or leave it empty."
        [ -r "$REFERENCE" ] || fail "There is no $REFERENCE with what is said in $AUDIO." "Write it, as plain text."
        return 0
    fi
    [ -z "$DRY_RUN" ] || return 0
    AUDIO="$SCRATCH/sample.wav"
    REFERENCE="$SCRATCH/sample.txt"
    captioner_do sample "$SCRATCH" >/dev/null
}

# measure NAME ARGUMENTS...: `captioner NAME` with these arguments; sets MEASURED to its result, which
# is kept for 140, and shows the figures. Fails where a limit was not kept.
measure() {
    local name=$1 rc=0
    captioner_do "$@" --json >"$SCRATCH/measured.json" || rc=$?
    [ -s "$SCRATCH/measured.json" ] || fail "captioner $name gave no result." "Read the log: $LOG"
    MEASURED=$(keep_result "$name" "$SCRATCH/measured.json")
    show_measured
    return "$rc"
}

# The figures of MEASURED, a line each.
show_measured() {
    local lines line
    lines=$(from_json "$MEASURED" '[
        "{}, {} stream(s), {:.0f} s: {}".format(run["server"], run["streams"], run["seconds"], "; ".join(
            ["{} p50 {:.0f}, p95 {:.0f}, p99 {:.0f} ms".format(what, run[key]["p50"], run[key]["p95"], run[key]["p99"])
             for what, key in (("chunk to answer", "chunk_ms"), ("end of speech to final", "final_ms"),
                               ("first speech to first words", "first_partial_ms")) if run[key]]
            + ["word error rate {:.2f} %".format(100 * run["accuracy"]["wer"]) for _ in [0] if run["accuracy"]]
            + ["broken streams {}".format(sum(run["errors"].values()))]))
        for run in it["runs"]]')
    while IFS= read -r line; do info "$line"; done <<<"$lines"
}

# limits_are_kept: ends the step where MEASURED broke one, or is worth nothing.
limits_are_kept() {
    local broken
    broken=$(from_json "$MEASURED" '"; ".join("{}: {} {}, limit {} {}".format(each["what"],
        "nothing measured" if each["found"] is None else round(each["found"], 2), each["unit"], each["limit"], each["unit"])
        for each in it["checks"] if not each["passed"])')
    [ -z "$broken" ] || fail "A limit was not kept: $broken." "$1"
    [ "$(from_json "$MEASURED" 'all(run["client"]["kept_up"] for run in it["runs"])')" = True ] \
        || fail "This computer did not keep up with the streams: the figures are not those of the server." \
            "Use fewer streams (PROOF_STREAMS), or a computer with nothing else to do."
}

# ---- captions as JSON lines ----

# caption ARGUMENTS...: begins to caption, into CAPTIONS; sets CAPTIONING to the process.
caption() {
    CAPTIONS="$SCRATCH/captions.jsonl"
    BEGUN=$(now)
    write_log DEBUG "captioner live $*"
    become_captioner live "$@" --format jsonl --no-history >"$CAPTIONS" 2>"$SCRATCH/live-errors" </dev/null &
    CAPTIONING=$!
    undo_with abandon_captions
}

# It says its last words first.
stop_captioning() { [ -z "$CAPTIONING" ] || kill "$CAPTIONING" 2>/dev/null || true; }

# It holds the lock of this step, too: the step ends after it.
abandon_captions() {
    local i
    stop_captioning
    for ((i = 0; i < 100; i++)); do
        [ -n "$CAPTIONING" ] && kill -0 "$CAPTIONING" 2>/dev/null || return 0
        sleep 0.1
    done
    kill -KILL "$CAPTIONING"
}

# wait_a_moment SECONDS COMMAND...: tries until the command succeeds, without a word.
wait_a_moment() {
    local limit=$1 start=$SECONDS
    shift
    until "$@"; do
        [ "$((SECONDS - start))" -lt "$limit" ] || return 1
        sleep 0.2
    done
}

# captions_end: waits for the end; exit code 130 is that of one that was stopped.
captions_end() {
    local rc=0
    wait "$CAPTIONING" || rc=$?
    CAPTIONING=
    log_lines <"$SCRATCH/live-errors"
    [ "$rc" -eq 0 ] || [ "$rc" -eq 130 ] || fail "The captions ended early (code $rc): $(tail -n 1 "$SCRATCH/live-errors")" \
        "Run scripts/riva-100-connectivity.sh."
}

# captions_are_in_order FILE: partials before the final of their utterance, none after it, no audio
# lost; says how many there were.
captions_are_in_order() {
    python3 - "$1" <<'END'
import json, sys
finals, partials, early, wrong = [], 0, set(), []
for line in open(sys.argv[1], encoding="utf-8"):
    event = json.loads(line)
    if event["type"] == "error":
        wrong.append(event["error"])
    elif event["type"] == "partial":
        partials += 1
        early.add(event["segment_id"])
        if event["segment_id"] in finals:
            wrong.append(f"a partial of utterance {event['segment_id']} came after its final")
    else:
        finals.append(event["segment_id"])
if not finals:
    wrong.append("there was no finished caption")
elif not early & set(finals):
    wrong.append("no words were shown before a caption was finished")
print("; ".join(wrong) if wrong else f"{partials} partials, {len(finals)} finals, words shown early in {len(early & set(finals))} of them")
sys.exit(bool(wrong))
END
}

# words_of FILE: the finished captions as text.
words_of() {
    python3 -c '
import json, sys
events = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
print(" ".join(event["text"] for event in events if event["type"] == "transcription"))' "$1"
}

# The longest time without a caption in CAPTIONS, in seconds.
longest_pause() {
    python3 -c '
import datetime, json, sys
times = [datetime.datetime.fromisoformat(json.loads(line)["timestamp"].replace("Z", "+00:00")) for line in open(sys.argv[1], encoding="utf-8")]
print(round(max((b - a).total_seconds() for a, b in zip(times, times[1:])), 1) if times[1:] else 0)' "$CAPTIONS"
}

# keep_trial TRIAL WAY [AWAY RESTARTED]: what came of CAPTIONS, for 140.
keep_trial() {
    python3 - "$SCRATCH/words.json" "$1" "$2" "$BEGUN" "$(server_title)" "$(basename "$AUDIO")" "$PROOF_MAX_WER" \
        "$(longest_pause)" "${@:3}" >"$SCRATCH/trial.json" <<'END'
import json, sys
words, trial, way, begun, server, audio, limit, pause, *fault = sys.argv[1:]
with open(words, encoding="utf-8") as file:
    kept = {"schema": "captioner.captioned/1", "trial": trial, "begun_at": begun, "server": server, "audio": audio, "way": way,
            "words": json.load(file), "limit_wer_percent": float(limit), "longest_pause_s": float(pause)}
if fault:
    kept |= {"away_s": float(fault[0]), "restarted": fault[1] == "yes"}
print(json.dumps(kept))
END
    keep_result "$1" "$SCRATCH/trial.json" >/dev/null
}

# words_are_right TRIAL...: ends the step where more than PROOF_MAX_WER of the words of CAPTIONS are wrong;
# either way it is kept, as keep_trial wants it.
words_are_right() {
    local rc=0
    words_of "$CAPTIONS" >"$SCRATCH/captions.txt"
    captioner_do compare --json --limit-wer "$PROOF_MAX_WER" "$REFERENCE" "$SCRATCH/captions.txt" >"$SCRATCH/words.json" || rc=$?
    info "$(from_json "$SCRATCH/words.json" '"Word error rate {:.2f} %: of {} words {} are others, {} are missing, {} were added".format(
        100 * it["wer"], it["words"], it["substitutions"], it["deletions"], it["insertions"])')"
    keep_trial "$@"
    [ "$rc" -eq 0 ] || fail "More than $PROOF_MAX_WER % of the words are wrong." \
        "Is it the right model and language (105), and is $REFERENCE what is said? Else raise PROOF_MAX_WER in $ENV_FILE."
}
