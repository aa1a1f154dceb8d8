#!/bin/sh
# layers.sh - fails when a source file includes what its layer may not.
#
#   layers.sh [ROOT]
#
#   base < codec < platform < stream < archive      the file half; knows nothing of SQLite
#   base < codec < platform < db                    the database half
#   ops sees all of them, sql sees ops; db, ops and sql may include SQLite's headers
#
# The two halves meet in ops only. Our own headers are written "layer/file.h" everywhere (ops and
# sql also include the public "adcp.h", for the version), so that one look at an #include tells the
# layer. The tools in tests/tools and tests/slt judge the extension: they share no code with it.
set -eu

cd "${1:-$(dirname "$0")/../..}"

files=$(find ext tests/tools tests/slt -name '*.[ch]' 2>/dev/null | sort)
[ -n "$files" ] || { echo 'layers: no source files here' >&2; exit 1; }

awk '
  BEGIN {
    half = "base codec platform"
    allow("base", "base")
    allow("codec", "base codec")
    allow("platform", half)
    allow("stream", half " stream")
    allow("archive", half " stream archive")
    allow("db", half " db")
    allow("ops", half " stream archive db ops")
    allow("sql", half " stream archive db ops sql")
    allow("tools", "")
    allow("slt", "")
    split("db ops sql tools slt", list, " ")
    for( i in list ) sqlite[list[i]] = 1
  }
  function allow(layer, layers,   list, i) {
    known[layer] = 1
    split(layers, list, " ")
    for( i in list ) may[layer, list[i]] = 1
  }
  function report(what) {
    printf "%s:%d: %s\n", FILENAME, FNR, what
    bad++
  }
  FNR == 1 {
    split(FILENAME, path, "/")
    layer = path[2]
    if( !(layer in known) ) report("there is no layer \"" layer "\"")
  }
  !/^[ \t]*#[ \t]*include/ { next }
  {
    count++
    name = $0
    sub(/^[ \t]*#[ \t]*include[ \t]*/, "", name)
    quoted = substr(name, 1, 1) == "\""
    name = substr(name, 2)
    sub(/[">].*/, "", name)
    slash = index(name, "/")
    target = slash ? substr(name, 1, slash - 1) : ""
  }
  name ~ /^sqlite3/ {
    if( !(layer in sqlite) ) report("layer " layer " may not know SQLite: " name)
    next
  }
  !quoted {
    if( target in known ) report("our own headers stand in quotes: " name)
    next
  }
  name == "adcp.h" {
    if( layer != "ops" && layer != "sql" ) report("only ops and sql include the public header")
    next
  }
  path[1] == "tests" {
    if( slash ) report("the tools share no code with the extension: " name)
    next
  }
  !(target in known) { report("not of the form \"layer/file.h\": " name); next }
  !((layer, target) in may) { report("layer " layer " may not include " name) }
  END {
    if( bad ) exit 1
    printf "layers: %d files, %d includes in order\n", ARGC - 1, count
  }
' $files
