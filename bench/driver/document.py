# document.py: puts figures into a document, between the marks that it has for them:
#
#   <!-- measured: NAME -->
#   ...
#   <!-- end -->
#
# SPDX-License-Identifier: LGPL-2.1-or-later
import os
import re

from .report import HEAD, TARGET_HEAD, markdown, rows, target_rows


def machine(samples):
    about = samples.about["machine"]
    return "\n".join("* %s: %s" % (key.replace("_", " "), value) for key, value in about.items()
                     if value is not None) + "\n* rounds: %s, budget of a measurement: %s ms, %s" % (
        samples.about["rounds"], samples.about["budget"], samples.about["date"])


def pictures(path, folder, files):
    """Links to the plots, relative to the document."""
    folder = os.path.relpath(folder, path.parent)
    return "\n".join("![%s](%s/%s)" % (name[:-4].replace("-", " "), folder, name) for name in files)


def blocks(samples):
    table = samples.table("round")
    found = {"machine": machine(samples)}
    if table:
        found["targets"] = markdown(TARGET_HEAD, target_rows(table))
        found["results"] = markdown(HEAD, rows(table))
    return found


def update(path, samples, folder, files):
    content = path.read_text(encoding="utf-8")
    found = blocks(samples)
    if files:
        found["plots"] = pictures(path, folder, files)
    for name, block in found.items():
        pattern = r"(<!-- measured: %s -->\n).*?(<!-- end -->)" % name
        content = re.sub(pattern, lambda m, b=block: m.group(1) + b + "\n" + m.group(2), content, flags=re.S)
    path.write_text(content, encoding="utf-8")
