# shellcheck shell=bash
# Checks models with spin, each with its options, and prints a table; exits 1 if a line of it is not as expected. Sourced by the run.sh beside the
# models, which has set here, the directory, and declared list (model, options | what is expected: holds, or the reason why it fails) and
# reason (what pan prints, turned into the words of the list). The first argument selects lines, as by grep -E. Installs nothing; without
# spin or a C compiler it says so and exits 0.
compiler=${CC:-gcc}
jobs=${JOBS:-2}
optimise=${optimise:--O0} # compiling takes longer than searching where there are few states
limit=${LIMIT:-200}       # seconds for one search
memory=${MEMORY:-1900}    # MiB for one search

for tool in spin "$compiler"; do
  if ! command -v "$tool" >/dev/null; then
    echo "skipped: $tool not found"
    exit 0
  fi
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# check runs number $1 of the list, with options $2, and writes the result.
check() {
  local dir=$work/$1 began=$EPOCHREALTIME out found states
  mkdir "$dir" && cd "$dir" || return
  set -- "$1" $2
  out=$(
    spin -a "${@:3}" "$here/$2.pml" 2>&1 &&
      "$compiler" "$optimise" -w -DSAFETY -DCOLLAPSE -DMEMLIM="$memory" -o pan pan.c 2>&1 &&
      timeout "$limit" ./pan -n -m200000 2>&1
  )
  found=$(reason "$out")
  [[ $out == *"errors: "* ]] || found="not run"
  if [[ $found == holds && $out == *[Nn]"ot completed"* || $out == *"too small"* ]]; then
    found="not finished"
  fi
  states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' <<<"$out")
  printf '%s|%s|%s\n' "$found" "${states:--}" "$((${EPOCHREALTIME/[.,]/} - ${began/[.,]/}))" >"$work/$1.result"
  printf '%s\n' "$out" >"$work/$1.out"
  rm -rf "$dir"
}

mapfile -t lines < <(list | grep -E -- "${1:-.}")
if ((${#lines[@]} == 0)); then
  echo "no line matches $1" >&2
  exit 2
fi
for i in "${!lines[@]}"; do
  while (($(jobs -rp | wc -l) >= jobs)); do wait -n; done
  check "$i" "${lines[i]%%|*}" &
done
wait

status=0
format='%-45s %-18s %-18s %10s %8s\n'
printf "$format" variant expected found states seconds
for i in "${!lines[@]}"; do
  read -r variant <<<"${lines[i]%%|*}"
  read -r expected <<<"${lines[i]#*|}"
  IFS='|' read -r found states micros <"$work/$i.result"
  mark=
  if [[ $found != "$expected" ]]; then
    status=1
    mark="  <- not as expected"
  fi
  printf "$format" "${variant//-D/}" "$expected" "$found$mark" "$states" "$((micros / 100000))e-1" |
    sed -E 's/([0-9]*)([0-9])e-1$/\1.\2/; s/ \.([0-9])$/0.\1/'
  if [[ -n $mark ]]; then
    grep -vE '^(Depth=|\s*$)' "$work/$i.out" | head -5
  fi
done
exit $status
