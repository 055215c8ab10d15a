#!/usr/bin/env python3
"""Builds the training rows of the bundled guard: one gzipped JSONL in the row format of docs/data-format.md.

It merges three things:

  PUBLIC/*.jsonl             permissively licensed public rows (tier A), one file per source, in the row format
  data/labels/tier_a_lg3.tsv Llama Guard 3 codes for texts whose source gives none (data/README.md)
  data/own/*.jsonl           rows of our own (data/README.md)

    scripts/build_training_rows.py --public FOLDER --out rows.jsonl.gz [--report rows.md]

The output is the same bytes for the same input. Needs Python 3.10 or later and nothing else.
"""

import argparse
import collections
import gzip
import hashlib
import html
import io
import json
import pathlib
import re
import sys
import unicodedata

ROOT = pathlib.Path(__file__).resolve().parent.parent
LG3 = ["S%d" % i for i in range(1, 15)]

# Sources that this script knows, and what it does about each one's weaknesses. A file of another source is refused:
# somebody must have looked at it first.
NOTES = {
    "advbench": "",
    "aegis_train_sample": "",
    "aisafetylab_demo": "unsafe answers take the codes of the request that they serve",
    "catqa": "",
    "cyberseceval_frr": "",
    "cyberseceval_interpreter": "",
    "dangerousqa": "",
    "davidson_hate": "tweets: entities decoded, RT and @names removed, fewer than 3 words dropped, twice-voted hate only",
    "diasafety": "another notion of safety: only unsafe answers that have a category, and safe ones",
    "forbidden_questions": "",
    "gpteacher_benign": "assumed safe: dropped where a word list says it may not be",
    "gptfuzz_train": "unsafe answers take the codes of the question that they answer; at most 12 answers a question and label",
    "harmbench_extra": "",
    "harmfulqa": "unsafe by design, noisy: only texts that a person or model has read (labels file)",
    "safetext": "",
    "sap200": "",
    "self_instruct_benign": "",
    "surge_toxicity": "",
    "toxigen_demos": "",
    "trustllm_jailbreak": "",
    "trustllm_misuse": "",
    "wildguardtrain_sample": "",
}
MAYBE_HARMFUL = re.compile(
    r"\b(kill|murder|assassin|bomb|poison|torture|rape|nude|erotic|seduc\w*|terroris\w*|hack(er|ing)?|steal|heist|rob|drug"
    r"|cartel|serial killer|villain|suicid\w*|slur|nazi|racist|malware|ransom|keylogger|phish\w*|smuggl\w*|blackmail)\b",
    re.I)
ANSWERS_PER_PROMPT = {"gptfuzz_train": 12}

# Llama Guard 1 codes where a Llama Guard 3 code leaves no doubt. S2 needs its words: drugs and weapons have categories
# of their own in Llama Guard 1. S3, S7 and S8 are crimes at times and at times not covered: no code, no label.
LG1 = {"S1": "O1", "S4": "O2", "S5": None, "S6": None, "S9": "O4", "S10": "O1", "S11": "O6", "S12": "O2", "S13": None,
       "S14": "O3"}
SUBSTANCES = re.compile(
    r"\b(drugs?|meth|methamphetamine|cocaine|crack|heroin|fentanyl|opioids?|oxy\w*|mdma|ecstasy|lsd|ketamine|weed"
    r"|cannabis|marijuana|thc|psilocybin|shrooms|steroids?|pills?|prescription|alcohol|vodka|beer|vap(e|es|ing)"
    r"|cigarettes?|tobacco|moonshine|xanax|adderall|dealer|ghb|dmt|amphetamine)\b", re.I)
WEAPONS = re.compile(
    r"\b(guns?|rifles?|pistols?|firearms?|ammo|ammunition|silencers?|suppressors?|bombs?|explosives?|grenades?|weapons?"
    r"|glock|ghost gun|knife|knives|detonators?)\b", re.I)


def key(kind, text):
    """Key of a text in the labels file."""
    return hashlib.sha256((kind + text).encode()).hexdigest()[:12]


def normalised(text):
    """What counts as the same text: letters and digits of NFKC, lower case."""
    return re.sub(r"\W+", " ", unicodedata.normalize("NFKC", text).lower()).strip()


def labels(path):
    table = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, codes = line.split("\t")
        table[name] = codes
    return table


