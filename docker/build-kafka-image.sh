#!/bin/sh
# Builds the image of a Kafka broker without pulling anything: the Java runtime and the C library of
# this machine, a few shell tools, and the jars that Maven fetches.
#
#   build-kafka-image.sh [tag]                   default apache/kafka:4.4.0
#   KAFKA_JARS_DIR=folder build-kafka-image.sh   takes the jars from a folder
#
# Needs a Linux host with docker, a JDK 17 or newer (jlink), ldd and tar; Maven unless KAFKA_JARS_DIR
# is set. The layout is that of the official image as far as @holdfast/testing uses it: `sh`, `java`
# on PATH, and /opt/kafka/libs. compose.yaml needs the official image.
set -eu

tag=${1:-apache/kafka:4.4.0}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
root=$work/root

tools='sh cat cp mkdir mv'
modules=java.base,java.compiler,java.desktop,java.logging,java.management,java.naming
modules=$modules,java.security.jgss,java.security.sasl,java.sql,java.xml
modules=$modules,jdk.crypto.ec,jdk.unsupported,jdk.zipfs

mkdir -p "$root/opt/kafka/libs" "$root/tmp" "$root/bin" "$root/etc"
chmod 755 "$root"
chmod 1777 "$root/tmp"

if [ -n "${KAFKA_JARS_DIR:-}" ]; then
  cp "$KAFKA_JARS_DIR"/*.jar "$root/opt/kafka/libs/"
else
  cp "$here/kafka-broker.pom.xml" "$work/pom.xml"
  mvn --batch-mode --quiet --file "$work/pom.xml" dependency:copy-dependencies \
    "-DoutputDirectory=$root/opt/kafka/libs"
fi

"${JAVA_HOME:+$JAVA_HOME/bin/}jlink" --add-modules "$modules" \
  --strip-debug --no-man-pages --no-header-files --output "$root/opt/java"

for tool in $tools; do
  cp -L "$(command -v "$tool")" "$root/bin/$tool"
done

# Every shared library that these need, at the path where the loader looks for it.
find "$root/bin" "$root/opt/java" -type f \( -perm -u+x -o -name '*.so' \) -exec ldd {} + 2>/dev/null |
  awk '/=> \// { print $3 } /^\t\// { print $1 }' | grep -v "^$root" | sort -u |
  while read -r library; do
    mkdir -p "$root$(dirname "$library")"
    cp -L "$library" "$root$library"
  done

echo 'kafka:x:1000:1000::/tmp:/bin/sh' > "$root/etc/passwd"
tar -C "$root" -c . | docker import \
  --change 'ENV PATH=/opt/java/bin:/bin' --change 'USER 1000' --change 'EXPOSE 9092' - "$tag"
