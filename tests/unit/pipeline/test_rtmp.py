from pathlib import Path

import pytest

from pipeline.contracts.errors import RtmpUnavailable
from pipeline.contracts.settings import RtmpSettings
from pipeline.rtmp.keys import hash_of, new_key, server_secret
from pipeline.rtmp.nginx import NginxRtmp, published_in
from pipeline.rtmp.server import Publishing
from stack.ports import free_ports

STATISTICS = b"""<?xml version="1.0" encoding="utf-8" ?>
<rtmp><server><application><name>live</name><live>
<stream><name>one</name><bytes_in>163681</bytes_in>
<client><id>5</id><flashver>Lavf</flashver></client>
<client><id>3</id><flashver>FMLE/3.0 (compatible; \x01\xff</flashver><publishing/><active/></client>
</stream>
<stream><name>idle</name><bytes_in>12</bytes_in><client><id>9</id></client></stream>
</live></application></server></rtmp>
"""


def test_only_streams_with_a_publisher_count_whatever_publishers_call_themselves() -> None:
    assert published_in(STATISTICS) == {"one": Publishing("one", "3", 163681)}


@pytest.mark.parametrize("text", [b"", b"<html>", b'<!DOCTYPE r [<!ENTITY a "b">]><r>&a;</r>'])
def test_what_are_no_statistics_is_an_error(text: bytes) -> None:
    with pytest.raises(RtmpUnavailable, match="cannot be read"):
        published_in(text)


def test_where_nothing_listens_nobody_publishes_and_a_person_is_told_what_to_install(tmp_path: Path) -> None:
    server = NginxRtmp(RtmpSettings(rtmp_control_port=free_ports(1)[0]), tmp_path)
    try:
        assert server.published() == {}
        server.drop("one")
        with pytest.raises(RtmpUnavailable, match="apt install nginx libnginx-mod-rtmp"):
            server.check()
    finally:
        server.close()


def test_keys_are_128_bits_and_differ_and_the_secret_stays(tmp_path: Path) -> None:
    one, two = new_key(), new_key()
    assert len(bytes.fromhex(one)) == 16
    assert one != two
    assert hash_of(one) != hash_of(two)
    assert one not in hash_of(one)
    assert server_secret(tmp_path) == server_secret(tmp_path)
    assert (tmp_path / "rtmp.secret").stat().st_mode & 0o777 == 0o600
