"""Checks the rows in data/own and the label table, and prints what they hold.

    python3 scripts/data_stats.py            format check, then the tables
    python3 scripts/data_stats.py --check    format check only

Needs Python 3.9 or later and nothing else. Exits with 1 if a row breaks the format of data/README.md.
Rows of one text kind are near-duplicates if the Jaccard index of their character 5-grams is at least 0.6.
"""

import argparse
import collections
import json
import pathlib
import re
import sys

CODES = [f"S{i}" for i in range(1, 15)]
FIELDS = {"p", "r", "t", "pl", "rl", "c", "n", "k"}
KINDS = set(
    "answer-benign answer-comply answer-half answer-info answer-refuse chat code comment diary document email fiction"
    " instruction jailbreak multi news post question quote request review roleplay statement twin".split()
)
NEAR = 0.6
PROMPT_MINIMUM, RESPONSE_MINIMUM = 150, 100


def problems(row):
    """What is wrong with one row, as short sentences."""
    found = []
    say = found.append
    if set(row) - FIELDS:
        say(f"unknown fields {sorted(set(row) - FIELDS)}")
    if ("t" in row) == ("p" in row):
        say("exactly one of p and t is needed")
    turns = row.get("t", [["user", row.get("p")]] + ([["assistant", row["r"]]] if "r" in row else []))
    for turn in turns:
        if len(turn) != 2 or turn[0] not in ("user", "assistant"):
            say(f"a turn is [user|assistant, text], not {turn!r:.60}")
        elif not isinstance(turn[1], str) or not turn[1].strip():
            say("a text is empty")
    if "pl" not in row and "rl" not in row:
        say("no label")
    for name in ("pl", "rl"):
        if row.get(name, "safe") not in ("safe", "unsafe"):
            say(f"{name} is safe or unsafe, not {row[name]!r}")
    last = turns[-1][0]
    if "r" in row and "rl" not in row:
        say("r without rl")
    if "rl" in row and last != "assistant":
        say("rl without an answer")
    if "t" in row and "pl" in row and last != "user":
        say("pl on turns that end with the assistant: the last turn is the labelled one")
    for name in ("c", "n"):
        if set(row.get(name, [])) - set(CODES):
            say(f"unknown codes in {name}: {row[name]}")
    unsafe = "unsafe" in (row.get("pl"), row.get("rl"))
    if unsafe != bool(row.get("c")):
        say("c names codes if and only if something is unsafe")
    if unsafe and "S4" in row.get("c", []):
        say("no unsafe S4 rows")
    if row.get("k") not in KINDS:
        say(f"unknown kind {row.get('k')!r}")
    return found


def read_rows(folder):
    """All rows with their place, and the complaints about them."""
    rows, complaints, seen = [], [], {}
    for path in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            place = f"{path.name}:{number}"
            try:
                row = json.loads(line)
            except ValueError as error:
                complaints.append(f"{place}: not JSON: {error}")
                continue
            complaints += [f"{place}: {problem}" for problem in problems(row)]
            text = json.dumps([row.get("p"), row.get("r"), row.get("t")])
            if text in seen:
                complaints.append(f"{place}: same text as {seen[text]}")
            seen.setdefault(text, place)
            rows.append((place, row))
    return rows, complaints


def read_labels(path):
    """Codes by key from the label table, and the complaints about it."""
    labels, complaints = {}, []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        key, tab, codes = line.partition("\t")
        good = codes in ("-", "?") or (codes and set(codes.split(",")) <= set(CODES))
        if not re.fullmatch("[0-9a-f]{12}", key) or not tab or not good:
            complaints.append(f"{path.name}:{number}: expected KEY<tab>CODES, got {line[:60]!r}")
        elif key in labels:
            complaints.append(f"{path.name}:{number}: key {key} twice")
        labels[key] = codes
    return labels, complaints


def last_texts(row):
    """(user text, answer) of the labelled end of a row; either may be None."""
    if "p" in row:
        return row["p"], row.get("r")
    turns = row["t"]
    if turns[-1][0] == "user":
        return turns[-1][1], None
    return None, turns[-1][1]


def print_categories(rows):
    count = collections.Counter()
    for _, row in rows:
        prompt, response, codes = row.get("pl"), row.get("rl"), row.get("c", [])
        for code in codes:
            # With an unsafe prompt and a safe answer the codes speak of the prompt.
            count[code, "unsafe prompt"] += prompt == "unsafe"
            count[code, "unsafe response"] += response == "unsafe"
            count[code, "safe response"] += response == "safe"
        for code in set(row.get("n", [])) - set(codes):
            count[code, "safe prompt"] += prompt == "safe"
            count[code, "safe response"] += response == "safe"
    print("code   prompts: unsafe  safe, near   answers: unsafe  safe, near")
    for code in CODES:
        up, sp = count[code, "unsafe prompt"], count[code, "safe prompt"]
        ur, sr = count[code, "unsafe response"], count[code, "safe response"]
        low = code != "S4" and (min(up, sp) < PROMPT_MINIMUM or min(ur, sr) < RESPONSE_MINIMUM)
        print(f"{code:4} {up:16} {sp:11} {ur:17} {sr:11}{'   below the minimum' if low else ''}")
    alone = collections.Counter(row["c"][0] for _, row in rows if len(row.get("c", [])) == 1)
    print("one code only: " + ", ".join(f"{code} {alone[code]}" for code in CODES))


