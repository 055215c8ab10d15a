#!/usr/bin/env bash
# Maven, with its own reminders about deprecated calls inside Maven left out.
set -euo pipefail
if ! command -v mvn >/dev/null; then
  echo "pukara: Maven (mvn) is needed to build and was not found; install Maven 3.8 or later." >&2
  exit 4
fi
export MAVEN_OPTS="${MAVEN_OPTS:-} --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow -XX:TieredStopAtLevel=1"
exec mvn "$@"
