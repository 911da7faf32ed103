"""What servers say before FFmpeg hears it: redirects, sizes, playlists, parts; whole, or byte by byte."""

import pytest

from ingest.live.jpegs import Parts, boundary_of
from ingest.live.playlists import segments_of, variant_of
from ingest.live.rtsp_replies import RtspReplies
from pipeline.contracts.errors import SourceRefused, SourceUnreachable

OK = b"RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Length: 12\r\n\r\nv=0\r\no=- 1 1"
PACKET = b"$\x00\x00\x05hello"


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_replies_and_packets_pass_unchanged(size: int) -> None:
    replies = RtspReplies()
    said = OK + PACKET + b"RTSP/1.0 200 OK\r\nCSeq: 3\r\n\r\n" + PACKET * 3 + OK
    passed = b"".join(replies(said[i : i + size]) for i in range(0, len(said), size))
    assert passed == said


@pytest.mark.parametrize(
    "said",
    [
        b"RTSP/1.0 302 Moved\r\nLocation: rtsp://10.0.0.1/\r\n\r\n",
        b"RTSP/1.0 302 Moved\nLocation: rtsp://10.0.0.1/\n\n",
        b"RTSP/1.0 301 Moved\r\nCSeq: 1\r\n LOCATION: rtsp://10.0.0.1/\r\n\r\n",
        b"REDIRECT rtsp://a/ RTSP/1.0\r\nCSeq: 732\r\nLocation: rtsp://bigserver.com:8001\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"x" * 5000,
    ],
)
@pytest.mark.parametrize("size", [1, 1000])
def test_a_server_that_leads_elsewhere_is_refused_before_a_byte_of_it_passes(said: bytes, size: int) -> None:
    replies = RtspReplies()
    passed = b""
    pieces = [said[i : i + size] for i in range(0, len(said), size)]
    with pytest.raises(SourceRefused):
        passed += b"".join(map(replies, pieces))
    assert passed == b""


def test_a_body_or_a_packet_may_hold_whatever_it_likes() -> None:
    body = b"Location: rtsp://10.0.0.1/\r\n\r\n"
    said = b"RTSP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    said += b"$\x01" + len(body).to_bytes(2) + body
    assert RtspReplies()(said) == said


@pytest.mark.parametrize("with_length", [True, False])
@pytest.mark.parametrize("size", [1, 13, 10_000])
def test_pictures_are_taken_from_parts(with_length: bool, size: int) -> None:
    jpegs = [b"\xff\xd8" + bytes([i]) * 40 + b"\xff\xd9" for i in range(1, 6)]
    lengths = [b"Content-Length: %d\r\n" % len(jpeg) if with_length else b"" for jpeg in jpegs]
    body = b"preamble" + b"".join(
        b"\r\n--frame\r\nContent-Type: image/jpeg\r\n%sX-Timestamp: %d.5\r\n\r\n%s" % (length, i, jpeg)
        for i, (jpeg, length) in enumerate(zip(jpegs, lengths, strict=True))
    )
    chunks = (body[i : i + size] for i in range(0, len(body), size))
    parts = list(Parts([*chunks, b"\r\n--frame--"], boundary_of('multipart/x-mixed-replace; boundary="frame"')))
    assert [part.jpeg for part in parts] == jpegs
    assert [part.stamp for part in parts] == [0.5, 1.5, 2.5, 3.5, 4.5]


def test_a_part_without_an_end_is_not_kept_for_ever() -> None:
    parts = Parts((b"--x\r\n\r\n" if i == 0 else b"y" * 2**20 for i in range(100)), b"--x")
    with pytest.raises(SourceUnreachable, match="more than"):
        list(parts)


MASTER = (
    '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=100\nlow.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=900,CODECS="a,b"\n/high/x.m3u8\n'
)


def test_the_best_variant_is_chosen_and_addresses_are_made_whole() -> None:
    assert variant_of(MASTER, "https://example.com/a/list.m3u8") == "https://example.com/high/x.m3u8"
    text = '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:17\n#EXT-X-MAP:URI="init.mp4"\n#EXTINF:4,\na.m4s\n#EXTINF:4,\nhttp://10.0.0.1/b.m4s\n'
    playlist = segments_of(text, "https://example.com/a/list.m3u8")
    assert [(s.number, s.url, s.start) for s in playlist.segments] == [
        (17, "https://example.com/a/a.m4s", "https://example.com/a/init.mp4"),
        (18, "http://10.0.0.1/b.m4s", "https://example.com/a/init.mp4"),
    ]
    assert (playlist.seconds, playlist.ended) == (4.0, False)


@pytest.mark.parametrize("line", ['#EXT-X-KEY:METHOD=AES-128,URI="k"', "#EXT-X-BYTERANGE:100@0"])
def test_what_would_need_more_than_segments_is_refused(line: str) -> None:
    with pytest.raises(SourceRefused):
        segments_of(f"#EXTM3U\n{line}\n#EXTINF:4,\na.ts\n", "http://example.com/")


def test_what_is_no_playlist_is_said_to_be_none() -> None:
    with pytest.raises(SourceUnreachable):
        segments_of("<html>", "http://example.com/")
