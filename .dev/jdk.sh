# find_jdk: sets JAVA_HOME to a JDK 25.0.3 or later, or explains itself and ends the script.
jdk_fits() {
  [ -x "$1/bin/javac" ] && [ -f "$1/release" ] || return 1
  local version
  version=$(sed -n 's/^JAVA_VERSION="\([0-9.]*\).*/\1/p' "$1/release")
  [ "$(printf '%s\n25.0.3\n' "$version" | sort -V | head -n 1)" = 25.0.3 ]
}

find_jdk() {
  local candidate on_path=
  if command -v java >/dev/null; then
    on_path=$(dirname "$(dirname "$(readlink -f "$(command -v java)")")")
  fi
  for candidate in "${JAVA_HOME:-}" "$on_path" /usr/lib/jvm/* "${HOME:-}"/.sdkman/candidates/java/* \
    "${HOME:-}"/.jdks/* /opt/java/* /Library/Java/JavaVirtualMachines/*/Contents/Home; do
    if [ -n "$candidate" ] && jdk_fits "$candidate"; then
      export JAVA_HOME=$candidate
      return
    fi
  done
  echo "pukara: no JDK 25.0.3 or later found (looked at JAVA_HOME, PATH, /usr/lib/jvm, ~/.sdkman, ~/.jdks)." >&2
  echo "Install one, for example Temurin 25 (adoptium.net), and set JAVA_HOME to its folder." >&2
  exit 4
}
