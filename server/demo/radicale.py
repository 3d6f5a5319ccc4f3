"""A real Radicale beside the demo, a process of its own on loopback. Not what stands in it: see `calendars`."""

import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from slotgraph.core.errors import SettingError
from slotgraph.server.demo.process import HOST, ServerProcess, open_private


class RadicaleServer:
    """Radicale on a loopback port, its data under `folder`, one login per user; each user sees only what is theirs.

        async with RadicaleServer(folder, port=5232, users={"anna": "secret"}) as radicale:
            print(radicale.url)

    It ends with this process, however that ends, and may be started again after `stop`; no event loop owns it.
    """

    def __init__(self, folder: Path, *, port: int, users: Mapping[str, str]) -> None:
        self.folder = folder.absolute()
        self.port = port
        self.users = dict(users)
        self._process = ServerProcess("radicale", self._options(), folder=self.folder, port=port)

    @property
    def url(self) -> str:
        """Where it answers, with a slash at the end. A user's calendars are under `url + user + "/"`."""
        return f"http://{HOST}:{self.port}/"

    async def start(self) -> None:
        """Start it and wait until it answers. Raises SettingError: the port is taken, the folder not writable."""
        try:
            self._write_passwords()
        except OSError as err:
            raise SettingError(f"The calendar server's folder {self.folder} cannot be used: {err.strerror}.") from err
        await self._process.start()

    async def stop(self) -> None:
        """End it; fine if it is not running."""
        await self._process.stop()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def _password_file(self) -> Path:
        return self.folder / "users.htpasswd"

    def _write_passwords(self) -> None:
        """Plain: Radicale checks them anew with each request, and a hash worth its name costs 50 ms each."""
        if any(not password or set(password) & set("\r\n") for password in self.users.values()):
            raise SettingError("A calendar server's password must not be empty or hold a line break.")
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(self._password_file, "w", encoding="utf-8", opener=open_private) as file:
            os.fchmod(file.fileno(), 0o600)  # it may have been there before
            file.writelines(f"{user}:{password}\n" for user, password in self.users.items())

    def _options(self) -> list[str]:
        options = {
            "config": "",  # not what stands in /etc or in the home folder
            "server-hosts": f"{HOST}:{self.port}",
            "server-max-connections": "64",
            "auth-type": "htpasswd",
            "auth-htpasswd-filename": str(self._password_file),
            "auth-htpasswd-encryption": "plain",
            "auth-delay": "0",
            "rights-type": "owner_only",
            "storage-filesystem-folder": str(self.folder / "collections"),
            "web-type": "none",
            "logging-level": "error",
        }
        return [f"--{name}={value}" for name, value in options.items()]
