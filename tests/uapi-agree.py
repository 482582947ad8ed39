#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""uapi-agree.py [HEADER YAML]: do the header and its YNL specification agree?

Each constant must be in both, under the same name and with the same number; an
attribute must have the type that the header's comment states, and be named in the header's
tree of messages. Prints TAP; exit status 1 if they differ.
"""

import os
import re
import sys

import yaml

TYPES = ("u8", "u16", "u32", "u64", "string", "flag", "nest")


def c_name(*parts):
    return "-".join(p.strip("-") for p in parts).upper().replace("-", "_")


class Header:
    """Constants, and what the comments say about attributes."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        self.numbers = {}
        self.remarks = {}  # constant -> the comment on its line
        self.enums = {}  # enum flowwall_X -> its first constant
        self.tree = text[text.find("The tree of messages"):].partition("*/")[0]
        self.texts = dict(re.findall(r'#define\s+(FLOWWALL_\w+)\s+"([^"]*)"', text))
        for name, value in re.findall(r"#define\s+(FLOWWALL_\w+)\s+(0x[0-9a-f]+|\d+)", text):
            self.numbers[name] = int(value, 0)
        for enum, body in re.findall(r"^enum (\w+) \{(.*?)^\};", text, re.S | re.M):
            self._enum(enum, body)

    def _enum(self, enum, body):
        following = 0
        for line in body.splitlines():
            found = re.match(
                r"\s*(\w+)\s*(?:=\s*([^,/]*?)\s*)?(?:,|/\*|$)\s*(?:/\*\s*(.*?)\s*(?:\*/)?\s*$)?",
                line,
            )
            if not found or not re.match(r"_*FLOWWALL_", found.group(1)):
                continue
            name, value, remark = found.groups()
            if name.startswith("__") or (value or "").startswith("__"):
                continue  # counts how many there are
            if value:
                shift = re.fullmatch(r"(\d+)(?:\s*<<\s*(\d+))?", value)
                if not shift:
                    continue  # an expression over others, as KIND_ALL
                following = int(shift.group(1)) << int(shift.group(2) or 0)
            self.numbers[name] = following
            self.remarks[name] = remark or ""
            self.enums.setdefault(enum, name)
            following += 1


class Spec:
    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.yaml = yaml.safe_load(file)
        self.numbers = {}
        self.attributes = {}  # constant -> its attribute
        self.prefixes = {}  # attribute set -> prefix of its constants
        family = self.yaml["name"]
        for item in self.yaml["definitions"]:
            if item["type"] == "const":
                self.numbers[c_name(family, item["name"])] = item["value"]
                continue
            for number, entry in enumerate(item["entries"]):
                self.numbers[c_name(family, item["name"], entry)] = (
                    1 << number if item["type"] == "flags" else number
                )
        for group in self.yaml["attribute-sets"]:
            self.prefixes[group["name"]] = c_name(group["name-prefix"]) + "_"
            number = 0
            for attribute in group["attributes"]:
                number = attribute.get("value", number + 1)
                name = c_name(group["name-prefix"], attribute["name"])
                self.numbers[name] = number
                self.attributes[name] = attribute
        number = 0
        for operation in self.yaml["operations"]["list"]:
            number = operation.get("value", number + 1)
            name = c_name(self.yaml["operations"]["name-prefix"], operation["name"])
            self.numbers[name] = number


def numbers_differ(header, spec):
    names = {n for n in header.numbers if not n.startswith("FLOWWALL_GENL_")}
    for name in sorted(names | set(spec.numbers)):
        ours, theirs = header.numbers.get(name), spec.numbers.get(name)
        if ours is None:
            yield "%s is in the specification only" % name
        elif theirs is None:
            yield "%s is in the header only" % name
        elif ours != theirs:
            yield "%s is %d in the header, %d in the specification" % (name, ours, theirs)


def types_differ(header, spec):
    for name, attribute in spec.attributes.items():
        remark = header.remarks.get(name, "")
        word = re.match(r"\w*", remark).group(0)
        if word in TYPES and word != attribute["type"]:
            yield "%s is %s in the header, %s in the specification" % (
                name, word, attribute["type"])
        elif word not in TYPES and attribute["type"] not in ("binary", "pad"):
            yield "%s: its type cannot be read from the header's comment" % name
        nest = re.match(r"nest (\w+_)\*", remark)
        if nest and spec.prefixes.get(attribute.get("nested-attributes")) != nest.group(1):
            yield "%s nests %s* in the header, %s in the specification" % (
                name, nest.group(1), attribute.get("nested-attributes"))
        enum = re.search(r"enum (\w+)", remark)
        if enum:
            prefix = c_name("flowwall", attribute.get("enum", "no-enum")) + "_"
            if not header.enums.get(enum.group(1), "").startswith(prefix):
                yield "%s is an enum %s in the header, %s in the specification" % (
                    name, enum.group(1), attribute.get("enum"))
        if ("network byte order" in remark) != (attribute.get("byte-order") == "big-endian"):
            yield "%s: the byte orders differ" % name


def nests_of(tree, name):
    """All that the tree of messages says is in a nest, or the whole tree if it has none such."""
    texts = []
    for found in re.finditer(r"\b%s\*?\s*(?:\*\s*)?\{" % name, tree):
        depth, end = 1, found.end()
        while depth and end < len(tree):
            depth += {"{": 1, "}": -1}.get(tree[end], 0)
            end += 1
        texts.append(tree[found.end():end])
    return " ".join(texts) or tree


def tree_lacks(header, spec):
    for name in spec.attributes:
        prefix = max((p for p in spec.prefixes.values() if name.startswith(p)), key=len)
        nest = re.fullmatch(r"FLOWWALL_(\w+)_A_", prefix)
        text = nests_of(header.tree, nest.group(1)) if nest else header.tree
        if not re.search(r"\b%s\b" % name[len(prefix):], text):
            yield "%s is not in the tree of messages" % name


def family_differs(header, spec):
    groups = [g["name"] for g in spec.yaml["mcast-groups"]["list"]]
    if header.texts.get("FLOWWALL_GENL_NAME") != spec.yaml["name"]:
        yield "the family's name differs"
    if [header.texts.get("FLOWWALL_GENL_GROUP")] != groups:
        yield "the multicast groups differ"
    if len(header.numbers) < 100 or len(spec.attributes) < 50:
        yield "too little was understood of the files: this test needs mending"


def main():
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
    paths = sys.argv[1:] or [
        os.path.join(root, "include/uapi/linux/flowwall.h"),
        os.path.join(root, "include/uapi/flowwall.yaml"),
    ]
    header, spec = Header(paths[0]), Spec(paths[1])
    tests = (
        ("uapi: header and specification name the same family", family_differs),
        ("uapi: header and specification have the same names and numbers", numbers_differ),
        ("uapi: header and specification have the same types", types_differ),
        ("uapi: the header's tree of messages has each attribute", tree_lacks),
    )
    failed = False
    for number, (name, test) in enumerate(tests, 1):
        problems = list(test(header, spec))
        failed |= bool(problems)
        print("%s %d %s" % ("not ok" if problems else "ok", number, name))
        for problem in problems:
            print("#   " + problem)
    print("1..%d" % len(tests))
    sys.exit(failed)


main()
