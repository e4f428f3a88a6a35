# svg.py: a plot with two logarithmic axes as SVG, with nothing but text.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 760, 440
LEFT, RIGHT, TOP, BOTTOM = 80, 140, 58, 56
# Told apart also by those who do not see all colours (after Okabe and Ito). A name has its colour in all plots.
COLOURS = {"ours": "#0072b2", "builtin": "#d55e00", "core": "#009e73", "core-wine": "#0072b2", "dispatch": "#cc79a7",
           "glib": "#56b4e9", "tbb": "#e69f00", "tbb_group": "#b8a000", "uv": "#000000", "go": "#999999",
           "rayon": "#8b5a2b", "tokio": "#882255"}


def short(value):
    """1000 is 1k; what is below 1 keeps its digits."""
    for limit, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= limit:
            return "%g%s" % (value / limit, letter)
    return "%g" % value


STEPS = (1, 2, 5)
SLACK = 1e-9 # of what is computed and meant to be whole


def steps(low, high, digits):
    """digits times each power of ten that are in a range of logarithms."""
    found = [d * 10.0 ** k for k in range(math.floor(low) - 1, math.ceil(high) + 1) for d in digits]
    return [v for v in found if low - SLACK <= math.log10(v) <= high + SLACK]


class Axis:
    """Maps a logarithmic range that holds all values to a range of pixels: the values' own, or with whole=True one that
    begins and ends with 1, 2 or 5 times a power of ten."""

    def __init__(self, values, begin, end, whole=True):
        self.low, self.high = math.log10(min(values)), math.log10(max(values))
        if whole or self.high - self.low < SLACK:
            self.low = math.log10(steps(self.low - 1, self.low, STEPS)[-1])
            self.high = math.log10(steps(max(self.high, self.low + 0.1), self.high + 1, STEPS)[0])
        self.begin, self.end = begin, end

    def place(self, value):
        part = (math.log10(value) - self.low) / (self.high - self.low)
        return self.begin + part * (self.end - self.begin)

    def named(self):
        """The values to write beside the axis: 2 and 5, too, where there are few powers of ten."""
        return steps(self.low, self.high, STEPS if self.high - self.low < 2 else (1,))

    def between(self):
        """2 to 9 times each power of ten, where there is room to tell them apart."""
        return steps(self.low, self.high, range(2, 10)) if self.high - self.low <= 4 else []


def text(x, y, words, anchor="start", extra=""):
    return '<text x="%.1f" y="%.1f" text-anchor="%s"%s>%s</text>' % (x, y, anchor, extra, escape(words))


def line(x1, y1, x2, y2, colour):
    return '<path d="M%.1f %.1fL%.1f %.1f" stroke="%s" fill="none"/>' % (x1, y1, x2, y2, colour)


def grid(x, y, x_name, y_name):
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    parts = [line(x.place(v), TOP, x.place(v), bottom, "#eee") for v in x.between()]
    parts += [line(LEFT, y.place(v), right, y.place(v), "#eee") for v in y.between()]
    for v in x.named():
        parts += [line(x.place(v), TOP, x.place(v), bottom, "#bbb"),
                  text(x.place(v), bottom + 18, short(v), "middle")]
    for v in y.named():
        parts += [line(LEFT, y.place(v), right, y.place(v), "#bbb"), text(LEFT - 8, y.place(v) + 4, short(v), "end")]
    parts.append(text((LEFT + right) / 2, HEIGHT - 14, x_name, "middle"))
    parts.append(text(18, (TOP + bottom) / 2, y_name, "middle",
                      ' transform="rotate(-90 18 %.1f)"' % ((TOP + bottom) / 2)))
    return parts


def curve(x, y, points, colour):
    places = [(x.place(a), y.place(b)) for a, b in points]
    parts = ['<path d="M%s" stroke="%s" stroke-width="2" fill="none"/>'
             % ("L".join("%.1f %.1f" % place for place in places), colour)]
    parts += ['<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>' % (*place, colour) for place in places]
    return parts


def labels(y, series):
    """Names beside where the curves end, pushed apart where they would overlap."""
    wanted = sorted((y.place(points[-1][1]), name, colour) for name, points, colour in series)
    parts, last = [], TOP - 10
    for at, name, colour in wanted:
        last = max(at + 4, last + 15)
        parts.append(text(WIDTH - RIGHT + 10, last, name, "start", ' fill="%s"' % colour))
    return parts


def plot(title, subtitle, x_name, y_name, curves):
    """curves: {name: [(x, y), ...]} with x and y above 0. Returns the SVG's text, None if there is nothing."""
    series = [(name, sorted(points), COLOURS.get(name, "#666")) for name, points in curves.items() if points]
    if not series:
        return None
    x = Axis([a for _, points, _ in series for a, _ in points], LEFT, WIDTH - RIGHT, False)
    y = Axis([b for _, points, _ in series for _, b in points], HEIGHT - BOTTOM, TOP)
    parts = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">'
             % (WIDTH, HEIGHT), '<rect width="100%" height="100%" fill="#fff"/>',
             text(LEFT, 26, title, "start", ' font-size="15"'), text(LEFT, 45, subtitle, "start", ' fill="#555"')]
    parts += grid(x, y, x_name, y_name)
    for _, points, colour in series:
        parts += curve(x, y, points, colour)
    return "\n".join(parts + labels(y, series) + ["</svg>", ""])
