"""How much may be sent of photos: what is too large is refused before it is written to a file."""

from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.people.sent import FORM_BYTES
from api.services import Services


@pytest.mark.parametrize("path", ["/people", "/people/search", "/people/erase"])
def test_a_form_as_large_as_a_film_is_refused_at_once(services: Services, path: str) -> None:
    services = replace(services, settings=services.settings.model_copy(update={"max_upload_bytes": 10 * 2**30}))
    client = TestClient(create_app(services), base_url="http://127.0.0.1")
    kind = {"content-type": "multipart/form-data; boundary=x"}
    answer = client.post(path, headers={**kind, "content-length": str(FORM_BYTES + 1)}, content=b"")
    assert answer.status_code == 413, answer.text
    assert client.post(path, headers={**kind, "content-length": "10"}, content=b"x" * 10).status_code != 413
