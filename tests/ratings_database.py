"""A real PostgreSQL server for the tests: a cluster of its own below the temporary folder, reached by a socket."""

import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import sqlalchemy as sql

from listening_test.database import Database

FAST = "-c fsync=off -c listen_addresses='' -c max_connections=200"  # what the server loses is not under test


class PostgreSQL:
    """Debian's server, run by an unprivileged user (it refuses root)."""

    def __init__(self) -> None:
        programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        assert programs, "PostgreSQL is missing: `make test` installs it (Debian package postgresql)"
        self.programs, self.numbers = programs[-1], count()
        self.room = Path(tempfile.mkdtemp(prefix="ratings-"))
        self.user = "nobody" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
        shutil.chown(self.room, self.user)

    def __enter__(self) -> "PostgreSQL":
        self._run("initdb", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C", "--username=listener")
        log = self.room / "server.log"
        self._run("pg_ctl", "start", "--wait", f"--log={log}", f"--options={FAST} -k {self.room}")
        return self

    def __exit__(self, *_: object) -> None:
        self._run("pg_ctl", "stop", "--mode=immediate")
        shutil.rmtree(self.room)

    def new_database(self) -> str:
        """The address of an empty database."""
        name = f"ratings{next(self.numbers)}"
        server = sql.create_engine(self._address("postgres"), isolation_level="AUTOCOMMIT")
        with server.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        server.dispose()
        return self._address(name)

    def _address(self, name: str) -> str:
        return f"postgresql+psycopg://listener@/{name}?host={self.room}"

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self.programs / program), "-D", str(self.room / "cluster"), *arguments]
        as_user = ["runuser", "-u", self.user, "--"] if os.getuid() == 0 else []
        # A file, not a pipe: the server would keep a pipe open for as long as it runs.
        with (self.room / "programs.log").open("ab") as output:
            result = subprocess.run(as_user + command, stdout=output, stderr=output, cwd="/", check=False)
        assert result.returncode == 0, (self.room / "programs.log").read_text()


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    """What a query finds in a ratings database."""
    with closing(Database(url)) as database, database.transaction() as connection:
        found = [tuple(row) for row in connection.execute(sql.text(query))]
    return found