def lg1_codes(lg3, text):
    """Llama Guard 1 codes for Llama Guard 3 codes, or None where they cannot be known."""
    if lg3 is None:
        return None
    found = []
    for code in lg3:
        if code == "S2":
            if WEAPONS.search(text):
                return None
            found.append("O5" if SUBSTANCES.search(text) else "O3")
        elif code in LG1:
            if LG1[code]:
                found.append(LG1[code])
        else:
            return None
    return sorted(set(found))


def tweet(text):
    text = html.unescape(html.unescape(text))
    text = re.sub(r"\bRT\b\s*", " ", text)
    text = re.sub(r"@\w+:?", " ", text)
    text = re.sub(r"https?://\S+", " ", text)
    text = re.sub(r"^[\s!\"':.]+", "", text)
    return re.sub(r"\s+", " ", text).strip()


class Builder:
    def __init__(self, table):
        self.table = table
        self.seen = set()
        self.rows = []
        self.counts = collections.defaultdict(collections.Counter)

    def drop(self, source, why):
        self.counts[source]["dropped: " + why] += 1

    def add(self, source, row):
        text = normalised(json.dumps([row.get("turns"), row.get("prompt"), row.get("response")]))
        if text in self.seen:
            return self.drop(source, "same text again")
        self.seen.add(text)
        self.rows.append(row)
        self.counts[source]["rows"] += 1

    def read_codes(self, kind, text, given):
        """(unsafe after all?, codes) of an unsafe text: the source's codes, else those of the labels file."""
        if given is not None:
            return given
        read = self.table.get(key(kind, text), "?")
        return {"-": [], "?": None}[read] if read in "-?" else read.split(",")

    def public(self, path):
        source = path.stem
        if source not in NOTES:
            sys.exit("%s: source %s is not known to this script; look at its rows, then add it to NOTES" % (path, source))
        answers = collections.Counter()
        for line in path.open(encoding="utf-8"):
            row = json.loads(line)
            if row["meta"].get("licence_tier") != "A":
                self.drop(source, "not tier A")
                continue
            if row["prompt"] is None:
                self.drop(source, "no prompt")
                continue
            prompt, response = row["prompt"], row["response"]
            prompt_label, response_label = row["prompt_label"], row["response_label"]
            if source == "davidson_hate":
                prompt = tweet(prompt)
                votes = row["meta"].get("votes", [0, 0, 0])
                if len(prompt.split()) < 3 or (prompt_label == "unsafe" and votes[0] < 2):
                    self.drop(source, "cleaning")
                    continue
            if source == "gpteacher_benign" and MAYBE_HARMFUL.search(prompt):
                self.drop(source, "cleaning")
                continue
            if source == "harmfulqa" and key("p", prompt) not in self.table:
                self.drop(source, "nobody read it")
                continue
            limit = ANSWERS_PER_PROMPT.get(source)
            if limit:
                answers[(prompt, response_label)] += 1
                if answers[(prompt, response_label)] > limit:
                    self.drop(source, "many answers to one prompt")
                    continue
            codes = []
            if prompt_label == "unsafe":
                codes = self.read_codes("p", prompt, row["lg3"])
            if response_label == "unsafe":
                by_prompt = codes
                codes = self.read_codes("r", "%s\n>>> %s" % (prompt, response), row["lg3"])
                if codes is None and prompt_label == "unsafe":
                    codes = by_prompt
                if source == "diasafety" and not codes:
                    self.drop(source, "another notion of safety")
                    continue
            out = {
                "id": row["id"], "dataset": source, "split": row["split"], "prompt": prompt, "response": response,
                "prompt_label": prompt_label, "response_label": response_label, "categories": row["categories"],
                "lg1": row["lg1"] if row["lg1"] is not None else lg1_codes(codes, prompt), "lg3": codes,
                "meta": {"licence_tier": "A"},
            }
            if codes == [] and "unsafe" in (prompt_label, response_label):
                out["lg1"] = row["lg1"] if row["lg1"] is not None else []
            self.add(source, out)

    def own(self, path):
        group = None
        before = None
        for number, line in enumerate(path.open(encoding="utf-8"), 1):
            row = json.loads(line)
            turns = row.get("t")
            text = turns[0][1] if turns else row["p"]
            if before is None or not (row.get("k") == "twin" or alike(before, text)):
                group = "%s-%d" % (path.stem, number)
            before = text
            unsafe = "unsafe" in (row.get("pl"), row.get("rl"))
            codes = row.get("c", []) if unsafe else []
            out = {
                "id": "own:%s-%d" % (path.stem, number), "dataset": "own-" + path.stem.rsplit("-", 1)[0], "split": "own",
                "prompt": row.get("p"), "response": row.get("r"),
                "prompt_label": row.get("pl"), "response_label": row.get("rl"), "categories": [],
                "lg1": lg1_codes(codes, text + " " + (row.get("r") or "")), "lg3": codes,
                "meta": {"licence_tier": "A", "group": group, "kind": row.get("k", "")},
            }
            if row.get("n"):
                out["meta"]["near"] = ",".join(row["n"])
            if turns:
                out["turns"] = [{"role": role, "content": content} for role, content in turns]
                out["labelled_turn"] = len(turns) - 1
            self.add(out["dataset"], out)


