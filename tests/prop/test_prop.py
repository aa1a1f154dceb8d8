"""test_prop.py - random databases come back exactly.

    test_prop.py [--seeds N] [--first SEED] [--keep] [--shrink]

Runs seeds FIRST to FIRST + N - 1. A seed that fails is named with its difference; run it alone with
--first SEED --seeds 1. --keep leaves its folder; --shrink takes statements out as long as it fails
the same way and prints what is left as a script.
"""

import argparse
import os
import shutil
import sqlite3
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from generate import Database, generate  # noqa: E402
from roundtrip import Failure, Round  # noqa: E402


def run_round(database, other, seed, keep=False):
    """The failure's text, or None; and how many statements SQLite took."""
    folder = tempfile.mkdtemp(prefix='prop.')
    round_ = Round(folder, database, seed)
    round_.taken = []
    try:
        round_.run(other)
        return None, len(round_.taken)
    except (Failure, sqlite3.Error) as failure:
        if keep:
            print('kept:', folder)
        text = str(failure).replace(folder, '')
        return f'{type(failure).__name__}: {text}', len(round_.taken)
    finally:
        if not keep:
            shutil.rmtree(folder)


def kind(text):
    return text.split(':')[0] + text.split(':')[1][:30] if text else None


def shrink(database, other, seed, wanted):
    """Takes runs of statements out, long ones first."""
    size = max(len(database.statements) // 2, 1)
    while size >= 1:
        at = 0
        while at < len(database.statements):
            smaller = Database()
            smaller.__dict__.update(database.__dict__)
            smaller.statements = database.statements[:at] + database.statements[at + size:]
            if kind(run_round(smaller, other, seed)[0]) == wanted:
                database = smaller
            else:
                at += size
        size //= 2
    return database


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--seeds', type=int, default=60)
    parser.add_argument('--first', type=int, default=1)
    parser.add_argument('--keep', action='store_true')
    parser.add_argument('--shrink', action='store_true')
    args = parser.parse_args()
    passed = failed = statements = taken = 0
    for seed in range(args.first, args.first + args.seeds):
        database = generate(seed)
        other = generate(seed + 1000003, database.encoding) if seed % 2 else None
        failure, accepted = run_round(database, other, seed, args.keep)
        statements += len(database.statements)
        taken += accepted
        if failure is None:
            passed += 1
            continue
        failed += 1
        print(f'seed {seed}: {failure}')
        if args.shrink:
            if kind(run_round(database, None, seed)[0]) == kind(failure):
                other = None
            print(shrink(database, other, seed, kind(failure)).script())
        sys.stdout.flush()
    print(f'{taken} of {statements} statements were taken')
    # The generator is worth something only as long as most of what it writes is SQL.
    if taken * 10 < statements * 6:
        failed += 1
    print(f'{passed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
