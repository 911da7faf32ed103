"""Owns the ways between the two brokers: each route has a lane with two connections of its own."""

from dataclasses import dataclass

from connectors.edge.brokers import BrokerSettings
from connectors.edge.forwarder.lane import Lane
from connectors.edge.forwarder.settings import ForwarderSettings, Route, check_no_circle
from connectors.edge.passing import Inlet
from connectors.edge.session import Session


@dataclass(frozen=True, slots=True)
class Way:
    """A lane with both of its connections."""

    lane: Lane
    inlet: Session
    outlet: Session

    @property
    def ready(self) -> bool:
        """Whether both brokers are there."""
        return self.inlet.ready and self.outlet.ready

    @classmethod
    def between(cls, source: BrokerSettings, target: BrokerSettings, route: Route, name: str, patient: bool) -> "Way":
        """From one broker to the other. Raises BrokerUnusable."""
        outlet = Session(target, f"{name}-out")
        lane = Lane(route, outlet, patient)
        return cls(lane, Session(source, f"{name}-in", Inlet((route.filter,), lane.take, lane.has_room)), outlet)


def ways_of(settings: ForwarderSettings, local: BrokerSettings, cloud: BrokerSettings) -> list[Way]:
    """All of them. Raises BrokerUnusable."""
    check_no_circle(settings, local, cloud)
    name = f"framewise-forwarder-{settings.name}"
    there = [
        Way.between(local, cloud, route, f"{name}-{n}", settings.await_listener)
        for n, route in enumerate(settings.topics)
    ]
    back = [
        Way.between(cloud, local, route, f"{name}-back-{n}", False) for n, route in enumerate(settings.confirmations)
    ]
    return [*there, *back]
