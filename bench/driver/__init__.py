# The driver of the measuring programs, behind tools/bench; command.py is where it starts.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
