#!/usr/bin/env bash
# 220: says what the instance does, and what it has cost so far.
#
# Needs:     the instance (015). The price comes from AWS (the right pricing:GetProducts), or from
#            AWS_HOURLY_PRICE in .env.
# Changes:   nothing.
# Validates: there is nothing to validate; the figure is an estimate, the bill is right.
# Undo:      there is nothing to undo.
# Costs:     nothing.
# Runs: by hand
set -euo pipefail
# shellcheck source=scripts/riva-common-functions.sh
. "$(dirname "${BASH_SOURCE[0]}")/riva-common-functions.sh"
# shellcheck source=scripts/lib/riva-aws.sh
. "$ROOT/scripts/lib/riva-aws.sh"

load_config() {
    use_aws
    need AWS_HOURLY_PRICE
}

validate_prerequisites() { need_instance; }

# price FILTER...: prints the list price in USD of the one product that the filters name.
price() {
    local filters=() filter
    for filter in "$@"; do filters+=("Type=TERM_MATCH,Field=${filter%%=*},Value=${filter#*=}"); done
    # Prices are told in this region for all regions.
    aws_try pricing get-products --region us-east-1 --service-code AmazonEC2 \
        --filters "${filters[@]}" "Type=TERM_MATCH,Field=regionCode,Value=$AWS_REGION" \
        --query 'PriceList[0]' >"$SCRATCH/product" || return 1
    python3 - "$SCRATCH/product" <<'END' 2>/dev/null
import json, sys
terms = json.load(open(sys.argv[1], encoding="utf-8"))["terms"]["OnDemand"]
(term,) = terms.values()
(dimension,) = term["priceDimensions"].values()
print(dimension["pricePerUnit"]["USD"])
END
}

perform_operation() {
    local last minutes hourly gb_month gb made days
    last=$(last_run_minutes)
    minutes=$((RAN_MINUTES + last))
    info "$INSTANCE is $STATE: $TYPE, address ${ADDRESS:-none}, started $LAUNCHED"
    info "It ran for $((last / 60)) h $((last % 60)) min since that start, and for $((minutes / 60)) h $((minutes % 60)) min in all."
    read -r gb made < <(aws_do ec2 describe-volumes --filters "${FILTERS[@]}" \
        --query '[sum(Volumes[].Size), min(Volumes[].CreateTime)]' | tr '\n' ' ') || true
    days=$((($(date +%s) - $(date -d "$made" +%s)) / 86400))
    hourly=$AWS_HOURLY_PRICE
    [ -n "$hourly" ] || hourly=$(price "instanceType=$TYPE" operatingSystem=Linux tenancy=Shared \
        preInstalledSw=NA capacitystatus=Used) || hourly=
    gb_month=$(price volumeApiName=gp3 productFamily=Storage) || gb_month=
    if [ -n "$hourly" ]; then
        info "Instance: $(awk -v m="$minutes" -v p="$hourly" 'BEGIN { printf "%.2f USD so far (%.10g USD an hour)", m / 60 * p, p }')"
    else
        warn "The price of a $TYPE is not known. Write AWS_HOURLY_PRICE to $ENV_FILE (https://aws.amazon.com/ec2/pricing/on-demand/)."
    fi
    if [ -n "$gb_month" ]; then
        info "Volume: $(awk -v d="$days" -v g="$gb" -v p="$gb_month" 'BEGIN { printf "%.2f USD so far (%d GB, %.2f USD a month, stopped or not)", d / 30 * g * p, g, g * p }')"
    else
        info "Volume: $gb GB for $days days; AWS takes its price also while the instance is stopped."
    fi
}

validate_results() {
    NEXT="scripts/riva-210-stop-instance.sh, when nobody needs it"
    [ "$STATE" = running ] || NEXT="scripts/riva-215-start-instance.sh, when it is needed"
}

run_step "$@"