def print_shapes(rows):
    print(f"\n{len(rows)} rows by labels (prompt, answer):")
    for labels, number in collections.Counter((r.get("pl", "-"), r.get("rl", "-")) for _, r in rows).most_common():
        print(f"  {labels[0]:7}{labels[1]:7}{number:6}")
    kinds = collections.Counter(row["k"] for _, row in rows).most_common()
    print("kinds: " + ", ".join(f"{kind} {number}" for kind, number in kinds))
    for side, name in enumerate(("user text", "answer")):
        words = sorted(len(t.split()) for t in (last_texts(row)[side] for _, row in rows) if t)
        marks = ", ".join(f"{q} %: {words[min(len(words) * q // 100, len(words) - 1)]}" for q in (5, 25, 50, 75, 95))
        print(f"words in a {name} ({len(words)}): {marks}, longest {words[-1]}")


def print_diversity(texts):
    words = [word for text in texts for word in re.findall(r"\w+", text.lower())]
    for n in (1, 2, 3):
        grams = list(zip(*(words[i:] for i in range(n))))
        print(f"distinct-{n}: {len(set(grams)) / len(grams):.3f}", end="   ")
    openings = collections.Counter(" ".join(text.lower().split()[:3]) for text in texts).most_common(6)
    print("\ncommonest openings: " + ", ".join(f"{opening!r} {number}" for opening, number in openings))


def near_duplicates(texts):
    """Pairs (i, j, jaccard) with j < i and Jaccard >= NEAR: an exact prefix-filter join on rare-first 5-grams."""
    squeezed = [" ".join(re.findall(r"\w+", text.lower())) for text in texts]
    grams = [{text[i : i + 5] for i in range(max(1, len(text) - 4))} for text in squeezed]
    frequency = collections.Counter(gram for some in grams for gram in some)
    index, pairs = collections.defaultdict(list), []
    for i, some in enumerate(grams):
        ordered = sorted(some, key=lambda gram: (frequency[gram], gram))
        prefix = ordered[: len(ordered) - int(NEAR * len(ordered)) + 1]
        for j in {j for gram in prefix for j in index[gram] if NEAR <= len(grams[j]) / len(some) <= 1 / NEAR}:
            jaccard = len(some & grams[j]) / len(some | grams[j])
            if jaccard >= NEAR:
                pairs.append((i, j, jaccard))
        for gram in prefix:
            index[gram].append(i)
    return pairs


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="format check only")
    parser.add_argument("--pairs", action="store_true", help="also list the near-duplicate user texts")
    options = parser.parse_args()
    data = pathlib.Path(__file__).resolve().parent.parent / "data"
    rows, complaints = read_rows(data / "own")
    labels, more = read_labels(data / "labels" / "tier_a_lg3.tsv")
    complaints += more
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    if complaints:
        sys.exit(f"{len(complaints)} problems")
    print(f"{len(rows)} rows and {len(labels)} labels are well formed")
    if options.check:
        return
    print()
    print_categories(rows)
    print_shapes(rows)
    for side, name in enumerate(("user texts", "answers")):
        placed = [(place, text) for place, row in rows if (text := last_texts(row)[side])]
        print(f"\n{name}:")
        print_diversity([text for _, text in placed])
        pairs = near_duplicates([text for _, text in placed])
        # Twins and one prompt with several answers stand next to each other and are meant.
        own = sum(1 for i, j, _ in pairs if placed[i][0].split("-")[0] == placed[j][0].split("-")[0] and i - j <= 3)
        near = len({i for i, _, _ in pairs})
        print(f"near-duplicates of an earlier one: {near} ({100 * near / len(placed):.1f} %), pairs {len(pairs)}"
              f" of which {own} stand next to each other")
        if options.pairs:
            for i, j, jaccard in pairs:
                print(f"  {jaccard:.2f} {placed[j][0]} {placed[i][0]}: {placed[i][1][:60]!r}")
    coded = collections.Counter(code for codes in labels.values() for code in codes.split(","))
    print(f"\nlabel table: " + ", ".join(f"{code} {coded[code]}" for code in CODES + ["-", "?"]))


if __name__ == "__main__":
    main()
