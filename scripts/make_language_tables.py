"""Writes the two tables by which the guard tells language from gibberish, counted on data/own.

Run in the repository's root: python3 scripts/make_language_tables.py
  pairs.txt  27 lines of 27 characters, row and column in the order of "a".."z" and the word's edge:
             'A' + round(4 * -log2 P(second | first)), at most 'A' + 57
  words.txt  words from frequent to rare, for cutting words that stand together without blanks
"""

import collections
import json
import math
import pathlib
import re

OUT = pathlib.Path("guard/src/main/resources/dev/pukara/guard/text")
EDGE = "{"  # the character behind 'z'


def texts():
    for path in sorted(pathlib.Path("data/own").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            yield from (row[key] for key in ("p", "r") if row.get(key))
            yield from (text for _, text in row.get("t", []))


pairs = collections.Counter()
words = collections.Counter()
for text in texts():
    for word in re.findall("[a-z]+", text.lower()):
        words[word] += 1
        edged = EDGE + word + EDGE
        pairs.update(zip(edged, edged[1:]))

letters = [chr(code) for code in range(ord("a"), ord(EDGE) + 1)]
rows = []
for first in letters:
    total = sum(pairs[first, second] + 0.5 for second in letters)
    row = ""
    for second in letters:
        bits = -math.log2((pairs[first, second] + 0.5) / total)
        row += chr(ord("A") + min(57, round(4 * bits)))
    rows.append(row)
OUT.mkdir(parents=True, exist_ok=True)
(OUT / "pairs.txt").write_text("\n".join(rows) + "\n")
single = {"a", "i"}
kept = [w for w, n in sorted(words.items(), key=lambda item: (-item[1], item[0])) if n >= 4 and (len(w) > 1 or w in single)]
(OUT / "words.txt").write_text("\n".join(kept[:6000]) + "\n")