def alike(one, other):
    """Do two neighbouring prompts differ in a few words only?"""
    a, b = set(normalised(one).split()), set(normalised(other).split())
    return len(a & b) >= 0.5 * min(len(a), len(b)) and len(a & b) >= 3


def texts(row):
    """(side, text, label) of each labelled text of a row."""
    if "turns" in row:
        judged = row["turns"][row["labelled_turn"]]
        side = "prompt" if judged["role"] == "user" else "response"
        yield side, json.dumps(row["turns"]), row[side + "_label"]
        return
    if row["prompt_label"]:
        yield "prompt", row["prompt"], row["prompt_label"]
    if row["response_label"]:
        yield "response", row["prompt"] + "\n" + row["response"], row["response_label"]


def report(builder):
    unique = collections.defaultdict(set)
    for row in builder.rows:
        for side, text, label in texts(row):
            names = ["safe"] if label == "safe" else ["unsafe"] + (
                ["no code known"] if row["lg3"] is None else row["lg3"] or ["outside Llama Guard 3"])
            for name in names:
                unique[name, side].add(normalised(text))
    lines = ["# Training rows", "", "%d rows." % len(builder.rows), "", "## Unique texts", "",
             "| label or Llama Guard 3 code | prompts | responses |", "|---|---|---|"]
    for name in ["safe", "unsafe"] + LG3 + ["outside Llama Guard 3", "no code known"]:
        lines.append("| %s | %d | %d |" % (name, len(unique[name, "prompt"]), len(unique[name, "response"])))
    lines += ["", "## Sources", "", "| source | rows | dropped | note |", "|---|---|---|---|"]
    for source, count in sorted(builder.counts.items()):
        dropped = ", ".join("%s %d" % (why[9:], n) for why, n in sorted(count.items()) if why.startswith("dropped"))
        lines.append("| %s | %d | %s | %s |" % (source, count["rows"], dropped, NOTES.get(source, "")))
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--public", required=True, type=pathlib.Path, help="folder with the public sources' JSONL files")
    parser.add_argument("--out", required=True, type=pathlib.Path, help="rows.jsonl.gz to write")
    parser.add_argument("--report", type=pathlib.Path, help="Markdown report to write; else it is printed")
    options = parser.parse_args()
    builder = Builder(labels(ROOT / "data/labels/tier_a_lg3.tsv"))
    for path in sorted((ROOT / "data/own").glob("*.jsonl")):
        builder.own(path)
    files = sorted(options.public.glob("*.jsonl"))
    if not files:
        sys.exit("%s: no *.jsonl in it; expected one file per public source" % options.public)
    for path in files:
        with path.open(encoding="utf-8") as lines:
            first = next(lines, None)
        if first and json.loads(first)["meta"].get("licence_tier") == "A":
            builder.public(path)
    with open(options.out, "wb") as raw, gzip.GzipFile("", "wb", mtime=0, fileobj=raw) as packed:
        with io.TextIOWrapper(packed, encoding="utf-8") as out:
            for row in builder.rows:
                out.write(json.dumps(row, ensure_ascii=False) + "\n")
    if options.report:
        options.report.write_text(report(builder), encoding="utf-8")
    else:
        print(report(builder), end="")


if __name__ == "__main__":
    main()
