"""Owns Kafka's own command line tools, run from the local stack's jars: `./run.sh kafka TOOL [ARGS…]`."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from pipeline.contracts.errors import StackError
from stack import jars
from stack.preflight import find_java
from stack.running import running
from stack.settings import HOST, LIGHT_JVM, StackSettings

SERVER_OPTION = "--bootstrap-server"
JAR_NAMES = ("kafka", "kafka-tools")


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool: its class, what it is for, and whether it talks to a broker; some want to be told `last` which."""

    main: str
    purpose: str
    asks_server: bool = True
    server_last: bool = False


_PACKAGE = "org.apache.kafka.tools"
TOOLS = {
    "topics": Tool(f"{_PACKAGE}.TopicCommand", "list, describe, create, alter and delete topics"),
    "console-consumer": Tool(f"{_PACKAGE}.consumer.ConsoleConsumer", "print the records of a topic"),
    "console-producer": Tool(f"{_PACKAGE}.ConsoleProducer", "send lines as records"),
    "consumer-groups": Tool(f"{_PACKAGE}.consumer.group.ConsumerGroupCommand", "groups, their offsets and their lag"),
    "groups": Tool(f"{_PACKAGE}.GroupsCommand", "list groups of every kind"),
    "configs": Tool("kafka.admin.ConfigCommand", "show and change the settings of topics and brokers"),
    "get-offsets": Tool(f"{_PACKAGE}.GetOffsetShell", "first and last offsets of topics"),
    "delete-records": Tool(f"{_PACKAGE}.DeleteRecordsCommand", "delete records up to an offset"),
    "log-dirs": Tool(f"{_PACKAGE}.LogDirsCommand", "bytes on disk of each partition"),
    "broker-api-versions": Tool(f"{_PACKAGE}.BrokerApiVersionsCommand", "what the broker speaks"),
    "metadata-quorum": Tool(f"{_PACKAGE}.MetadataQuorumCommand", "the controllers and how far they are"),
    "features": Tool(f"{_PACKAGE}.FeatureCommand", "versions of the broker's features"),
    "transactions": Tool(f"{_PACKAGE}.TransactionsCommand", "list and abort transactions"),
    "cluster": Tool(f"{_PACKAGE}.ClusterTool", "the cluster's id and its brokers", server_last=True),
    "leader-election": Tool(f"{_PACKAGE}.LeaderElectionCommand", "elect leaders of partitions anew"),
    "reassign-partitions": Tool(f"{_PACKAGE}.reassign.ReassignPartitionsCommand", "move partitions between brokers"),
    "consumer-perf-test": Tool(f"{_PACKAGE}.ConsumerPerformance", "measure reading"),
    "dump-log": Tool("kafka.tools.DumpLogSegments", "show the files of a partition", asks_server=False),
}


def show_tools(console: Console) -> None:
    """Print what there is."""
    table = Table("tool", "for", box=None)
    for name, tool in TOOLS.items():
        table.add_row(name, tool.purpose)
    console.print(table)
    console.print(f"\nusage: ./run.sh kafka TOOL [ARGS…]; {SERVER_OPTION} is filled in, --help shows a tool's options")


def tool_of(name: str) -> Tool:
    """The tool of this name, which may also be that of Kafka's script. Raises StackError."""
    plain = name.removesuffix(".sh").removeprefix("kafka-")
    if plain not in TOOLS:
        raise StackError(f"there is no tool {name}; there are: {', '.join(TOOLS)}")
    return TOOLS[plain]


def with_server(tool: Tool, arguments: Sequence[str], server: Callable[[], str]) -> list[str]:
    """The arguments with the broker's address, unless they name one or ask for help."""
    named = any(word.split("=")[0] in (SERVER_OPTION, "--bootstrap-controller", "--help") for word in arguments)
    if named or not tool.asks_server:
        return list(arguments)
    option = [SERVER_OPTION, server()]
    return [*arguments, *option] if tool.server_last else [*option, *arguments]


def broker(settings: StackSettings) -> str:
    """Where the stack's broker is; raises StackError when it does not run."""
    found = running(settings, "kafka")
    if found is None:
        raise StackError(f"Kafka does not run here: start it with ./run.sh, or name another: {SERVER_OPTION} HOST:PORT")
    return f"{HOST}:{found.kafka_port}"


def command(settings: StackSettings, name: str, arguments: Sequence[str]) -> list[str]:
    """The command that runs a tool; fetches its jars when they are not there. Raises StackError."""
    tool = tool_of(name)
    words = with_server(tool, arguments, lambda: broker(settings))
    jars.ensure(settings, JAR_NAMES)
    path = ":".join(f"{jars.folder_of(settings, name)}/*" for name in JAR_NAMES)
    logging = f"-Dlog4j2.configurationFile={(jars.CONF / 'tools-log4j2.properties').as_uri()}"
    return [str(find_java(settings.java)), *LIGHT_JVM, "-Xmx256m", logging, "-cp", path, tool.main, *words]


def become_tool(settings: StackSettings, name: str, arguments: Sequence[str]) -> None:
    """Run the tool in place of this process; never returns but by StackError."""
    words = command(settings, name, arguments)
    os.execv(words[0], words)
