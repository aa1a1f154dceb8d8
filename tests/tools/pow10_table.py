#!/usr/bin/env python3
"""Prints ext/codec/pow10_table.h: the powers of ten as 128-bit numbers, by exact integers.

    python3 tests/tools/pow10_table.py > ext/codec/pow10_table.h
    python3 tests/tools/pow10_table.py --check ext/codec/pow10_table.h
"""
import sys

FIRST, LAST = -342, 324

HEADER = """\
/*
** pow10_table.h - powers of ten, 128 bits each; printed by tests/tools/pow10_table.py.
**
** Entry q - POW10_FIRST is 10^q scaled by the power of two that puts it into [2^127, 2^128), rounded
** down; it is exact for q from 0 to POW10_EXACT_LAST (5^55 is the largest power of 5 below 2^128).
** Reading needs -342 to 308, writing -292 to 324.
*/
#ifndef ADCP_CODEC_POW10_TABLE_H
#define ADCP_CODEC_POW10_TABLE_H

#include <stdint.h>

#define POW10_FIRST      (%d)
#define POW10_LAST       %d
#define POW10_EXACT_LAST 55

/* clang-format off */
static const struct { uint64_t high, low; } pow10_table[] = {
"""


def scaled(q):
    """floor(10^q * 2^s) with the s that makes it 128 bits long."""
    if q >= 0:
        power = 10**q
        shift = 128 - power.bit_length()
        return power << shift if shift >= 0 else power >> -shift
    divisor = 10**-q
    shift = 127 + divisor.bit_length()
    value = (1 << shift) // divisor
    return value if value.bit_length() == 128 else value >> 1


def table():
    lines = [HEADER % (FIRST, LAST)]
    for q in range(FIRST, LAST + 1):
        value = scaled(q)
        assert value.bit_length() == 128
        high, low = value >> 64, value & (1 << 64) - 1
        lines.append("  {0x%016x, 0x%016x}, /* %d */\n" % (high, low, q))
    lines.append("};\n/* clang-format on */\n\n#endif\n")
    return "".join(lines)


if len(sys.argv) == 3 and sys.argv[1] == "--check":
    if open(sys.argv[2]).read() != table():
        sys.exit(sys.argv[2] + " is not what tests/tools/pow10_table.py prints")
else:
    sys.stdout.write(table())
