#!/usr/bin/env bash
# Builds Framewise's image, pushes it to a registry of your AWS account, and deploys queue, table, roles and tasks.
set -euo pipefail

HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
ROOT="$(cd "$HERE/../../.." && pwd)"

usage() {
  cat <<'TEXT'
usage: connectors/aws/deploy/deploy.sh --stack NAME --videos BUCKET --results BUCKET --vpc ID --subnets ID[,ID…]
         [--capacity FARGATE|FARGATE_SPOT|GPU] [--tasks N] [--public] [--set PARAMETER=VALUE]… [--image URI] [--dry-run]

  --stack     the name of what is deployed; a second one gives a second Framewise with a queue of its own
  --videos    the bucket with videos, which is there already
  --results   the bucket for result files, which is there already
  --vpc, --subnets
              where tasks run: subnets that reach AWS, by a NAT gateway, endpoints, or a public address
  --capacity  CPU on Fargate (default), the same on spare capacity, or a GPU of an EC2 instance for each task
  --tasks     how many Framewises take messages (default 1); 0 stops them all, and messages wait
  --public    tasks on Fargate get a public address: for subnets without a NAT gateway
  --set       any other parameter of framewise.yaml, such as FrameRatio=0.2
  --image     an image that is pushed already, instead of building one
  --dry-run   print the commands, and run none of them

Account, region and keys are those of the AWS command line: AWS_PROFILE, AWS_REGION, …
TEXT
}

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# Print a command as it can be copied, and run it unless this is a dry run.
run() {
  printf '+' >&2
  printf ' %q' "$@" >&2
  printf '\n' >&2
  [ "$DRY" = yes ] || "$@"
}

needs_value() { [ $# -ge 2 ] && [ -n "$2" ] || fail "$1 needs a value; --help says which"; }

STACK="" VIDEOS="" RESULTS="" VPC="" SUBNETS="" CAPACITY=FARGATE TASKS=1 PUBLIC=DISABLED IMAGE="" DRY=no
MORE=()

parse() {
  while [ $# -gt 0 ]; do
    case "$1" in
      --help | -h) usage && exit 0 ;;
      --dry-run) DRY=yes && shift && continue ;;
      --public) PUBLIC=ENABLED && shift && continue ;;
      --stack | --videos | --results | --vpc | --subnets | --capacity | --tasks | --set | --image) needs_value "$@" ;;
      *) fail "what is $1? --help says what there is" ;;
    esac
    case "$1" in
      --stack) STACK="$2" ;;
      --videos) VIDEOS="$2" ;;
      --results) RESULTS="$2" ;;
      --vpc) VPC="$2" ;;
      --subnets) SUBNETS="$2" ;;
      --capacity) CAPACITY="$2" ;;
      --tasks) TASKS="$2" ;;
      --image) IMAGE="$2" ;;
      --set) MORE+=("$2") ;;
    esac
    shift 2
  done
}

check_options() {
  local missing=()
  [ -n "$STACK" ] || missing+=(--stack)
  [ -n "$VIDEOS" ] || missing+=(--videos)
  [ -n "$RESULTS" ] || missing+=(--results)
  [ -n "$VPC" ] || missing+=(--vpc)
  [ -n "$SUBNETS" ] || missing+=(--subnets)
  [ ${#missing[@]} -eq 0 ] || fail "missing: ${missing[*]}. --help says what they are"
  case "$CAPACITY" in
    FARGATE | FARGATE_SPOT) RUNTIME=cpu ;;
    GPU) RUNTIME=gpu ;;
    *) fail "--capacity is FARGATE, FARGATE_SPOT or GPU, not $CAPACITY" ;;
  esac
  local given
  for given in ${MORE[@]+"${MORE[@]}"}; do
    [[ "$given" == *=* ]] || fail "--set takes PARAMETER=VALUE, not $given"
  done
}

# Whose account, and whether everything is there that is needed.
check_machine() {
  REGION="${AWS_REGION:-${AWS_DEFAULT_REGION:-}}"
  if [ "$DRY" = yes ]; then
    ACCOUNT=ACCOUNT REGION="${REGION:-REGION}"
    return
  fi
  command -v aws >/dev/null || fail "the AWS command line is missing: https://docs.aws.amazon.com/cli/"
  [ -n "$REGION" ] || REGION="$(aws configure get region)" || fail "no region: set AWS_REGION"
  [ -n "$IMAGE" ] || command -v docker >/dev/null || fail "docker is missing; install it, or name an image by --image"
  ACCOUNT="$(aws sts get-caller-identity --query Account --output text)" ||
    fail "AWS does not know who you are: set AWS_PROFILE, or log in with: aws sso login"
  local bucket
  for bucket in "$VIDEOS" "$RESULTS"; do
    aws s3api head-bucket --bucket "$bucket" >/dev/null || fail "there is no bucket $bucket that you may use"
  done
}

# A tag that no other content has: the commit, and the time where there is more than the commit.
tag() {
  local commit
  commit="$(git -C "$ROOT" rev-parse --short=12 HEAD 2>/dev/null)" || commit=tree
  [ -z "$(git -C "$ROOT" status --porcelain 2>/dev/null || echo unknown)" ] || commit="$commit-$(date -u +%Y%m%d%H%M%S)"
  printf '%s-%s' "$commit" "$RUNTIME"
}

# Tags are never given twice, so an image of this commit that is there already is the same.
pushed() {
  [ "$DRY" = no ] && aws ecr describe-images --region "$REGION" --repository-name "$1" --image-ids "imageTag=$2" \
    >/dev/null 2>&1
}

build_and_push() {
  local registry="$ACCOUNT.dkr.ecr.$REGION.amazonaws.com" name="${STACK,,}" version
  version="$(tag)"
  IMAGE="$registry/$name:$version"
  run aws cloudformation deploy --region "$REGION" --stack-name "$STACK-registry" --no-fail-on-empty-changeset \
    --template-file "$HERE/registry.yaml" --parameter-overrides "RepositoryName=$name"
  if pushed "$name" "$version"; then return; fi
  run docker build --platform linux/amd64 --file "$ROOT/docker/Dockerfile" \
    --build-arg "RUNTIME=$RUNTIME" --build-arg WEIGHTS=all --tag "$IMAGE" "$ROOT"
  log_in "$registry"
  run docker push "$IMAGE"
}

# The password goes from one to the other, and is neither shown nor kept by this script.
log_in() {
  local ask=(aws ecr get-login-password --region "$REGION") take=(docker login --username AWS --password-stdin "$1")
  printf '+ %s | %s\n' "${ask[*]}" "${take[*]}" >&2
  [ "$DRY" = yes ] || "${ask[@]}" | "${take[@]}"
}

deploy() {
  run aws cloudformation deploy --region "$REGION" --stack-name "$STACK" --no-fail-on-empty-changeset \
    --capabilities CAPABILITY_IAM --template-file "$HERE/framewise.yaml" --parameter-overrides \
    "ImageUri=$IMAGE" "Capacity=$CAPACITY" "Tasks=$TASKS" "VpcId=$VPC" "SubnetIds=$SUBNETS" \
    "AssignPublicIp=$PUBLIC" "VideoBucket=$VIDEOS" "OutputBucket=$RESULTS" ${MORE[@]+"${MORE[@]}"}
  run aws cloudformation describe-stacks --region "$REGION" --stack-name "$STACK" \
    --query 'Stacks[0].Outputs[].[OutputKey, OutputValue]' --output table
}

parse "$@"
check_options
check_machine
[ -n "$IMAGE" ] || build_and_push
deploy
