"""The camera door in a container: a profile of its own, beside the API."""

import importlib.util

from connectors.camera.settings import CameraDoorSettings
from stack.settings import PREFIX
from tests.unit.stack.test_docker_files import BASE, SERVICES, merged

NOT_OFFERED = {"url"}  # it asks the API beside it


def test_the_profile_adds_the_camera_door_which_is_bounded_and_beside_the_api() -> None:
    services = merged(BASE, COMPOSE_PROFILES="camera")
    assert set(services) == SERVICES | {"camera"}
    door, api = services["camera"], services["api"]
    assert importlib.util.find_spec(door["command"][2])
    assert (door["image"], door["user"], door["cap_drop"]) == (api["image"], "10001:10001", ["ALL"])
    assert door["read_only"]
    assert int(door["deploy"]["resources"]["limits"]["memory"]) > 0
    assert door["network_mode"] == "service:api"
    assert door["environment"]["FRAMEWISE_API_PORT"] == str(api["ports"][0]["target"])
    names = {PREFIX + name.upper() for name in CameraDoorSettings.model_fields if name not in NOT_OFFERED}
    assert names <= set(door["environment"])
