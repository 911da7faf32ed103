"""Speaking: nobody waits for it, and old sentences go."""

import sys
import threading

import pytest

from framewise.errors import ExtraMissing, FramewiseError
from framewise.listening.speech import Speaker, SystemVoice
from tests.waiting import wait_until


class Slow:
    """A voice that says a sentence when it is let."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.begun = threading.Semaphore(0)
        self.go_on = threading.Semaphore(0)

    def say(self, sentence: str) -> None:
        self.begun.release()
        assert self.go_on.acquire(timeout=10)
        self.said.append(sentence)


def test_old_sentences_go_when_too_many_wait() -> None:
    voice = Slow()
    speaker = Speaker(lambda: voice, most_waiting=2)
    speaker.say("0")
    assert voice.begun.acquire(timeout=10)
    for sentence in "1234":
        speaker.say(sentence)
    for _ in range(3):
        voice.go_on.release()
    wait_until(lambda: len(voice.said) == 3)
    assert voice.said == ["0", "3", "4"]
    speaker.close()
    assert not speaker._thread.is_alive()


def test_closing_waits_for_the_sentence_in_hand_alone() -> None:
    voice = Slow()
    speaker = Speaker(lambda: voice)
    for sentence in "012":
        speaker.say(sentence)
    assert voice.begun.acquire(timeout=10)
    voice.go_on.release()
    speaker.close()
    assert voice.said == ["0"]


def test_a_missing_extra_or_missing_speech_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyttsx3", None)
    with pytest.raises(ExtraMissing, match=r"pip install 'framewise\[speech\]'"):
        Speaker(SystemVoice)

    class Silent:
        @staticmethod
        def init() -> None:
            raise RuntimeError("eSpeak not installed")

    monkeypatch.setitem(sys.modules, "pyttsx3", Silent)
    for player in (None, "/usr/bin/aplay"):
        monkeypatch.setattr("shutil.which", lambda name, found=player: found)
        with pytest.raises(FramewiseError, match="apt install espeak-ng alsa-utils") as refused:
            Speaker(SystemVoice)
        assert ("eSpeak not installed" if player else "aplay is not there") in str(refused.value)
