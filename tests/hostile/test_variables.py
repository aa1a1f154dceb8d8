"""Many environment variables: a .env file is edited in time with their number, not with its square."""
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(os.path.dirname(HERE), "tools"))
from program import check, connect, done

os.chdir(os.environ["TMPDIR"])
FEW, MANY = 5000, 20000


def back_up(path, count):
    names = [f"MANY_{i}" for i in range(count)]
    os.environ.update({name: "x" for name in names})
    connect(":memory:").execute("SELECT adcp_backup(?, ?)", (path, '{"env":["MANY_*"],"overwrite":true}')).fetchone()
    for name in names:
        del os.environ[name]


def seconds(count):
    """Of this process, to bring so many variables into a .env file twice: added, then replaced."""
    back_up("variables.json", count)
    db = connect(":memory:")
    begun = time.process_time()
    for _ in range(2):
        db.execute(f"""SELECT adcp_restore('variables.json', '{{"env_file":"{count}.env"}}')""").fetchone()
    took = time.process_time() - begun
    with open(f"{count}.env", encoding="utf-8") as file:
        lines = file.read().splitlines()
    check(f"{count} variables", sorted(lines) == sorted(f"MANY_{i}=x" for i in range(count)), lines[:3])
    return took


few, many = seconds(FEW), seconds(MANY)
check("four times the variables take no eight times the time", many < 8 * few, f"{few:.2f} s and {many:.2f} s")
done()
