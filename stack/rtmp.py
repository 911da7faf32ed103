"""Owns the RTMP server: nginx with its RTMP module, its configuration, and the question that shows it is ready."""

import os
import shutil
from pathlib import Path
from string import Template

from pipeline.contracts.errors import StackError
from pipeline.contracts.settings import LOOPBACK
from pipeline.observing.logs import log_to_stdout
from pipeline.rtmp.keys import server_secret
from pipeline.rtmp.nginx import INSTALL, NginxRtmp
from stack.jars import CONF
from stack.settings import StackSettings

MODULE = "ngx_rtmp_module.so"
MODULE_FOLDERS = ("/usr/lib/nginx/modules", "/usr/lib64/nginx/modules", "/usr/local/lib/nginx/modules")
COMMAND_FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/usr/local/nginx/sbin")
IDLE_SECONDS = 5
"""A publisher that has sent nothing for so long is dropped: a connection that died half makes room for the next."""


def missing() -> str:
    """Why the server cannot run on this machine, and how that is changed; empty where it can."""
    absent = [name for name, found in (("nginx", _nginx()), ("its RTMP module", _module())) if found is None]
    return f"{' and '.join(absent)} cannot be found; {INSTALL}" if absent else ""


def prepare(settings: StackSettings) -> None:
    """Write the configuration, for its owner alone: the secret is in it."""
    _work(settings).mkdir(parents=True, exist_ok=True)
    settings.conf_dir.mkdir(parents=True, exist_ok=True)
    file = _conf(settings)
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as written:
        written.write(configuration(settings))


def configuration(settings: StackSettings) -> str:
    """What nginx is told."""
    local = settings.rtmp_server in LOOPBACK
    players = settings.rtmp_players.replace(",", " ").split()
    return Template((CONF / "rtmp.conf").read_text()).substitute(
        module=f'load_module "{_module()}";',
        work=_work(settings),
        listen=_bracketed(settings.rtmp_host),
        port=settings.rtmp_port,
        idle=IDLE_SECONDS,
        players=" ".join(f"allow play {player};" for player in players),
        api=settings.rtmp_api_url or settings.api_url,
        secret=server_secret(settings.data_dir),
        control="127.0.0.1" if local else "0.0.0.0",
        control_port=settings.rtmp_control_port,
    )


def command(settings: StackSettings) -> list[str]:
    """The server, as a process in the foreground. Raises StackError where it is not installed."""
    if reason := missing():
        raise StackError(reason)
    return [str(_nginx()), "-e", "stderr", "-p", str(_work(settings)), "-c", str(_conf(settings))]


def ready(settings: StackSettings) -> bool:
    """Whether it says who publishes, with our secret."""
    asking = NginxRtmp(settings, settings.data_dir)
    try:
        return bool(asking.check())
    finally:
        asking.close()


def alive(settings: StackSettings, seconds: float) -> bool:
    """The same, as a sign of life."""
    return ready(settings)


def _nginx() -> str | None:
    return shutil.which("nginx") or shutil.which("nginx", path=os.pathsep.join(COMMAND_FOLDERS))


def _module() -> Path | None:
    return next((path for folder in MODULE_FOLDERS if (path := Path(folder) / MODULE).is_file()), None)


def _work(settings: StackSettings) -> Path:
    return settings.work_dir / "rtmp"


def _conf(settings: StackSettings) -> Path:
    return settings.conf_dir / "rtmp.conf"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def main() -> None:
    """Become the server: for a container of its own."""
    log_to_stdout("rtmp")
    settings = StackSettings()
    prepare(settings)
    arguments = command(settings)
    os.execv(arguments[0], arguments)


if __name__ == "__main__":
    main()
